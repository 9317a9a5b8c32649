tc_fuzz(NAME fuzz_zmtp SOURCES fuzz_zmtp.c LINKS tc_wire CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/zmtp)
