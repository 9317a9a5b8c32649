tc_fuzz(NAME fuzz_json SOURCES fuzz_json.c LINKS tc_wire CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/json)
