# Flags go on targets (tc_flags), never on directories.
add_library(tc_flags INTERFACE)
target_compile_features(tc_flags INTERFACE c_std_11)
target_compile_definitions(tc_flags INTERFACE _GNU_SOURCE)
target_compile_options(tc_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wvla -Wformat=2
  -Wstrict-prototypes -Wmissing-prototypes -Wswitch-enum -fno-common -fvisibility=hidden)
if(THROUGHCARE_WERROR)
  target_compile_options(tc_flags INTERFACE -Werror)
endif()

if(THROUGHCARE_SANITIZE)
  target_compile_options(tc_flags INTERFACE -fsanitize=${THROUGHCARE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  # A local that nothing was stored in is never the right bytes by chance.
  target_compile_options(tc_flags INTERFACE -ftrivial-auto-var-init=pattern)
  target_link_options(tc_flags INTERFACE -fsanitize=${THROUGHCARE_SANITIZE})
endif()

if(CMAKE_BUILD_TYPE STREQUAL "Release" OR CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  target_compile_options(tc_flags INTERFACE -D_FORTIFY_SOURCE=2 -fstack-protector-strong
    -fstack-clash-protection $<$<STREQUAL:${CMAKE_SYSTEM_PROCESSOR},x86_64>:-fcf-protection>)
  target_link_options(tc_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
endif()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(OPENSSL REQUIRED IMPORTED_TARGET openssl>=3.0)
pkg_check_modules(PROTOBUF_C REQUIRED IMPORTED_TARGET libprotobuf-c>=1.4)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson>=2.13)
pkg_check_modules(LMDB REQUIRED IMPORTED_TARGET lmdb>=0.9.24)
pkg_check_modules(ZMQ REQUIRED IMPORTED_TARGET libzmq>=4.3)
pkg_check_modules(LIBEVENT REQUIRED IMPORTED_TARGET libevent_core>=2.1.12)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1>=0.2.5)
pkg_check_modules(SMARTCOLS REQUIRED IMPORTED_TARGET smartcols)
