/*
 * zmtp_command - the bodies of ZMTP's commands: READY, ERROR, PING and PONG.
 *
 * Part of the codec (zmtp.h), which decides when each may come.
 *
 * Owner: the thread of the connection. Blocks: never.
 */
#ifndef WIRE_ZMTP_COMMAND_H
#define WIRE_ZMTP_COMMAND_H

#include "base/bytes.h"
#include "base/err.h"
#include "wire/refusal.h"

enum tc_zmtp_command_kind {
	TC_ZMTP_COMMAND_READY = 1,
	TC_ZMTP_COMMAND_ERROR,
	TC_ZMTP_COMMAND_PING,
	TC_ZMTP_COMMAND_PONG,
};

struct tc_zmtp_command {
	enum tc_zmtp_command_kind kind;
	struct tc_slice body; /* behind the name */
};

/* 0, or 1 with the refusal: unknown or malformed. */
int tc_zmtp_command_read(struct tc_slice frame, struct tc_zmtp_command *ret,
			 struct tc_refusal *refusal) TC_MUST_CHECK;

/* Walks READY's properties. 0 when the peer's Socket-Type is `socket_type`; 1 with the refusal
 * else. *ret_identity is its Identity, or empty. */
int tc_zmtp_ready_check(struct tc_slice properties, const char *socket_type,
			struct tc_slice *ret_identity, struct tc_refusal *refusal) TC_MUST_CHECK;

int tc_zmtp_command_write_ready(const char *socket_type, struct tc_bytes *out) TC_MUST_CHECK;
int tc_zmtp_command_write_error(const struct tc_refusal *refusal,
				struct tc_bytes *out) TC_MUST_CHECK;

#endif
