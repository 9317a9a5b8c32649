#include "ledger/asking.h"

#include <string.h>

#include "base/id.h"

#define CASE(name) THROUGHCARE__V1__QUERY__BODY_##name

typedef Throughcare__V1__Query asked_query;

/* Each says which of the question's fields goes too far; NULL: none. */
typedef const char *(*asking_limit)(const asked_query *query, const char *asker);

struct asking_rule {
	Throughcare__V1__Query__BodyCase body;
	enum gate_scope agency;
	enum gate_scope auditor;
	enum gate_scope operator;
	asking_limit own;     /* of GATE_OWN: who asks about another */
	asking_limit persons; /* of GATE_NO_PERSONS: who asks by a person */
};

const char *asking_text(const asked_query *query, const char *name)
{
	const ProtobufCFieldDescriptor *kind = protobuf_c_message_descriptor_get_field(
		query->base.descriptor, (unsigned)query->body_case);
	const ProtobufCMessage *body = NULL;
	const ProtobufCFieldDescriptor *field;
	const char *text;

	if (kind != NULL)
		memcpy(&body, (const char *)query + kind->offset, sizeof(body));
	if (body == NULL)
		return NULL;
	field = protobuf_c_message_descriptor_get_field_by_name(body->descriptor, name);
	if (field == NULL || field->type != PROTOBUF_C_TYPE_STRING ||
	    field->label == PROTOBUF_C_LABEL_REPEATED)
		return NULL;
	memcpy(&text, (const char *)body + field->offset, sizeof(text));
	return text;
}

/* ---- how far a question goes ---- */

static bool filled(const char *text)
{
	return text != NULL && text[0] != '\0';
}

static bool another(const char *named, const char *asker)
{
	return filled(named) && strcmp(named, asker) != 0;
}

static const char *check_from(const asked_query *query, const char *asker)
{
	return another(query->consent_check->from, asker) ? "consent_check.from" : NULL;
}

static const char *mailbox_agency(const asked_query *query, const char *asker)
{
	return another(query->mailbox_status->agency, asker) ? "mailbox_status.agency" : NULL;
}

static const char *find_agency(const asked_query *query, const char *asker)
{
	return another(query->trail_find->agency, asker) ? "trail_find.agency" : NULL;
}

/* Whoever may learn no person's id must not find out by asking for one either. */
static const char *find_person(const asked_query *query, const char *asker)
{
	const Throughcare__V1__TrailFindQuery *find = query->trail_find;

	(void)asker;
	return find->subject || find->referral_id || find->grant_id || find->proceeding_id ||
			       find->actor
		       ? "trail_find.subject, referral_id, grant_id, proceeding_id, actor"
		       : NULL;
}

static const char *what_if_person(const asked_query *query, const char *asker)
{
	const Throughcare__V1__TrailWhatIfQuery *what_if = query->trail_what_if;

	(void)asker;
	return what_if->revoke_id || what_if->subject
		       ? "trail_what_if.revoke_id, trail_what_if.subject"
		       : NULL;
}

/* ---- who may ask what ---- */

static const struct asking_rule rules[] = {
	/* question               agency        auditor       operator */
	{CASE(REFERRAL_LIST), GATE_OWN, GATE_ALL, GATE_NOTHING, NULL, NULL},
	{CASE(REFERRAL_SHOW), GATE_OWN, GATE_ALL, GATE_NOTHING, NULL, NULL},
	{CASE(CASELOAD), GATE_OWN, GATE_NOTHING, GATE_NOTHING, NULL, NULL},
	{CASE(REFERRAL_WATCH), GATE_OWN, GATE_NOTHING, GATE_NOTHING, NULL, NULL},
	{CASE(CAPACITY_LIST), GATE_ALL, GATE_ALL, GATE_ALL, NULL, NULL},
	{CASE(SERVICE_FIND), GATE_ALL, GATE_ALL, GATE_ALL, NULL, NULL},
	{CASE(APPOINTMENT_LIST), GATE_OWN, GATE_ALL, GATE_NOTHING, NULL, NULL},
	{CASE(OUTCOMES_REPORT), GATE_OWN, GATE_NOTHING, GATE_NOTHING, NULL, NULL},
	{CASE(TASK_LIST), GATE_OWN, GATE_NOTHING, GATE_NOTHING, NULL, NULL},
	{CASE(PERSON_SHOW), GATE_OWN, GATE_ALL, GATE_NOTHING, NULL, NULL},
	{CASE(CALENDAR_SHOW), GATE_ALL, GATE_ALL, GATE_ALL, NULL, NULL},
	{CASE(FEED_LIST), GATE_OWN, GATE_ALL, GATE_NO_PERSONS, NULL, NULL},
	{CASE(CONSENT_LIST), GATE_OWN, GATE_ALL, GATE_NOTHING, NULL, NULL},
	{CASE(CONSENT_SHOW), GATE_OWN, GATE_ALL, GATE_NOTHING, NULL, NULL},
	{CASE(CONSENT_CHECK), GATE_OWN, GATE_ALL, GATE_NOTHING, check_from, NULL},
	{CASE(MAILBOX_STATUS), GATE_OWN, GATE_NOTHING, GATE_ALL, mailbox_agency, NULL},
	{CASE(AGENCY_LIST), GATE_OWN, GATE_ALL, GATE_ALL, NULL, NULL},
	{CASE(TRAIL_FIND), GATE_OWN, GATE_ALL, GATE_NO_PERSONS, find_agency, find_person},
	{CASE(EXCHANGE_STATUS), GATE_OWN, GATE_ALL, GATE_ALL, NULL, NULL},
	{CASE(MESSAGE_SHOW), GATE_OWN, GATE_ALL, GATE_NOTHING, NULL, NULL}, /* see scope_check */
	{CASE(CERTIFICATE), GATE_ALL, GATE_ALL, GATE_ALL, NULL, NULL},
	{CASE(POLICY_SHOW), GATE_ALL, GATE_ALL, GATE_ALL, NULL, NULL},
	{CASE(USER_POLICY), GATE_ALL, GATE_ALL, GATE_ALL, NULL, NULL},
	{CASE(ACCEPTANCE_LIST), GATE_OWN, GATE_ALL, GATE_ALL, NULL, NULL},
	{CASE(TRAIL_WHY), GATE_OWN, GATE_ALL, GATE_NOTHING, NULL, NULL},
	{CASE(REVIEW_LIST), GATE_OWN, GATE_ALL, GATE_NO_PERSONS, NULL, NULL},
	{CASE(ACCOUNTING), GATE_OWN, GATE_ALL, GATE_NOTHING, NULL, NULL},
	{CASE(ORDER_LIST), GATE_OWN, GATE_ALL, GATE_ALL, NULL, NULL}, /* never about whom */
	{CASE(SCOPE_LIST), GATE_NOTHING, GATE_OWN, GATE_ALL, NULL, NULL},
	{CASE(STANDING_LIST), GATE_NOTHING, GATE_OWN, GATE_NOTHING, NULL, NULL},
	{CASE(EXCHANGE_BACKUP), GATE_NOTHING, GATE_NOTHING, GATE_ALL, NULL, NULL},
	/* Hashes, times and how many records there are: nobody's secret. */
	{CASE(TRAIL_PROOF), GATE_ALL, GATE_ALL, GATE_ALL, NULL, NULL},
	{CASE(TRAIL_CHECKPOINT), GATE_ALL, GATE_ALL, GATE_ALL, NULL, NULL},
	{CASE(TRAIL_CONSISTENCY), GATE_ALL, GATE_ALL, GATE_ALL, NULL, NULL},
	{CASE(TRAIL_TILES), GATE_ALL, GATE_ALL, GATE_ALL, NULL, NULL},
	{CASE(TRAIL_WHAT_IF), GATE_NOTHING, GATE_ALL, GATE_NO_PERSONS, NULL, what_if_person},
};

static const struct asking_rule *find_rule(Throughcare__V1__Query__BodyCase body)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].body == body)
			return &rules[i];
	return NULL;
}

static enum gate_scope scope_of(const struct asking_rule *rule, Throughcare__V1__PeerKind kind)
{
	if (kind == THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY)
		return rule->agency;
	if (kind == THROUGHCARE__V1__PEER_KIND__PEER_KIND_AUDITOR)
		return rule->auditor;
	if (kind == THROUGHCARE__V1__PEER_KIND__PEER_KIND_OPERATOR)
		return rule->operator;
	return GATE_NOTHING;
}

enum gate_scope asking_scope(Throughcare__V1__PeerKind kind, Throughcare__V1__Query__BodyCase body)
{
	const struct asking_rule *rule = find_rule(body);

	return rule == NULL ? GATE_NOTHING : scope_of(rule, kind);
}

int asking_check(Throughcare__V1__PeerKind kind, const char *asker, const asked_query *query,
		 enum gate_scope *ret, struct tc_refusal *refusal)
{
	const struct asking_rule *rule = find_rule(query->body_case);
	asking_limit limit = NULL;
	const char *field;

	if (query->body_case == THROUGHCARE__V1__QUERY__BODY__NOT_SET) {
		(void)tc_refuse(refusal, TC_REFUSAL_MALFORMED, "query");
		return ASKING_REFUSED;
	}
	*ret = asking_scope(kind, query->body_case);
	if (*ret == GATE_OWN)
		limit = rule->own;
	else if (*ret == GATE_NO_PERSONS)
		limit = rule->persons;
	field = limit ? limit(query, asker) : NULL;
	if (*ret != GATE_NOTHING && field == NULL)
		return 0;
	(void)tc_refuse(refusal, TC_REFUSAL_NOT_PERMITTED, "%s", field ? field : "");
	return ASKING_REFUSED;
}
