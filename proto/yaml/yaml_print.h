/*
 * yaml_print - a protobuf message as the YAML that yaml_message reads.
 *
 * In the schema's order, with its names; enumerations in their short form; lists of single
 * values on one line. What is absent is left out. Reading it again gives the same message.
 *
 * Owner: the caller. Blocks: never.
 */
#ifndef YAML_YAML_PRINT_H
#define YAML_YAML_PRINT_H

#include <protobuf-c/protobuf-c.h>

#include "base/bytes.h"
#include "base/err.h"

/* Appends to *ret. `message` is a valid one of package throughcare.v1 (scanned). 0 or a fault. */
int tc_yaml_print(const ProtobufCMessage *message, struct tc_bytes *ret) TC_MUST_CHECK;

#endif
