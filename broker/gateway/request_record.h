/*
 * request_record - packing of journal records, for request.c and its neighbours.
 *
 * Inside broker/gateway only; what packs is const in fact, though protobuf-c's structs
 * cannot say so.
 *
 * Owner: any thread. Blocks: never.
 */
#ifndef GATEWAY_REQUEST_RECORD_H
#define GATEWAY_REQUEST_RECORD_H

#include "gateway/request.h"
#include "throughcare/v1/record.pb-c.h"

/* Fills *ret, which borrows from `peer`; NULL when there is no peer. */
Throughcare__V1__Peer *request_record_peer(const struct tc_peer *peer, Throughcare__V1__Peer *ret);
ProtobufCBinaryData request_record_bytes(struct tc_slice slice);
/* A record whose memory has room for `extra` more bytes behind the body. */
int request_record_pack(const Throughcare__V1__Record *body, size_t extra,
			struct record **ret) TC_MUST_CHECK;

#endif
