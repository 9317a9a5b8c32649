/*
 * crash_agent - an agency under which the broker keeps dying.
 *
 *   crash_agent send PROFILE RECIPIENT SUBJECT GRANT PRODUCER
 *   crash_agent collect PROFILE
 *
 * The sender submits numbered drug tests and prints a line for each receipt, the collector a line
 * for each delivery, both only after the exchange has said so: what is printed must have survived.
 * Both reconnect as long as it takes. When standard input ends, the sender finishes its batch and
 * the collector drains its mailbox; then they end with 0. crash.py compares the lines:
 *
 *   acked MESSAGE NUMBER SEQUENCE DISPOSITION REPEATED
 *   got MESSAGE NUMBER SEQUENCE RELEASED_AT BASIS ATTEMPT
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <throughcare/throughcare.h>

#include "throughcare/v1/envelope.pb-c.h"
#include "throughcare/v1/service.pb-c.h"

#define BATCH      16
#define TIMEOUT_MS 120000
#define LEASE_MS   60000
#define CREDIT     64
#define PAUSE_MS   10 /* between batches: what is sent must be drained and rebuilt, too */

static void fail(const char *what, const struct tc_client_error *error)
{
	fprintf(stderr, "crash_agent: %s: %s: %s (%s)\n", what, error->code, error->message,
		error->detail);
	exit(1);
}

static void must(int r, const char *what)
{
	if (r == 0)
		return;
	fprintf(stderr, "crash_agent: %s: %s\n", what, tc_fault_text(r));
	exit(1);
}

/* True when standard input has ended, or ends within that time: nobody wants more. */
static int told_to_end(int within_ms)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};

	return poll(&input, 1, within_ms) > 0;
}

static struct tc_client *open_client(const char *profile)
{
	struct tc_client_error error;
	struct tc_client *client = NULL;

	if (tc_client_open_profile(profile, &error, &client) != 0)
		fail("open", &error);
	if (tc_client_reconnect(client, TIMEOUT_MS) != 0)
		fail("connect", tc_client_error(client));
	return client;
}

static struct tc_message *numbered_message(char **words, uint64_t number)
{
	Throughcare__V1__DrugTestResult test = THROUGHCARE__V1__DRUG_TEST_RESULT__INIT;
	Throughcare__V1__DrugTestResult__Analyte analyte =
		THROUGHCARE__V1__DRUG_TEST_RESULT__ANALYTE__INIT;
	Throughcare__V1__DrugTestResult__Analyte *analytes[] = {&analyte};
	Google__Protobuf__Timestamp collected = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	struct tc_message *message = NULL;
	char specimen[64], substance[] = "opiates";
	uint8_t content[256];
	size_t len;

	snprintf(specimen, sizeof(specimen), "%.20s-%" PRIu64, words[6], number);
	collected.seconds = (int64_t)time(NULL) - 60;
	test.specimen_id = specimen;
	test.collected_at = &collected;
	test.has_status = 1;
	test.status = THROUGHCARE__V1__TEST_STATUS__TEST_STATUS_GIVEN;
	analyte.substance = substance;
	analyte.has_result = 1;
	analyte.result = THROUGHCARE__V1__ANALYTE_RESULT__ANALYTE_RESULT_NEGATIVE;
	test.analytes = analytes;
	test.n_analytes = 1;
	len = throughcare__v1__drug_test_result__pack(&test, content);

	must(tc_message_new("DrugTestResult", &message), "message");
	must(tc_message_add_recipient(message, words[3], NULL, NULL), "recipient");
	must(tc_message_set_subject(message, words[4]), "subject");
	must(tc_message_set_grant(message, words[5]), "grant");
	tc_message_set_purpose(message, THROUGHCARE__V1__PURPOSE__PURPOSE_SUPERVISION_MONITORING);
	tc_message_set_evidence(message,
				THROUGHCARE__V1__EVIDENCE_LEVEL__EVIDENCE_LEVEL_EXCEPTIONS);
	must(tc_message_add_part(message, "DrugTestResult", 0, content, len), "part");
	return message;
}

/* One batch, submitted until every message of it has its receipt. */
static void send_batch(struct tc_client *client, char **words, uint64_t first, size_t count)
{
	struct tc_message *messages[BATCH];
	const struct tc_receipt *receipts;
	size_t received;
	int r;

	for (size_t i = 0; i < count; i++)
		messages[i] = numbered_message(words, first + i);
	do {
		r = tc_client_submit(client, messages, count, TIMEOUT_MS, &receipts, &received);
		if (r < 0 && tc_client_reconnect(client, TIMEOUT_MS) != 0)
			fail("reconnect", tc_client_error(client));
	} while (r < 0);
	if (r != 0)
		fail("submit", tc_client_error(client));
	for (size_t i = 0; i < received; i++) {
		const struct tc_receipt *receipt = &receipts[i];

		if (receipt->status != TC_RECEIPT_ACCEPTED)
			fail("receipt", &receipt->refusal);
		printf("acked %s %" PRIu64 " %" PRIu64 " %d %d\n", receipt->message_id, first + i,
		       receipt->log_sequence,
		       receipt->disposition_count ? receipt->dispositions[0].kind : 0,
		       receipt->repeated);
	}
	fflush(stdout);
	for (size_t i = 0; i < count; i++)
		tc_message_free(&messages[i]);
}

static void print_delivery(const struct tc_delivery *delivery)
{
	Throughcare__V1__DrugTestResult *test;
	const struct tc_delivery_part *part = &delivery->parts[0];
	const char *number;

	if (strcmp(delivery->type, "DrugTestResult") != 0)
		return;
	test = throughcare__v1__drug_test_result__unpack(NULL, part->content_len, part->content);
	number = test && test->specimen_id ? strrchr(test->specimen_id, '-') : NULL;
	printf("got %s %s %" PRIu64 " %" PRIu64 " %s %" PRIu32 "\n", delivery->message_id,
	       number ? number + 1 : "?", delivery->log_sequence, delivery->released_at_sequence,
	       delivery->basis, delivery->attempt);
	fflush(stdout);
	throughcare__v1__drug_test_result__free_unpacked(test, NULL);
}

/* Takes what comes and settles it together. Returns 1 when the mailbox was empty. */
static int collect_some(struct tc_client *client, int timeout_ms)
{
	struct tc_settlement settlements[CREDIT];
	const struct tc_delivery *delivery;
	size_t count = 0;
	int r = tc_client_collect(client, CREDIT, LEASE_MS);

	while (r == 0 && count < CREDIT) {
		r = tc_client_delivery_next(client, timeout_ms, &delivery);
		if (r != 0)
			break;
		settlements[count++] =
			(struct tc_settlement){.delivery_id = delivery->id, .kind = TC_SETTLE_ACK};
		print_delivery(delivery);
	}
	if ((r == 0 || r == TC_CLIENT_EMPTY) && count > 0)
		r = tc_client_settle(client, settlements, count, 0, TIMEOUT_MS, NULL);
	if (r == TC_CLIENT_REFUSED)
		fail("collect", tc_client_error(client));
	if (r < 0 && tc_client_reconnect(client, TIMEOUT_MS) != 0)
		fail("reconnect", tc_client_error(client));
	return r == TC_CLIENT_EMPTY;
}

int main(int argc, char **argv)
{
	struct tc_client *client;
	uint64_t number = 0;

	if (argc == 7 && strcmp(argv[1], "send") == 0) {
		client = open_client(argv[2]);
		for (; !told_to_end(PAUSE_MS); number += BATCH)
			send_batch(client, argv, number, BATCH);
	} else if (argc == 3 && strcmp(argv[1], "collect") == 0) {
		client = open_client(argv[2]);
		while (!told_to_end(0))
			collect_some(client, 100);
		while (!collect_some(client, 0))
			continue;
	} else {
		fprintf(stderr, "usage: see the head of crash_agent.c\n");
		return 2;
	}
	tc_client_close(&client);
	return 0;
}
