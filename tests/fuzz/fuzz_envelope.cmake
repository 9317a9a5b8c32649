tc_fuzz(NAME fuzz_envelope SOURCES fuzz_envelope.c LINKS tc_wire CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/envelope)
