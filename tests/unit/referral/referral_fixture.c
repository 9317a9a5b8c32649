#include "unit/referral/referral_fixture.h"

#include <string.h>

#include "scratch.h"

#define MAP_BYTES (64 * 1024 * 1024)

struct tc_id numbered_id(uint8_t number)
{
	struct tc_id id = {{[6] = 0x70, [8] = 0x90, [15] = number}};

	return id;
}

int fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct store_options options = {.map_bytes = MAP_BYTES,
					.sync = STORE_SYNC_LAZY,
					.tables_max = REFERRAL_TABLES_COUNT};

	assert_non_null(f);
	scratch_make(f->folder);
	snprintf(f->path, sizeof(f->path), "%s/store", f->folder);
	options.path = f->path;
	assert_int_equal(store_open(&options, &f->store), 0);
	assert_int_equal(referral_tables_open(f->store, &f->tables), 0);
	assert_int_equal(store_begin(f->store, &f->txn), 0);
	f->referral = numbered_id(1);
	f->subject = numbered_id(100);
	f->now_ms = MONDAY;
	*state = f;
	return 0;
}

int fixture_teardown(void **state)
{
	struct fixture *f = *state;

	store_abort(&f->txn);
	store_close(&f->store);
	scratch_remove(f->folder);
	free(f);
	return 0;
}

int tell(struct fixture *f, struct sent sent)
{
	Throughcare__V1__LifecycleClaim claim = THROUGHCARE__V1__LIFECYCLE_CLAIM__INIT;
	const tc_agency source = {"source"}, target = {"target"}, other = {"other"};
	const tc_agency *parties[] = {&target, &source, &other};
	bool makes = strcmp(sent.type, "Referral") == 0;
	char *codes[2] = {(char *)(uintptr_t)sent.code, (char *)(uintptr_t)sent.second_code};
	struct referral_change shown;
	tc_agency sender = {""};
	int r;
	struct referral_event event = {
		.type = tc_slice_text(sent.type),
		.referral = f->referral,
		.message = numbered_id((uint8_t)(200 + f->sequence % 50)),
		.sequence = ++f->sequence,
		.now_ms = f->now_ms,
		.occurred_ms = sent.occurred_ms,
		.sender = &sender,
		.sender_orders = strcmp(sent.sender, "court") == 0,
		.actor = tc_slice_text(sent.actor),
		.has_expected_version = sent.expected_version != 0,
		.expected_version = sent.expected_version,
		.subject = sent.other_subject ? numbered_id(101) : f->subject,
		.recipients = sent.aside ? parties + 2 : parties,
		.recipient_count = makes || sent.aside ? 1 : 2,
		.service = tc_slice_text("a-service"),
		.ordered = sent.ordered,
		.claim = &claim,
	};

	assert_true(tc_agency_parse(tc_slice_text(sent.sender), &sender));
	event.days.days[CLOCK_RECEIPT] = (uint8_t)sent.days;
	claim.status = (char *)(uintptr_t)sent.status;
	claim.reason_code = (char *)(uintptr_t)sent.reason;
	claim.worker = (char *)(uintptr_t)sent.worker;
	claim.about_id = (char *)(uintptr_t)sent.about;
	claim.order_id = (char *)(uintptr_t)sent.order;
	claim.has_offer_expires_ms = sent.offer_expires_ms != 0;
	claim.offer_expires_ms = sent.offer_expires_ms;
	claim.has_respond_by_ms = sent.respond_by_ms != 0;
	claim.respond_by_ms = sent.respond_by_ms;
	claim.predecessor_id = (char *)(uintptr_t)sent.predecessor;
	claim.has_urgency = sent.urgency != 0;
	claim.urgency = sent.urgency;
	claim.codes = codes;
	claim.n_codes = sent.second_code ? 2 : sent.code ? 1 : 0;
	r = referral_apply(f->txn, &f->tables, &event, &f->change, &f->refusal);
	for (unsigned i = 0; r == 0 && !sent.held && i < 2; i++)
		r = referral_told(f->txn, &f->tables, event.referral, event.message, true,
				  parties[i], &shown);
	return r;
}

/* The referral that a reroute may name; it may be there already. */
static void successor_make(struct fixture *f, char id[TC_ID_TEXT_BYTES])
{
	struct tc_id referral = f->referral;
	char predecessor[TC_ID_TEXT_BYTES];

	tc_id_format(referral, predecessor);
	f->referral.bytes[13] = 1;
	tc_id_format(f->referral, id);
	(void)tell(f, (struct sent){
			      .sender = "source", .type = "Referral", .predecessor = predecessor});
	f->referral = referral;
}

int tell_full(struct fixture *f, const char *sender, const char *type, const char *status)
{
	char successor[TC_ID_TEXT_BYTES] = "";

	if (status && strcmp(status, "REROUTED") == 0)
		successor_make(f, successor);
	return tell(f, (struct sent){.sender = sender,
				     .type = type,
				     .status = status,
				     .reason = "other",
				     .worker = "w-1",
				     .actor = "w-2",
				     .about = successor,
				     .order = "order-1",
				     .offer_expires_ms = f->now_ms + DAY,
				     .respond_by_ms = strcmp(type, "ReferralAmend") == 0
							      ? f->now_ms + 9 * DAY
							      : 0});
}

struct referral present(struct fixture *f)
{
	struct referral referral;

	assert_int_equal(referral_find(f->txn, &f->tables, f->referral, &referral), 0);
	return referral;
}

void assert_moves(struct fixture *f, struct sent sent, enum referral_state to)
{
	if (tell(f, sent) != 0)
		fail_msg("%s: %s", tc_refusal_name(f->refusal.code), f->refusal.detail);
	assert_true(f->change.moved);
	assert_string_equal(lifecycle_state(f->change.to)->name, lifecycle_state(to)->name);
	assert_int_equal(present(f).state, to);
	assert_int_equal(present(f).version, f->change.version);
	assert_int_equal(present(f).due_ms, f->change.due_ms);
	assert_int_equal(present(f).alarm_ms, f->change.alarm_ms);
}

void assert_stays(struct fixture *f, struct sent sent)
{
	struct referral before = present(f);

	if (tell(f, sent) != 0)
		fail_msg("%s: %s", tc_refusal_name(f->refusal.code), f->refusal.detail);
	assert_false(f->change.moved);
	assert_int_equal(present(f).state, before.state);
	assert_int_equal(present(f).version, before.version);
	assert_int_equal(f->change.version, before.version);
}

void assert_refused(struct fixture *f, struct sent sent, enum tc_refusal_code code,
		    const char *detail)
{
	struct referral before, after;
	int r = referral_find(f->txn, &f->tables, f->referral, &before);

	assert_int_equal(tell(f, sent), REFERRAL_REFUSED);
	assert_string_equal(tc_refusal_name(f->refusal.code), tc_refusal_name(code));
	if (!strstr(f->refusal.detail, detail))
		fail_msg("detail is '%s', not '%s'", f->refusal.detail, detail);
	if (r != 0)
		return;
	after = present(f);
	assert_int_equal(before.version, after.version);
	assert_int_equal(before.due_ms, after.due_ms);
}

/* One step towards each state, from the state before it on the way. */
static const struct {
	enum referral_state from;
	const char *sender, *type, *status;
} ways[REFERRAL_STATE_COUNT] = {
	[REFERRAL_REQUESTED] = {REFERRAL_NONE, "source", "Referral", NULL},
	[REFERRAL_RECEIVED] = {REFERRAL_REQUESTED, "target", "ReferralResponse", "RECEIVED"},
	[REFERRAL_INFO_REQUESTED] = {REFERRAL_RECEIVED, "target", "InfoRequest", NULL},
	[REFERRAL_WAITLISTED] = {REFERRAL_RECEIVED, "target", "ReferralResponse", "WAITLISTED"},
	[REFERRAL_OFFERED] = {REFERRAL_RECEIVED, "target", "ReferralResponse", "OFFERED"},
	[REFERRAL_ACCEPTED] = {REFERRAL_RECEIVED, "target", "ReferralResponse", "ACCEPTED"},
	[REFERRAL_SCHEDULED] = {REFERRAL_ACCEPTED, "target", "AppointmentScheduled", NULL},
	[REFERRAL_IN_PROGRESS] = {REFERRAL_SCHEDULED, "target", "AttendanceRecord", "ATTENDED"},
	[REFERRAL_ON_HOLD] = {REFERRAL_IN_PROGRESS, "target", "ReferralResponse", "ON_HOLD"},
	[REFERRAL_CANCEL_REQUESTED] = {REFERRAL_IN_PROGRESS, "source", "ReferralCancel", NULL},
	[REFERRAL_DECLINED] = {REFERRAL_RECEIVED, "target", "ReferralResponse", "DECLINED"},
	[REFERRAL_REROUTED] = {REFERRAL_RECEIVED, "target", "ReferralResponse", "REROUTED"},
	[REFERRAL_CANCELLED] = {REFERRAL_REQUESTED, "source", "ReferralCancel", NULL},
	[REFERRAL_ENDED_EARLY] = {REFERRAL_IN_PROGRESS, "target", "OutcomeReport", "ENDED_EARLY"},
	[REFERRAL_COMPLETED] = {REFERRAL_IN_PROGRESS, "target", "OutcomeReport", "COMPLETED"},
	[REFERRAL_ENTERED_IN_ERROR] = {REFERRAL_REQUESTED, "source", "ReferralResponse",
				       "ENTERED_IN_ERROR"},
};

void ring_out(struct fixture *f)
{
	f->change.moved = false;
	for (unsigned i = 0; i < 6 && !f->change.moved && present(f).alarm_ms != 0; i++) {
		f->now_ms = present(f).alarm_ms;
		assert_int_equal(
			referral_clock(f->txn, &f->tables, f->referral, 900, f->now_ms, &f->change),
			0);
	}
}

void bring_to(struct fixture *f, enum referral_state state)
{
	if (state == REFERRAL_NONE)
		return;
	if (state == REFERRAL_EXPIRED || state == REFERRAL_UNDELIVERABLE)
		bring_to(f, REFERRAL_REQUESTED);
	if (state == REFERRAL_EXPIRED) {
		ring_out(f);
		return;
	}
	if (state == REFERRAL_UNDELIVERABLE) {
		assert_int_equal(referral_undelivered(f->txn, &f->tables, f->referral,
						      present(f).message, 900, f->now_ms,
						      &f->change),
				 0);
		return;
	}
	assert_non_null(ways[state].type);
	bring_to(f, ways[state].from);
	if (tell_full(f, ways[state].sender, ways[state].type, ways[state].status) != 0)
		fail_msg("%s: %s", tc_refusal_name(f->refusal.code), f->refusal.detail);
	assert_int_equal(present(f).state, state);
}
