tc_fuzz(NAME fuzz_backup SOURCES fuzz_backup.c LINKS broker_backup CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/backup)
