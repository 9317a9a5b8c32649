/*
 * submit - messages to the exchange, and its receipts.
 *
 * ACCEPTED means on stable storage. The same message id again gives the first receipt again,
 * months later too.
 *
 * Threads: one at a time for each handle. Blocks: tc_client_submit, up to its timeout.
 */
#ifndef THROUGHCARE_SUBMIT_H
#define THROUGHCARE_SUBMIT_H

#include <stddef.h>
#include <stdint.h>

#include <throughcare/connection.h>
#include <throughcare/message.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TC_SUBMIT_MAX 64 /* messages in one submission */

enum tc_receipt_status {
	TC_RECEIPT_ACCEPTED = 1, /* on stable storage; the exchange has custody */
	TC_RECEIPT_REFUSED = 2
};

struct tc_disposition {
	const char *recipient;
	int kind; /* a number of throughcare.v1.DispositionKind */
	const char *code;
	uint32_t parts_released;
	uint32_t parts_withheld;
};

struct tc_receipt {
	const char *message_id;
	enum tc_receipt_status status;
	int repeated; /* 1: this id was accepted before; the rest is the first receipt */
	uint64_t log_sequence;
	int64_t accepted_ms;
	uint64_t referral_version;
	const struct tc_disposition *dispositions;
	size_t disposition_count;
	struct tc_client_error refusal; /* code "" unless refused */
	const void *packed;             /* the throughcare.v1.Receipt as it came */
	size_t packed_len;
};

/*
 * Submits 1..TC_SUBMIT_MAX messages under one signature and waits for their receipts, in order.
 * Ids, times and senders that are absent are set in the messages, so that submitting them again is
 * safe. When the connection is lost on the way, connects and submits again while there is time.
 * 0 (every message has a receipt; look at each status), TC_CLIENT_REFUSED (all as a whole), or a
 * fault; after a fault it is unknown whether the exchange has custody: submit again.
 */
TC_API int tc_client_submit(struct tc_client *client, struct tc_message *const *messages,
			    size_t count, int timeout_ms, const struct tc_receipt **ret_receipts,
			    size_t *ret_count);
/* Signs and queues; the receipts come as an event with this request id. */
TC_API int tc_client_submit_start(struct tc_client *client, struct tc_message *const *messages,
				  size_t count, uint64_t *ret_request_id);

#ifdef __cplusplus
}
#endif
#endif
