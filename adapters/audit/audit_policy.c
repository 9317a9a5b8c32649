#include "audit/audit_policy.h"

#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 70 /* on one line */

/* One line as its words, and where findings are put. */
struct reading {
	struct tc_audit_policy *policy;
	struct tc_audit_finding *finding;
	unsigned line;
	struct tc_slice words[WORDS_MAX];
	size_t word_count;
};

void tc_audit_policy_init(struct tc_audit_policy *policy)
{
	memset(policy, 0, sizeof(*policy));
	policy->quorum = -1;
}

static int wrong(const struct reading *reading, const char *what)
{
	return tc_audit_find(reading->finding, TC_AUDIT_FORMAT, "line %u: %s", reading->line, what);
}

static bool is(struct tc_slice word, const char *text)
{
	return tc_slice_equal(word, tc_slice_text(text));
}

static int words_split(struct reading *reading, struct tc_slice line)
{
	size_t at = 0;

	reading->word_count = 0;
	for (size_t i = 0; i < line.len; i++) {
		uint8_t c = line.data[i];
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return wrong(reading, "it has a control character");
	}
	while (at < line.len) {
		size_t start = at;
		while (at < line.len && line.data[at] != ' ' && line.data[at] != '\t')
			at++;
		if (at > start) {
			if (reading->word_count == WORDS_MAX)
				return wrong(reading, "it has too many words");
			reading->words[reading->word_count++] =
				tc_slice(line.data + start, at - start);
		} else {
			at++;
		}
	}
	if (reading->word_count > 0 && reading->words[0].data[0] == '#')
		reading->word_count = 0;
	return 0;
}

static int key_read(const struct reading *reading, struct tc_slice word, uint8_t type,
		    struct tc_note_key *ret)
{
	int r = tc_note_vkey_parse(word, ret);

	if (r < 0)
		return r;
	if (r > 0)
		return wrong(reading, "that is no vkey");
	if (ret->type != type)
		return wrong(reading,
			     type == TC_NOTE_ED25519
				     ? "the key is not of a log (Ed25519, type 1)"
				     : "the key is not of a witness (cosignature, type 4)");
	return 0;
}

static bool key_same(const struct tc_note_key *a, const struct tc_note_key *b)
{
	return memcmp(a->public_key, b->public_key, sizeof(a->public_key)) == 0;
}

static int log_add(struct reading *reading, struct tc_slice vkey)
{
	struct tc_audit_policy *policy = reading->policy;
	struct tc_note_key key;
	int r = key_read(reading, vkey, TC_NOTE_ED25519, &key);

	if (r != 0)
		return r;
	for (size_t i = 0; i < policy->log_count; i++)
		if (key_same(&policy->logs[i], &key) && strcmp(policy->logs[i].name, key.name) == 0)
			return 0; /* --key and the policy may name the same one */
	if (policy->log_count == TC_AUDIT_LOGS_MAX)
		return wrong(reading, "there are too many logs");
	policy->logs[policy->log_count++] = key;
	return 0;
}

static int node_find(const struct tc_audit_policy *policy, struct tc_slice name)
{
	for (size_t i = 0; i < policy->node_count; i++)
		if (is(name, policy->nodes[i].name))
			return (int)i;
	return -1;
}

/* A new witness or group of this name; not in force until node_count counts it. */
static int node_begin(const struct reading *reading, struct tc_slice name,
		      struct tc_audit_node **ret)
{
	struct tc_audit_policy *policy = reading->policy;
	struct tc_audit_node *node = &policy->nodes[policy->node_count];

	if (policy->node_count == TC_AUDIT_NODES_MAX)
		return wrong(reading, "there are too many witnesses and groups");
	if (name.len >= sizeof(node->name) || memchr(name.data, 0, name.len))
		return wrong(reading, "the name is too long");
	if (is(name, "none") || node_find(policy, name) >= 0)
		return wrong(reading, "the name is taken");
	memset(node, 0, sizeof(*node));
	memcpy(node->name, name.data, name.len);
	*ret = node;
	return 0;
}

static int read_log(struct reading *reading)
{
	if (reading->word_count < 2 || reading->word_count > 3)
		return wrong(reading, "write: log VKEY [URL]");
	return log_add(reading, reading->words[1]);
}

static int read_witness(struct reading *reading)
{
	struct tc_audit_policy *policy = reading->policy;
	struct tc_audit_node *node;

	if (reading->word_count < 3 || reading->word_count > 4)
		return wrong(reading, "write: witness NAME VKEY [URL]");
	int r = node_begin(reading, reading->words[1], &node);
	if (r == 0)
		r = key_read(reading, reading->words[2], TC_NOTE_COSIGNATURE, &node->key);
	if (r != 0)
		return r;
	for (size_t i = 0; i < policy->node_count; i++)
		if (!policy->nodes[i].group && key_same(&policy->nodes[i].key, &node->key))
			return wrong(reading, "another witness has this key");
	policy->node_count++;
	return 0;
}

static bool threshold_read(struct tc_slice word, size_t members, unsigned *ret)
{
	unsigned number = 0;

	if (is(word, "any") || is(word, "all")) {
		*ret = is(word, "any") ? 1 : (unsigned)members;
		return true;
	}
	if (word.len > 2)
		return false;
	for (size_t i = 0; i < word.len; i++) {
		if (word.data[i] < '0' || word.data[i] > '9')
			return false;
		number = number * 10 + (unsigned)(word.data[i] - '0');
	}
	*ret = number;
	return number >= 1 && number <= members && word.data[0] != '0';
}

static int read_group(struct reading *reading)
{
	struct tc_audit_policy *policy = reading->policy;
	struct tc_audit_node *node;
	uint64_t taken = 0;

	if (reading->word_count < 4)
		return wrong(reading, "write: group NAME any|all|K NAME...");
	int r = node_begin(reading, reading->words[1], &node);
	if (r != 0)
		return r;
	for (size_t i = 0; i < policy->node_count; i++)
		taken |= policy->nodes[i].members;
	for (size_t i = 3; i < reading->word_count; i++) {
		int member = node_find(policy, reading->words[i]);
		if (member < 0)
			return wrong(reading, "a member is not named above");
		if ((taken | node->members) >> member & 1)
			return wrong(reading, "a member is in a group already");
		node->members |= 1ULL << member;
	}
	if (!threshold_read(reading->words[2], reading->word_count - 3, &node->threshold))
		return wrong(reading, "how many of them? any, all, or a number up to theirs");
	node->group = true;
	policy->node_count++;
	return 0;
}

static int read_quorum(struct reading *reading)
{
	struct tc_audit_policy *policy = reading->policy;

	if (reading->word_count != 2)
		return wrong(reading, "write: quorum NAME|none");
	if (policy->quorum_named)
		return wrong(reading, "there is a quorum already");
	policy->quorum_named = true;
	policy->quorum = node_find(policy, reading->words[1]);
	if (policy->quorum < 0 && !is(reading->words[1], "none"))
		return wrong(reading, "the quorum is not named above");
	return 0;
}

static const struct {
	const char *word;
	int (*read)(struct reading *reading);
} lines[] = {
	{"log", read_log},
	{"witness", read_witness},
	{"group", read_group},
	{"quorum", read_quorum},
};

static int line_read(struct reading *reading)
{
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		if (is(reading->words[0], lines[i].word))
			return lines[i].read(reading);
	return wrong(reading, "the first word is none of log, witness, group, quorum");
}

static int key_line_read(struct reading *reading)
{
	if (reading->word_count != 1)
		return wrong(reading, "one vkey stands on a line");
	return log_add(reading, reading->words[0]);
}

static int text_read(struct reading *reading, struct tc_slice text,
		     int (*read)(struct reading *reading))
{
	int r = 0;

	while (r == 0 && text.len > 0) {
		const uint8_t *end = memchr(text.data, '\n', text.len);
		size_t len = end ? (size_t)(end - text.data) : text.len;
		struct tc_slice line = tc_slice(text.data, len);

		text = tc_slice(text.data + len + (end ? 1 : 0), text.len - len - (end ? 1 : 0));
		reading->line++;
		r = words_split(reading, line);
		if (r == 0 && reading->word_count > 0)
			r = read(reading);
	}
	return r;
}

int tc_audit_policy_read_keys(struct tc_audit_policy *policy, struct tc_slice text,
			      struct tc_audit_finding *finding)
{
	struct reading reading = {.policy = policy, .finding = finding};
	size_t before = policy->log_count;
	int r = text_read(&reading, text, key_line_read);

	if (r == 0 && policy->log_count == before && before == 0)
		return tc_audit_find(finding, TC_AUDIT_FORMAT, "there is no vkey in it");
	return r;
}

int tc_audit_policy_read(struct tc_audit_policy *policy, struct tc_slice text,
			 struct tc_audit_finding *finding)
{
	struct reading reading = {.policy = policy, .finding = finding};
	int r = text_read(&reading, text, line_read);

	if (r == 0 && !policy->quorum_named)
		return tc_audit_find(finding, TC_AUDIT_FORMAT, "there is no quorum line");
	return r;
}

bool tc_audit_policy_met(const struct tc_audit_policy *policy, uint64_t cosigned)
{
	uint64_t met = cosigned;

	if (policy->quorum < 0)
		return true;
	/* Groups name only what stands before them, so one pass settles all. */
	for (size_t i = 0; i < policy->node_count; i++) {
		const struct tc_audit_node *node = &policy->nodes[i];
		uint64_t bit = 1ULL << i;

		if (!node->group)
			continue;
		met &= ~bit;
		if ((unsigned)__builtin_popcountll(met & node->members) >= node->threshold)
			met |= bit;
	}
	return met >> policy->quorum & 1;
}
