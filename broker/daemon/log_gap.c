#include "daemon/log_gap.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/problem.h"

int log_origin_format(const char *trust_domain, uint32_t number, char **ret)
{
	int len = number ? asprintf(ret, "%s/trail/%" PRIu32, trust_domain, number)
			 : asprintf(ret, "%s/trail", trust_domain);

	if (len >= 0)
		return 0;
	*ret = NULL;
	return TC_ENOMEM;
}

bool log_origin_parse(const char *trust_domain, const char *origin, uint32_t *ret)
{
	size_t len = strlen(trust_domain);
	const char *rest = origin + len;
	char *again = NULL;
	bool same;

	if (strncmp(origin, trust_domain, len) != 0 || strncmp(rest, "/trail", 6) != 0)
		return false;
	rest += 6;
	*ret = *rest ? (uint32_t)strtoul(rest + 1, NULL, 10) : 0;
	if (log_origin_format(trust_domain, *ret, &again) != 0)
		return false;
	same = strcmp(again, origin) == 0;
	free(again);
	return same;
}

void log_gap_begin(struct log_gap *gap, uint32_t origin, uint64_t have,
		   const struct log_answered *answered)
{
	*gap = (struct log_gap){.have = have, .answered = answered, .origin_most = origin};
}

/* That of a later origin is not this log's, whatever it has: the log went on elsewhere. */
static int kind_of(struct tree_view *tree, uint64_t have, uint32_t log_origin, uint32_t origin,
		   const struct sealer_origin *known, enum log_gap_kind *ret)
{
	struct tree_hash root;
	int r;

	*ret = LOG_GAP_NONE;
	if (known->size > have)
		*ret = LOG_GAP_SHORT;
	else if (origin > log_origin)
		*ret = LOG_GAP_OTHER;
	if (*ret != LOG_GAP_NONE || known->size == 0)
		return 0;
	r = tree_view_root(tree, known->size, &root);
	if (r == 0 && memcmp(root.bytes, known->root.bytes, sizeof(root.bytes)) != 0)
		*ret = LOG_GAP_OTHER;
	return r > 0 ? TC_ECORRUPT : r;
}

int log_gap_hold(struct log_gap *gap, struct tree_view *tree, uint32_t log_origin,
		 const char *trust_domain, const struct sealer_origin *known)
{
	enum log_gap_kind kind;
	uint32_t origin;
	int r;

	if (!log_origin_parse(trust_domain, known->name, &origin))
		return 0;
	r = kind_of(tree, gap->have, log_origin, origin, known, &kind);
	if (r)
		return r;
	if (origin > gap->origin_most)
		gap->origin_most = origin;
	if (origin < log_origin && gap->answered && log_answered_covers(gap->answered, known))
		return 0;
	/* What is told is the largest. */
	if (kind != LOG_GAP_NONE && (gap->kind == LOG_GAP_NONE || known->size > gap->size)) {
		gap->kind = kind;
		gap->size = known->size;
		gap->root = known->root;
		snprintf(gap->origin, sizeof(gap->origin), "%s", known->name);
	}
	return 0;
}

void log_gap_explain(enum log_gap_kind kind, uint64_t size, uint64_t have)
{
	char detail[256];

	if (kind == LOG_GAP_SHORT)
		snprintf(detail, sizeof(detail),
			 "%" PRIu64 " records were signed or witnessed; this log has %" PRIu64
			 ": %" PRIu64 " are missing, from record %" PRIu64 " on",
			 size, have, size - have, have);
	else
		snprintf(detail, sizeof(detail),
			 "%" PRIu64 " records were signed or witnessed; this log has %" PRIu64
			 ", and others among them",
			 size, have);
	problem_print(
		kind == LOG_GAP_SHORT ? "the log is older than what was signed: records are missing"
				      : "the log is not the one that was signed",
		detail,
		"restore a newer backup: throughcared --restore DIR --replace. When there is none, "
		"add --accept-gap REASON --decided-by WHO: the exchange then goes on without these "
		"records, what was accepted, decided and released in them is lost for good, this "
		"stands in the log and in the trail, and its checkpoints begin anew under another "
		"name. See RESTORING A LOG in throughcared(8)");
}
