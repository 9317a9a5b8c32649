#include <openssl/err.h>
#include <openssl/x509.h>
#include <string.h>

#include <throughcare/seal.h>

#include "client/dial.h"
#include "client/failure.h"
#include "client/handle.h"
#include "client/message.h"
#include "client/seal.h"
#include "wire/content.h"
#include "wire/part_types.h"
#include "wire/validate.h"

/* Whom a message is sealed to. */
struct circle {
	size_t count;
	tc_agency agencies[TC_RECIPIENTS_MAX];
	X509 *certificates[TC_RECIPIENTS_MAX];
	uint8_t sha256[TC_RECIPIENTS_MAX * TC_SHA256_BYTES];
};

static void circle_done(struct circle *circle)
{
	for (size_t i = 0; i < circle->count; i++)
		X509_free(circle->certificates[i]);
}

static int outcome_say(struct tc_client *client, int r, const char *whom)
{
	switch (r) {
	case TC_SEAL_KEY_KIND:
		return tc_failure_set(&client->error, TC_FAILURE_CANNOT_SEAL,
				      "%s: the certificate's key is none of P-256, P-384 and RSA: "
				      "nothing can be encrypted for it",
				      whom);
	case TC_SEAL_KEY_USAGE:
		return tc_failure_set(&client->error, TC_FAILURE_CANNOT_SEAL,
				      "%s: the certificate's key usage does not allow to encrypt "
				      "for it",
				      whom);
	case TC_SEAL_TOO_LONG:
		return tc_failure_set(&client->error, TC_FAILURE_CANNOT_SEAL,
				      "%s: sealed, it has more than %d bytes", whom,
				      TC_PART_BYTES_MAX);
	default:
		return r < 0 ? tc_failure_set_fault(&client->error, r) : r;
	}
}

static bool circle_has(const struct circle *circle, const tc_agency *agency)
{
	for (size_t i = 0; i < circle->count; i++) {
		if (tc_agency_equal(&circle->agencies[i], agency))
			return true;
	}
	return false;
}

static int circle_fill(struct tc_client *client, const struct tc_message *message, int64_t deadline,
		       struct circle *ret)
{
	const Throughcare__V1__Header *header = message->header;

	for (size_t i = 0; i < header->n_recipients; i++) {
		const struct tc_recipient_certificate *found;
		tc_agency agency;
		int r = tc_recipients_agency(client, header->recipients[i], deadline, &agency);

		if (r == 0 && circle_has(ret, &agency))
			continue;
		if (r == 0)
			r = tc_recipients_certificate(client, &agency, deadline, &found);
		if (r != 0)
			return r;
		r = tc_seal_check(found->x509);
		if (r != 0)
			return outcome_say(client, r, agency.name);
		if (X509_up_ref(found->x509) != 1)
			return tc_failure_set_fault(&client->error, TC_ECRYPTO);
		memcpy(ret->sha256 + ret->count * TC_SHA256_BYTES, found->sha256, TC_SHA256_BYTES);
		ret->agencies[ret->count] = agency;
		ret->certificates[ret->count++] = found->x509;
	}
	return 0;
}

/* Content that nobody needs to hide: of the exchange's own business, or made up. */
static bool is_open_to_all(Throughcare__V1__Category category)
{
	return category == THROUGHCARE__V1__CATEGORY__CATEGORY_EXCHANGE ||
	       category == THROUGHCARE__V1__CATEGORY__CATEGORY_TEST;
}

/* Bit i: part i is to be sealed. */
static int parts_choose(struct tc_client *client, const struct tc_message *message,
			enum tc_seal_choice choice, int64_t deadline, uint64_t *ret)
{
	uint64_t asked = 0, categories = 0;

	*ret = 0;
	for (size_t i = 0; i < message->part_count; i++) {
		if (!tc_message_part_sealable(message, i))
			continue;
		if (message->held[i]->marked)
			*ret |= UINT64_C(1) << i;
		else if (choice != TC_SEAL_MARKED && message->header->n_recipients > 0 &&
			 !is_open_to_all(message->parts[i].category))
			asked |= UINT64_C(1) << i;
	}
	if (asked != 0 && choice == TC_SEAL_POLICY) {
		int r = tc_recipients_policy(client, deadline, &categories);

		if (r != 0)
			return r;
	}
	for (size_t i = 0; i < message->part_count; i++) {
		unsigned category = (unsigned)message->parts[i].category;
		bool wanted = choice == TC_SEAL_ALL ||
			      (category < 64 && (categories & UINT64_C(1) << category) != 0);

		if (wanted)
			*ret |= asked & UINT64_C(1) << i;
	}
	return 0;
}

/* Nobody else will see whether what is sealed can be true. What is no content of its type at all is
 * not for here to judge. */
static int part_check(struct tc_client *client, const struct tc_message *message, size_t index)
{
	const struct tc_draft_part *part = &message->parts[index];
	const ProtobufCMessageDescriptor *type = tc_part_descriptor(tc_slice_text(part->type));
	struct tc_refusal refusal = {0};
	int r;

	if (!type || tc_message_scan(part->content, type, &refusal) != 0)
		return 0;
	r = tc_content_check_packed(part->content, type, &refusal);
	if (r < 0)
		return tc_failure_set_fault(&client->error, r);
	return r == 0 ? 0
		      : tc_failure_set(&client->error, TC_FAILURE_CANNOT_SEAL, "part %zu: %s: %s",
				       index, tc_refusal_message(refusal.code), refusal.detail);
}

static int parts_make(struct tc_client *client, const struct tc_message *message, uint64_t chosen,
		      const struct circle *circle, struct tc_bytes made[TC_PARTS_MAX])
{
	char whom[32];

	for (size_t i = 0; i < message->part_count; i++) {
		int r;

		if ((chosen & UINT64_C(1) << i) == 0)
			continue;
		r = part_check(client, message, i);
		if (r != 0)
			return r;
		snprintf(whom, sizeof(whom), "part %zu", i);
		r = tc_seal_make(circle->certificates, circle->count, message->parts[i].content,
				 &made[i]);
		if (r != 0)
			return outcome_say(client, r, whom);
	}
	return 0;
}

int tc_client_seal(struct tc_client *client, struct tc_message *message, enum tc_seal_choice choice,
		   int timeout_ms)
{
	int64_t deadline = tc_deadline_in(timeout_ms);
	struct tc_bytes made[TC_PARTS_MAX] = {{0}};
	struct circle circle = {0};
	uint64_t chosen;
	int r = parts_choose(client, message, choice, deadline, &chosen);

	if (r != 0 || chosen == 0)
		return r;
	r = circle_fill(client, message, deadline, &circle);
	if (r == 0 && circle.count == 0)
		r = tc_failure_set(&client->error, TC_FAILURE_CANNOT_SEAL,
				   "the message has no recipient");
	if (r == 0)
		r = parts_make(client, message, chosen, &circle, made);
	for (size_t i = 0; i < message->part_count && r == 0; i++) {
		if ((chosen & UINT64_C(1) << i) == 0)
			continue;
		r = tc_message_part_seal(message, i, &made[i],
					 tc_slice(circle.sha256, circle.count * TC_SHA256_BYTES));
		if (r < 0)
			r = tc_failure_set_fault(&client->error, r);
	}
	for (size_t i = 0; i < TC_PARTS_MAX; i++)
		tc_bytes_free(&made[i]);
	circle_done(&circle);
	return r;
}

int tc_client_unseal(struct tc_client *client, const void *sealed, size_t len, const void **ret,
		     size_t *ret_len)
{
	int r;

	tc_bytes_free_secret(&client->opened);
	r = tc_bytes_reserve(&client->opened, len < TC_PART_BYTES_MAX ? len + 1 : 1);
	if (r == 0)
		r = tc_seal_open(tc_slice(sealed, len), tc_signing_key_private(client->key),
				 &client->opened);
	if (r < 0)
		return tc_failure_set_fault(&client->error, r);
	if (r > 0)
		return tc_failure_set(&client->error, TC_FAILURE_CANNOT_OPEN, "%s",
				      r == TC_SEAL_MALFORMED
					      ? "it is no CMS structure that can be opened"
					      : "it is not sealed to this key, or was changed");
	*ret = client->opened.data;
	*ret_len = client->opened.len;
	return 0;
}

int tc_client_sealable(struct tc_client *client)
{
	struct tc_slice der = tc_tls_config_certificate(client->tls);
	const uint8_t *end = der.data;
	X509 *own = d2i_X509(NULL, &end, (long)der.len);
	int r = own ? tc_seal_check(own) : TC_ECRYPTO;

	X509_free(own);
	ERR_clear_error();
	return outcome_say(client, r, client->identity.id);
}
