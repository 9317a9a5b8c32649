/*
 * yaml_tree - one strict YAML document as a tree that remembers where everything stood.
 *
 * Strict: one document, UTF-8, no anchors, aliases or tags, no name twice in a mapping, no
 * empty values, and bounds on size, depth and entries. The only file that includes yaml.h
 * below adapters/ and broker/.
 *
 * Owner: the caller. Blocks: never.
 */
#ifndef YAML_YAML_TREE_H
#define YAML_YAML_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/err.h"

#define TC_YAML_BYTES_MAX   (1024 * 1024) /* of a text */
#define TC_YAML_HINT_BYTES  400
#define TC_YAML_DEPTH_MAX   12
#define TC_YAML_ENTRIES_MAX 1024 /* of one mapping or list */

enum tc_yaml_outcome {
	TC_YAML_WRONG = 1, /* the error says where and why */
};

/* What a person is told: what happened, the detail, what to do about it. */
struct tc_yaml_error {
	unsigned line, column; /* from 1 */
	char message[200];
	char detail[200]; /* may be empty */
	char hint[TC_YAML_HINT_BYTES];
};

enum tc_yaml_kind {
	TC_YAML_SCALAR = 1,
	TC_YAML_LIST,
	TC_YAML_MAPPING,
};

struct tc_yaml_node {
	enum tc_yaml_kind kind;
	unsigned line, column;
	char *text;                      /* of a scalar */
	char *name;                      /* of an entry of a mapping... */
	unsigned name_line, name_column; /* ...and where that stands */
	struct tc_yaml_node *entries;    /* of a list or mapping, in order */
	size_t count, capacity;
};

/* *ret is owned by the caller; released with tc_yaml_tree_done. 0, TC_YAML_WRONG or TC_ENOMEM. */
int tc_yaml_tree_read(struct tc_slice text, struct tc_yaml_node *ret,
		      struct tc_yaml_error *error) TC_MUST_CHECK;
void tc_yaml_tree_done(struct tc_yaml_node *node);

/* The entry of that name in a mapping; NULL when there is none. */
const struct tc_yaml_node *tc_yaml_entry(const struct tc_yaml_node *mapping, const char *name);

/* Fills *error and returns TC_YAML_WRONG. */
int tc_yaml_wrong(struct tc_yaml_error *error, unsigned line, unsigned column, const char *hint,
		  const char *message_format, ...) __attribute__((format(printf, 5, 6)));

#endif
