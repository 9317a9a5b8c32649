tc_fuzz(NAME fuzz_sealed SOURCES fuzz_sealed.c LINKS tc_client PkgConfig::OPENSSL CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/sealed)
target_include_directories(fuzz_sealed PRIVATE ${PROJECT_SOURCE_DIR}/tests)
