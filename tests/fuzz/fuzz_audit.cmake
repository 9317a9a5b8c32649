tc_fuzz(NAME fuzz_audit SOURCES fuzz_audit.c LINKS tc_audit CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/audit)
