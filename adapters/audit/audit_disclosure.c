#include "audit/audit_disclosure.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "audit/audit_rule.h"
#include "wire/digest.h"
#include "wire/validate.h"

/* An opened link. */
struct disclosure {
	const Throughcare__V1__DisclosureLink *link;
	Throughcare__V1__TrailRow *row; /* NULL: not opened */
	bool listed;                    /* the list must have it */
	bool used;                      /* and has it */
};

struct check {
	const Throughcare__V1__Accounting *accounting;
	struct tc_id subject;
	int64_t since_ms;
	int64_t until_ms;
	tc_audit_rule *rule;
	struct disclosure *disclosures; /* one for each link */
	struct tc_audit_accounted *ret;
	struct tc_audit_finding *finding;
};

static int64_t time_of(const Google__Protobuf__Timestamp *time, int64_t absent_ms)
{
	return time ? time->seconds * 1000 + time->nanos / 1000000 : absent_ms;
}

static int found(const struct check *check, const Throughcare__V1__DisclosureLink *link,
		 enum tc_audit_code code, const char *what)
{
	return tc_audit_find(check->finding, code, "record %" PRIu64 ", disclosure %" PRIu32 ": %s",
			     link->sequence, link->n, what);
}

/* ---- the rule ---- */

static int rule_read(struct check *check)
{
	const Throughcare__V1__Accounting *accounting = check->accounting;
	struct tc_slice packed = tc_slice(accounting->rule_data.data, accounting->rule_data.len);
	struct tc_refusal refusal;

	if (tc_message_scan(packed, &throughcare__v1__release_policy__accounting_rule__descriptor,
			    &refusal) == 0)
		check->rule = (tc_audit_rule *)protobuf_c_message_unpack(
			&throughcare__v1__release_policy__accounting_rule__descriptor, NULL,
			packed.len, packed.data);
	if (!check->rule)
		return tc_audit_find(check->finding, TC_AUDIT_FORMAT, "the rule cannot be read");
	if (!accounting->rule_name || strcmp(check->rule->name, accounting->rule_name) != 0)
		return tc_audit_find(check->finding, TC_AUDIT_LIST, "the rule is %s",
				     check->rule->name);
	return 0;
}

/* ---- the links ---- */

static int row_open(struct check *check, struct disclosure *disclosure)
{
	const Throughcare__V1__DisclosureLink *link = disclosure->link;
	struct tc_slice packed = tc_slice(link->row.data, link->row.len);
	uint8_t digest[TC_SHA256_BYTES];
	struct tc_refusal refusal;
	struct tc_id subject;

	if (!link->has_row)
		return found(check, link, TC_AUDIT_INCOMPLETE, "its row is not here");
	int r = tc_sha256(packed, digest);
	if (r < 0)
		return r;
	if (link->row_sha256.len != sizeof(digest) ||
	    memcmp(digest, link->row_sha256.data, sizeof(digest)) != 0)
		return found(check, link, TC_AUDIT_DISCLOSURE, "its row has another digest");
	if (tc_message_scan(packed, &throughcare__v1__trail_row__descriptor, &refusal) == 0)
		disclosure->row = throughcare__v1__trail_row__unpack(NULL, packed.len, packed.data);
	if (!disclosure->row)
		return found(check, link, TC_AUDIT_DISCLOSURE, "its row cannot be read");
	const Throughcare__V1__TrailRow *row = disclosure->row;
	if (!row->subject || !tc_id_parse(tc_slice_text(row->subject), &subject) ||
	    !tc_id_equal(subject, check->subject))
		return found(check, link, TC_AUDIT_SUBJECT, "its row is about somebody else");
	if (!row->event || strcmp(row->event, "release") != 0)
		return found(check, link, TC_AUDIT_DISCLOSURE, "its row is no release");
	return 0;
}

static int withheld_count(struct check *check, const Throughcare__V1__DisclosureLink *link,
			  bool within)
{
	for (int i = 0; i < TC_AUDIT_WITHHELD_COUNT; i++) {
		if (strcmp(link->withheld, tc_audit_withheld_name((enum tc_audit_withheld)i)) != 0)
			continue;
		if (i == TC_AUDIT_WITHHELD_WINDOW && within)
			return found(check, link, TC_AUDIT_INCOMPLETE,
				     "it lies within the window, and is left out as outside");
		/* What lies outside is counted as that, whatever else keeps it back. */
		check->ret->withheld[within ? i : TC_AUDIT_WITHHELD_WINDOW]++;
		return 0;
	}
	return found(check, link, TC_AUDIT_FORMAT, "it is withheld for no known reason");
}

static int link_check(struct check *check, struct disclosure *disclosure)
{
	const Throughcare__V1__DisclosureLink *link = disclosure->link;
	int64_t time_ms = (int64_t)link->time_ms;
	bool within = time_ms >= check->since_ms && time_ms < check->until_ms;

	if (link->withheld && link->withheld[0])
		return withheld_count(check, link, within);
	int r = row_open(check, disclosure);
	if (r != 0)
		return r;
	if (!within) {
		check->ret->withheld[TC_AUDIT_WITHHELD_WINDOW]++;
		return 0;
	}
	if (link->exempt && link->exempt[0]) {
		check->ret->exempt++;
		return tc_audit_rule_exempts(check->rule, disclosure->row, link->exempt)
			       ? 0
			       : found(check, link, TC_AUDIT_INCOMPLETE,
				       "the rule has no such exemption for it");
	}
	disclosure->listed = true;
	check->ret->listed++;
	return tc_audit_rule_lists(check->rule, disclosure->row)
		       ? 0
		       : found(check, link, TC_AUDIT_LIST, "the rule leaves it out");
}

/* ---- the list ---- */

static bool same(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool row_fits(const Throughcare__V1__TrailRow *row,
		     const Throughcare__V1__AccountingEntry *entry)
{
	return same(row->agency, entry->discloser) && same(row->recipient, entry->recipient);
}

/* The first link of this record. */
static size_t link_find(const struct check *check, uint64_t sequence)
{
	size_t low = 0, high = check->accounting->n_links;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (check->disclosures[middle].link->sequence < sequence)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* A disclosure of that record to that recipient that no line has yet. */
static struct disclosure *disclosure_take(struct check *check, uint64_t sequence,
					  const Throughcare__V1__AccountingEntry *entry)
{
	for (size_t i = link_find(check, sequence); i < check->accounting->n_links; i++) {
		struct disclosure *disclosure = &check->disclosures[i];

		if (disclosure->link->sequence != sequence)
			break;
		if (!disclosure->listed || disclosure->used || !row_fits(disclosure->row, entry))
			continue;
		disclosure->used = true;
		return disclosure;
	}
	return NULL;
}

static int line_check(struct check *check, const Throughcare__V1__AccountingEntry *entry,
		      size_t number)
{
	int64_t first_ms = INT64_MAX, last_ms = INT64_MIN;
	const Throughcare__V1__TrailRow *one = NULL;

	for (size_t i = 0; i < entry->n_sequences; i++) {
		struct disclosure *disclosure = disclosure_take(check, entry->sequences[i], entry);
		if (!disclosure)
			return tc_audit_find(check->finding, TC_AUDIT_LIST,
					     "line %zu: record %" PRIu64
					     " tells of no such disclosure",
					     number, entry->sequences[i]);
		int64_t time_ms = (int64_t)disclosure->link->time_ms;
		first_ms = time_ms < first_ms ? time_ms : first_ms;
		last_ms = time_ms > last_ms ? time_ms : last_ms;
		if (!tc_audit_rule_says(check->rule, disclosure->row, entry))
			return tc_audit_find(check->finding, TC_AUDIT_LIST,
					     "line %zu: record %" PRIu64
					     " reads otherwise than the line",
					     number, entry->sequences[i]);
		one = disclosure->row;
	}
	if (!one || entry->times != entry->n_sequences ||
	    (!check->rule->grouped && entry->n_sequences != 1))
		return tc_audit_find(check->finding, TC_AUDIT_LIST,
				     "line %zu stands for %zu disclosures, and says %" PRIu32,
				     number, entry->n_sequences, entry->times);
	if (time_of(entry->first_at, INT64_MAX) != first_ms ||
	    time_of(entry->last_at, first_ms) != last_ms)
		return tc_audit_find(check->finding, TC_AUDIT_LIST, "line %zu has other dates",
				     number);
	return 0;
}

static int list_check(struct check *check)
{
	const Throughcare__V1__Accounting *accounting = check->accounting;

	for (size_t i = 0; i < accounting->n_entries; i++) {
		int r = line_check(check, accounting->entries[i], i + 1);
		if (r != 0)
			return r;
	}
	for (size_t i = 0; i < accounting->n_links; i++)
		if (check->disclosures[i].listed && !check->disclosures[i].used)
			return found(check, check->disclosures[i].link, TC_AUDIT_INCOMPLETE,
				     "no line of the list has it");
	check->ret->lines = accounting->n_entries;
	return 0;
}

int tc_audit_disclosures_check(const Throughcare__V1__Accounting *accounting, struct tc_id subject,
			       struct tc_audit_accounted *ret, struct tc_audit_finding *finding)
{
	struct check check = {.accounting = accounting,
			      .subject = subject,
			      .since_ms = time_of(accounting->since, INT64_MIN),
			      .until_ms = time_of(accounting->until, INT64_MAX),
			      .ret = ret,
			      .finding = finding};

	check.disclosures = calloc(accounting->n_links + 1, sizeof(*check.disclosures));
	if (!check.disclosures)
		return TC_ENOMEM;
	int r = rule_read(&check);
	for (size_t i = 0; r == 0 && i < accounting->n_links; i++) {
		check.disclosures[i].link = accounting->links[i];
		r = link_check(&check, &check.disclosures[i]);
	}
	if (r == 0)
		r = list_check(&check);
	for (size_t i = 0; i < accounting->n_links; i++)
		throughcare__v1__trail_row__free_unpacked(check.disclosures[i].row, NULL);
	free(check.disclosures);
	if (check.rule)
		protobuf_c_message_free_unpacked(&check.rule->base, NULL);
	return r;
}
