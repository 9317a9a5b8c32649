/*
 * digest - SHA-256 and HMAC-SHA256 (FIPS 180-4, RFC 2104) over slices.
 *
 * Each thread keeps one context for all its digests, made at first use and released
 * when the thread ends, so that a hot path neither allocates nor looks algorithms up.
 *
 * Owner:  any thread. Blocks: never.
 * Faults: TC_ECRYPTO when OpenSSL refuses, TC_ENOMEM at a thread's first use.
 */
#ifndef WIRE_DIGEST_H
#define WIRE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

#define TC_SHA256_BYTES 32

int tc_sha256(struct tc_slice data, uint8_t ret[TC_SHA256_BYTES]) TC_MUST_CHECK;

/* Of the pieces one after another, as if they were joined. */
int tc_sha256_pieces(const struct tc_slice *pieces, size_t count,
		     uint8_t ret[TC_SHA256_BYTES]) TC_MUST_CHECK;

/* The same in steps, for what comes in a stream. Several may run side by side. */
struct tc_sha256_stream;
int tc_sha256_stream_new(struct tc_sha256_stream **ret) TC_MUST_CHECK;
int tc_sha256_stream_add(struct tc_sha256_stream *stream, struct tc_slice data) TC_MUST_CHECK;
/* Gives the digest of all that was added and starts anew. */
int tc_sha256_stream_end(struct tc_sha256_stream *stream,
			 uint8_t ret[TC_SHA256_BYTES]) TC_MUST_CHECK;
void tc_sha256_stream_free(struct tc_sha256_stream **stream);

int tc_hmac_sha256(struct tc_slice key, const struct tc_slice *pieces, size_t count,
		   uint8_t ret[TC_SHA256_BYTES]) TC_MUST_CHECK;

#endif
