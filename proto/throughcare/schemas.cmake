# The schemas, in the order in which they build on each other. What an agency may
# send as a part stands in those after `types`.
set(TC_SCHEMA_NAMES options envelope trail wire record
  types referral service supervision court consent registry policy person exchange notes order)
set(TC_SCHEMA_ROOT ${PROJECT_SOURCE_DIR}/proto)
set(TC_SCHEMAS ${TC_SCHEMA_NAMES})
list(TRANSFORM TC_SCHEMAS REPLACE "(.+)" "throughcare/v1/\\1.proto")
set(TC_SCHEMA_FILES ${TC_SCHEMAS})
list(TRANSFORM TC_SCHEMA_FILES PREPEND ${TC_SCHEMA_ROOT}/)
find_program(PROTOC protoc REQUIRED)
find_program(PROTOC_GEN_C protoc-gen-c REQUIRED)
# Where google/protobuf/descriptor.proto lies.
find_path(PROTOBUF_ROOT google/protobuf/descriptor.proto PATHS /usr/include /usr/local/include REQUIRED)
