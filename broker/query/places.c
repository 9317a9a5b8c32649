#include "query/places.h"

#include <string.h>
#include <strings.h>

#include "ledger/lease.h"
#include "ledger/ledger_view.h"
#include "ledger/registry_need.h"
#include "query/seal.h"
#include "throughcare/v1/registry.pb-c.h"

#define LEASES_MAX     64 /* of the asker, in one row */
#define CAPACITIES_MAX 32 /* of one service */

/* Services for one page: fewer fit when more is asked than the need and the place, and then a page
 * has fewer rows. */
#define PLACES_LOOKED_MAX 1000

static bool filled(const char *text)
{
	return text != NULL && text[0] != '\0';
}

/* ---- places ---- */

static bool same_place(const struct capacity_place *a, const struct capacity_place *b)
{
	return strcmp(a->service, b->service) == 0 && strcmp(a->unit, b->unit) == 0 &&
	       strcmp(a->population, b->population) == 0;
}

static int make_lease(const struct question *question, struct answer *answer,
		      const struct lease *lease, Throughcare__V1__LeaseRow **ret)
{
	Throughcare__V1__LeaseRow *row = arena_take(&answer->arena, sizeof(*row));
	tc_agency holder;
	int r;

	if (row == NULL)
		return TC_ENOMEM;
	throughcare__v1__lease_row__init(row);
	r = ledger_view_principal(question->ledger, lease->holder, &holder);
	if (r != 0)
		return r > 0 ? TC_ECORRUPT : r;
	row->has_token = 1;
	row->token = lease->token;
	r = answer_put_id(answer, lease->id, &row->lease_id);
	if (r == 0)
		r = answer_put_text(answer, lease_state_name(lease->state), &row->state);
	if (r == 0)
		r = answer_put_time(answer, lease->expires_ms, &row->expires_at);
	if (r == 0)
		r = answer_put_text(answer, holder.name, &row->holder);
	if (r == 0)
		r = answer_put_id(answer, lease->referral, &row->referral_id);
	*ret = row;
	return r;
}

/* Those of the asker: it holds them, or the place is its own. */
static int add_leases(const struct question *question, struct answer *answer, uint32_t asker,
		      const struct capacity_place *place, Throughcare__V1__CapacityRow *row)
{
	struct store_txn *txn = ledger_view_txn(question->ledger);
	struct tc_id id = {{0}};
	bool hidden;
	int r = 0;

	row->leases = answer_array(answer, LEASES_MAX);
	if (row->leases == NULL)
		return TC_ENOMEM;
	while (asker != 0 && r == 0 && row->n_leases < LEASES_MAX) {
		struct lease lease;

		r = lease_next(txn, ledger_view_table(question->ledger, LEDGER_TABLE_LEASE_HOLDER),
			       asker, id, &id);
		if (r == 0)
			r = lease_find(txn, ledger_view_table(question->ledger, LEDGER_TABLE_LEASE),
				       id, &lease);
		if (r == 0)
			r = seal_hides(question, (struct tc_id){{0}}, lease.referral,
				       (struct tc_id){{0}}, &hidden);
		if (r == 0 && !hidden && same_place(&lease.place, place))
			r = make_lease(question, answer, &lease, &row->leases[row->n_leases++]);
	}
	return r == LEASE_UNKNOWN ? 0 : r;
}

static int make_capacity(const struct question *question, struct answer *answer, uint32_t asker,
			 const struct capacity *capacity, const tc_agency *agency,
			 Throughcare__V1__CapacityRow **ret)
{
	Throughcare__V1__CapacityRow *row = arena_take(&answer->arena, sizeof(*row));
	int r;

	if (row == NULL)
		return TC_ENOMEM;
	throughcare__v1__capacity_row__init(row);
	row->has_maximum = row->has_available = row->has_free = row->has_stale = 1;
	row->maximum = capacity->maximum;
	row->available = capacity->available;
	row->free = capacity_free(capacity);
	row->stale = capacity_stale(capacity, question->now_ms);
	r = answer_put_text(answer, capacity->place.service, &row->service);
	if (r == 0)
		r = answer_put_text(answer, agency->name, &row->agency);
	if (r == 0)
		r = answer_put_text(answer, capacity->place.unit, &row->unit);
	if (r == 0)
		r = answer_put_text(answer, capacity->place.population, &row->population);
	if (r == 0)
		r = answer_put_text(answer, capacity_status_name(capacity->status), &row->status);
	if (r == 0)
		r = answer_put_time(answer, capacity->as_of_ms, &row->as_of);
	if (r == 0)
		r = answer_put_time(answer, capacity->valid_until_ms, &row->valid_until);
	*ret = row;
	return r < 0 ? r : add_leases(question, answer, asker, &capacity->place, row);
}

static bool capacity_fits(const struct question *question, const struct capacity *capacity,
			  const tc_agency *agency)
{
	const Throughcare__V1__CapacityListQuery *asked = question->query->capacity_list;

	if (filled(asked->agency) && strcmp(asked->agency, agency->name) != 0)
		return false;
	if (filled(asked->unit) && strcmp(asked->unit, capacity->place.unit) != 0)
		return false;
	if (filled(asked->population) && capacity->place.population[0] != '\0' &&
	    strcmp(asked->population, capacity->place.population) != 0)
		return false;
	return !asked->has_free_only || !asked->free_only ||
	       (capacity_free(capacity) > 0 && !capacity_stale(capacity, question->now_ms));
}

static int asker_number(const struct question *question, uint32_t *ret)
{
	int r;

	*ret = 0;
	if (question->kind != THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY)
		return 0;
	r = ledger_view_number(question->ledger, &question->asker, ret);
	return r == LEDGER_VIEW_UNKNOWN ? 0 : r;
}

/* Where a page goes on: service, unit and population of its last row, with a NUL after each. */
static int read_cursor(const struct question *question, struct answer *answer,
		       struct capacity_place *ret)
{
	struct tc_slice cursor = answer_cursor(question);

	if (cursor.len == 0 || capacity_place_take(&cursor, ret))
		return 0;
	return tc_refuse(&answer->refusal, TC_REFUSAL_FIELD_INVALID, "page.cursor");
}

static int next_page(struct answer *answer, const struct capacity_place *last)
{
	struct store_key key;

	store_key_init(&key);
	capacity_place_key(&key, last);
	return answer_next_page(answer, store_key_slice(&key));
}

int places_capacity(const struct question *question, struct answer *answer)
{
	const Throughcare__V1__CapacityListQuery *asked = question->query->capacity_list;
	const char *service = filled(asked->service) ? asked->service : NULL;
	size_t rows_max = answer_page_rows(question);
	bool first = answer_cursor(question).len == 0;
	struct capacity_place after = {.service = ""};
	uint32_t asker;
	int r = read_cursor(question, answer, &after);

	if (r != 0)
		return r;
	r = asker_number(question, &asker);
	answer->reply.capacities = answer_array(answer, rows_max);
	if (r < 0 || answer->reply.capacities == NULL)
		return r < 0 ? r : TC_ENOMEM;
	for (;;) {
		struct registry_service known;
		struct capacity capacity;

		r = capacity_next(ledger_view_txn(question->ledger),
				  ledger_view_table(question->ledger, LEDGER_TABLE_CAPACITY),
				  service, first ? NULL : &after, &capacity);
		if (r != 0)
			return r == CAPACITY_UNKNOWN ? 0 : r;
		r = registry_find_service(ledger_view_txn(question->ledger),
					  ledger_view_registry(question->ledger),
					  tc_slice_text(capacity.place.service), &known);
		if (r != 0)
			return r > 0 ? TC_ECORRUPT : r;
		if (capacity_fits(question, &capacity, &known.agency)) {
			if (answer->reply.n_capacities == rows_max)
				return next_page(answer, &after);
			r = make_capacity(question, answer, asker, &capacity, &known.agency,
					  &answer->reply.capacities[answer->reply.n_capacities++]);
			if (r < 0)
				return r;
		}
		after = capacity.place;
		first = false;
	}
}

/* ---- services ---- */

static bool among(char *const *texts, size_t count, const char *wanted)
{
	for (size_t i = 0; i < count; i++) {
		if (strcasecmp(texts[i], wanted) == 0)
			return true;
	}
	return false;
}

/* "es" finds "es-MX". */
static bool speaks(char *const *languages, size_t count, const char *wanted)
{
	size_t len = strlen(wanted);

	for (size_t i = 0; i < count; i++) {
		if (strncasecmp(languages[i], wanted, len) == 0 &&
		    (languages[i][len] == '\0' || languages[i][len] == '-'))
			return true;
	}
	return false;
}

/* A list that is empty restricts nobody. */
static bool open_to(char *const *texts, size_t count, const char *wanted)
{
	return !filled(wanted) || count == 0 || among(texts, count, wanted);
}

static bool service_fits(const Throughcare__V1__ServiceFindQuery *asked,
			 const Throughcare__V1__ServiceEntry *entry)
{
	if (filled(asked->need) && !among(entry->needs, entry->n_needs, asked->need) &&
	    !among(entry->taxonomy_codes, entry->n_taxonomy_codes, asked->need))
		return false;
	if (!open_to(entry->service_areas, entry->n_service_areas, asked->near) ||
	    !open_to(entry->populations, entry->n_populations, asked->population))
		return false;
	if (filled(asked->language) &&
	    !speaks(entry->languages, entry->n_languages, asked->language))
		return false;
	if (filled(asked->accessibility) &&
	    !among(entry->accessibility, entry->n_accessibility, asked->accessibility))
		return false;
	if (!asked->has_age)
		return true;
	return (!entry->has_minimum_age || asked->age >= entry->minimum_age) &&
	       (!entry->has_maximum_age || entry->maximum_age == 0 ||
		asked->age <= entry->maximum_age);
}

/* Its places; *ret_free: one of them is free, and what was told still holds. */
static int add_capacities(const struct question *question, struct answer *answer, uint32_t asker,
			  const struct registry_service *service, Throughcare__V1__ServiceRow *row,
			  bool *ret_free)
{
	struct capacity capacity;
	bool first = true;
	int r = 0;

	*ret_free = false;
	row->capacities = answer_array(answer, CAPACITIES_MAX);
	if (row->capacities == NULL)
		return TC_ENOMEM;
	while (r == 0 && row->n_capacities < CAPACITIES_MAX) {
		r = capacity_next(ledger_view_txn(question->ledger),
				  ledger_view_table(question->ledger, LEDGER_TABLE_CAPACITY),
				  service->service, first ? NULL : &capacity.place, &capacity);
		first = false;
		if (r != 0)
			break;
		*ret_free = *ret_free || (capacity_free(&capacity) > 0 &&
					  !capacity_stale(&capacity, question->now_ms));
		r = make_capacity(question, answer, asker, &capacity, &service->agency,
				  &row->capacities[row->n_capacities++]);
	}
	return r == CAPACITY_UNKNOWN ? 0 : r;
}

/* *ret NULL: it is not what is looked for. */
static int make_service(const struct question *question, struct answer *answer, uint32_t asker,
			const char *id, Throughcare__V1__ServiceRow **ret)
{
	const Throughcare__V1__ServiceFindQuery *asked = question->query->service_find;
	Throughcare__V1__ServiceRow *row = arena_take(&answer->arena, sizeof(*row));
	Throughcare__V1__ServiceEntry *entry;
	struct registry_service service;
	bool available;
	int r = registry_find_service(ledger_view_txn(question->ledger),
				      ledger_view_registry(question->ledger), tc_slice_text(id),
				      &service);

	*ret = NULL;
	if (r != 0 || row == NULL)
		return r > 0 ? TC_ECORRUPT : r < 0 ? r : TC_ENOMEM;
	entry = throughcare__v1__service_entry__unpack(&answer->arena.allocator, service.entry.len,
						       service.entry.data);
	if (entry == NULL)
		return TC_ECORRUPT;
	if (service.status != REGISTRY_ACTIVE || !service_fits(asked, entry))
		return 0;
	throughcare__v1__service_row__init(row);
	row->service = answer_text(answer, id);
	row->agency = answer_text(answer, service.agency.name);
	row->name = entry->name;
	row->status = answer_text(answer, registry_status_name(service.status));
	row->has_entry = 1;
	row->entry = (ProtobufCBinaryData){.len = service.entry.len,
					   .data = answer_bytes(answer, service.entry)};
	if (!row->service || !row->agency || !row->status || !row->entry.data)
		return TC_ENOMEM;
	r = add_capacities(question, answer, asker, &service, row, &available);
	if (r == 0 && (!asked->has_free_only || !asked->free_only || available))
		*ret = row;
	return r;
}

/* The agency takes part, and the service is what is looked for. */
static int look_at(const struct question *question, struct answer *answer, uint32_t asker,
		   const char *id)
{
	Throughcare__V1__QueryReply *reply = &answer->reply;
	Throughcare__V1__ServiceRow *row;
	struct registry_agency agency;
	tc_agency name = {{0}};
	int r = make_service(question, answer, asker, id, &row);

	if (r < 0 || row == NULL)
		return r;
	tc_slice_copy(tc_slice_text(row->agency), name.name, sizeof(name.name));
	r = registry_find_agency(ledger_view_txn(question->ledger),
				 ledger_view_registry(question->ledger), &name, &agency);
	if (r == 0 && agency.status == REGISTRY_ACTIVE)
		reply->services[reply->n_services++] = row;
	return r > 0 ? TC_ECORRUPT : r;
}

/* Where a page goes on: the service that was looked at last. */
int places_services(const struct question *question, struct answer *answer)
{
	const Throughcare__V1__ServiceFindQuery *asked = question->query->service_find;
	const char *need = filled(asked->need) ? asked->need : NULL;
	const char *near = filled(asked->near) ? asked->near : NULL;
	struct tc_slice cursor = answer_cursor(question);
	size_t rows_max = answer_page_rows(question);
	char id[TC_NAME_BYTES_MAX + 1] = "", next[TC_NAME_BYTES_MAX + 1];
	uint32_t asker;
	int r = asker_number(question, &asker);

	if (cursor.len > 0 && !tc_name_valid(cursor))
		return tc_refuse(&answer->refusal, TC_REFUSAL_FIELD_INVALID, "page.cursor");
	tc_slice_copy(cursor, id, sizeof(id));
	answer->reply.services = answer_array(answer, rows_max);
	if (r < 0 || answer->reply.services == NULL)
		return r < 0 ? r : TC_ENOMEM;
	for (size_t looked = 0;; looked++) {
		r = registry_needs_next(ledger_view_txn(question->ledger),
					ledger_view_registry(question->ledger), need, near, id,
					next);
		if (r != 0)
			return r == REGISTRY_UNKNOWN ? 0 : r;
		if (answer->reply.n_services == rows_max || looked == PLACES_LOOKED_MAX)
			return answer_next_page(answer, tc_slice_text(id));
		memcpy(id, next, sizeof(id));
		r = look_at(question, answer, asker, id);
		if (r < 0)
			return r;
	}
}
