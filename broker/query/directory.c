#include "query/directory.h"

#include <string.h>

#include "ledger/ledger_view.h"
#include "ledger/registry_seal.h"
#include "query/proofs.h"

static int add_services(const struct question *question, struct answer *answer,
			const tc_agency *agency, Throughcare__V1__AgencyRow *row)
{
	char services[TC_FIELD_ITEMS_DEFAULT][TC_NAME_BYTES_MAX + 1];
	struct tc_slice after = tc_slice(NULL, 0);
	size_t count = 0;

	while (count < TC_FIELD_ITEMS_DEFAULT) {
		int r = registry_next_service(ledger_view_txn(question->ledger),
					      ledger_view_registry(question->ledger), agency, after,
					      services[count]);

		if (r == REGISTRY_UNKNOWN)
			break;
		if (r != 0)
			return r;
		after = tc_slice_text(services[count++]);
	}
	row->services = answer_array(answer, count);
	if (row->services == NULL)
		return TC_ENOMEM;
	for (size_t i = 0; i < count; i++) {
		row->services[i] = answer_text(answer, services[i]);
		if (row->services[i] == NULL)
			return TC_ENOMEM;
		row->n_services++;
	}
	return 0;
}

static int make_agency(const struct question *question, struct answer *answer,
		       const struct registry_agency *agency, Throughcare__V1__AgencyRow **ret)
{
	Throughcare__V1__AgencyRow *row = arena_take(&answer->arena, sizeof(*row));
	uint32_t certificates;
	int r;

	if (row == NULL)
		return TC_ENOMEM;
	throughcare__v1__agency_row__init(row);
	row->agency = answer_text(answer, agency->agency.name);
	row->name = answer_text(answer, agency->name);
	row->kind = answer_text(answer, agency_kind_name(agency->kind));
	row->status = answer_text(answer, registry_status_name(agency->status));
	if (!row->agency || !row->name || !row->kind || !row->status)
		return TC_ENOMEM;
	/* How many programs a neighbour has connected is the operator's business. */
	if (question->scope == GATE_ALL) {
		r = registry_count_certificates(ledger_view_txn(question->ledger),
						ledger_view_registry(question->ledger),
						THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY,
						agency->agency.name, &certificates);
		if (r != 0)
			return r;
		row->has_certificates = 1;
		row->certificates = certificates;
	}
	*ret = row;
	return add_services(question, answer, &agency->agency, row);
}

int directory_agencies(const struct question *question, struct answer *answer)
{
	struct tc_slice after = answer_cursor(question);
	size_t rows_max = answer_page_rows(question);
	tc_agency last;

	answer->reply.agencies = answer_array(answer, rows_max);
	if (answer->reply.agencies == NULL)
		return TC_ENOMEM;
	if (after.len > 0 && !tc_agency_parse(after, &last))
		return tc_refuse(&answer->refusal, TC_REFUSAL_FIELD_INVALID, "page.cursor");
	for (;;) {
		struct registry_agency agency;
		int r;

		if (answer->reply.n_agencies == rows_max)
			return answer_next_page(answer, after);
		r = registry_next_agency(ledger_view_txn(question->ledger),
					 ledger_view_registry(question->ledger), after, &agency);
		if (r == REGISTRY_UNKNOWN)
			return 0;
		if (r == 0)
			r = make_agency(question, answer, &agency,
					&answer->reply.agencies[answer->reply.n_agencies]);
		if (r != 0)
			return r;
		answer->reply.n_agencies++;
		last = agency.agency;
		after = tc_slice_text(last.name);
	}
}

/* The one that parts for the agency are sealed to. */
static int sealing_certificate(const struct question *question, struct answer *answer,
			       struct tc_slice *ret_der)
{
	struct store_txn *txn = ledger_view_txn(question->ledger);
	const struct registry_tables *tables = ledger_view_registry(question->ledger);
	struct registry_agency agency;
	struct registry_seal seal;
	tc_agency name;
	int r = answer_read_agency(answer, question->query->certificate->agency,
				   "certificate.agency", &name);

	if (r != 0)
		return r;
	r = registry_find_agency(txn, tables, &name, &agency);
	if (r == REGISTRY_UNKNOWN)
		return tc_refuse(&answer->refusal, TC_REFUSAL_UNKNOWN_RECIPIENT, "%s", name.name);
	if (r == 0)
		r = registry_seal_find(txn, tables, &name, &seal);
	if (r < 0)
		return r;
	if (r == REGISTRY_UNKNOWN || seal.der.len == 0)
		return tc_refuse(&answer->refusal, TC_REFUSAL_NOT_FOUND, "certificate.agency");
	*ret_der = seal.der;
	return 0;
}

static int seen_certificate(const struct question *question, struct answer *answer,
			    struct tc_slice *ret_der)
{
	const Throughcare__V1__CertificateQuery *asked = question->query->certificate;
	struct registry_certificate certificate;
	int r;

	if (!asked->has_sha256)
		return tc_refuse(&answer->refusal, TC_REFUSAL_FIELD_MISSING, "certificate.sha256");
	if (asked->sha256.len != sizeof(certificate.sha256))
		return tc_refuse(&answer->refusal, TC_REFUSAL_FIELD_INVALID, "certificate.sha256");
	r = registry_find_certificate(ledger_view_txn(question->ledger),
				      ledger_view_registry(question->ledger), asked->sha256.data,
				      &certificate);
	if (r < 0)
		return r;
	if (r == REGISTRY_UNKNOWN || certificate.der.len == 0)
		return tc_refuse(&answer->refusal, TC_REFUSAL_NOT_FOUND, "certificate.sha256");
	*ret_der = certificate.der;
	return 0;
}

int directory_certificate(const struct question *question, struct answer *answer)
{
	const Throughcare__V1__CertificateQuery *asked = question->query->certificate;
	struct tc_slice der;
	int r;

	if (asked->agency && asked->has_sha256)
		return tc_refuse(&answer->refusal, TC_REFUSAL_FIELD_INVALID,
				 "certificate: either sha256 or agency");
	r = asked->agency ? sealing_certificate(question, answer, &der)
			  : seen_certificate(question, answer, &der);
	if (r != 0)
		return r;
	answer->reply.certificate_der.data = answer_bytes(answer, der);
	if (answer->reply.certificate_der.data == NULL)
		return TC_ENOMEM;
	answer->reply.certificate_der.len = der.len;
	answer->reply.has_certificate_der = 1;
	return 0;
}

static void fill_rooms(const struct exchange_figures *figures, Throughcare__V1__ExchangeStatus *row)
{
	const struct {
		enum exchange_room room;
		protobuf_c_boolean *has_used;
		uint64_t *used;
		protobuf_c_boolean *has_limit;
		uint64_t *limit;
	} fields[] = {
		{ROOM_JOURNAL, &row->has_journal_bytes_used, &row->journal_bytes_used,
		 &row->has_journal_bytes_limit, &row->journal_bytes_limit},
		{ROOM_LEDGER, &row->has_ledger_bytes_used, &row->ledger_bytes_used,
		 &row->has_ledger_bytes_limit, &row->ledger_bytes_limit},
		{ROOM_TRAIL, &row->has_trail_bytes_used, &row->trail_bytes_used,
		 &row->has_trail_bytes_limit, &row->trail_bytes_limit},
		{ROOM_TREE, &row->has_tree_bytes_used, &row->tree_bytes_used,
		 &row->has_tree_bytes_limit, &row->tree_bytes_limit},
	};

	const struct room_figures *disk = &figures->rooms[ROOM_DISK];

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const struct room_figures *room = &figures->rooms[fields[i].room];

		*fields[i].has_used = 1;
		*fields[i].used = atomic_load(&room->bytes_used);
		*fields[i].has_limit = 1;
		*fields[i].limit = atomic_load(&room->bytes_limit);
	}
	row->has_disk_bytes = 1;
	row->disk_bytes = atomic_load(&disk->bytes_limit);
	row->has_disk_free_bytes = 1;
	row->disk_free_bytes = row->disk_bytes - atomic_load(&disk->bytes_used);
}

/* Figures from which an agency could read how busy others are. */
static void fill_figures(const struct exchange_figures *figures,
			 Throughcare__V1__ExchangeStatus *row)
{
	row->has_connections = 1;
	row->connections = (uint32_t)atomic_load(figures->connections);
	fill_rooms(figures, row);
	row->has_journal_syncs = 1;
	row->journal_syncs = atomic_load(&figures->journal->syncs);
}

/* How far the log is signed, and by which keys. */
static int fill_checkpoint(const struct question *question, struct answer *answer,
			   Throughcare__V1__ExchangeStatus *row)
{
	const struct tree_figures *tree = question->figures->tree;
	int64_t ms = tree ? atomic_load(&tree->checkpoint_ms) : 0;

	row->has_checkpoint_size = 1;
	row->checkpoint_size = tree ? atomic_load(&tree->checkpoint_size) : 0;
	if (ms != 0) {
		row->checkpoint_at = answer_time(answer, ms);
		if (row->checkpoint_at == NULL)
			return TC_ENOMEM;
	}
	return proofs_vkeys(question, answer, &row->vkeys, &row->n_vkeys);
}

int directory_status(const struct question *question, struct answer *answer)
{
	const struct exchange_figures *figures = question->figures;
	Throughcare__V1__ExchangeStatus *row = arena_take(&answer->arena, sizeof(*row));
	int64_t crl_ms = atomic_load(&figures->crl_next_update_ms);
	int r;

	if (row == NULL)
		return TC_ENOMEM;
	throughcare__v1__exchange_status__init(row);
	row->version = answer_text(answer, figures->version);
	row->exchange = answer_text(answer, figures->exchange);
	row->trust_domain = answer_text(answer, figures->trust_domain);
	row->started_at = answer_time(answer, figures->started_ms);
	if (!row->version || !row->exchange || !row->trust_domain || !row->started_at)
		return TC_ENOMEM;
	row->has_log_sequence = 1;
	row->log_sequence = question->sequence;
	row->has_accepting = 1;
	row->accepting = !atomic_load(&figures->draining) &&
			 !atomic_load(&figures->journal->full) &&
			 !atomic_load(&figures->journal->short_of_room);
	if (crl_ms != 0) {
		row->crl_next_update = answer_time(answer, crl_ms);
		if (row->crl_next_update == NULL)
			return TC_ENOMEM;
	}
	r = fill_checkpoint(question, answer, row);
	if (r != 0)
		return r;
	if (question->scope == GATE_ALL)
		fill_figures(figures, row);
	answer->reply.status = row;
	return 0;
}
