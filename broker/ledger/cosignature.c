#include "ledger/cosignature.h"

#include <string.h>

#include "ledger/fact.h"
#include "ledger/state.h"
#include "ledger/submission.h"
#include "store/store_cursor.h"
#include "throughcare/v1/order.pb-c.h"
#include "wire/note.h"

/* Row: key u32 principal, u64 size; value root(32), the line. */
#define KEY_BYTES  12
#define ROOT_BYTES 32

static void key_write(uint32_t principal, uint64_t size, uint8_t to[KEY_BYTES])
{
	tc_put_be32(to, principal);
	tc_put_be64(to + 4, size);
}

/* One line of cosignature/v1, as the only signature of a note. */
static int line_check(struct tc_slice line, bool *ret)
{
	static const char head[] = "text\n\n";
	struct tc_bytes note = {0};
	struct tc_note read;
	int r;

	*ret = false;
	r = tc_bytes_append(&note, head, sizeof(head) - 1);
	if (r == 0)
		r = tc_bytes_append(&note, line.data, line.len);
	if (r == 0)
		r = tc_bytes_append(&note, "\n", 1);
	if (r == 0)
		*ret = tc_note_parse(tc_bytes_slice(&note), &read) == 0 &&
		       read.signature_count == 1 && read.text.len == 5 &&
		       read.signatures[0].len == 8 + TC_NOTE_ED25519_BYTES;
	tc_bytes_free(&note);
	return r;
}

static int row_put_new(struct ledger *ledger, uint32_t principal, uint64_t size,
		       struct tc_slice root, struct tc_slice line)
{
	struct tc_bytes value = {0};
	uint8_t key[KEY_BYTES];
	int r;

	key_write(principal, size, key);
	r = tc_bytes_append(&value, root.data, root.len);
	if (r == 0)
		r = tc_bytes_append(&value, line.data, line.len);
	if (r == 0)
		r = ledger_put(ledger, LEDGER_TABLE_COSIGNATURE, tc_slice(key, sizeof(key)),
			       tc_bytes_slice(&value));
	tc_bytes_free(&value);
	return r;
}

/* One was added; the smallest goes when there are too many. */
static int thin(struct ledger *ledger, uint32_t principal)
{
	struct store_cursor cursor = {0};
	uint8_t prefix[4], smallest[KEY_BYTES];
	struct tc_slice key;
	size_t count = 0;
	int r;

	tc_put_be32(prefix, principal);
	r = store_cursor_init(&cursor, ledger->txn, ledger->table[LEDGER_TABLE_COSIGNATURE],
			      tc_slice(prefix, sizeof(prefix)), STORE_FORWARD);
	while (r == 0) {
		r = store_cursor_next(&cursor, &key, NULL);
		if (r == 0 && key.len != KEY_BYTES)
			r = TC_ECORRUPT;
		if (r == 0 && count++ == 0)
			memcpy(smallest, key.data, KEY_BYTES);
	}
	store_cursor_done(&cursor);
	if (r < 0 || count <= COSIGNATURES_KEPT)
		return r < 0 ? r : 0;
	return ledger_del(ledger, LEDGER_TABLE_COSIGNATURE, tc_slice(smallest, sizeof(smallest)));
}

int cosignature_submit(struct ledger *ledger, struct submission *submission)
{
	const ProtobufCBinaryData *body = &submission->record->body;
	const Throughcare__V1__CheckpointCosignature *said;
	uint32_t principal = submission->sender->number;
	struct fact_draft draft;
	struct tc_slice line;
	bool fits;
	int r;

	said = throughcare__v1__checkpoint_cosignature__unpack(&ledger->arena.allocator, body->len,
							       body->data);
	if (said == NULL)
		return TC_ECORRUPT;
	line = tc_slice_text(said->line);
	r = line_check(line, &fits);
	if (r < 0)
		return r;
	if (!fits || said->size == 0 || said->size > ledger->sequence ||
	    said->root.len != ROOT_BYTES) {
		(void)tc_refuse(&submission->refusal, TC_REFUSAL_COSIGNATURE_INVALID, "%s",
				fits ? "size, root" : "line");
		return SUBMISSION_REFUSED;
	}
	r = row_put_new(ledger, principal, said->size, tc_slice(said->root.data, said->root.len),
			line);
	if (r == 0)
		r = thin(ledger, principal);
	if (r != 0)
		return r;
	fact_init(&draft, "cosigned");
	fact_submission(&draft, ledger, submission);
	return fact_push(ledger, &draft);
}

/* The next principal from `from` on that has any. */
static int witness_next(struct store_txn *txn, struct store_table table, uint32_t from,
			uint32_t *ret)
{
	uint8_t first[KEY_BYTES];
	struct tc_slice key;
	int r;

	key_write(from, 0, first);
	r = store_from(txn, table, tc_slice(NULL, 0), tc_slice(first, sizeof(first)), &key, NULL);
	if (r == 0 && key.len != KEY_BYTES)
		r = TC_ECORRUPT;
	if (r == 0)
		*ret = tc_get_be32(key.data);
	return r;
}

int cosignature_list(struct store_txn *txn, struct store_table table, uint64_t size,
		     const uint8_t root[32], struct tc_slice lines[COSIGNATURES_MAX],
		     size_t *ret_count)
{
	uint32_t witness = 0;
	size_t count = 0;
	int r = 0;

	while (count < COSIGNATURES_MAX) {
		uint8_t key[KEY_BYTES];
		struct tc_slice value;

		r = witness_next(txn, table, witness, &witness);
		if (r != 0)
			break;
		key_write(witness, size, key);
		r = store_get(txn, table, tc_slice(key, sizeof(key)), &value);
		if (r < 0)
			break;
		if (r == 0 && value.len > ROOT_BYTES && memcmp(value.data, root, ROOT_BYTES) == 0)
			lines[count++] = tc_slice(value.data + ROOT_BYTES, value.len - ROOT_BYTES);
		if (witness == UINT32_MAX)
			break;
		witness++;
	}
	if (r < 0)
		return r;
	*ret_count = count;
	return 0;
}
