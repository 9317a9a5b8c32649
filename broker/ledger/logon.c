#include "ledger/logon.h"

#include <string.h>

#include "journal/record.h"
#include "ledger/dispatch.h"
#include "ledger/fact.h"
#include "ledger/policy_state.h"
#include "ledger/reply.h"
#include "ledger/sealed.h"
#include "ledger/session.h"
#include "ledger/state.h"

enum session_end {
	SESSION_CUT,     /* the connection is gone */
	SESSION_GOODBYE, /* the peer closed it in good order: it was not broken by what it read */
	SESSION_LOST,    /* the exchange restarted: nobody's fault */
};

/*
 * What the session had goes back to the queue. When a connection breaks, the oldest unsettled
 * delivery counts a failed attempt: it is what the recipient was presumably working on, and one
 * that breaks its reader each time must end as a dead letter. The others are not blamed.
 */
static int session_end(struct ledger *ledger, struct session *session, enum session_end how)
{
	session->principal->credit -= session->credit;
	session->credit = 0;
	for (bool oldest = true; session->flight_count > 0; oldest = false) {
		struct delivery delivery;
		int r = delivery_find(ledger, session->flights[0].delivery, &delivery);

		if (r != 0)
			return r == DELIVERY_UNKNOWN ? TC_ECORRUPT : r;
		if (oldest && how == SESSION_CUT)
			delivery.failures++;
		if (delivery.failures >= ledger->settings.delivery_attempts_max)
			r = dispatch_end(ledger, &delivery, DELIVERY_DEAD, "attempts");
		else
			r = dispatch_requeue(ledger, &delivery);
		if (r < 0)
			return r;
	}
	return session_close(ledger, &session);
}

static int logon_fact(struct ledger *ledger, const char *event, const char *code)
{
	struct fact_draft draft;

	fact_init(&draft, event);
	fact_peer(&draft, ledger->record->peer);
	fact_text(&draft.row.code, code);
	/* Whence, where nobody can be said to be there. */
	if (ledger->record->body_case == THROUGHCARE__V1__RECORD__BODY_LOGON) {
		const Throughcare__V1__LogonRecord *logon = ledger->record->logon;

		fact_text(&draft.row.reference, logon->address);
		draft.row.has_count = logon->has_count;
		draft.row.count = logon->count;
	}
	return fact_push(ledger, &draft);
}

static int logon_refuse(struct ledger *ledger, const struct tc_refusal *refusal)
{
	int r = logon_fact(ledger, "logon_refused", tc_refusal_name(refusal->code));

	return r < 0 ? r
		     : reply_to_connection(ledger, EFFECT_LOGON_REFUSED, ledger->record->connection,
					   refusal);
}

int logon_apply(struct ledger *ledger)
{
	const Throughcare__V1__LogonRecord *logon = ledger->record->logon;
	const Throughcare__V1__Peer *peer = ledger->record->peer;
	uint64_t connection = ledger->record->connection;
	struct tc_refusal refusal = {.code = TC_REFUSAL_NONE};
	struct principal *principal;
	struct session *session;
	tc_agency name;
	int r;

	if (!logon->has_accepted || !logon->accepted)
		return logon_fact(ledger, "logon_refused", logon->code);
	if (peer == NULL || peer->id == NULL || !tc_agency_parse(tc_slice_text(peer->id), &name) ||
	    peer->certificate_sha256.len != 32 || session_find(ledger, connection) != NULL)
		return TC_ECORRUPT;
	r = registry_check_peer(ledger->txn, &ledger->registry, peer, &refusal);
	if (r != 0)
		return r == REGISTRY_REFUSED ? logon_refuse(ledger, &refusal) : r;
	r = registry_note_certificate(
		ledger->txn, &ledger->registry, peer,
		tc_slice(logon->certificate_der.data, logon->certificate_der.len), ledger->now_ms);
	if (r == 0)
		r = sealed_logon(ledger);
	if (r == 0)
		r = principal_take(ledger, peer->kind, &name, &principal);
	if (r == 0)
		r = session_open(ledger, connection, principal, peer->certificate_sha256.data,
				 &session);
	if (r == 0)
		r = logon_fact(ledger, "logon", NULL);
	if (r == 0)
		r = reply_to_connection(ledger, EFFECT_LOGON_ACCEPTED, connection, NULL);
	return r;
}

int logoff_apply(struct ledger *ledger)
{
	struct session *session = session_find(ledger, ledger->record->connection);
	const char *code = ledger->record->logoff->code;
	bool goodbye = code != NULL && strcmp(code, RECORD_LOGOFF_GOODBYE) == 0;
	int r;

	if (session == NULL)
		return 0; /* it was ended from this side before */
	r = logon_fact(ledger, "logoff", code);
	return r < 0 ? r : session_end(ledger, session, goodbye ? SESSION_GOODBYE : SESSION_CUT);
}

static void barrier_settings(struct ledger_settings *to,
			     const Throughcare__V1__LedgerSettings *from)
{
	if (from == NULL)
		return;
	if (from->has_mailbox_messages_max)
		to->mailbox_messages_max = from->mailbox_messages_max;
	if (from->has_mailbox_bytes_max)
		to->mailbox_bytes_max = from->mailbox_bytes_max;
	if (from->has_delivery_attempts_max)
		to->delivery_attempts_max = from->delivery_attempts_max;
	if (from->has_retry_first_ms)
		to->retry_first_ms = from->retry_first_ms;
	if (from->has_retry_max_ms)
		to->retry_max_ms = from->retry_max_ms;
	if (from->has_job_slice && from->job_slice > 0)
		to->job_slice = from->job_slice;
}

static void session_stop(struct session *session)
{
	session->principal->credit -= session->credit;
	session->credit = 0;
}

/* A sealer that remembers less than it did was made to forget, or is another one: it would sign an
 * older log, or another. Whoever asks the trail finds that. */
static int barrier_sealed(struct ledger *ledger, const Throughcare__V1__BarrierRecord *barrier)
{
	struct ledger_barrier *kept = &ledger->barrier;
	struct fact_draft draft;
	bool forgot = false;

	if (!barrier->has_signed_size || barrier->origin == NULL)
		return 0;
	forgot = kept->sealed && strcmp(kept->origin, barrier->origin) == 0 &&
		 barrier->signed_size < kept->signed_size;
	kept->sealed = true;
	kept->signed_size = barrier->signed_size;
	tc_slice_copy(tc_slice_text(barrier->origin), kept->origin, sizeof(kept->origin));
	if (!forgot)
		return 0;
	fact_init(&draft, "sealer_forgot");
	fact_text(&draft.row.agency, TC_AGENCY_EXCHANGE);
	fact_text(&draft.row.reference, barrier->origin);
	return fact_push(ledger, &draft);
}

/* What the log says of the base that ledger and trail are made from. */
static int barrier_keep(struct ledger *ledger, const Throughcare__V1__BarrierRecord *barrier)
{
	struct ledger_barrier *kept = &ledger->barrier;
	int r = barrier_sealed(ledger, barrier);

	kept->known = true;
	kept->sequence = ledger->sequence;
	kept->based = barrier->base_sha256.len == sizeof(kept->base_sha256);
	memset(kept->base_sha256, 0, sizeof(kept->base_sha256));
	if (kept->based)
		memcpy(kept->base_sha256, barrier->base_sha256.data, sizeof(kept->base_sha256));
	return r < 0 ? r : ledger_barrier_put(ledger);
}

int barrier_apply(struct ledger *ledger)
{
	const Throughcare__V1__BarrierRecord *barrier = ledger->record->barrier;
	struct fact_draft draft;
	int kept = barrier_keep(ledger, barrier);

	if (kept < 0)
		return kept;
	ledger->boot = barrier->boot;
	/* Nobody is there any more: first nobody may be lent anything, then everything goes back.
	 */
	for (size_t i = 0; i < ledger->sessions.count; i++)
		session_stop(ledger->sessions.rows[i]);
	while (ledger->sessions.count > 0) {
		int r = session_end(ledger, ledger->sessions.rows[0], SESSION_LOST);

		if (r < 0)
			return r;
	}
	barrier_settings(&ledger->settings, barrier->settings);
	if (barrier->has_policy) {
		int r = policy_state_begin(ledger,
					   tc_slice(barrier->policy.data, barrier->policy.len));

		if (r < 0)
			return r;
	}
	terms_cache_forget(&ledger->terms);
	fact_init(&draft, "barrier");
	fact_text(&draft.row.agency, TC_AGENCY_EXCHANGE);
	fact_text(&draft.row.code, barrier->version);
	return fact_push(ledger, &draft);
}

/* Ends a session from this side and tells its connection why. */
static int session_expel(struct ledger *ledger, struct session *session,
			 const struct tc_refusal *refusal)
{
	struct fact_draft draft;
	int r;

	fact_init(&draft, "logoff");
	fact_text(&draft.row.agency, session->principal->name.name);
	fact_text(&draft.row.code, tc_refusal_name(refusal->code));
	r = fact_push(ledger, &draft);
	if (r == 0)
		r = reply_to_connection(ledger, EFFECT_CLOSE, session->connection, refusal);
	return r < 0 ? r : session_end(ledger, session, SESSION_LOST);
}

static int session_check(struct ledger *ledger, const struct session *session,
			 struct tc_refusal *refusal)
{
	Throughcare__V1__Peer peer = THROUGHCARE__V1__PEER__INIT;

	peer.has_kind = peer.has_certificate_sha256 = 1;
	peer.kind = session->principal->kind;
	peer.id = session->principal->name.name;
	peer.certificate_sha256.data = (uint8_t *)(uintptr_t)session->certificate;
	peer.certificate_sha256.len = sizeof(session->certificate);
	return registry_check_peer(ledger->txn, &ledger->registry, &peer, refusal);
}

/* First none of them may be lent anything, then what they have goes back: else the first one's
 * would go to the second one. */
int logon_check_again(struct ledger *ledger)
{
	struct tc_refusal refusal;
	size_t at = 0;

	for (size_t i = 0; i < ledger->sessions.count; i++) {
		int r = session_check(ledger, ledger->sessions.rows[i], &refusal);

		if (r < 0)
			return r;
		if (r == REGISTRY_REFUSED)
			session_stop(ledger->sessions.rows[i]);
	}
	while (at < ledger->sessions.count) {
		struct session *session = ledger->sessions.rows[at];
		int r = session_check(ledger, session, &refusal);

		if (r == REGISTRY_REFUSED)
			r = session_expel(ledger, session, &refusal);
		else
			at++;
		if (r < 0)
			return r;
	}
	return 0;
}

int certificate_revoked_apply(struct ledger *ledger)
{
	const Throughcare__V1__CertificateRevokedRecord *revoked =
		ledger->record->certificate_revoked;
	struct fact_draft draft;
	int r;

	fact_init(&draft, "certificate_revoked");
	fact_text(&draft.row.agency, TC_AGENCY_EXCHANGE);
	fact_text(&draft.row.code, revoked->serial);
	if (revoked->certificate_sha256.len == 32) {
		tc_hex(revoked->certificate_sha256.data, 32, draft.certificate);
		draft.row.certificate = draft.certificate;
	}
	r = fact_push(ledger, &draft);
	if (r < 0 || revoked->certificate_sha256.len != 32)
		return r;
	r = registry_revoke_certificate(ledger->txn, &ledger->registry,
					revoked->certificate_sha256.data, ledger->now_ms);
	if (r == 0)
		r = sealed_revoked(ledger, revoked->certificate_sha256.data);
	return r < 0 ? r : logon_check_again(ledger);
}
