#include "unit/ledger/ledger_fixture.h"

#include "ledger/hearing.h"
#include "ledger/state.h"

int setup(void **state)
{
	struct exchange *x = calloc(1, sizeof(*x));

	assert_non_null(x);
	exchange_open(x);
	exchange_agency(x, "intake", "INTAKE");
	exchange_agency(x, "treatment", "TREATMENT");
	exchange_agency(x, "parole", "PAROLE");
	exchange_agency(x, "court", "COURT");
	*state = x;
	return 0;
}

int teardown(void **state)
{
	struct exchange *x = *state;
	uint8_t live[32], rebuilt[32];

	exchange_digest(x, live);
	exchange_rebuild(x, 0, rebuilt);
	assert_memory_equal(live, rebuilt, 32);
	exchange_rebuild(x, 3, rebuilt);
	assert_memory_equal(live, rebuilt, 32);
	exchange_close(x);
	free(x);
	return 0;
}

struct message attendance(struct exchange *x, struct tc_id subject)
{
	return (struct message){.from = "treatment",
				.to = "parole",
				.type = "AttendanceRecord",
				.category = ATTENDANCE,
				.id = exchange_id(x),
				.subject = subject,
				.evidence = QUIET};
}

struct consent grant(struct exchange *x, struct tc_id subject)
{
	return (struct consent){.consent = exchange_id(x),
				.grant = exchange_id(x),
				.subject = subject,
				.from = "treatment",
				.to = "parole",
				.category = "ATTENDANCE",
				.expires_ms = x->now_ms + YEAR_MS};
}

struct message contact(struct exchange *x)
{
	return (struct message){.from = "parole",
				.to = "treatment",
				.type = "SupervisionEvent",
				.category = CONTACT,
				.id = exchange_id(x),
				.subject = exchange_id(x),
				.legal = OPERATIONAL,
				.evidence = QUIET};
}

uint64_t collector(struct exchange *x, const char *name, uint32_t credit)
{
	uint64_t connection = exchange_logon(x, name);

	assert_int_equal(exchange_effects(x, EFFECT_LOGON_ACCEPTED), 1);
	exchange_collect(x, connection, credit, LEASE_MS);
	return connection;
}

uint64_t delivered(struct exchange *x)
{
	const struct effect *effect = exchange_effect(x, EFFECT_DELIVER, 0);

	assert_non_null(effect);
	return effect->delivery_id;
}

Throughcare__V1__SettlementResult settled(struct exchange *x, uint64_t connection,
					  uint64_t delivery, Throughcare__V1__SettlementKind kind)
{
	const struct effect *effect;
	Throughcare__V1__Response *response;
	Throughcare__V1__SettlementResult result;

	exchange_settle(x, connection, delivery, kind, 0);
	effect = exchange_effect(x, EFFECT_REPLY, 0);
	assert_non_null(effect);
	response = throughcare__v1__response__unpack(NULL, effect->body.len, effect->body.data);
	assert_non_null(response);
	assert_int_equal(response->body_case, THROUGHCARE__V1__RESPONSE__BODY_SETTLE);
	assert_int_equal(response->settle->n_results, 1);
	result = response->settle->results[0];
	throughcare__v1__response__free_unpacked(response, NULL);
	return result;
}

int64_t next_hearing(struct exchange *x, const char *agency, struct tc_id subject)
{
	const struct principal *principal = principal_find(
		x->ledger, THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY, tc_slice_text(agency));
	int64_t at_ms;

	assert_non_null(principal);
	assert_int_equal(hearing_next(x->ledger->txn, x->ledger->table[LEDGER_TABLE_HEARING_DAY],
				      principal->number, subject, x->now_ms, NULL, &at_ms),
			 0);
	return at_ms;
}
