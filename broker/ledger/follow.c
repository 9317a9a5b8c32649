#include "ledger/follow.h"

#include "ledger/appointments.h"
#include "ledger/capacity_message.h"
#include "ledger/citation.h"
#include "ledger/court.h"
#include "ledger/hearing.h"
#include "ledger/offer.h"
#include "ledger/outcome_check.h"
#include "ledger/plans.h"
#include "ledger/statement.h"
#include "ledger/supervision.h"

/* Several rows of one type are all run, in this order. */
static const struct follow follows[] = {
	{"OutcomeReport", NULL, outcome_check_reported},
	{"Statement", citation_check_statement, statement_apply},
	{"HousingVerification", outcome_check_verifies, outcome_check_verified},
	{"EmploymentVerification", outcome_check_verifies, outcome_check_verified},
	{"AppointmentScheduled", appointments_check, appointments_apply},
	{"AppointmentChanged", appointments_check, appointments_apply},
	{"AttendanceRecord", appointments_check, appointments_apply},
	{"ViolationReport", citation_check_report, NULL},
	{"BreachReport", citation_check_report, NULL},
	{"CourtReport", citation_check_report, hearing_reported},
	{"SupervisionEvent", supervision_check, supervision_apply},
	{"RiskLevelChange", NULL, supervision_apply},
	{"HearingNotice", NULL, supervision_apply},
	{"HearingResult", NULL, supervision_apply},
	{"CourtOrder", court_check_order, court_apply_order},
	{"ConditionSet", court_check_order, court_apply_order},
	{"PlanProposed", plans_check, plans_apply},
	{"PlanDecision", plans_check, plans_apply},
	{"ReferralResponse", offer_check_accepted, NULL},
	{"ReferralResponse", capacity_check_offer, capacity_apply_offer},
	{"Referral", offer_check, offer_apply},
};

#define FOLLOWS (sizeof(follows) / sizeof(follows[0]))

static bool follow_is(const struct follow *follow, const struct submission *submission)
{
	return tc_slice_equal(submission->header.type, tc_slice_text(follow->type));
}

int follow_check(struct ledger *ledger, struct submission *submission)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < FOLLOWS; i++) {
		if (follows[i].check != NULL && follow_is(&follows[i], submission))
			r = follows[i].check(ledger, submission);
	}
	return r;
}

int follow_apply(struct ledger *ledger, struct submission *submission)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < FOLLOWS; i++) {
		if (follows[i].apply != NULL && follow_is(&follows[i], submission))
			r = follows[i].apply(ledger, submission);
	}
	return r;
}
