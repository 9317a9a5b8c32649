#include "cli/command_table.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "audit/audit_ask.h"
#include "audit/audit_claim.h"
#include "base/clock.h"
#include "base/id.h"
#include "cli/question.h"
#include "cli/rendition.h"
#include "cli/session.h"
#include "cli/trust.h"
#include "wire/base64.h"

/* 0 and the number; false when the text is none. */
static bool number_read(const char *text, uint64_t *ret)
{
	char *end = NULL;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*ret = strtoull(text, &end, 10);
	return *end == '\0' && errno == 0;
}

static enum tc_exit size_read(struct tc_invocation *invocation, uint64_t *ret)
{
	int64_t size = 0;

	if (tc_invocation_number(invocation, "size", 1, INT64_MAX, 0, &size) < 0)
		return TC_EXIT_USAGE;
	*ret = (uint64_t)size;
	return TC_EXIT_DONE;
}

/* What the exchange returned for a question as an exit code. */
static enum tc_exit asked(struct tc_invocation *invocation, const struct tc_client *client, int r)
{
	return r == 0 ? TC_EXIT_DONE : tc_session_failed(invocation, client, r);
}

static json_t *hashes_list(const struct tc_audit_proof *proof)
{
	json_t *list = json_array();

	for (size_t i = 0; i < proof->hash_count; i++) {
		char text[TC_BASE64_TEXT_BYTES(TC_DIGEST_BYTES)];

		tc_base64_encode(tc_slice(proof->hashes[i].bytes, TC_DIGEST_BYTES), text);
		json_array_append_new(list, json_string(text));
	}
	return list;
}

/* One row a hash, for people. */
static void hashes_say(const struct tc_screen *screen, const json_t *object)
{
	const json_t *hash;
	size_t index;

	json_array_foreach(json_object_get(object, "hashes"), index, hash)
		tc_screen_say(screen, "  %s", json_string_value(hash));
}

static json_t *checkpoint_text(const Throughcare__V1__TrailProof *proof)
{
	return json_stringn((const char *)proof->checkpoint.data, proof->checkpoint.len);
}

static enum tc_exit out_write(struct tc_invocation *invocation, const struct tc_audit_proof *proof,
			      int (*write)(const struct tc_audit_proof *proof, struct tc_bytes *to))
{
	const char *path = tc_invocation_option(invocation, "out");
	struct tc_bytes text = {0};
	enum tc_exit code = TC_EXIT_DONE;

	if (!path)
		return TC_EXIT_DONE;
	if (write(proof, &text) < 0)
		code = tc_trust_exit(invocation, TC_ENOMEM, NULL);
	else if (tc_file_write(path, 0644, tc_bytes_slice(&text), &invocation->problem) != 0)
		code = TC_EXIT_FAILED;
	else
		tc_screen_say(&invocation->screen, "Written to %s", path);
	tc_bytes_free(&text);
	return code;
}

/* ---- trail proof ---- */

/* As all that is printed: log positions are numbers. NULL: no memory. */
static json_t *opening_json(const Throughcare__V1__TrailOpening *opening)
{
	size_t len = throughcare__v1__trail_opening__get_packed_size(opening);
	uint8_t *packed = malloc(len + 1);
	json_t *json = NULL;

	if (packed) {
		throughcare__v1__trail_opening__pack(opening, packed);
		if (tc_rendition_packed(tc_slice(packed, len),
					&throughcare__v1__trail_opening__descriptor, &json) != 0)
			json = NULL;
	}
	free(packed);
	return json;
}

static void proof_say(struct tc_invocation *invocation, const Throughcare__V1__TrailProof *answer,
		      const struct tc_audit_proof *proof)
{
	static const struct tc_column columns[] = {{"index", "Index"},
						   {"at", "Time"},
						   {"size", "Records under the checkpoint"},
						   {"entry", "Entry"},
						   {NULL, NULL}};
	char at[TC_TIME_TEXT_BYTES], entry[TC_BASE64_TEXT_BYTES(TC_AUDIT_ENTRY_BYTES)];
	json_t *opening = NULL;

	tc_time_format((int64_t)answer->opening->time_ms, at);
	tc_base64_encode(tc_bytes_slice(&proof->extra), entry);
	json_t *object = json_pack("{s:I,s:s,s:I,s:s,s:o}", "index", (json_int_t)proof->number,
				   "at", at, "size", (json_int_t)answer->size, "entry", entry,
				   "hashes", hashes_list(proof));
	if (invocation->screen.json) {
		json_object_set_new(object, "checkpoint", checkpoint_text(answer));
		opening = opening_json(answer->opening);
		if (opening)
			json_object_set_new(object, "opening", opening);
	}
	tc_screen_record(&invocation->screen, columns, object);
	hashes_say(&invocation->screen, object);
	json_decref(object);
}

static enum tc_exit proof_query(struct tc_invocation *invocation,
				Throughcare__V1__TrailProofQuery *query)
{
	const char *what = invocation->operands[0];
	struct tc_id id;
	enum tc_exit code = size_read(invocation, &query->size);

	if (code != TC_EXIT_DONE)
		return code;
	query->has_size = query->size > 0;
	if (tc_id_parse(tc_slice_text(what), &id))
		query->message_id = (char *)(uintptr_t)what; /* protobuf-c has no const strings */
	else if (number_read(what, &query->index))
		query->has_index = true;
	else
		return tc_invocation_usage(invocation, "%s: no message id and no index", what);
	return TC_EXIT_DONE;
}

enum tc_exit tc_trail_proof_run(struct tc_invocation *invocation)
{
	Throughcare__V1__TrailProofQuery body = THROUGHCARE__V1__TRAIL_PROOF_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	Throughcare__V1__QueryReply *reply = NULL;
	Throughcare__V1__Actor actor;
	struct tc_audit_proof proof = {0};
	struct tc_audit_finding finding;
	struct tc_client *client = NULL;

	enum tc_exit code = proof_query(invocation, &body);
	if (code != TC_EXIT_DONE)
		return code;
	query.body_case = THROUGHCARE__V1__QUERY__BODY_TRAIL_PROOF;
	query.trail_proof = &body;
	tc_question_actor(invocation, &query, &actor);
	code = tc_session_open(invocation, &client);
	if (code == TC_EXIT_DONE)
		code = asked(invocation, client, tc_audit_ask_proof(client, &query, &reply));
	if (code == TC_EXIT_DONE)
		code = tc_trust_exit(
			invocation,
			tc_audit_claim_of_inclusion(reply->trail_proof, &proof, &finding),
			&finding);
	if (code == TC_EXIT_DONE) {
		proof_say(invocation, reply->trail_proof, &proof);
		code = out_write(invocation, &proof, tc_audit_proof_write);
	}
	tc_audit_proof_done(&proof);
	throughcare__v1__query_reply__free_unpacked(reply, NULL);
	tc_client_close(&client);
	return code;
}

/* ---- trail checkpoint ---- */

enum tc_exit tc_trail_checkpoint_run(struct tc_invocation *invocation)
{
	Throughcare__V1__QueryReply *reply = NULL;
	struct tc_client *client = NULL;
	uint64_t size = 0;

	enum tc_exit code = size_read(invocation, &size);
	if (code == TC_EXIT_DONE)
		code = tc_session_open(invocation, &client);
	if (code == TC_EXIT_DONE)
		code = asked(invocation, client, tc_audit_ask_checkpoint(client, size, &reply));
	if (code == TC_EXIT_DONE && invocation->screen.json) {
		json_t *object =
			json_pack("{s:I,s:o}", "size", (json_int_t)reply->trail_proof->size,
				  "checkpoint", checkpoint_text(reply->trail_proof));
		tc_screen_line(&invocation->screen, object);
		json_decref(object);
	} else if (code == TC_EXIT_DONE) {
		/* Byte for byte, so that it can be kept as a file; nothing in it moves a cursor,
		 * since a note that parses has no control characters. */
		const ProtobufCBinaryData *note = &reply->trail_proof->checkpoint;
		struct tc_note parsed;
		if (tc_note_parse(tc_slice(note->data, note->len), &parsed) != 0)
			code = tc_session_failed(invocation, client, TC_FAULT_PROTOCOL);
		else
			fwrite(note->data, 1, note->len, invocation->screen.out);
	}
	throughcare__v1__query_reply__free_unpacked(reply, NULL);
	tc_client_close(&client);
	return code;
}

/* ---- trail consistency ---- */

static void consistency_say(struct tc_invocation *invocation,
			    const Throughcare__V1__TrailProof *answer,
			    const struct tc_audit_proof *step)
{
	static const struct tc_column columns[] = {
		{"oldSize", "Records before"}, {"size", "Records now"}, {NULL, NULL}};
	json_t *object = json_pack("{s:I,s:I,s:o}", "oldSize", (json_int_t)step->number, "size",
				   (json_int_t)answer->size, "hashes", hashes_list(step));

	if (invocation->screen.json)
		json_object_set_new(object, "checkpoint", checkpoint_text(answer));
	tc_screen_record(&invocation->screen, columns, object);
	hashes_say(&invocation->screen, object);
	json_decref(object);
}

enum tc_exit tc_trail_consistency_run(struct tc_invocation *invocation)
{
	Throughcare__V1__QueryReply *reply = NULL;
	struct tc_audit_finding finding;
	struct tc_audit_proof step = {0};
	struct tc_client *client = NULL;
	uint64_t sizes[2] = {0, 0};

	for (int i = 0; i < invocation->operand_count; i++)
		if (!number_read(invocation->operands[i], &sizes[i]))
			return tc_invocation_usage(invocation, "%s: a number of records is wanted",
						   invocation->operands[i]);
	if (invocation->operand_count == 2 && sizes[1] < sizes[0])
		return tc_invocation_usage(invocation, "NEW is smaller than OLD: a log only grows");
	enum tc_exit code = tc_session_open(invocation, &client);
	if (code == TC_EXIT_DONE)
		code = asked(invocation, client,
			     tc_audit_ask_consistency(client, sizes[0], sizes[1], &reply));
	if (code == TC_EXIT_DONE)
		code = tc_trust_exit(
			invocation,
			tc_audit_claim_of_consistency(reply->trail_proof, &step, &finding),
			&finding);
	if (code == TC_EXIT_DONE) {
		consistency_say(invocation, reply->trail_proof, &step);
		code = out_write(invocation, &step, tc_audit_step_write);
	}
	throughcare__v1__query_reply__free_unpacked(reply, NULL);
	tc_client_close(&client);
	return code;
}
