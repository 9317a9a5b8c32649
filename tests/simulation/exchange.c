#include "simulation/exchange.h"

#include <string.h>

#include "base/clock.h"
#include "scratch.h"
#include "wire/digest.h"

#define MAP_BYTES (1024 * 1024 * 1024)
#define START_MS  1800000000000

void exchange_fail(const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	exit(EXIT_FAILURE);
}

/* ---- the log as a journal that can be read ---- */

struct memory_reader {
	struct journal_reader reader;
	struct exchange *x;
};

static int memory_reader_open(struct journal *journal, struct journal_reader **ret)
{
	struct memory_reader *reader = calloc(1, sizeof(*reader));

	MUST(reader != NULL);
	reader->reader.ops = journal->ops;
	reader->x = (struct exchange *)journal;
	*ret = &reader->reader;
	return 0;
}

static int memory_read(struct journal_reader *reader, uint64_t sequence, struct journal_entry *ret)
{
	struct exchange *x = ((struct memory_reader *)reader)->x;

	if (sequence >= x->count)
		return JOURNAL_END;
	*ret = (struct journal_entry){.sequence = sequence,
				      .time_ms = x->log[sequence].time_ms,
				      .body = tc_bytes_slice(&x->log[sequence].body)};
	return 0;
}

static void memory_reader_renew(struct journal_reader *reader)
{
	(void)reader;
}

static void memory_reader_close(struct journal_reader *reader)
{
	free(reader);
}

static const struct journal_ops memory_ops = {
	.reader_open = memory_reader_open,
	.read = memory_read,
	.reader_renew = memory_reader_renew,
	.reader_close = memory_reader_close,
};

/* ---- */

void exchange_open(struct exchange *x)
{
	memset(x, 0, sizeof(*x));
	x->journal.ops = &memory_ops;
	scratch_make(x->folder);
	snprintf(x->path, sizeof(x->path), "%s/ledger", x->folder);
	x->options = (struct ledger_options){.path = x->path,
					     .map_bytes = MAP_BYTES,
					     .mailbox_messages_max = 1000000,
					     .mailbox_bytes_max = 1 << 30,
					     .delivery_attempts_max = 3,
					     .retry_first_ms = 1000,
					     .retry_max_ms = 60000};
	x->now_ms = START_MS;
	MUST(ledger_open(&x->ledger, &x->options) == 0);
	exchange_barrier(x);
}

void exchange_clear(struct exchange *x)
{
	effects_clear(&x->effects);
}

void exchange_close(struct exchange *x)
{
	exchange_clear(x);
	ledger_close(&x->ledger);
	for (size_t i = 0; i < x->count; i++)
		tc_bytes_free(&x->log[i].body);
	free(x->log);
	scratch_remove(x->folder);
}

uint64_t exchange_append(struct exchange *x, Throughcare__V1__Record *body, uint64_t connection)
{
	struct record record = {.connection = connection,
				.gateway = (uint16_t)((connection >> 24) & 0xff),
				.request_id = 1,
				.count = body->body_case ==
					 THROUGHCARE__V1__RECORD__BODY_SUBMISSION};
	struct logged *logged;

	if (x->count == x->capacity) {
		x->capacity = x->capacity == 0 ? 1024 : x->capacity * 2;
		x->log = realloc(x->log, x->capacity * sizeof(*x->log));
		MUST(x->log != NULL);
	}
	logged = &x->log[x->count];
	*logged = (struct logged){.time_ms = x->now_ms};
	MUST(tc_bytes_reserve(&logged->body, throughcare__v1__record__get_packed_size(body)) == 0);
	logged->body.len = throughcare__v1__record__pack(body, logged->body.data);
	record.sequence = x->count++;
	record.time_ms = x->now_ms;
	record.body = tc_bytes_slice(&logged->body);
	if (!x->keep)
		exchange_clear(x);
	MUST(ledger_apply(x->ledger, &record, &x->effects) == 0);
	return record.sequence;
}

struct tc_id exchange_id(struct exchange *x)
{
	struct tc_id id;

	MUST(tc_id_parse(tc_slice_text("00000000-0000-7000-8000-000000000000"), &id));
	tc_put_be32(id.bytes + 12, (uint32_t)++x->ids);
	return id;
}

static Throughcare__V1__PeerKind peer_kind(const char *name)
{
	return strcmp(name, "operator") == 0 ? THROUGHCARE__V1__PEER_KIND__PEER_KIND_OPERATOR
					     : THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY;
}

/* A certificate made of the name. */
void exchange_peer(Throughcare__V1__Peer *peer, const char *name, uint8_t certificate[32])
{
	throughcare__v1__peer__init(peer);
	MUST(tc_sha256(tc_slice_text(name), certificate) == 0);
	peer->has_kind = peer->has_certificate_sha256 = 1;
	peer->kind = peer_kind(name);
	peer->id = (char *)(uintptr_t)name;
	peer->certificate_sha256 = (ProtobufCBinaryData){32, certificate};
}

static void barrier(struct exchange *x, Throughcare__V1__LedgerSettings *settings)
{
	Throughcare__V1__Record record = THROUGHCARE__V1__RECORD__INIT;
	Throughcare__V1__BarrierRecord barrier = THROUGHCARE__V1__BARRIER_RECORD__INIT;

	barrier.settings = settings;
	barrier.has_boot = 1;
	barrier.boot = ledger_boot(x->ledger) + 1;
	record.body_case = THROUGHCARE__V1__RECORD__BODY_BARRIER;
	record.barrier = &barrier;
	x->connections = 0;
	exchange_append(x, &record, 0);
}

void exchange_barrier(struct exchange *x)
{
	barrier(x, NULL);
}

void exchange_slices(struct exchange *x, uint32_t deliveries)
{
	Throughcare__V1__LedgerSettings settings = THROUGHCARE__V1__LEDGER_SETTINGS__INIT;

	settings.has_job_slice = 1;
	settings.job_slice = deliveries;
	barrier(x, &settings);
}

static uint64_t logon(struct exchange *x, Throughcare__V1__Peer *peer,
		      Throughcare__V1__LogonRecord *logon)
{
	Throughcare__V1__Record record = THROUGHCARE__V1__RECORD__INIT;

	logon->has_accepted = logon->accepted = 1;
	record.has_connection = 1;
	record.connection = (uint64_t)ledger_boot(x->ledger) << 32 | ++x->connections;
	record.peer = peer;
	record.body_case = THROUGHCARE__V1__RECORD__BODY_LOGON;
	record.logon = logon;
	exchange_append(x, &record, record.connection);
	return record.connection;
}

uint64_t exchange_logon(struct exchange *x, const char *name)
{
	Throughcare__V1__LogonRecord body = THROUGHCARE__V1__LOGON_RECORD__INIT;
	Throughcare__V1__Peer peer;
	uint8_t certificate[32];

	exchange_peer(&peer, name, certificate);
	return logon(x, &peer, &body);
}

uint64_t exchange_logon_with(struct exchange *x, const char *name, const char *certificate,
			     int64_t not_before_ms)
{
	Throughcare__V1__LogonRecord body = THROUGHCARE__V1__LOGON_RECORD__INIT;
	Throughcare__V1__Peer peer;
	uint8_t sha256[32];

	exchange_peer(&peer, name, sha256);
	MUST(tc_sha256(tc_slice_text(certificate), sha256) == 0);
	body.has_certificate_der = body.has_certificate_not_before_ms = 1;
	body.certificate_der =
		(ProtobufCBinaryData){strlen(certificate), (uint8_t *)(uintptr_t)certificate};
	body.certificate_not_before_ms = not_before_ms;
	return logon(x, &peer, &body);
}

void exchange_logoff(struct exchange *x, uint64_t connection, const char *code)
{
	Throughcare__V1__Record record = THROUGHCARE__V1__RECORD__INIT;
	Throughcare__V1__LogoffRecord logoff = THROUGHCARE__V1__LOGOFF_RECORD__INIT;

	record.has_connection = 1;
	record.connection = connection;
	record.body_case = THROUGHCARE__V1__RECORD__BODY_LOGOFF;
	record.logoff = &logoff;
	logoff.code = (char *)(uintptr_t)code;
	exchange_append(x, &record, 0);
}

void exchange_collect(struct exchange *x, uint64_t connection, uint32_t credit, uint32_t lease_ms)
{
	Throughcare__V1__Record record = THROUGHCARE__V1__RECORD__INIT;
	Throughcare__V1__CollectRecord collect = THROUGHCARE__V1__COLLECT_RECORD__INIT;

	collect.has_credit = collect.has_lease_ms = 1;
	collect.credit = credit;
	collect.lease_ms = lease_ms;
	record.has_connection = 1;
	record.connection = connection;
	record.body_case = THROUGHCARE__V1__RECORD__BODY_COLLECT;
	record.collect = &collect;
	exchange_append(x, &record, connection);
}

static void settle(struct exchange *x, uint64_t connection, const uint64_t *deliveries,
		   size_t count, Throughcare__V1__SettlementKind kind, uint32_t delay_ms,
		   uint32_t credit)
{
	Throughcare__V1__Record record = THROUGHCARE__V1__RECORD__INIT;
	Throughcare__V1__SettlementRecord settlement = THROUGHCARE__V1__SETTLEMENT_RECORD__INIT;
	Throughcare__V1__Settlement rows[EXCHANGE_SETTLE_MAX], *all[EXCHANGE_SETTLE_MAX];

	MUST(count <= EXCHANGE_SETTLE_MAX);
	for (size_t i = 0; i < count; i++) {
		throughcare__v1__settlement__init(&rows[i]);
		rows[i].has_delivery_id = rows[i].has_kind = rows[i].has_delay_ms = 1;
		rows[i].delivery_id = deliveries[i];
		rows[i].kind = kind;
		rows[i].delay_ms = delay_ms;
		all[i] = &rows[i];
	}
	settlement.settlements = all;
	settlement.n_settlements = count;
	settlement.has_credit = credit > 0;
	settlement.credit = credit;
	record.has_connection = 1;
	record.connection = connection;
	record.body_case = THROUGHCARE__V1__RECORD__BODY_SETTLEMENT;
	record.settlement = &settlement;
	exchange_append(x, &record, connection);
}

void exchange_settle(struct exchange *x, uint64_t connection, uint64_t delivery,
		     Throughcare__V1__SettlementKind kind, uint32_t delay_ms)
{
	settle(x, connection, &delivery, 1, kind, delay_ms, 0);
}

void exchange_settle_many(struct exchange *x, uint64_t connection, const uint64_t *deliveries,
			  size_t count)
{
	settle(x, connection, deliveries, count,
	       THROUGHCARE__V1__SETTLEMENT_KIND__SETTLEMENT_KIND_ACK, 0, (uint32_t)count);
}

void exchange_tick(struct exchange *x, int64_t now_ms)
{
	Throughcare__V1__Record record = THROUGHCARE__V1__RECORD__INIT;
	Throughcare__V1__TickRecord tick = THROUGHCARE__V1__TICK_RECORD__INIT;

	MUST(now_ms >= x->now_ms);
	x->now_ms = now_ms;
	record.body_case = THROUGHCARE__V1__RECORD__BODY_TICK;
	record.tick = &tick;
	exchange_append(x, &record, 0);
}

void exchange_settle_down(struct exchange *x)
{
	bool keep = x->keep;

	exchange_clear(x);
	x->keep = true;
	while (ledger_due_ms(x->ledger) <= x->now_ms)
		exchange_tick(x, x->now_ms);
	x->keep = keep;
}

void exchange_digest(struct exchange *x, uint8_t ret[32])
{
	exchange_check_lists(x);
	MUST(ledger_digest(x->ledger, ret) == 0);
}

void exchange_rebuild(struct exchange *x, size_t commit, uint8_t ret[32])
{
	char path[PATH_MAX + 16];
	struct ledger_options options = x->options;
	struct effects effects = {0};
	struct ledger *ledger;

	snprintf(path, sizeof(path), "%s/rebuilt", x->folder);
	options.path = path;
	MUST(ledger_open(&ledger, &options) == 0);
	for (size_t i = 0; i < x->count; i++) {
		struct record record = {.sequence = i,
					.time_ms = x->log[i].time_ms,
					.body = tc_bytes_slice(&x->log[i].body)};

		MUST(ledger_apply(ledger, &record, &effects) == 0);
		effects_clear(&effects);
		if (commit != 0 && (i + 1) % commit == 0) {
			MUST(ledger_commit(ledger) == 0);
			ledger_close(&ledger); /* what is only in memory must not matter */
			MUST(ledger_open(&ledger, &options) == 0);
		}
	}
	MUST(ledger_digest(ledger, ret) == 0);
	ledger_close(&ledger);
	scratch_remove(path);
}

void exchange_crash(struct exchange *x)
{
	ledger_close(&x->ledger);
	MUST(ledger_open(&x->ledger, &x->options) == 0);
	MUST(ledger_replay(x->ledger, &x->journal, NULL, NULL) == 0);
	MUST(ledger_next(x->ledger) == x->count);
}
