tc_fuzz(NAME fuzz_policy SOURCES fuzz_policy.c LINKS broker_consent CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/policy)
