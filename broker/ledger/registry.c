#include "ledger/registry.h"

#include <string.h>

#include "ledger/registry_need.h"
#include "ledger/registry_row.h"
#include "store/store_cursor.h"
#include "store/store_key.h"
#include "store/store_row.h"
#include "throughcare/v1/registry.pb-c.h"

int registry_tables_open(struct store *store, struct registry_tables *ret)
{
	const struct {
		const char *name;
		struct store_table *table;
	} tables[REGISTRY_TABLES_COUNT] = {
		{"registry_agencies", &ret->agencies},
		{"registry_services", &ret->services},
		{"registry_offers", &ret->offers},
		{"registry_certificates", &ret->certificates},
		{"registry_holders", &ret->holders},
		{"registry_seals", &ret->seals},
		{"registry_kinds", &ret->kinds},
		{"registry_needs", &ret->needs},
	};

	for (unsigned i = 0; i < REGISTRY_TABLES_COUNT; i++) {
		int r = store_table_open(store, tables[i].name, tables[i].table);

		if (r != 0)
			return registry_fault(r);
	}
	return 0;
}

/* ---- rows ---- */

/* A row that ends with the packed entry. */
static int entry_put(struct store_txn *txn, struct store_table table, const struct store_key *key,
		     const struct store_row *head, struct tc_slice entry)
{
	struct tc_bytes value = {0};
	int r = tc_bytes_append(&value, head->data, head->len);

	if (r == 0)
		r = tc_bytes_append(&value, entry.data, entry.len);
	if (r == 0)
		r = registry_fault(
			store_put(txn, table, store_key_slice(key), tc_bytes_slice(&value)));
	tc_bytes_free(&value);
	return r;
}

static int agency_put(struct store_txn *txn, const struct registry_tables *tables,
		      const struct registry_agency *agency)
{
	struct store_row row = {.len = 0};
	struct store_key key;

	store_row_u32(&row, agency->number);
	store_row_u8(&row, (uint8_t)agency->kind);
	store_row_u8(&row, (uint8_t)agency->status);
	store_row_u64(&row, agency->sequence);
	store_row_text(&row, tc_slice_text(agency->name));
	store_row_text(&row, tc_slice_text(agency->jurisdiction));
	store_key_init(&key);
	store_key_agency(&key, &agency->agency);
	return entry_put(txn, tables->agencies, &key, &row, agency->entry);
}

static int agency_decode(const tc_agency *agency, struct tc_slice bytes,
			 struct registry_agency *ret)
{
	struct store_row_reader row = store_row_read(bytes);

	ret->agency = *agency;
	ret->number = store_row_take_u32(&row);
	ret->kind = (enum agency_kind)store_row_take_u8(&row);
	ret->status = (enum registry_status)store_row_take_u8(&row);
	ret->sequence = store_row_take_u64(&row);
	store_row_take_field(&row, ret->name, sizeof(ret->name));
	store_row_take_field(&row, ret->jurisdiction, sizeof(ret->jurisdiction));
	ret->entry = tc_slice(row.at, (size_t)(row.end - row.at));
	return row.failed ? TC_ECORRUPT : 0;
}

int registry_find_agency(struct store_txn *txn, const struct registry_tables *tables,
			 const tc_agency *agency, struct registry_agency *ret)
{
	struct tc_slice bytes;
	struct store_key key;
	int r;

	store_key_init(&key);
	store_key_agency(&key, agency);
	r = store_get(txn, tables->agencies, store_key_slice(&key), &bytes);
	if (r == STORE_NOT_FOUND)
		return REGISTRY_UNKNOWN;
	return r != 0 ? registry_fault(r) : agency_decode(agency, bytes, ret);
}

int registry_kind(struct store_txn *txn, const struct registry_tables *tables,
		  const tc_agency *agency, enum agency_kind *ret)
{
	struct registry_agency row;
	int r = registry_find_agency(txn, tables, agency, &row);

	if (r < 0)
		return r;
	*ret = r == 0 ? row.kind : AGENCY_KIND_UNKNOWN;
	return 0;
}

static int service_put(struct store_txn *txn, const struct registry_tables *tables,
		       const struct registry_service *service)
{
	struct store_row head = {.len = 0};
	struct store_key key;

	store_row_text(&head, tc_slice_text(service->agency.name));
	store_row_u8(&head, (uint8_t)service->status);
	store_row_u64(&head, service->sequence);
	store_row_text(&head, tc_slice_text(service->role));
	for (unsigned i = 0; i < CLOCK_COUNT; i++)
		store_row_u8(&head, service->days.days[i]);
	store_row_u8(&head, service->days.missed_limit);
	store_key_init(&key);
	store_key_text(&key, tc_slice_text(service->service));
	return entry_put(txn, tables->services, &key, &head, service->entry);
}

int registry_find_service(struct store_txn *txn, const struct registry_tables *tables,
			  struct tc_slice service, struct registry_service *ret)
{
	struct store_row_reader row;
	struct tc_slice bytes;
	struct store_key key;
	int r;

	if (!tc_name_valid(service))
		return REGISTRY_UNKNOWN;
	store_key_init(&key);
	store_key_text(&key, service);
	r = store_get(txn, tables->services, store_key_slice(&key), &bytes);
	if (r == STORE_NOT_FOUND)
		return REGISTRY_UNKNOWN;
	if (r != 0)
		return registry_fault(r);
	memset(ret->service, 0, sizeof(ret->service));
	memcpy(ret->service, service.data, service.len);
	row = store_row_read(bytes);
	store_row_take_field(&row, ret->agency.name, sizeof(ret->agency.name));
	ret->status = (enum registry_status)store_row_take_u8(&row);
	ret->sequence = store_row_take_u64(&row);
	store_row_take_field(&row, ret->role, sizeof(ret->role));
	for (unsigned i = 0; i < CLOCK_COUNT; i++)
		ret->days.days[i] = store_row_take_u8(&row);
	ret->days.missed_limit = store_row_take_u8(&row);
	ret->entry = tc_slice(row.at, (size_t)(row.end - row.at));
	return row.failed ? TC_ECORRUPT : 0;
}

/* ---- entries ---- */

/* All that the entry says, but for the certificate, which has a table of its own. */
static int agency_keep(struct store_txn *txn, const struct registry_tables *tables,
		       const Throughcare__V1__AgencyEntry *document, struct registry_agency *agency)
{
	Throughcare__V1__AgencyEntry kept = *document;
	struct tc_bytes packed = {0};
	int r;

	kept.has_certificate_der = 0;
	kept.certificate_der = (ProtobufCBinaryData){0};
	r = tc_bytes_reserve(&packed, throughcare__v1__agency_entry__get_packed_size(&kept));
	if (r == 0) {
		packed.len = throughcare__v1__agency_entry__pack(&kept, packed.data);
		agency->entry = tc_bytes_slice(&packed);
		r = agency_put(txn, tables, agency);
	}
	agency->entry = tc_slice(NULL, 0);
	tc_bytes_free(&packed);
	return r;
}

static int agency_enter(struct store_txn *txn, const struct registry_tables *tables,
			const Throughcare__V1__AgencyEntry *document,
			const struct registry_entry *entry, struct tc_refusal *refusal)
{
	struct registry_agency agency = {0};
	tc_agency id;
	uint64_t count;
	int r;

	if (!tc_agency_parse(tc_slice_text(document->agency), &id) ||
	    strcmp(id.name, TC_AGENCY_EXCHANGE) == 0)
		return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID, "agency");
	if ((unsigned)document->kind == 0 || (unsigned)document->kind >= AGENCY_KIND_COUNT)
		return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID, "kind");
	if (tc_slice_text(document->name).len > REGISTRY_NAME_BYTES_MAX)
		return tc_refuse(refusal, TC_REFUSAL_FIELD_TOO_LONG, "name");
	if (tc_slice_text(document->jurisdiction).len > REGISTRY_JURISDICTION_BYTES_MAX)
		return tc_refuse(refusal, TC_REFUSAL_FIELD_TOO_LONG, "jurisdiction");
	r = registry_find_agency(txn, tables, &id, &agency);
	if (r < 0)
		return r;
	if (r == REGISTRY_UNKNOWN) {
		/* Agencies are never removed, so the count gives the next number. */
		r = store_count(txn, tables->agencies, &count);
		if (r != 0)
			return registry_fault(r);
		agency.agency = id;
		agency.number = (uint32_t)count + 1;
	}
	if (agency.kind != (enum agency_kind)document->kind) {
		agency.kind = (enum agency_kind)document->kind;
		r = registry_note_kind(txn, tables, &id, agency.kind, entry->now_ms);
		if (r < 0)
			return r;
	}
	agency.status = document->status == THROUGHCARE__V1__AGENCY_STATUS__AGENCY_STATUS_SUSPENDED
				? REGISTRY_SUSPENDED
				: REGISTRY_ACTIVE;
	agency.sequence = entry->sequence;
	registry_field(agency.name, sizeof(agency.name), document->name);
	registry_field(agency.jurisdiction, sizeof(agency.jurisdiction), document->jurisdiction);
	return agency_keep(txn, tables, document, &agency);
}

int registry_apply_agency(struct store_txn *txn, const struct registry_tables *tables,
			  const struct registry_entry *entry, struct tc_refusal *refusal)
{
	Throughcare__V1__AgencyEntry *document;
	int r;

	if (entry->sender_kind != THROUGHCARE__V1__PEER_KIND__PEER_KIND_OPERATOR)
		return tc_refuse(refusal, TC_REFUSAL_NOT_PERMITTED, "AgencyEntry");
	document = throughcare__v1__agency_entry__unpack(NULL, entry->document.len,
							 entry->document.data);
	if (!document)
		return tc_refuse(refusal, TC_REFUSAL_MALFORMED, "AgencyEntry");
	r = agency_enter(txn, tables, document, entry, refusal);
	throughcare__v1__agency_entry__free_unpacked(document, NULL);
	return r;
}

static uint8_t clock_days(uint32_t days)
{
	return days > UINT8_MAX ? UINT8_MAX : (uint8_t)days;
}

static struct lifecycle_days service_days(const Throughcare__V1__ServiceEntry *document)
{
	struct lifecycle_days days = {.missed_limit = 0};

	days.missed_limit = clock_days(document->missed_limit);
	if (!document->clocks)
		return days;
	days.days[CLOCK_RECEIPT] = clock_days(document->clocks->receipt_days);
	days.days[CLOCK_DECISION] = clock_days(document->clocks->decision_days);
	days.days[CLOCK_APPOINTMENT] = clock_days(document->clocks->first_appointment_days);
	days.days[CLOCK_HEARTBEAT] = clock_days(document->clocks->heartbeat_days);
	return days;
}

/* It is found by what it says now, and no longer by what `before` (empty: nothing) said. */
static int service_find_by(struct store_txn *txn, const struct registry_tables *tables,
			   struct tc_slice before, const Throughcare__V1__ServiceEntry *document)
{
	Throughcare__V1__ServiceEntry *was = NULL;
	int r = 0;

	if (before.len > 0) {
		was = throughcare__v1__service_entry__unpack(NULL, before.len, before.data);
		r = was ? registry_needs_drop(txn, tables, was) : TC_ECORRUPT;
		throughcare__v1__service_entry__free_unpacked(was, NULL);
	}
	return r < 0 ? r : registry_needs_put(txn, tables, document);
}

static int service_enter(struct store_txn *txn, const struct registry_tables *tables,
			 const Throughcare__V1__ServiceEntry *document,
			 const struct registry_entry *entry, struct tc_refusal *refusal)
{
	struct registry_service service = {0};
	struct registry_agency agency;
	struct store_key key;
	tc_agency id;
	int r;

	if (!tc_agency_parse(tc_slice_text(document->agency), &id))
		return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID, "agency");
	if (!tc_name_valid(tc_slice_text(document->service_id)))
		return tc_refuse(refusal, TC_REFUSAL_FIELD_INVALID, "service_id");
	if (entry->sender_kind != THROUGHCARE__V1__PEER_KIND__PEER_KIND_OPERATOR &&
	    !tc_agency_equal(entry->sender, &id))
		return tc_refuse(refusal, TC_REFUSAL_NOT_PERMITTED, "agency: not your own");
	r = registry_find_agency(txn, tables, &id, &agency);
	if (r == REGISTRY_UNKNOWN)
		return tc_refuse(refusal, TC_REFUSAL_UNKNOWN_AGENCY, "agency");
	if (r != 0)
		return r;
	r = registry_find_service(txn, tables, tc_slice_text(document->service_id), &service);
	if (r < 0)
		return r;
	if (r == 0 && !tc_agency_equal(&service.agency, &id))
		return tc_refuse(refusal, TC_REFUSAL_NOT_PERMITTED,
				 "service_id: another agency's service");
	r = service_find_by(txn, tables, r == 0 ? service.entry : tc_slice(NULL, 0), document);
	if (r < 0)
		return r;
	registry_field(service.service, sizeof(service.service), document->service_id);
	service.agency = id;
	service.status = document->status == THROUGHCARE__V1__SERVICE_STATUS__SERVICE_STATUS_ACTIVE
				 ? REGISTRY_ACTIVE
				 : REGISTRY_SUSPENDED;
	service.sequence = entry->sequence;
	service.days = service_days(document);
	registry_field(service.role, sizeof(service.role), document->role);
	service.entry = entry->document;
	r = service_put(txn, tables, &service);
	if (r != 0)
		return r;
	store_key_init(&key);
	store_key_agency(&key, &id);
	store_key_text(&key, tc_slice_text(service.service));
	return registry_fault(
		store_put(txn, tables->offers, store_key_slice(&key), tc_slice(NULL, 0)));
}

int registry_apply_service(struct store_txn *txn, const struct registry_tables *tables,
			   const struct registry_entry *entry, struct tc_refusal *refusal)
{
	Throughcare__V1__ServiceEntry *document;
	int r;

	document = throughcare__v1__service_entry__unpack(NULL, entry->document.len,
							  entry->document.data);
	if (!document)
		return tc_refuse(refusal, TC_REFUSAL_MALFORMED, "ServiceEntry");
	r = service_enter(txn, tables, document, entry, refusal);
	throughcare__v1__service_entry__free_unpacked(document, NULL);
	return r;
}

/* ---- addresses ---- */

static bool filled(const char *text)
{
	return text && *text;
}

/* The agency behind a service, and what the service says of itself. */
static int resolve_service(struct store_txn *txn, const struct registry_tables *tables,
			   const char *name, struct registry_address *ret,
			   struct tc_refusal *refusal)
{
	struct registry_service service;
	int r = registry_find_service(txn, tables, tc_slice_text(name), &service);

	if (r < 0)
		return r;
	if (r == REGISTRY_UNKNOWN || service.status != REGISTRY_ACTIVE)
		return tc_refuse(refusal, TC_REFUSAL_UNKNOWN_SERVICE, "%s", name);
	ret->agency = service.agency;
	ret->days = service.days;
	memcpy(ret->service, service.service, sizeof(ret->service));
	memcpy(ret->role, service.role, sizeof(ret->role));
	return 0;
}

int registry_resolve(struct store_txn *txn, const struct registry_tables *tables,
		     const Throughcare__V1__Recipient *recipient, struct registry_address *ret,
		     struct tc_refusal *refusal)
{
	struct registry_address address = {0};
	struct registry_agency agency;
	int r;

	if (filled(recipient->service)) {
		r = resolve_service(txn, tables, recipient->service, &address, refusal);
		if (r != 0)
			return r;
		if (filled(recipient->agency) &&
		    strcmp(recipient->agency, address.agency.name) != 0)
			return tc_refuse(refusal, TC_REFUSAL_UNKNOWN_SERVICE, "%s",
					 recipient->service);
	} else if (!filled(recipient->agency)) {
		return tc_refuse(refusal, TC_REFUSAL_RECIPIENT_MISSING, "recipient.agency");
	} else if (!tc_agency_parse(tc_slice_text(recipient->agency), &address.agency)) {
		return tc_refuse(refusal, TC_REFUSAL_UNKNOWN_RECIPIENT, "recipient.agency");
	}
	r = registry_find_agency(txn, tables, &address.agency, &agency);
	if (r < 0)
		return r;
	if (r == REGISTRY_UNKNOWN || agency.status != REGISTRY_ACTIVE)
		return tc_refuse(refusal, TC_REFUSAL_UNKNOWN_RECIPIENT, "%s", address.agency.name);
	address.number = agency.number;
	address.kind = agency.kind;
	if (filled(recipient->role))
		registry_field(address.role, sizeof(address.role), recipient->role);
	*ret = address;
	return 0;
}

/* ---- walking ---- */

/* The first row after `key` under `prefix`. 0, REGISTRY_UNKNOWN or a fault. */
static int next_after(struct store_txn *txn, struct store_table table, struct tc_slice prefix,
		      const struct store_key *key, struct tc_slice *ret_key,
		      struct tc_slice *ret_value)
{
	int r = store_after(txn, table, prefix, store_key_slice(key), ret_key, ret_value);

	return r == STORE_NOT_FOUND ? REGISTRY_UNKNOWN : registry_fault(r);
}

int registry_next_agency(struct store_txn *txn, const struct registry_tables *tables,
			 struct tc_slice after, struct registry_agency *ret)
{
	struct tc_slice row, bytes;
	struct store_key key;
	tc_agency agency;
	int r;

	store_key_init(&key);
	if (after.len > 0)
		store_key_text(&key, after);
	r = next_after(txn, tables->agencies, tc_slice(NULL, 0), &key, &row, &bytes);
	if (r != 0)
		return r;
	if (!store_key_take_agency(&row, &agency))
		return TC_ECORRUPT;
	return agency_decode(&agency, bytes, ret);
}

int registry_next_service(struct store_txn *txn, const struct registry_tables *tables,
			  const tc_agency *agency, struct tc_slice after,
			  char ret[TC_NAME_BYTES_MAX + 1])
{
	struct tc_slice row, value, text;
	struct store_key prefix, key;
	tc_agency skipped;
	int r;

	store_key_init(&prefix);
	store_key_agency(&prefix, agency);
	key = prefix;
	if (after.len > 0)
		store_key_text(&key, after);
	r = next_after(txn, tables->offers, store_key_slice(&prefix), &key, &row, &value);
	if (r != 0)
		return r;
	if (!store_key_take_agency(&row, &skipped) || !store_key_take_text(&row, &text) ||
	    text.len > TC_NAME_BYTES_MAX)
		return TC_ECORRUPT;
	memset(ret, 0, TC_NAME_BYTES_MAX + 1);
	memcpy(ret, text.data, text.len);
	return 0;
}

const char *registry_status_name(enum registry_status status)
{
	return status == REGISTRY_ACTIVE ? "active" : "suspended";
}
