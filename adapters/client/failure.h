/*
 * failure - what went wrong at this end, as the three-part text of a handle.
 *
 * Refusals by the exchange have their texts in wire/refusals.def; what happens before the
 * exchange can say anything has them here.
 *
 * Owner: the handle. Blocks: never.
 */
#ifndef CLIENT_FAILURE_H
#define CLIENT_FAILURE_H

#include <throughcare/client.h>

#include "base/bytes.h"
#include "throughcare/v1/wire.pb-c.h"
#include "wire/refusal.h"

enum tc_failure {
	TC_FAILURE_MEMORY,
	TC_FAILURE_PROFILE_UNREADABLE,
	TC_FAILURE_PROFILE_UNUSABLE,
	TC_FAILURE_PROFILE_OWNER,
	TC_FAILURE_ADDRESS_INVALID,
	TC_FAILURE_HOST_UNKNOWN,
	TC_FAILURE_NOT_REACHED,
	TC_FAILURE_EXCHANGE_IDENTITY,
	TC_FAILURE_EXCHANGE_PROTOCOL,
	TC_FAILURE_CONNECTION_LOST,
	TC_FAILURE_NOT_CONNECTED,
	TC_FAILURE_TIMEOUT,
	TC_FAILURE_ARGUMENT,
	TC_FAILURE_CRYPTO,
	TC_FAILURE_CANNOT_SEAL,
	TC_FAILURE_CANNOT_OPEN,
	TC_FAILURE_SEALED_CONTENT,
};

/* Fills `error`; the detail is cut to its room. Returns the fault that goes with it. */
int tc_failure_set(struct tc_client_error *error, enum tc_failure failure,
		   const char *detail_format, ...) __attribute__((format(printf, 3, 4)));
/* For a fault of a layer below. Returns it. */
int tc_failure_set_fault(struct tc_client_error *error, int fault);

/* From the exchange. What it leaves out is taken from the refusal table. */
void tc_failure_set_refusal(struct tc_client_error *error, const Throughcare__V1__Refusal *refusal);
void tc_failure_set_code(struct tc_client_error *error, enum tc_refusal_code code,
			 struct tc_slice detail);
/* From the text of a ZMTP ERROR, "code: message: detail". */
void tc_failure_set_reason(struct tc_client_error *error, struct tc_slice reason);

#endif
