#include "query/answerers.h"

#include "query/accounting.h"
#include "query/appointments.h"
#include "query/backups.h"
#include "query/caseload.h"
#include "query/check.h"
#include "query/consents.h"
#include "query/directory.h"
#include "query/message.h"
#include "query/orders.h"
#include "query/outcomes.h"
#include "query/places.h"
#include "query/policies.h"
#include "query/proofs.h"
#include "query/reviews.h"
#include "query/scopes.h"
#include "query/search.h"
#include "query/standing_list.h"
#include "query/tiles.h"
#include "query/tracking.h"
#include "query/upkeep.h"
#include "query/user_policies.h"
#include "query/watch.h"
#include "query/what_if.h"
#include "query/why.h"

#define CASE(name) THROUGHCARE__V1__QUERY__BODY_##name

static const struct {
	Throughcare__V1__Query__BodyCase body;
	answerer_fn answer;
} answerers[] = {
	{CASE(REFERRAL_LIST), tracking_referrals},
	{CASE(REFERRAL_SHOW), tracking_referral},
	{CASE(CASELOAD), caseload_list},
	{CASE(REFERRAL_WATCH), watch_changes},
	{CASE(CAPACITY_LIST), places_capacity},
	{CASE(SERVICE_FIND), places_services},
	{CASE(APPOINTMENT_LIST), appointments_list},
	{CASE(OUTCOMES_REPORT), outcomes_report},
	{CASE(TASK_LIST), upkeep_tasks},
	{CASE(PERSON_SHOW), upkeep_person},
	{CASE(CALENDAR_SHOW), upkeep_calendars},
	{CASE(FEED_LIST), upkeep_feeds},
	{CASE(CONSENT_LIST), consents_list},
	{CASE(CONSENT_SHOW), consents_show},
	{CASE(CONSENT_CHECK), check_consent},
	{CASE(MAILBOX_STATUS), tracking_mailbox},
	{CASE(AGENCY_LIST), directory_agencies},
	{CASE(TRAIL_FIND), search_trail},
	{CASE(EXCHANGE_STATUS), directory_status},
	{CASE(MESSAGE_SHOW), message_show},
	{CASE(CERTIFICATE), directory_certificate},
	{CASE(POLICY_SHOW), policies_show},
	{CASE(USER_POLICY), user_policies_show},
	{CASE(ACCEPTANCE_LIST), user_policies_accepted},
	{CASE(TRAIL_WHY), why_message},
	{CASE(TRAIL_WHAT_IF), what_if_replay},
	{CASE(REVIEW_LIST), reviews_list},
	{CASE(TRAIL_PROOF), proofs_inclusion},
	{CASE(TRAIL_CHECKPOINT), proofs_checkpoint},
	{CASE(TRAIL_CONSISTENCY), proofs_consistency},
	{CASE(TRAIL_TILES), tiles_list},
	{CASE(SCOPE_LIST), scopes_list},
	{CASE(ORDER_LIST), orders_list},
	{CASE(ACCOUNTING), accounting_list},
	{CASE(STANDING_LIST), standing_list_answer},
	{CASE(EXCHANGE_BACKUP), backups_answer},
};

answerer_fn answerer_find(Throughcare__V1__Query__BodyCase body)
{
	for (size_t i = 0; i < sizeof(answerers) / sizeof(answerers[0]); i++) {
		if (answerers[i].body == body)
			return answerers[i].answer;
	}
	return NULL;
}
