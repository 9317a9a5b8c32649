tc_fuzz(NAME fuzz_yaml SOURCES fuzz_yaml.c LINKS tc_yaml CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/yaml)
