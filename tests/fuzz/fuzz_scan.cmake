tc_fuzz(NAME fuzz_scan SOURCES fuzz_scan.c LINKS tc_wire CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/scan)
