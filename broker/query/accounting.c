#include "query/accounting.h"

#include <stdio.h>
#include <string.h>

#include "consent/consent_check.h"
#include "ledger/ledger_view.h"
#include "ledger/suspension.h"
#include "query/accounting_proof.h"
#include "query/accounting_rule.h"
#include "query/seal.h"
#include "throughcare/v1/registry.pb-c.h"
#include "throughcare/v1/trail.pb-c.h"

#define DAY_MS         (INT64_C(24) * 3600 * 1000)
#define DAYS_MAX       36500
#define LINE_BYTES_MAX 2048

typedef Throughcare__V1__AccountingEntry accounting_entry;

struct accounting {
	const struct question *question;
	struct answer *answer;
	const accounting_rule *rule;
	struct tc_id subject;
	int64_t since_ms, until_ms;
	size_t rows_max;
	size_t made;                  /* lines, of which some may have joined others */
	struct posting_position last; /* of the disclosure of the last one */
	bool full;                    /* an agency's page has no room for a further one */
	Throughcare__V1__Accounting *ret;
};

/* ---- what is asked ---- */

/* The rule of that name in the policy in force. */
static int find_rule(struct accounting *accounting, const char *name)
{
	struct answer *answer = accounting->answer;
	const Throughcare__V1__ReleasePolicy *policy;
	struct policy_row row;
	int r = ledger_view_policy_row(accounting->question->ledger, 0, &row);

	if (r < 0)
		return r;
	policy = r == 0 ? throughcare__v1__release_policy__unpack(&answer->arena.allocator,
								  row.packed.len, row.packed.data)
			: NULL;
	if (r == 0 && policy == NULL)
		return TC_ENOMEM;
	for (size_t i = 0; policy != NULL && i < policy->n_accounting; i++)
		if (name != NULL && strcmp(policy->accounting[i]->name, name) == 0)
			accounting->rule = policy->accounting[i];
	if (accounting->rule == NULL)
		return tc_refuse(&answer->refusal, TC_REFUSAL_UNKNOWN_RULE, "rule_name");
	return 0;
}

/* A scope that leaves out agencies or times would leave out disclosures. */
static bool whole_person(const struct scope *limits)
{
	return limits == NULL || (limits->said->n_agencies == 0 && limits->since_ms == INT64_MIN &&
				  limits->until_ms == INT64_MAX);
}

static int read_question(struct accounting *accounting)
{
	const struct question *question = accounting->question;
	const Throughcare__V1__AccountingQuery *asked = question->query->accounting;
	struct answer *answer = accounting->answer;
	int64_t first_ms;
	uint32_t days;
	int r;

	r = answer_read_id(answer, asked->subject, "accounting.subject", &accounting->subject);
	if (r == 0)
		r = find_rule(accounting, asked->rule_name);
	if (r != 0)
		return r;
	if (question->scope == GATE_ALL && !whole_person(question->limits))
		return tc_refuse(&answer->refusal, TC_REFUSAL_OUT_OF_SCOPE, "accounting");
	days = accounting->rule->window_days < DAYS_MAX ? accounting->rule->window_days : DAYS_MAX;
	first_ms = question->now_ms - days * DAY_MS;
	accounting->since_ms = consent_time_ms(asked->since, first_ms);
	if (accounting->since_ms < first_ms)
		accounting->since_ms = first_ms;
	accounting->until_ms = consent_time_ms(asked->until, question->now_ms + 1);
	return 0;
}

static int begin(struct accounting *accounting)
{
	struct answer *answer = accounting->answer;
	Throughcare__V1__Accounting *ret = arena_take(&answer->arena, sizeof(*ret));
	size_t len = protobuf_c_message_get_packed_size(&accounting->rule->base);
	uint8_t *packed = arena_take(&answer->arena, len + 1);

	if (ret == NULL || packed == NULL)
		return TC_ENOMEM;
	throughcare__v1__accounting__init(ret);
	protobuf_c_message_pack(&accounting->rule->base, packed);
	ret->subject = answer_id(answer, accounting->subject);
	ret->rule_name = accounting->rule->name;
	ret->has_rule_data = 1;
	ret->rule_data = (ProtobufCBinaryData){.len = len, .data = packed};
	ret->since = answer_time(answer, accounting->since_ms);
	ret->until = answer_time(answer, accounting->until_ms);
	ret->links = answer_array(answer, accounting->rows_max);
	ret->entries = answer_array(answer, accounting->rows_max);
	if (!ret->subject || !ret->since || !ret->until || !ret->links || !ret->entries)
		return TC_ENOMEM;
	accounting->ret = ret;
	answer->reply.accounting = ret;
	return 0;
}

/* ---- lines ---- */

/* Names with spaces for underscores, after one another with commas. What has no room is left out
 * whole. */
static void words_put(char to[LINE_BYTES_MAX], const char *words)
{
	size_t len = strlen(to), more = strlen(words);

	if (len + more + 3 > LINE_BYTES_MAX)
		return;
	if (len > 0) {
		memcpy(to + len, ", ", 2);
		len += 2;
	}
	for (size_t i = 0; i <= more; i++)
		to[len + i] = (char)(words[i] == '_' ? ' ' : words[i]);
}

static char *categories_text(struct answer *answer, const Throughcare__V1__TrailRow *row)
{
	char text[LINE_BYTES_MAX] = "";

	for (size_t i = 0; i < row->n_categories; i++)
		words_put(text, row->categories[i]);
	return answer_text(answer, text);
}

/* The grants, or the legal basis and its reference. */
static char *basis_text(struct answer *answer, const Throughcare__V1__TrailRow *row)
{
	char text[LINE_BYTES_MAX] = "";

	for (size_t i = 0; i < row->n_grants; i++)
		words_put(text, row->grants[i]);
	if (row->n_grants == 0 && row->legal_basis != NULL)
		words_put(text, row->legal_basis);
	else if (row->n_grants == 0 && row->basis != NULL)
		words_put(text, row->basis);
	if (row->n_grants == 0 && row->reference != NULL &&
	    strlen(text) + strlen(row->reference) + 3 < sizeof(text)) {
		strncat(text, ": ", 3);
		strncat(text, row->reference, sizeof(text) - strlen(text) - 1);
	}
	return answer_text(answer, text);
}

static char *purpose_text(struct answer *answer, const Throughcare__V1__TrailRow *row)
{
	char text[LINE_BYTES_MAX] = "";

	words_put(text, policy_purpose_name(row->has_purpose ? (uint32_t)row->purpose : 0));
	return answer_text(answer, text);
}

/* As the registry has the recipient now. */
static int fill_recipient(struct accounting *accounting, const tc_agency *recipient,
			  accounting_entry *entry)
{
	const struct question *question = accounting->question;
	struct answer *answer = accounting->answer;
	const Throughcare__V1__AgencyEntry *said;
	struct registry_agency agency;
	int r = registry_find_agency(ledger_view_txn(question->ledger),
				     ledger_view_registry(question->ledger), recipient, &agency);

	if (r != 0)
		return r == REGISTRY_UNKNOWN ? 0 : r;
	entry->recipient_name = answer_text(answer, agency.name);
	if (entry->recipient_name == NULL)
		return TC_ENOMEM;
	if (!accounting_rule_shows(accounting->rule, "address"))
		return 0;
	said = throughcare__v1__agency_entry__unpack(&answer->arena.allocator, agency.entry.len,
						     agency.entry.data);
	if (said == NULL)
		return TC_ENOMEM;
	entry->recipient_address = said->address;
	return 0;
}

static int make_entry(struct accounting *accounting, const struct disclosure_link *link,
		      const Throughcare__V1__TrailRow *row, const tc_agency *recipient,
		      accounting_entry **ret)
{
	const accounting_rule *rule = accounting->rule;
	struct answer *answer = accounting->answer;
	accounting_entry *entry = arena_take(&answer->arena, sizeof(*entry));
	uint64_t *sequences = arena_take(&answer->arena, sizeof(*sequences));

	if (entry == NULL || sequences == NULL)
		return TC_ENOMEM;
	throughcare__v1__accounting_entry__init(entry);
	*sequences = link->at.sequence;
	entry->sequences = sequences;
	entry->n_sequences = 1;
	entry->has_times = 1;
	entry->times = 1;
	entry->first_at = entry->last_at = answer_time(answer, link->time_ms);
	entry->discloser = row->agency;
	entry->recipient = row->recipient;
	entry->description =
		accounting_rule_shows(rule, "description") ? categories_text(answer, row) : NULL;
	entry->purpose = accounting_rule_shows(rule, "purpose") ? purpose_text(answer, row) : NULL;
	entry->basis = accounting_rule_shows(rule, "basis") ? basis_text(answer, row) : NULL;
	if (entry->first_at == NULL)
		return TC_ENOMEM;
	*ret = entry;
	return fill_recipient(accounting, recipient, entry);
}

static bool same(const char *a, const char *b)
{
	return (a == NULL || b == NULL) ? a == b : strcmp(a, b) == 0;
}

static bool alike(const accounting_entry *a, const accounting_entry *b)
{
	return same(a->discloser, b->discloser) && same(a->recipient, b->recipient) &&
	       same(a->description, b->description) && same(a->purpose, b->purpose) &&
	       same(a->basis, b->basis);
}

/* Into the line that reads alike. */
static int join_entry(struct accounting *accounting, accounting_entry *entry,
		      const accounting_entry *more)
{
	uint64_t *sequences = arena_take(&accounting->answer->arena,
					 (entry->n_sequences + 1) * sizeof(*sequences));

	if (sequences == NULL)
		return TC_ENOMEM;
	memcpy(sequences, entry->sequences, entry->n_sequences * sizeof(*sequences));
	sequences[entry->n_sequences++] = more->sequences[0];
	entry->sequences = sequences;
	entry->last_at = more->last_at;
	entry->times++;
	return 0;
}

static int add_entry(struct accounting *accounting, const struct disclosure_link *link,
		     accounting_entry *entry)
{
	Throughcare__V1__Accounting *ret = accounting->ret;

	accounting->full = accounting->made == accounting->rows_max;
	if (accounting->full)
		return 0;
	accounting->made++;
	accounting->last = link->at;
	for (size_t i = 0; accounting->rule->grouped && i < ret->n_entries; i++)
		if (alike(ret->entries[i], entry))
			return join_entry(accounting, ret->entries[i], entry);
	ret->entries[ret->n_entries++] = entry;
	return 0;
}

/* ---- links ---- */

/* Does it stay out of the person's copy for now? */
static int is_suspended(const struct accounting *accounting, const Throughcare__V1__TrailRow *row,
			const tc_agency *recipient, bool *ret)
{
	const struct question *question = accounting->question;
	struct suspension suspension;
	tc_agency agency;
	int r;

	*ret = false;
	if (!accounting->rule->suspensible || !question->query->accounting->for_person)
		return 0;
	if (!tc_agency_parse(tc_slice_text(row->agency), &agency))
		return TC_ECORRUPT;
	r = suspension_find(ledger_view_txn(question->ledger),
			    ledger_view_table(question->ledger, LEDGER_TABLE_SUSPENSION),
			    accounting->subject, &agency, recipient, &suspension);
	if (r != 0)
		return r == SUSPENSION_NONE ? 0 : r;
	if (suspension.oral &&
	    suspension.until_ms > suspension.at_ms + accounting->rule->oral_days * DAY_MS)
		suspension.until_ms = suspension.at_ms + accounting->rule->oral_days * DAY_MS;
	*ret = question->now_ms < suspension.until_ms;
	return 0;
}

/* What the rule says of a disclosure within the window. */
static int rule_on(struct accounting *accounting, const struct disclosure_link *link,
		   Throughcare__V1__DisclosureLink *shown)
{
	const struct question *question = accounting->question;
	struct answer *answer = accounting->answer;
	const Throughcare__V1__TrailRow *row;
	enum agency_kind kind = AGENCY_KIND_UNKNOWN;
	accounting_entry *entry;
	const char *exempt;
	tc_agency recipient;
	struct tc_slice packed;
	bool suspended, hidden;
	int r = trail_view_row(question->trail, link, &packed);

	if (r == DISCLOSURE_NONE) {
		shown->withheld = answer_text(answer, "expunged");
		return shown->withheld ? 0 : TC_ENOMEM;
	}
	if (r != 0)
		return r;
	row = throughcare__v1__trail_row__unpack(&answer->arena.allocator, packed.len, packed.data);
	if (row == NULL || !tc_agency_parse(tc_slice_text(row->recipient), &recipient))
		return TC_ECORRUPT;
	r = seal_hides_row(question, row, &hidden);
	if (r < 0)
		return r;
	if (hidden) {
		shown->withheld = answer_text(answer, "sealed");
		return shown->withheld ? 0 : TC_ENOMEM;
	}
	r = registry_kind_at(ledger_view_txn(question->ledger),
			     ledger_view_registry(question->ledger), &recipient, link->time_ms,
			     &kind);
	if (r < 0)
		return r;
	r = is_suspended(accounting, row, &recipient, &suspended);
	if (r < 0)
		return r;
	if (suspended) {
		shown->withheld = answer_text(answer, "suspended");
		return shown->withheld ? 0 : TC_ENOMEM;
	}
	exempt = accounting_rule_exempt(accounting->rule, row, kind);
	shown->has_row = 1;
	shown->row =
		(ProtobufCBinaryData){.len = packed.len, .data = (uint8_t *)(uintptr_t)packed.data};
	if (exempt != NULL) {
		shown->exempt = answer_text(answer, exempt);
		return shown->exempt ? 0 : TC_ENOMEM;
	}
	r = make_entry(accounting, link, row, &recipient, &entry);
	return r < 0 ? r : add_entry(accounting, link, entry);
}

static int add_link(struct accounting *accounting, const struct disclosure_link *link)
{
	Throughcare__V1__Accounting *ret = accounting->ret;
	struct answer *answer = accounting->answer;
	Throughcare__V1__DisclosureLink *shown = arena_take(&answer->arena, sizeof(*shown));
	uint8_t *sha256 =
		answer_bytes(answer, tc_slice(link->row_sha256, sizeof(link->row_sha256)));
	int r = 0;

	if (shown == NULL || sha256 == NULL)
		return TC_ENOMEM;
	throughcare__v1__disclosure_link__init(shown);
	shown->has_sequence = shown->has_n = shown->has_time_ms = shown->has_row_sha256 = 1;
	shown->sequence = link->at.sequence;
	shown->n = link->at.n;
	shown->time_ms = (uint64_t)link->time_ms;
	shown->row_sha256 = (ProtobufCBinaryData){.len = sizeof(link->row_sha256), .data = sha256};
	if (link->time_ms < accounting->since_ms || link->time_ms >= accounting->until_ms)
		r = (shown->withheld = answer_text(answer, "window")) ? 0 : TC_ENOMEM;
	else
		r = rule_on(accounting, link, shown);
	if (r == 0 && accounting->question->scope == GATE_ALL)
		ret->links[ret->n_links++] = shown;
	return r;
}

/* What came after the question is no part of its answer. */
static bool is_later(const struct accounting *accounting, const struct disclosure_link *link)
{
	return link->at.sequence >= accounting->question->sequence;
}

static int cursor_invalid(struct accounting *accounting)
{
	return tc_refuse(&accounting->answer->refusal, TC_REFUSAL_FIELD_INVALID, "page.cursor");
}

/* Every link of the chain; a cursor is a number of it. */
static int list_all(struct accounting *accounting, struct disclosure_link *links)
{
	const struct question *question = accounting->question;
	struct tc_slice cursor = answer_cursor(question);
	uint64_t from = 1;
	uint8_t next[8];
	size_t count;
	int r = 0;

	if (cursor.len != 0 && cursor.len != sizeof(next))
		return cursor_invalid(accounting);
	if (cursor.len != 0)
		from = tc_get_be64(cursor.data);
	/* Once, with the first page: its links are on all of them. */
	if (from == 1)
		r = accounting_prove(question, accounting->answer, accounting->subject,
				     accounting->ret);
	if (r == 0)
		r = trail_view_links(question->trail, accounting->subject, from, links,
				     accounting->rows_max, &count);
	for (size_t i = 0; r == 0 && i < count; i++) {
		if (is_later(accounting, &links[i]))
			return 0;
		r = add_link(accounting, &links[i]);
	}
	if (r != 0 || count < accounting->rows_max)
		return r;
	tc_put_be64(next, from + count);
	return answer_next_page(accounting->answer, tc_slice(next, sizeof(next)));
}

/* Does the asker take part? Many may be passed over: nothing of them is kept. */
static int is_own(const struct question *question, const struct disclosure_link *link, bool *ret)
{
	const char *asker = question->asker.name;
	Throughcare__V1__TrailRow *row;
	struct tc_slice packed;
	int r = trail_view_row(question->trail, link, &packed);

	*ret = false;
	if (r != 0)
		return r == DISCLOSURE_NONE ? 0 : r;
	row = throughcare__v1__trail_row__unpack(NULL, packed.len, packed.data);
	*ret = row != NULL && (same(asker, row->agency) || same(asker, row->recipient));
	r = row != NULL ? 0 : TC_ENOMEM;
	throughcare__v1__trail_row__free_unpacked(row, NULL);
	return r;
}

/* An agency's pages are counted in disclosures of its own, and one goes on only when there is
 * another: a number of the chain would tell how many there are about the person, others' and hidden
 * ones, too. A cursor is the place of the last one in the log. */
static int list_own(struct accounting *accounting, struct disclosure_link *links)
{
	const struct question *question = accounting->question;
	struct tc_slice cursor = answer_cursor(question);
	struct posting_position after = {.sequence = 0};
	size_t count = accounting->rows_max;
	uint8_t next[POSTING_POSITION_BYTES];
	int r = 0;

	if (cursor.len != 0 && cursor.len != sizeof(next))
		return cursor_invalid(accounting);
	if (cursor.len != 0)
		after = posting_position_get(cursor.data);
	for (uint64_t from = 1; r == 0 && !accounting->full && count == accounting->rows_max;
	     from += count) {
		r = trail_view_links(question->trail, accounting->subject, from, links,
				     accounting->rows_max, &count);
		for (size_t i = 0; r == 0 && !accounting->full && i < count; i++) {
			bool own;

			if (is_later(accounting, &links[i]))
				return 0;
			if (cursor.len != 0 && posting_position_compare(links[i].at, after) <= 0)
				continue;
			r = is_own(question, &links[i], &own);
			if (r == 0 && own)
				r = add_link(accounting, &links[i]);
		}
	}
	if (r != 0 || !accounting->full)
		return r;
	posting_position_put(next, accounting->last);
	return answer_next_page(accounting->answer, tc_slice(next, sizeof(next)));
}

int accounting_list(const struct question *question, struct answer *answer)
{
	struct accounting accounting = {
		.question = question,
		.answer = answer,
		.rows_max = answer_page_rows(question),
	};
	struct disclosure_link *links =
		arena_take(&answer->arena, accounting.rows_max * sizeof(*links));
	int r = links == NULL ? TC_ENOMEM : read_question(&accounting);

	if (r == 0)
		r = begin(&accounting);
	if (r != 0)
		return r;
	return question->scope == GATE_ALL ? list_all(&accounting, links)
					   : list_own(&accounting, links);
}
