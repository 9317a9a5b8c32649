#include "query/accounting_line.h"

#include <string.h>

#include "ledger/ledger_view.h"
#include "throughcare/v1/registry.pb-c.h"

#define LINE_BYTES_MAX 2048

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
static int fill_recipient(const struct question *question, struct answer *answer,
			  const accounting_rule *rule, const tc_agency *recipient,
			  accounting_line *line)
{
	const Throughcare__V1__AgencyEntry *said;
	struct registry_agency agency;
	int r = registry_find_agency(ledger_view_txn(question->ledger),
				     ledger_view_registry(question->ledger), recipient, &agency);

	if (r != 0)
		return r == REGISTRY_UNKNOWN ? 0 : r;
	line->recipient_name = answer_text(answer, agency.name);
	if (line->recipient_name == NULL)
		return TC_ENOMEM;
	if (!accounting_rule_shows(rule, "address"))
		return 0;
	said = throughcare__v1__agency_entry__unpack(&answer->arena.allocator, agency.entry.len,
						     agency.entry.data);
	if (said == NULL)
		return TC_ENOMEM;
	line->recipient_address = said->address;
	return 0;
}

int accounting_line_make(const struct question *question, struct answer *answer,
			 const accounting_rule *rule, const struct disclosure_link *link,
			 const Throughcare__V1__TrailRow *row, const tc_agency *recipient,
			 accounting_line **ret)
{
	accounting_line *line = arena_take(&answer->arena, sizeof(*line));
	uint64_t *sequences = arena_take(&answer->arena, sizeof(*sequences));

	if (line == NULL || sequences == NULL)
		return TC_ENOMEM;
	throughcare__v1__accounting_entry__init(line);
	*sequences = link->at.sequence;
	line->sequences = sequences;
	line->n_sequences = 1;
	line->has_times = 1;
	line->times = 1;
	line->first_at = line->last_at = answer_time(answer, link->time_ms);
	line->discloser = row->agency;
	line->recipient = row->recipient;
	line->description =
		accounting_rule_shows(rule, "description") ? categories_text(answer, row) : NULL;
	line->purpose = accounting_rule_shows(rule, "purpose") ? purpose_text(answer, row) : NULL;
	line->basis = accounting_rule_shows(rule, "basis") ? basis_text(answer, row) : NULL;
	if (line->first_at == NULL)
		return TC_ENOMEM;
	*ret = line;
	return fill_recipient(question, answer, rule, recipient, line);
}

static bool same(const char *a, const char *b)
{
	return (a == NULL || b == NULL) ? a == b : strcmp(a, b) == 0;
}

bool accounting_line_alike(const accounting_line *a, const accounting_line *b)
{
	return same(a->discloser, b->discloser) && same(a->recipient, b->recipient) &&
	       same(a->description, b->description) && same(a->purpose, b->purpose) &&
	       same(a->basis, b->basis);
}

int accounting_line_join(struct answer *answer, accounting_line *line, const accounting_line *more)
{
	uint64_t *sequences =
		arena_take(&answer->arena, (line->n_sequences + 1) * sizeof(*sequences));

	if (sequences == NULL)
		return TC_ENOMEM;
	memcpy(sequences, line->sequences, line->n_sequences * sizeof(*sequences));
	sequences[line->n_sequences++] = more->sequences[0];
	line->sequences = sequences;
	line->last_at = more->last_at;
	line->times++;
	return 0;
}
