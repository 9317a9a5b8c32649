#include "gateway/request_record.h"

#include <stdlib.h>

Throughcare__V1__Peer *request_record_peer(const struct tc_peer *peer, Throughcare__V1__Peer *ret)
{
	throughcare__v1__peer__init(ret);
	if (!peer)
		return NULL;
	ret->has_kind = 1;
	ret->kind = (Throughcare__V1__PeerKind)peer->kind;
	ret->id = (char *)(uintptr_t)peer->id.name;
	if (peer->adapter.name[0])
		ret->adapter = (char *)(uintptr_t)peer->adapter.name;
	ret->has_certificate_sha256 = 1;
	ret->certificate_sha256.data = (uint8_t *)(uintptr_t)peer->certificate_sha256;
	ret->certificate_sha256.len = sizeof(peer->certificate_sha256);
	return ret;
}

ProtobufCBinaryData request_record_bytes(struct tc_slice slice)
{
	return (ProtobufCBinaryData){.data = (uint8_t *)(uintptr_t)slice.data, .len = slice.len};
}

int request_record_pack(const Throughcare__V1__Record *body, size_t extra, struct record **ret)
{
	size_t len = throughcare__v1__record__get_packed_size(body);
	struct record *record = record_new();

	if (!record || tc_bytes_reserve(&record->owned, len + extra) != 0) {
		record_free(&record);
		return TC_ENOMEM;
	}
	throughcare__v1__record__pack(body, record->owned.data);
	record->owned.len = len;
	record->body = tc_slice(record->owned.data, len);
	record->connection = body->connection;
	*ret = record;
	return 0;
}

static int pack_for(const struct tc_peer *peer, uint64_t connection, Throughcare__V1__Record *body,
		    struct record **ret)
{
	Throughcare__V1__Peer peer_message;

	body->peer = request_record_peer(peer, &peer_message);
	body->has_connection = connection != 0;
	body->connection = connection;
	return request_record_pack(body, 0, ret);
}

int request_logon(const struct tc_peer *peer, struct tc_slice certificate_der, uint64_t connection,
		  const char *address, struct record **ret)
{
	Throughcare__V1__Record body = THROUGHCARE__V1__RECORD__INIT;
	Throughcare__V1__LogonRecord logon = THROUGHCARE__V1__LOGON_RECORD__INIT;

	logon.has_accepted = 1;
	logon.accepted = 1;
	logon.address = (char *)(uintptr_t)address;
	logon.has_certificate_der = 1;
	logon.certificate_der = request_record_bytes(certificate_der);
	logon.has_certificate_not_before_ms = 1;
	logon.certificate_not_before_ms = peer->not_before_ms;
	body.body_case = THROUGHCARE__V1__RECORD__BODY_LOGON;
	body.logon = &logon;
	return pack_for(peer, connection, &body, ret);
}

int request_logon_failed(const struct tc_peer *peer, const char *address, const char *code,
			 uint32_t count, struct record **ret)
{
	Throughcare__V1__Record body = THROUGHCARE__V1__RECORD__INIT;
	Throughcare__V1__LogonRecord logon = THROUGHCARE__V1__LOGON_RECORD__INIT;

	logon.has_accepted = 1;
	logon.code = (char *)(uintptr_t)code;
	logon.address = (char *)(uintptr_t)address;
	logon.has_count = 1;
	logon.count = count;
	body.body_case = THROUGHCARE__V1__RECORD__BODY_LOGON;
	body.logon = &logon;
	return pack_for(peer, 0, &body, ret);
}

int request_logoff(const struct tc_peer *peer, uint64_t connection, const char *code,
		   struct record **ret)
{
	Throughcare__V1__Record body = THROUGHCARE__V1__RECORD__INIT;
	Throughcare__V1__LogoffRecord logoff = THROUGHCARE__V1__LOGOFF_RECORD__INIT;

	logoff.code = (char *)(uintptr_t)code;
	body.body_case = THROUGHCARE__V1__RECORD__BODY_LOGOFF;
	body.logoff = &logoff;
	return pack_for(peer, connection, &body, ret);
}

int request_revoked(const struct tc_peer *peer, struct record **ret)
{
	Throughcare__V1__Record body = THROUGHCARE__V1__RECORD__INIT;
	Throughcare__V1__CertificateRevokedRecord revoked =
		THROUGHCARE__V1__CERTIFICATE_REVOKED_RECORD__INIT;

	revoked.has_certificate_sha256 = 1;
	revoked.certificate_sha256 = request_record_bytes(
		tc_slice(peer->certificate_sha256, sizeof(peer->certificate_sha256)));
	revoked.serial = (char *)(uintptr_t)peer->serial;
	body.body_case = THROUGHCARE__V1__RECORD__BODY_CERTIFICATE_REVOKED;
	body.certificate_revoked = &revoked;
	return pack_for(peer, 0, &body, ret);
}

int request_refusal(const struct tc_peer *peer, uint64_t connection,
		    const struct tc_refusal *refusal, struct record **ret)
{
	Throughcare__V1__Record body = THROUGHCARE__V1__RECORD__INIT;
	Throughcare__V1__RefusalRecord message = THROUGHCARE__V1__REFUSAL_RECORD__INIT;

	message.code = (char *)(uintptr_t)tc_refusal_name(refusal->code);
	message.detail = (char *)(uintptr_t)refusal->detail;
	message.has_count = 1;
	message.count = 1;
	body.body_case = THROUGHCARE__V1__RECORD__BODY_REFUSAL;
	body.refusal = &message;
	return pack_for(peer, connection, &body, ret);
}

int request_barrier(const Throughcare__V1__BarrierRecord *barrier, struct record **ret)
{
	Throughcare__V1__Record body = THROUGHCARE__V1__RECORD__INIT;

	body.body_case = THROUGHCARE__V1__RECORD__BODY_BARRIER;
	/* Packing does not write. */
	body.barrier = (Throughcare__V1__BarrierRecord *)(uintptr_t)barrier;
	return pack_for(NULL, 0, &body, ret);
}
