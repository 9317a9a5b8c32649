#include "query/accounting.h"

#include <string.h>

#include "consent/consent_check.h"
#include "ledger/ledger_view.h"
#include "ledger/suspension.h"
#include "query/accounting_line.h"
#include "query/accounting_proof.h"
#include "query/seal.h"

#define DAY_MS      (INT64_C(24) * 3600 * 1000)
#define DAYS_MAX    36500
#define AS_OF_BYTES 16 /* of a cursor, behind the place */

struct accounting {
	const struct question *question;
	struct answer *answer;
	const accounting_rule *rule;
	struct tc_id subject;
	int64_t since_ms, until_ms;
	size_t rows_max;
	struct tc_slice place;        /* where the page goes on; empty: it is the first one */
	uint64_t before;              /* what came with this record or later is no part of it */
	int64_t now_ms;               /* by which its window ends, on whatever page */
	size_t made;                  /* lines, of which some may have joined others */
	struct posting_position last; /* of the disclosure of the last one */
	bool full;                    /* an agency's page has no room for a further one */
	Throughcare__V1__Accounting *ret;
};

/* ---- what is asked ---- */

/* All pages are of one list, as of the question for the first one: a cursor is a place, and that
 * question's record and time. */
static int read_cursor(struct accounting *accounting)
{
	const struct question *question = accounting->question;
	struct tc_slice cursor = answer_cursor(question);
	size_t len = question->scope == GATE_ALL ? sizeof(uint64_t) : POSTING_POSITION_BYTES;

	accounting->before = question->sequence;
	accounting->now_ms = question->now_ms;
	if (cursor.len == 0)
		return 0;
	if (cursor.len == len + AS_OF_BYTES) {
		accounting->place = tc_slice(cursor.data, len);
		accounting->before = tc_get_be64(cursor.data + len);
		accounting->now_ms = (int64_t)tc_get_be64(cursor.data + len + 8);
	}
	if (accounting->place.len == 0 || accounting->before > question->sequence ||
	    accounting->now_ms > question->now_ms || accounting->now_ms < 0)
		return tc_refuse(&accounting->answer->refusal, TC_REFUSAL_FIELD_INVALID,
				 "page.cursor");
	return 0;
}

static int next_page(const struct accounting *accounting, struct tc_slice place)
{
	uint8_t cursor[POSTING_POSITION_BYTES + AS_OF_BYTES];

	memcpy(cursor, place.data, place.len);
	tc_put_be64(cursor + place.len, accounting->before);
	tc_put_be64(cursor + place.len + 8, (uint64_t)accounting->now_ms);
	return answer_next_page(accounting->answer, tc_slice(cursor, place.len + AS_OF_BYTES));
}

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
	return limits == NULL || (limits->said->n_agencies == 0 && scope_all_times(limits));
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
	first_ms = accounting->now_ms - days * DAY_MS;
	accounting->since_ms = consent_time_ms(asked->since, first_ms);
	if (accounting->since_ms < first_ms)
		accounting->since_ms = first_ms;
	accounting->until_ms = consent_time_ms(asked->until, accounting->now_ms + 1);
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

static int add_line(struct accounting *accounting, const struct disclosure_link *link,
		    accounting_line *line)
{
	Throughcare__V1__Accounting *ret = accounting->ret;

	accounting->full = accounting->made == accounting->rows_max;
	if (accounting->full)
		return 0;
	accounting->made++;
	accounting->last = link->at;
	for (size_t i = 0; accounting->rule->grouped && i < ret->n_entries; i++)
		if (accounting_line_alike(ret->entries[i], line))
			return accounting_line_join(accounting->answer, ret->entries[i], line);
	ret->entries[ret->n_entries++] = line;
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
	*ret = accounting->now_ms < suspension.until_ms;
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
	accounting_line *line;
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
	r = accounting_line_make(question, answer, accounting->rule, link, row, &recipient, &line);
	return r < 0 ? r : add_line(accounting, link, line);
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
	return link->at.sequence >= accounting->before;
}

/* Every link of the chain; a place is a number of it. */
static int list_all(struct accounting *accounting, struct disclosure_link *links)
{
	const struct question *question = accounting->question;
	uint64_t from = 1;
	uint8_t next[sizeof(from)];
	size_t count;
	int r = 0;

	if (accounting->place.len != 0)
		from = tc_get_be64(accounting->place.data);
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
	return next_page(accounting, tc_slice(next, sizeof(next)));
}

static bool is(const char *wanted, const char *text)
{
	return text != NULL && strcmp(wanted, text) == 0;
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
	*ret = row != NULL && (is(asker, row->agency) || is(asker, row->recipient));
	r = row != NULL ? 0 : TC_ENOMEM;
	throughcare__v1__trail_row__free_unpacked(row, NULL);
	return r;
}

/* An agency's pages are counted in disclosures of its own, and one goes on only when there is
 * another: a number of the chain would tell how many there are about the person, others' and hidden
 * ones, too. The place is that of the last one in the log. */
static int list_own(struct accounting *accounting, struct disclosure_link *links)
{
	const struct question *question = accounting->question;
	bool resumed = accounting->place.len != 0;
	struct posting_position after = {.sequence = 0};
	size_t count = accounting->rows_max;
	uint8_t next[POSTING_POSITION_BYTES];
	int r = 0;

	if (resumed)
		after = posting_position_get(accounting->place.data);
	for (uint64_t from = 1; r == 0 && !accounting->full && count == accounting->rows_max;
	     from += count) {
		r = trail_view_links(question->trail, accounting->subject, from, links,
				     accounting->rows_max, &count);
		for (size_t i = 0; r == 0 && !accounting->full && i < count; i++) {
			bool own;

			if (is_later(accounting, &links[i]))
				return 0;
			if (resumed && posting_position_compare(links[i].at, after) <= 0)
				continue;
			r = is_own(question, &links[i], &own);
			if (r == 0 && own)
				r = add_link(accounting, &links[i]);
		}
	}
	if (r != 0 || !accounting->full)
		return r;
	posting_position_put(next, accounting->last);
	return next_page(accounting, tc_slice(next, sizeof(next)));
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
	int r = links == NULL ? TC_ENOMEM : read_cursor(&accounting);

	if (r == 0)
		r = read_question(&accounting);
	if (r == 0)
		r = begin(&accounting);
	if (r != 0)
		return r;
	return question->scope == GATE_ALL ? list_all(&accounting, links)
					   : list_own(&accounting, links);
}
