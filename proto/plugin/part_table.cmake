# Adds part_table.c, written by the protoc plugin from the schemas, to tc_wire.
include(${PROJECT_SOURCE_DIR}/proto/throughcare/schemas.cmake)
set(TC_PLUGIN ${PROJECT_SOURCE_DIR}/proto/plugin/part_table.py)
add_custom_command(OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/part_table.c
  COMMAND ${CMAKE_COMMAND} -E env PYTHONDONTWRITEBYTECODE=1 ${PROTOC} --plugin=protoc-gen-throughcare=${TC_PLUGIN} -I ${TC_SCHEMA_ROOT} -I ${PROTOBUF_ROOT}
    --throughcare_out=${CMAKE_CURRENT_BINARY_DIR} ${TC_SCHEMAS}
  DEPENDS ${TC_SCHEMA_FILES} ${TC_PLUGIN}
    ${PROJECT_SOURCE_DIR}/proto/plugin/schema.py ${PROJECT_SOURCE_DIR}/proto/plugin/table.py
  COMMENT "Schemas to part_table.c"
  VERBATIM)
target_sources(tc_wire PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/part_table.c)
