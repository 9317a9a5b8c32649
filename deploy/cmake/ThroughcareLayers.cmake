# tc_layer(NAME name SOURCES ... LINKS ...): one static library per layer folder.
# Headers are included from the folder above ("base/err.h", "journal/journal.h").
function(tc_layer)
  cmake_parse_arguments(LAYER "" "NAME" "SOURCES;LINKS" ${ARGN})
  add_library(${LAYER_NAME} STATIC ${LAYER_SOURCES})
  target_include_directories(${LAYER_NAME} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/..)
  target_link_libraries(${LAYER_NAME} PUBLIC ${LAYER_LINKS} PRIVATE tc_flags)
endfunction()

# tc_fixture(NAME name SOURCES ... LINKS ...): what several tests share, compiled once.
function(tc_fixture)
  cmake_parse_arguments(FIXTURE "" "NAME" "SOURCES;LINKS" ${ARGN})
  add_library(${FIXTURE_NAME} STATIC ${FIXTURE_SOURCES})
  target_include_directories(${FIXTURE_NAME} PUBLIC ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${FIXTURE_NAME} PUBLIC ${FIXTURE_LINKS} PRIVATE tc_flags)
endfunction()

# tc_test(NAME name SOURCES ... LINKS ...): one cmocka program, run by ctest; its label is its folder below tests/.
function(tc_test)
  cmake_parse_arguments(TEST "" "NAME" "SOURCES;LINKS" ${ARGN})
  add_executable(${TEST_NAME} ${TEST_SOURCES})
  target_link_libraries(${TEST_NAME} PRIVATE ${TEST_LINKS} tc_flags PkgConfig::CMOCKA)
  target_include_directories(${TEST_NAME} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  file(RELATIVE_PATH folder ${PROJECT_SOURCE_DIR}/tests ${CMAKE_CURRENT_SOURCE_DIR})
  string(REGEX REPLACE "/.*" "" label ${folder})
  add_test(NAME ${folder}/${TEST_NAME} COMMAND ${TEST_NAME})
  set_tests_properties(${folder}/${TEST_NAME} PROPERTIES LABELS ${label} TIMEOUT 300)
endfunction()

# tc_fuzz(NAME name SOURCES ... LINKS ... CORPUS dir): a libFuzzer program in the
# fuzz preset; in every other build the corpus is run once through the same entry as a plain test.
function(tc_fuzz)
  cmake_parse_arguments(FUZZ "" "NAME;CORPUS" "SOURCES;LINKS" ${ARGN})
  add_executable(${FUZZ_NAME} ${FUZZ_SOURCES})
  target_link_libraries(${FUZZ_NAME} PRIVATE ${FUZZ_LINKS} tc_flags)
  if(THROUGHCARE_FUZZ)
    target_compile_options(${FUZZ_NAME} PRIVATE -fsanitize=fuzzer)
    target_link_options(${FUZZ_NAME} PRIVATE -fsanitize=fuzzer)
    add_test(NAME fuzz/${FUZZ_NAME} COMMAND ${FUZZ_NAME} -runs=0 ${FUZZ_CORPUS})
  else()
    target_sources(${FUZZ_NAME} PRIVATE ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus_runner.c)
    add_test(NAME fuzz/${FUZZ_NAME} COMMAND ${FUZZ_NAME} ${FUZZ_CORPUS})
  endif()
  set_tests_properties(fuzz/${FUZZ_NAME} PROPERTIES LABELS fuzz TIMEOUT 300)
endfunction()
