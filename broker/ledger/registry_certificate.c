#include "ledger/registry.h"

#include <string.h>

#include "ledger/registry_row.h"
#include "store/store_cursor.h"
#include "store/store_key.h"
#include "store/store_row.h"

#define SHA256_BYTES 32

static int certificate_put(struct store_txn *txn, const struct registry_tables *tables,
			   const struct registry_certificate *certificate)
{
	struct tc_bytes value = {0};
	struct store_row head = {.len = 0};
	int r;

	store_row_u8(&head, (uint8_t)certificate->kind);
	store_row_text(&head, tc_slice_text(certificate->id));
	store_row_i64(&head, certificate->first_seen_ms);
	store_row_i64(&head, certificate->revoked_ms);
	r = tc_bytes_append(&value, head.data, head.len);
	if (r == 0)
		r = tc_bytes_append(&value, certificate->der.data, certificate->der.len);
	if (r == 0)
		r = registry_fault(store_put(txn, tables->certificates,
					     tc_slice(certificate->sha256, SHA256_BYTES),
					     tc_bytes_slice(&value)));
	tc_bytes_free(&value);
	return r;
}

int registry_find_certificate(struct store_txn *txn, const struct registry_tables *tables,
			      const uint8_t sha256[32], struct registry_certificate *ret)
{
	struct store_row_reader row;
	struct tc_slice bytes;
	int r = store_get(txn, tables->certificates, tc_slice(sha256, SHA256_BYTES), &bytes);

	if (r == STORE_NOT_FOUND)
		return REGISTRY_UNKNOWN;
	if (r != 0)
		return registry_fault(r);
	row = store_row_read(bytes);
	memcpy(ret->sha256, sha256, SHA256_BYTES);
	ret->kind = (Throughcare__V1__PeerKind)store_row_take_u8(&row);
	store_row_take_field(&row, ret->id, sizeof(ret->id));
	ret->first_seen_ms = store_row_take_i64(&row);
	ret->revoked_ms = store_row_take_i64(&row);
	ret->der = tc_slice(row.at, (size_t)(row.end - row.at));
	return row.failed ? TC_ECORRUPT : 0;
}

static void holder_key(struct store_key *key, Throughcare__V1__PeerKind kind, const char *id)
{
	store_key_init(key);
	store_key_u8(key, (uint8_t)kind);
	store_key_text(key, tc_slice_text(id));
}

int registry_note_certificate(struct store_txn *txn, const struct registry_tables *tables,
			      const Throughcare__V1__Peer *peer, struct tc_slice der,
			      int64_t now_ms)
{
	struct registry_certificate certificate = {0};
	struct store_key key;
	int r;

	if (peer->certificate_sha256.len != SHA256_BYTES)
		return 0;
	r = registry_find_certificate(txn, tables, peer->certificate_sha256.data, &certificate);
	if (r < 0)
		return r;
	if (r == 0 && certificate.kind != THROUGHCARE__V1__PEER_KIND__PEER_KIND_UNSPECIFIED &&
	    (certificate.der.len > 0 || der.len == 0))
		return 0;
	memcpy(certificate.sha256, peer->certificate_sha256.data, SHA256_BYTES);
	certificate.kind = peer->kind;
	registry_field(certificate.id, sizeof(certificate.id), peer->id);
	if (certificate.first_seen_ms == 0)
		certificate.first_seen_ms = now_ms;
	certificate.der = der;
	r = certificate_put(txn, tables, &certificate);
	if (r != 0)
		return r;
	holder_key(&key, certificate.kind, certificate.id);
	store_key_bytes(&key, tc_slice(certificate.sha256, SHA256_BYTES));
	return registry_fault(
		store_put(txn, tables->holders, store_key_slice(&key), tc_slice(NULL, 0)));
}

int registry_revoke_certificate(struct store_txn *txn, const struct registry_tables *tables,
				const uint8_t sha256[32], int64_t now_ms)
{
	struct registry_certificate certificate = {0};
	int r = registry_find_certificate(txn, tables, sha256, &certificate);

	if (r < 0)
		return r;
	if (certificate.revoked_ms != 0)
		return 0;
	memcpy(certificate.sha256, sha256, SHA256_BYTES);
	certificate.revoked_ms = now_ms;
	return certificate_put(txn, tables, &certificate);
}

int registry_check_peer(struct store_txn *txn, const struct registry_tables *tables,
			const Throughcare__V1__Peer *peer, struct tc_refusal *refusal)
{
	struct registry_certificate certificate;
	struct registry_agency agency;
	tc_agency id;
	int r;

	if (peer->certificate_sha256.len == SHA256_BYTES) {
		r = registry_find_certificate(txn, tables, peer->certificate_sha256.data,
					      &certificate);
		if (r < 0)
			return r;
		if (r == 0 && certificate.revoked_ms != 0)
			return tc_refuse(refusal, TC_REFUSAL_CERTIFICATE_REVOKED, "%s",
					 peer->id ? peer->id : "");
	}
	if (peer->kind != THROUGHCARE__V1__PEER_KIND__PEER_KIND_AGENCY)
		return 0;
	if (!tc_agency_parse(tc_slice_text(peer->id), &id))
		return tc_refuse(refusal, TC_REFUSAL_UNKNOWN_AGENCY, "the certificate's id");
	r = registry_find_agency(txn, tables, &id, &agency);
	if (r == REGISTRY_UNKNOWN)
		return tc_refuse(refusal, TC_REFUSAL_UNKNOWN_AGENCY, "%s", id.name);
	if (r == 0 && agency.status != REGISTRY_ACTIVE)
		return tc_refuse(refusal, TC_REFUSAL_AGENCY_SUSPENDED, "%s", id.name);
	return r;
}

int registry_count_certificates(struct store_txn *txn, const struct registry_tables *tables,
				Throughcare__V1__PeerKind kind, const char *id, uint32_t *ret)
{
	struct store_cursor cursor;
	struct store_key key;
	uint32_t count = 0;
	int r;

	holder_key(&key, kind, id);
	r = store_cursor_init(&cursor, txn, tables->holders, store_key_slice(&key), STORE_FORWARD);
	while (r == 0) {
		struct registry_certificate certificate;
		struct tc_slice row;

		r = store_cursor_next(&cursor, &row, NULL);
		if (r != 0)
			break;
		if (row.len < SHA256_BYTES) {
			r = TC_ECORRUPT;
			break;
		}
		r = registry_find_certificate(txn, tables, row.data + row.len - SHA256_BYTES,
					      &certificate);
		if (r == 0 && certificate.revoked_ms == 0)
			count++;
	}
	store_cursor_done(&cursor);
	if (r != STORE_NOT_FOUND)
		return registry_fault(r);
	*ret = count;
	return 0;
}
