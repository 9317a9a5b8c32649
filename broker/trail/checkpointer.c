#include "trail/checkpointer.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "wire/note.h"

struct checkpointer {
	struct checkpointer_options options;
	struct journal_reader *reader;
	struct tree_view *view;
	bool greeted;
	bool known;           /* the next */
	uint64_t first_size;  /* of what the sealer had signed at its first greeting */
	uint64_t signed_size; /* by the sealer, as of its last answer */
	uint64_t stored_size; /* of the checkpoint that was stored since the greeting; 0: none */
};

int checkpointer_open(const struct checkpointer_options *options, struct checkpointer **ret)
{
	struct checkpointer *c = calloc(1, sizeof(*c));
	struct tree_checkpoint newest;
	int r;

	if (!c)
		return TC_ENOMEM;
	c->options = *options;
	r = journal_reader_open(options->journal, &c->reader);
	if (r == 0)
		r = tree_view_open(options->store, &c->view);
	if (r == 0)
		r = tree_view_checkpoint(c->view, 0, &newest);
	if (r == 0) {
		atomic_store(&options->figures->checkpoint_size, newest.size);
		atomic_store(&options->figures->checkpoint_ms, newest.time_ms);
	}
	if (r < 0) {
		checkpointer_close(&c);
		return r;
	}
	tree_view_reset(c->view);
	*ret = c;
	return 0;
}

void checkpointer_close(struct checkpointer **checkpointer)
{
	if (!*checkpointer)
		return;
	tree_view_close(&(*checkpointer)->view);
	journal_reader_close(&(*checkpointer)->reader);
	free(*checkpointer);
	*checkpointer = NULL;
}

void checkpointer_renew(struct checkpointer *c)
{
	c->greeted = false;
}

uint64_t checkpointer_signed_size(const struct checkpointer *c)
{
	return c->signed_size;
}

bool checkpointer_greeted(const struct checkpointer *c, uint64_t *ret)
{
	*ret = c->first_size;
	return c->known;
}

static int outcome_of(int r)
{
	switch (r) {
	case SEALER_LINK_SMALLER:
		return CHECKPOINTER_SMALLER;
	case SEALER_LINK_INCONSISTENT:
		return CHECKPOINTER_INCONSISTENT;
	case SEALER_LINK_GONE:
	case SEALER_LINK_REFUSED:
		return CHECKPOINTER_UNSIGNED;
	default:
		return r;
	}
}

/* What the sealer has signed must be the beginning of this tree; it would find out itself, but
 * then only that something is wrong and not what. */
static int greet(struct checkpointer *c)
{
	struct sealer_greeting greeting;
	char name[TC_NOTE_NAME_BYTES];
	struct tree_hash root;
	int r = sealer_link_hello(c->options.link, &greeting);

	if (r)
		return outcome_of(r);
	sealer_greeting_name(&greeting, name);
	if (strcmp(name, tree_store_origin(c->options.store)) != 0)
		return CHECKPOINTER_UNSIGNED;
	if (!c->known)
		c->first_size = greeting.size;
	c->known = true;
	c->signed_size = greeting.size;
	c->stored_size = 0;
	if (greeting.size > tree_view_size(c->view))
		return CHECKPOINTER_SMALLER;
	if (greeting.size > 0) {
		r = tree_view_root(c->view, greeting.size, &root);
		if (r)
			return r < 0 ? r : TC_ECORRUPT;
		if (memcmp(root.bytes, greeting.root.bytes, sizeof(root.bytes)) != 0)
			return CHECKPOINTER_INCONSISTENT;
	}
	r = tree_store_vkeys_add(c->options.store, greeting.vkeys);
	c->greeted = r == 0;
	return r;
}

/* The checkpoint's text, an empty line and the signatures. */
static int store(struct checkpointer *c, uint64_t size, const struct tree_hash *root,
		 struct tc_slice lines)
{
	int64_t now_ms = tc_clock_now_ms(&tc_clock_real);
	struct tc_bytes note = {0};
	struct tc_merkle_hash hash;
	int r;

	memcpy(hash.bytes, root->bytes, sizeof(hash.bytes));
	r = tc_checkpoint_format(tree_store_origin(c->options.store), size, &hash, &note);
	if (r == 0)
		r = tc_bytes_append(&note, "\n", 1);
	if (r == 0)
		r = tc_bytes_append(&note, lines.data, lines.len);
	if (r == 0)
		r = tree_store_checkpoint_put(c->options.store, size, now_ms,
					      tc_bytes_slice(&note));
	tc_bytes_free(&note);
	if (r)
		return r;
	c->stored_size = size;
	atomic_store(&c->options.figures->checkpoint_size, size);
	atomic_store(&c->options.figures->checkpoint_ms, now_ms);
	return 0;
}

static int sign(struct checkpointer *c)
{
	struct tree_hash hashes[TREE_PROOF_MAX];
	uint64_t size = tree_view_size(c->view);
	struct tc_slice lines;
	struct tree_hash root;
	size_t count;
	int r;

	r = c->greeted ? 0 : greet(c);
	if (r || size == 0 || size == c->stored_size)
		return r;
	r = tree_view_root(c->view, size, &root);
	if (r == 0)
		r = tree_view_consistency(c->view, c->signed_size, size, hashes, &count);
	if (r)
		return r < 0 ? r : TC_ECORRUPT;
	r = sealer_link_sign(c->options.link, size, &root, hashes, count, &lines);
	if (r) {
		c->greeted = false;
		return outcome_of(r);
	}
	c->signed_size = size;
	return store(c, size, &root, lines);
}

int checkpointer_round(struct checkpointer *c)
{
	int r;

	journal_reader_renew(c->reader);
	r = tree_store_grow(c->options.store, c->reader, UINT64_MAX);
	journal_reader_renew(c->reader);
	if (r)
		return r;
	atomic_store(&c->options.figures->size, tree_store_size(c->options.store));
	if (!c->options.link)
		return 0;
	r = tree_view_renew(c->view);
	if (r == 0)
		r = sign(c);
	tree_view_reset(c->view);
	return r;
}
