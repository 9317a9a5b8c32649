#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/command_table.h"
#include "cli/question.h"
#include "wire/limits.h"
#include "wire/part_types.h"

/* protobuf-c has no const strings; packing does not write. */
#define TEXT(value) ((char *)(uintptr_t)(value))

static const struct tc_column grant_columns[] = {
	{"grantId", "GRANT"},
	{"status", "STATUS"},
	{"disclosers", "FROM"},
	{"recipients", "TO"},
	{"categories", "CATEGORIES"},
	{"purposes", "FOR"},
	{"validFrom", "VALID FROM"},
	{"expiresAt", "EXPIRES"},
	{"revokedAt", "REVOKED"},
	{"proceedingId", "PROCEEDING"},
	{NULL, NULL},
};

enum tc_exit tc_consent_list_run(struct tc_invocation *invocation)
{
	static const struct tc_column columns[] = {
		{"consentId", "CONSENT"},
		{"subject", "PERSON"},
		{"status", "STATUS"},
		{"regime", "REGIME"},
		{"givenTo", "GIVEN TO"},
		{"recordedAt", "RECORDED"},
		{NULL, NULL},
	};
	Throughcare__V1__ConsentListQuery list = THROUGHCARE__V1__CONSENT_LIST_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;

	list.subject = TEXT(tc_invocation_option(invocation, "subject"));
	if (!list.subject)
		return tc_invocation_usage(invocation,
					   "name --subject: consents are listed by person");
	query.body_case = THROUGHCARE__V1__QUERY__BODY_CONSENT_LIST;
	query.consent_list = &list;
	return tc_question_table(invocation, &query, "consents", columns);
}

enum tc_exit tc_consent_show_run(struct tc_invocation *invocation)
{
	static const struct tc_column columns[] = {
		{"consentId", "consent"},
		{"subject", "person"},
		{"status", "status"},
		{"regime", "regime"},
		{"givenTo", "given to"},
		{"recordedAt", "recorded"},
		{NULL, NULL},
	};
	Throughcare__V1__ConsentShowQuery show = THROUGHCARE__V1__CONSENT_SHOW_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	json_t *reply = NULL;

	show.id = invocation->operands[0];
	query.body_case = THROUGHCARE__V1__QUERY__BODY_CONSENT_SHOW;
	query.consent_show = &show;
	enum tc_exit code = tc_question_once(invocation, &query, &reply);
	const json_t *row = json_array_get(json_object_get(reply, "consents"), 0);
	if (code == TC_EXIT_DONE && !row) {
		tc_problem_set(&invocation->problem, "not_found",
			       "there is no such consent that you may see", "check the id", "%s",
			       invocation->operands[0]);
		code = TC_EXIT_REFUSED;
	}
	if (code == TC_EXIT_DONE) {
		tc_screen_record(&invocation->screen, columns, row);
		if (!invocation->screen.json)
			tc_screen_table(&invocation->screen, grant_columns,
					json_object_get(row, "grants"));
	}
	json_decref(reply);
	return code;
}

/* What --category, --purpose and the rest say, in the form of a query. */
struct check {
	Throughcare__V1__ConsentCheckQuery query;
	Throughcare__V1__Basis basis;
	Google__Protobuf__Timestamp at;
	Throughcare__V1__Category categories[TC_PARTS_MAX];
};

static int categories_read(struct tc_invocation *invocation, struct check *check)
{
	const char *list = tc_invocation_option(invocation, "category");

	while (list && *list) {
		size_t len = strcspn(list, ",");
		int value = 0;
		if (check->query.n_categories == TC_PARTS_MAX ||
		    !tc_enum_value_find(&throughcare__v1__category__descriptor, tc_slice(list, len),
					&value)) {
			tc_invocation_usage(invocation, "there is no category \"%.*s\"", (int)len,
					    list);
			return TC_EINVAL;
		}
		check->categories[check->query.n_categories++] = (Throughcare__V1__Category)value;
		list += len + (list[len] == ',');
	}
	check->query.categories = check->categories;
	return 0;
}

static int name_read(struct tc_invocation *invocation, const char *option,
		     const ProtobufCEnumDescriptor *type, int *ret)
{
	const char *text = tc_invocation_option(invocation, option);

	if (!text || tc_enum_value_find(type, tc_slice_text(text), ret))
		return 0;
	tc_invocation_usage(invocation, "--%s does not know \"%s\"", option, text);
	return TC_EINVAL;
}

static int basis_read(struct tc_invocation *invocation, struct check *check)
{
	int legal = 0;
	int r = name_read(invocation, "legal-basis", &throughcare__v1__legal_basis__descriptor,
			  &legal);

	check->basis.grant_id = TEXT(tc_invocation_option(invocation, "grant"));
	check->basis.reference = TEXT(tc_invocation_option(invocation, "reference"));
	check->basis.has_legal = legal != 0;
	check->basis.legal = (Throughcare__V1__LegalBasis)legal;
	if (check->basis.grant_id || check->basis.has_legal)
		check->query.basis = &check->basis;
	return r;
}

static int check_read(struct tc_invocation *invocation, struct check *check)
{
	int purpose = 0;
	int64_t at_ms = 0;

	check->query.to = TEXT(tc_invocation_option(invocation, "to"));
	check->query.subject = TEXT(tc_invocation_option(invocation, "subject"));
	check->query.proceeding_id = TEXT(tc_invocation_option(invocation, "proceeding"));
	check->query.service = TEXT(tc_invocation_option(invocation, "service"));
	check->query.role = TEXT(tc_invocation_option(invocation, "role"));
	check->query.person = TEXT(tc_invocation_option(invocation, "person"));
	if (!check->query.to || !check->query.subject) {
		tc_invocation_usage(invocation, "name --to and --subject");
		return TC_EINVAL;
	}
	if (categories_read(invocation, check) < 0 || basis_read(invocation, check) < 0 ||
	    name_read(invocation, "purpose", &throughcare__v1__purpose__descriptor, &purpose) < 0 ||
	    tc_invocation_time(invocation, "at", &at_ms) < 0)
		return TC_EINVAL;
	check->query.has_purpose = purpose != 0;
	check->query.purpose = (Throughcare__V1__Purpose)purpose;
	if (tc_invocation_option(invocation, "at")) {
		tc_question_time(at_ms, &check->at);
		check->query.at = &check->at;
	}
	return 0;
}

/* The decision, then what is behind it for each category. */
static void answer_print(const struct tc_screen *screen, const json_t *answer)
{
	static const struct tc_column columns[] = {
		{"decision", "decision"},
		{"code", "code"},
		{"explanation", "because"},
		{"at", "as of"},
		{"cure", "cured by"},
		{"recheckAt", "decided again"},
		{"grants", "grants"},
		{"notices", "notices"},
		{"policyId", "policy"},
		{"policyVersion", "version"},
		{NULL, NULL},
	};
	static const struct tc_column line_columns[] = {
		{"category", "CATEGORY"}, {"answer", "ANSWER"},   {"because", "BECAUSE"},
		{"code", "CODE"},         {"ruleId", "RULE"},     {"cite", "SOURCE"},
		{"grantId", "GRANT"},     {"expiresAt", "UNTIL"}, {NULL, NULL},
	};

	tc_screen_record(screen, columns, answer);
	if (!screen->json)
		tc_screen_table(screen, line_columns, json_object_get(answer, "lines"));
}

enum tc_exit tc_consent_check_run(struct tc_invocation *invocation)
{
	struct check check = {.query = THROUGHCARE__V1__CONSENT_CHECK_QUERY__INIT,
			      .basis = THROUGHCARE__V1__BASIS__INIT};
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	Throughcare__V1__Actor actor;
	struct tc_client *client = NULL;
	json_t *reply = NULL;

	if (check_read(invocation, &check) < 0)
		return TC_EXIT_USAGE;
	enum tc_exit code = tc_session_open(invocation, &client);
	if (code == TC_EXIT_DONE) {
		const char *from = tc_invocation_option(invocation, "from");
		check.query.from = TEXT(from ? from : tc_client_identity(client)->id);
		query.body_case = THROUGHCARE__V1__QUERY__BODY_CONSENT_CHECK;
		query.consent_check = &check.query;
		tc_question_actor(invocation, &query, &actor);
		code = tc_question_ask(invocation, client, &query, &reply);
	}
	if (code == TC_EXIT_DONE)
		answer_print(&invocation->screen, json_object_get(reply, "consentAnswer"));
	json_decref(reply);
	tc_client_close(&client);
	return code;
}
