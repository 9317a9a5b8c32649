#include "cli/lookup.h"

#include <string.h>

#include "cli/question.h"
#include "wire/part_types.h"

/* protobuf-c has no const strings; packing does not write. */
#define TEXT(value) ((char *)(uintptr_t)(value))

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static bool same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

static json_t *leading_content(const json_t *message)
{
	return json_object_get(json_array_get(json_object_get(message, "parts"), 0), "content");
}

static const char *type_of(const json_t *message)
{
	const char *type = text_of(message, "type");

	return type ? type : text_of(json_array_get(json_object_get(message, "parts"), 0), "type");
}

static bool wants_referral(const json_t *message)
{
	const char *name = type_of(message);
	const struct tc_part_type *type = name ? tc_part_type_find(tc_slice_text(name)) : NULL;

	return type && type->envelope && type->envelope->needs_referral &&
	       strcmp(name, "Referral") != 0 && !json_object_get(message, "referralId") &&
	       !json_object_get(message, "referral_id") && text_of(message, "subject");
}

static bool wants_consent(const json_t *message)
{
	const json_t *content = leading_content(message);

	return same(type_of(message), "ConsentRevoke") && json_is_object(content) &&
	       !json_object_get(content, "consentId") && !json_object_get(content, "consent_id") &&
	       text_of(message, "subject");
}

bool tc_lookup_wanted(const json_t *message)
{
	return wants_referral(message) || wants_consent(message);
}

const json_t *tc_lookup_choose(const json_t *rows, bool (*still)(const json_t *row),
			       size_t *ret_count)
{
	const json_t *found = NULL;
	size_t index, count = 0;
	const json_t *row;

	*ret_count = json_array_size(rows);
	if (*ret_count == 1)
		return json_array_get(rows, 0);
	json_array_foreach(rows, index, row)
	{
		if (!still(row))
			continue;
		found = row;
		count++;
	}
	return count == 1 ? found : NULL;
}

static bool loop_open(const json_t *row)
{
	return !json_object_get(row, "loopClosedAt");
}

static bool in_force(const json_t *row)
{
	const char *status = text_of(row, "status");

	return same(status, "active") || same(status, "not_yet_valid") ||
	       same(status, "partly_revoked");
}

static bool goes_to(const json_t *message, const char *agency)
{
	const json_t *recipient;
	size_t index;

	json_array_foreach(json_object_get(message, "recipients"), index, recipient)
	{
		/* One who is named by service alone could be anybody. */
		if (same(text_of(recipient, "agency"), agency) ||
		    !json_object_get(recipient, "agency"))
			return true;
	}
	return false;
}

/* Those referrals of the list that this agency has with a recipient of the message. */
static json_t *referrals_between(const json_t *referrals, const char *self, const json_t *message)
{
	json_t *kept = json_array();
	json_t *row;
	size_t index;

	json_array_foreach(referrals, index, row)
	{
		const char *source = text_of(row, "source"), *target = text_of(row, "target");
		if ((same(source, self) && goes_to(message, target)) ||
		    (same(target, self) && goes_to(message, source)))
			json_array_append(kept, row);
	}
	return kept;
}

static enum tc_exit fill(struct tc_invocation *invocation, const json_t *rows,
			 bool (*still)(const json_t *row), const char *name, json_t *to)
{
	size_t count = 0;
	const json_t *chosen = tc_lookup_choose(rows, still, &count);

	if (chosen) {
		json_object_set(to, name, json_object_get(chosen, name));
		return TC_EXIT_DONE;
	}
	if (count == 0)
		return TC_EXIT_DONE;
	tc_problem_set(&invocation->problem, "ambiguous",
		       "the message does not say which one it is about", "write the id",
		       "%s: there are %zu", name, count);
	return TC_EXIT_REFUSED;
}

static enum tc_exit referral_fill(struct tc_invocation *invocation, struct tc_client *client,
				  Throughcare__V1__Query *query, json_t *message)
{
	Throughcare__V1__ReferralListQuery list = THROUGHCARE__V1__REFERRAL_LIST_QUERY__INIT;
	json_t *reply = NULL;

	list.subject = TEXT(text_of(message, "subject"));
	query->body_case = THROUGHCARE__V1__QUERY__BODY_REFERRAL_LIST;
	query->referral_list = &list;
	enum tc_exit code = tc_question_ask(invocation, client, query, &reply);
	if (code == TC_EXIT_DONE) {
		json_t *rows = referrals_between(json_object_get(reply, "referrals"),
						 tc_client_identity(client)->id, message);
		code = fill(invocation, rows, loop_open, "referralId", message);
		json_decref(rows);
	}
	json_decref(reply);
	return code;
}

static enum tc_exit consent_fill(struct tc_invocation *invocation, struct tc_client *client,
				 Throughcare__V1__Query *query, json_t *message)
{
	Throughcare__V1__ConsentListQuery list = THROUGHCARE__V1__CONSENT_LIST_QUERY__INIT;
	json_t *reply = NULL;

	list.subject = TEXT(text_of(message, "subject"));
	query->body_case = THROUGHCARE__V1__QUERY__BODY_CONSENT_LIST;
	query->consent_list = &list;
	enum tc_exit code = tc_question_ask(invocation, client, query, &reply);
	if (code == TC_EXIT_DONE)
		code = fill(invocation, json_object_get(reply, "consents"), in_force, "consentId",
			    leading_content(message));
	json_decref(reply);
	return code;
}

enum tc_exit tc_lookup_fill(struct tc_invocation *invocation, struct tc_client *client,
			    json_t *message)
{
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	Throughcare__V1__Actor actor;

	tc_question_actor(invocation, &query, &actor);
	return wants_consent(message) ? consent_fill(invocation, client, &query, message)
				      : referral_fill(invocation, client, &query, message);
}
