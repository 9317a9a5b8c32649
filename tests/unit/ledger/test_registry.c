/* Who is on the network, and who may say so. */
#include "ledger/registry_need.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "scratch.h"
#include "throughcare/v1/registry.pb-c.h"

#define MAP_BYTES (16 * 1024 * 1024)
#define NOW_MS    INT64_C(1796029200000)

#define AGENCY   THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY
#define OPERATOR THROUGHCARE__V1__PEER_KIND__PEER_KIND_OPERATOR
#define AUDITOR  THROUGHCARE__V1__PEER_KIND__PEER_KIND_AUDITOR

struct fixture {
	char folder[PATH_MAX];
	char path[PATH_MAX + 8];
	struct store *store;
	struct store_txn *txn;
	struct registry_tables tables;
	struct tc_refusal refusal;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct store_options options = {
		.map_bytes = MAP_BYTES, .sync = STORE_SYNC_LAZY, .tables_max = 8};

	assert_non_null(f);
	scratch_make(f->folder);
	snprintf(f->path, sizeof(f->path), "%s/store", f->folder);
	options.path = f->path;
	assert_int_equal(store_open(&options, &f->store), 0);
	assert_int_equal(registry_tables_open(f->store, &f->tables), 0);
	assert_int_equal(store_begin(f->store, &f->txn), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	store_abort(&f->txn);
	store_close(&f->store);
	scratch_remove(f->folder);
	free(f);
	return 0;
}

static char *text(const char *value)
{
	return (char *)(uintptr_t)value; /* protobuf-c has no const strings */
}

static tc_agency agency_of(const char *name)
{
	tc_agency agency;

	assert_true(tc_agency_parse(tc_slice_text(name), &agency));
	return agency;
}

static struct registry_entry entry_of(const ProtobufCMessage *message, uint8_t *bytes,
				      Throughcare__V1__PeerKind kind, const tc_agency *sender)
{
	return (struct registry_entry){
		.document = tc_slice(bytes, protobuf_c_message_pack(message, bytes)),
		.sender_kind = kind,
		.sender = sender,
		.sequence = 5,
		.now_ms = NOW_MS,
	};
}

static int enter_agency(struct fixture *f, Throughcare__V1__PeerKind by, const char *id,
			enum agency_kind kind, bool suspended)
{
	Throughcare__V1__AgencyEntry message = THROUGHCARE__V1__AGENCY_ENTRY__INIT;
	const tc_agency sender = agency_of("operator");
	struct registry_entry entry;
	uint8_t bytes[512];

	message.agency = text(id);
	message.name = text("A Name");
	message.has_kind = true;
	message.kind = (Throughcare__V1__AgencyKind)kind;
	message.has_status = true;
	message.status = suspended ? THROUGHCARE__V1__AGENCY_STATUS__AGENCY_STATUS_SUSPENDED
				   : THROUGHCARE__V1__AGENCY_STATUS__AGENCY_STATUS_ACTIVE;
	entry = entry_of(&message.base, bytes, by, &sender);
	return registry_apply_agency(f->txn, &f->tables, &entry, &f->refusal);
}

static int enter_service(struct fixture *f, Throughcare__V1__PeerKind by, const char *sender_name,
			 const char *id, const char *agency, bool active)
{
	Throughcare__V1__ServiceEntry__Clocks clocks = THROUGHCARE__V1__SERVICE_ENTRY__CLOCKS__INIT;
	Throughcare__V1__ServiceEntry message = THROUGHCARE__V1__SERVICE_ENTRY__INIT;
	const tc_agency sender = agency_of(sender_name);
	struct registry_entry entry;
	uint8_t bytes[512];

	clocks.has_decision_days = true;
	clocks.decision_days = 3;
	message.service_id = text(id);
	message.agency = text(agency);
	message.name = text("A Service");
	message.has_status = true;
	message.status = active ? THROUGHCARE__V1__SERVICE_STATUS__SERVICE_STATUS_ACTIVE
				: THROUGHCARE__V1__SERVICE_STATUS__SERVICE_STATUS_DEFUNCT;
	message.role = text("intake-desk");
	message.clocks = &clocks;
	entry = entry_of(&message.base, bytes, by, &sender);
	return registry_apply_service(f->txn, &f->tables, &entry, &f->refusal);
}

/* A service that is for one need, at one place or (NULL) everywhere. */
static void enter_need(struct fixture *f, const char *id, const char *need, const char *area,
		       bool active)
{
	Throughcare__V1__ServiceEntry message = THROUGHCARE__V1__SERVICE_ENTRY__INIT;
	const tc_agency sender = agency_of("housing-b");
	char *needs[] = {text(need)}, *areas[] = {text(area)};
	struct registry_entry entry;
	uint8_t bytes[512];

	message.service_id = text(id);
	message.agency = text("housing-b");
	message.name = text("A Service");
	message.has_status = true;
	message.status = active ? THROUGHCARE__V1__SERVICE_STATUS__SERVICE_STATUS_ACTIVE
				: THROUGHCARE__V1__SERVICE_STATUS__SERVICE_STATUS_DEFUNCT;
	message.needs = needs;
	message.n_needs = 1;
	message.service_areas = areas;
	message.n_service_areas = area ? 1 : 0;
	entry = entry_of(&message.base, bytes, AGENCY, &sender);
	assert_int_equal(registry_apply_service(f->txn, &f->tables, &entry, &f->refusal), 0);
}

/* "a b ": those that are found, in order. */
static const char *found(struct fixture *f, const char *need, const char *area)
{
	static char all[256];
	char id[TC_NAME_BYTES_MAX + 1] = "", next[TC_NAME_BYTES_MAX + 1];
	size_t len = 0;
	int r;

	all[0] = '\0';
	while ((r = registry_needs_next(f->txn, &f->tables, need, area, id, next)) == 0) {
		memcpy(id, next, sizeof(id));
		len += (size_t)snprintf(all + len, sizeof(all) - len, "%s ", id);
	}
	assert_int_equal(r, REGISTRY_UNKNOWN);
	return all;
}

static Throughcare__V1__Peer peer_of(Throughcare__V1__PeerKind kind, const char *id,
				     uint8_t *sha256)
{
	Throughcare__V1__Peer peer = THROUGHCARE__V1__PEER__INIT;

	peer.has_kind = true;
	peer.kind = kind;
	peer.id = text(id);
	peer.has_certificate_sha256 = true;
	peer.certificate_sha256.data = sha256;
	peer.certificate_sha256.len = 32;
	return peer;
}

static int resolve(struct fixture *f, const char *agency, const char *service, const char *role,
		   struct registry_address *ret)
{
	Throughcare__V1__Recipient recipient = THROUGHCARE__V1__RECIPIENT__INIT;

	recipient.agency = text(agency);
	recipient.service = text(service);
	recipient.role = text(role);
	return registry_resolve(f->txn, &f->tables, &recipient, ret, &f->refusal);
}

static void only_an_operator_enters_agencies(void **state)
{
	struct fixture *f = *state;
	const tc_agency housing = agency_of("housing-b");
	struct registry_agency found;
	enum agency_kind kind;

	assert_int_equal(enter_agency(f, AGENCY, "housing-b", AGENCY_KIND_HOUSING, false),
			 REGISTRY_REFUSED);
	assert_int_equal(f->refusal.code, TC_REFUSAL_NOT_PERMITTED);
	assert_int_equal(enter_agency(f, OPERATOR, "exchange", AGENCY_KIND_OTHER, false),
			 REGISTRY_REFUSED);
	assert_int_equal(enter_agency(f, OPERATOR, "x", (enum agency_kind)99, false),
			 REGISTRY_REFUSED);
	assert_int_equal(registry_find_agency(f->txn, &f->tables, &housing, &found),
			 REGISTRY_UNKNOWN);
	assert_int_equal(registry_kind(f->txn, &f->tables, &housing, &kind), 0);
	assert_int_equal(kind, AGENCY_KIND_UNKNOWN);

	assert_int_equal(enter_agency(f, OPERATOR, "parole", AGENCY_KIND_PAROLE, false), 0);
	assert_int_equal(enter_agency(f, OPERATOR, "housing-b", AGENCY_KIND_HOUSING, false), 0);
	assert_int_equal(enter_agency(f, OPERATOR, "parole", AGENCY_KIND_PROBATION, false), 0);
	assert_int_equal(registry_find_agency(f->txn, &f->tables, &housing, &found), 0);
	assert_int_equal(found.number, 2);
	assert_string_equal(found.name, "A Name");
	assert_int_equal(
		registry_next_agency(f->txn, &f->tables, tc_slice_text("housing-b"), &found), 0);
	assert_int_equal(found.number, 1);
	assert_int_equal(found.kind, AGENCY_KIND_PROBATION);
	assert_int_equal(registry_next_agency(f->txn, &f->tables, tc_slice_text("parole"), &found),
			 REGISTRY_UNKNOWN);
	assert_int_equal(registry_next_agency(f->txn, &f->tables, tc_slice(NULL, 0), &found), 0);
	assert_string_equal(found.agency.name, "housing-b");
}

static void an_agency_enters_services_of_its_own_only(void **state)
{
	struct fixture *f = *state;
	const tc_agency housing = agency_of("housing-b");
	char service[TC_NAME_BYTES_MAX + 1];

	assert_int_equal(enter_service(f, AGENCY, "housing-b", "rooms", "housing-b", true),
			 REGISTRY_REFUSED);
	assert_int_equal(f->refusal.code, TC_REFUSAL_UNKNOWN_AGENCY);
	assert_int_equal(enter_agency(f, OPERATOR, "housing-b", AGENCY_KIND_HOUSING, false), 0);
	assert_int_equal(enter_agency(f, OPERATOR, "housing-c", AGENCY_KIND_HOUSING, false), 0);
	assert_int_equal(enter_service(f, AGENCY, "housing-b", "rooms", "housing-b", true), 0);
	assert_int_equal(enter_service(f, AGENCY, "housing-b", "flats", "housing-b", true), 0);
	assert_int_equal(enter_service(f, AGENCY, "housing-b", "beds", "housing-c", true),
			 REGISTRY_REFUSED);
	assert_int_equal(f->refusal.code, TC_REFUSAL_NOT_PERMITTED);
	/* nor takes it over another's by its id */
	assert_int_equal(enter_service(f, AGENCY, "housing-c", "rooms", "housing-c", true),
			 REGISTRY_REFUSED);
	assert_int_equal(f->refusal.code, TC_REFUSAL_NOT_PERMITTED);
	assert_int_equal(enter_service(f, OPERATOR, "operator", "beds", "housing-c", true), 0);

	assert_int_equal(
		registry_next_service(f->txn, &f->tables, &housing, tc_slice(NULL, 0), service), 0);
	assert_string_equal(service, "flats");
	assert_int_equal(registry_next_service(f->txn, &f->tables, &housing, tc_slice_text(service),
					       service),
			 0);
	assert_string_equal(service, "rooms");
	assert_int_equal(registry_next_service(f->txn, &f->tables, &housing, tc_slice_text(service),
					       service),
			 REGISTRY_UNKNOWN);
}

static void services_are_found_by_need_and_place_in_order(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(enter_agency(f, OPERATOR, "housing-b", AGENCY_KIND_HOUSING, false), 0);
	enter_need(f, "c-flats", "housing", "North County", true);
	enter_need(f, "a-rooms", "Housing", NULL, true);
	enter_need(f, "b-south", "housing", "South", true);
	enter_need(f, "d-detox", "detox", "north county", true);
	enter_need(f, "e-closed", "housing", NULL, false);
	assert_string_equal(found(f, "housing", "NORTH COUNTY"), "a-rooms c-flats ");
	assert_string_equal(found(f, "HOUSING", NULL), "a-rooms b-south c-flats ");
	assert_string_equal(found(f, NULL, "north county"), "a-rooms c-flats d-detox ");
	assert_string_equal(found(f, "hous", NULL), "");
	assert_string_equal(found(f, NULL, NULL), "a-rooms b-south c-flats d-detox e-closed ");
	/* what an entry does not say any more does not find it */
	enter_need(f, "c-flats", "detox", "South", true);
	enter_need(f, "a-rooms", "housing", NULL, false);
	assert_string_equal(found(f, "housing", "north county"), "");
	assert_string_equal(found(f, "detox", "south"), "c-flats ");
}

static void an_address_means_one_agency(void **state)
{
	struct fixture *f = *state;
	struct registry_address address;

	assert_int_equal(enter_agency(f, OPERATOR, "housing-b", AGENCY_KIND_HOUSING, false), 0);
	assert_int_equal(enter_agency(f, OPERATOR, "housing-c", AGENCY_KIND_HOUSING, true), 0);
	assert_int_equal(enter_service(f, OPERATOR, "operator", "rooms", "housing-b", true), 0);
	assert_int_equal(enter_service(f, OPERATOR, "operator", "closed", "housing-b", false), 0);

	assert_int_equal(resolve(f, "housing-b", NULL, "night-desk", &address), 0);
	assert_string_equal(address.agency.name, "housing-b");
	assert_string_equal(address.role, "night-desk");
	assert_int_equal(address.kind, AGENCY_KIND_HOUSING);
	assert_int_equal(address.number, 1);
	assert_int_equal(resolve(f, NULL, "rooms", NULL, &address), 0);
	assert_string_equal(address.agency.name, "housing-b");
	assert_string_equal(address.service, "rooms");
	assert_string_equal(address.role, "intake-desk");
	assert_int_equal(address.days.days[CLOCK_DECISION], 3);
	assert_int_equal(resolve(f, "housing-b", "rooms", NULL, &address), 0);

	assert_int_equal(resolve(f, NULL, NULL, "night-desk", &address), REGISTRY_REFUSED);
	assert_int_equal(f->refusal.code, TC_REFUSAL_RECIPIENT_MISSING);
	assert_int_equal(resolve(f, "nobody", NULL, NULL, &address), REGISTRY_REFUSED);
	assert_int_equal(f->refusal.code, TC_REFUSAL_UNKNOWN_RECIPIENT);
	assert_int_equal(resolve(f, "housing-c", NULL, NULL, &address), REGISTRY_REFUSED);
	assert_int_equal(f->refusal.code, TC_REFUSAL_UNKNOWN_RECIPIENT);
	assert_int_equal(resolve(f, NULL, "closed", NULL, &address), REGISTRY_REFUSED);
	assert_int_equal(f->refusal.code, TC_REFUSAL_UNKNOWN_SERVICE);
	assert_int_equal(resolve(f, "housing-c", "rooms", NULL, &address), REGISTRY_REFUSED);
	assert_int_equal(f->refusal.code, TC_REFUSAL_UNKNOWN_SERVICE);
}

static void a_peer_is_let_in_by_registry_and_certificate(void **state)
{
	struct fixture *f = *state;
	uint8_t first[32] = {1}, second[32] = {2}, third[32] = {3};
	Throughcare__V1__Peer agency = peer_of(AGENCY, "parole", first);
	Throughcare__V1__Peer renewed = peer_of(AGENCY, "parole", second);
	Throughcare__V1__Peer auditor = peer_of(AUDITOR, "auditor", third);
	struct registry_certificate certificate;
	uint32_t count;

	assert_int_equal(registry_check_peer(f->txn, &f->tables, &agency, &f->refusal),
			 REGISTRY_REFUSED);
	assert_int_equal(f->refusal.code, TC_REFUSAL_UNKNOWN_AGENCY);
	assert_int_equal(registry_check_peer(f->txn, &f->tables, &auditor, &f->refusal), 0);
	assert_int_equal(enter_agency(f, OPERATOR, "parole", AGENCY_KIND_PAROLE, false), 0);
	assert_int_equal(registry_check_peer(f->txn, &f->tables, &agency, &f->refusal), 0);

	assert_int_equal(registry_note_certificate(f->txn, &f->tables, &agency,
						   tc_slice_text("DER"), NOW_MS),
			 0);
	assert_int_equal(registry_note_certificate(f->txn, &f->tables, &agency,
						   tc_slice_text("later"), NOW_MS + 1),
			 0);
	assert_int_equal(registry_note_certificate(f->txn, &f->tables, &renewed,
						   tc_slice_text("DER 2"), NOW_MS),
			 0);
	assert_int_equal(registry_find_certificate(f->txn, &f->tables, first, &certificate), 0);
	assert_string_equal(certificate.id, "parole");
	assert_int_equal(certificate.first_seen_ms, NOW_MS);
	assert_true(tc_slice_equal(certificate.der, tc_slice_text("DER")));
	assert_int_equal(registry_count_certificates(f->txn, &f->tables, AGENCY, "parole", &count),
			 0);
	assert_int_equal(count, 2);

	assert_int_equal(registry_revoke_certificate(f->txn, &f->tables, first, NOW_MS), 0);
	assert_int_equal(registry_revoke_certificate(f->txn, &f->tables, third, NOW_MS), 0);
	assert_int_equal(registry_check_peer(f->txn, &f->tables, &agency, &f->refusal),
			 REGISTRY_REFUSED);
	assert_int_equal(f->refusal.code, TC_REFUSAL_CERTIFICATE_REVOKED);
	assert_int_equal(registry_check_peer(f->txn, &f->tables, &auditor, &f->refusal),
			 REGISTRY_REFUSED);
	assert_int_equal(registry_check_peer(f->txn, &f->tables, &renewed, &f->refusal), 0);
	assert_int_equal(registry_count_certificates(f->txn, &f->tables, AGENCY, "parole", &count),
			 0);
	assert_int_equal(count, 1);
	/* seen again after its revocation, it stays revoked */
	assert_int_equal(registry_note_certificate(f->txn, &f->tables, &auditor,
						   tc_slice_text("DER 3"), NOW_MS),
			 0);
	assert_int_equal(registry_check_peer(f->txn, &f->tables, &auditor, &f->refusal),
			 REGISTRY_REFUSED);

	assert_int_equal(enter_agency(f, OPERATOR, "parole", AGENCY_KIND_PAROLE, true), 0);
	assert_int_equal(registry_check_peer(f->txn, &f->tables, &renewed, &f->refusal),
			 REGISTRY_REFUSED);
	assert_int_equal(f->refusal.code, TC_REFUSAL_AGENCY_SUSPENDED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_an_operator_enters_agencies),
		TEST(an_agency_enters_services_of_its_own_only),
		TEST(services_are_found_by_need_and_place_in_order),
		TEST(an_address_means_one_agency),
		TEST(a_peer_is_let_in_by_registry_and_certificate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
