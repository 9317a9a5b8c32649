/*
 * yaml_message - a YAML text as a protobuf message, by the schema's own names and limits.
 *
 * Mappings are messages with the schema's field names, lists are repeated fields, enumerations
 * are written in their short form ("sud_treatment"). Unknown names are errors. The message is
 * held against the schema's rules as the exchange will do it, and what is wrong is told with
 * its place in the file.
 *
 * Owner: the caller. Blocks: never.
 */
#ifndef YAML_YAML_MESSAGE_H
#define YAML_YAML_MESSAGE_H

#include <protobuf-c/protobuf-c.h>

#include "yaml/yaml_tree.h"

/* All zero when empty. */
struct tc_yaml_document {
	struct tc_yaml_node root;
	ProtobufCMessage *message; /* of the type that was asked for, valid */
	struct tc_bytes packed;    /* the same */
};

/* `type` is any message of package throughcare.v1. 0, TC_YAML_WRONG or a fault. */
int tc_yaml_message_read(struct tc_slice text, const ProtobufCMessageDescriptor *type,
			 struct tc_yaml_document *ret, struct tc_yaml_error *error) TC_MUST_CHECK;
void tc_yaml_document_done(struct tc_yaml_document *document);

/* What stands at a path such as "rules[3].notices[0]", or the nearest that encloses it. The names
 * are the schema's or those of its JSON; reading stops at the first character of neither. */
const struct tc_yaml_node *tc_yaml_document_find(const struct tc_yaml_document *document,
						 const char *path);

#endif
