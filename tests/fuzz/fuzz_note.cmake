tc_fuzz(NAME fuzz_note SOURCES fuzz_note.c LINKS tc_wire CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/note)
