#include "client/senders.h"

#include <stdlib.h>
#include <string.h>

#include "wire/signature.h"

int tc_senders_init(struct tc_senders *senders)
{
	senders->list = calloc(TC_SENDERS_MAX, sizeof(*senders->list));
	senders->verified = calloc(TC_VERIFIED_MAX, sizeof(*senders->verified));
	return senders->list && senders->verified ? 0 : TC_ENOMEM;
}

void tc_senders_done(struct tc_senders *senders)
{
	for (size_t i = 0; i < senders->count; i++)
		tc_certificate_free(&senders->list[i].certificate);
	free(senders->list);
	free(senders->verified);
	*senders = (struct tc_senders){0};
}

void tc_senders_forget_asked(struct tc_senders *senders)
{
	for (size_t i = 0; i < senders->count; i++) {
		struct tc_sender *sender = &senders->list[i];

		/* What was not to be had may be by now. */
		if (sender->state != TC_SENDER_KNOWN) {
			tc_certificate_free(&sender->certificate);
			memset(sender->sha256, 0, sizeof(sender->sha256));
			sender->state = TC_SENDER_UNAVAILABLE;
		}
	}
}

struct tc_sender *tc_senders_find(struct tc_senders *senders, struct tc_slice sha256)
{
	for (size_t i = 0; i < senders->count; i++) {
		if (tc_slice_equal(sha256, tc_slice(senders->list[i].sha256, TC_SHA256_BYTES)))
			return &senders->list[i];
	}
	return NULL;
}

void tc_senders_ask(struct tc_senders *senders, struct tc_slice sha256, uint64_t request_id)
{
	struct tc_sender *sender;

	if (senders->count < TC_SENDERS_MAX) {
		sender = &senders->list[senders->count++];
	} else {
		sender = &senders->list[senders->oldest];
		senders->oldest = (senders->oldest + 1) % TC_SENDERS_MAX;
		tc_certificate_free(&sender->certificate);
	}
	*sender = (struct tc_sender){.state = TC_SENDER_ASKED, .request_id = request_id};
	memcpy(sender->sha256, sha256.data, TC_SHA256_BYTES);
}

static int certificate_take(struct tc_sender *sender, struct tc_slice der,
			    const struct tc_tls_config *tls)
{
	struct tc_certificate *certificate = NULL;
	struct tc_peer peer;
	int r = tc_certificate_decode(der, &certificate);

	if (r < 0)
		return r;
	sender->state = TC_SENDER_UNTRUSTED;
	if (r != 0)
		return 0;
	if (memcmp(tc_certificate_sha256(certificate), sender->sha256, TC_SHA256_BYTES) == 0)
		r = tc_tls_config_vouch(tls, tc_certificate_x509(certificate), &peer);
	else
		r = TC_PEER_NO_IDENTITY;
	if (r == 0) {
		sender->id = peer.id;
		sender->certificate = certificate;
		sender->state = TC_SENDER_KNOWN;
		return 0;
	}
	tc_certificate_free(&certificate);
	return r < 0 ? r : 0;
}

int tc_senders_answer(struct tc_senders *senders, uint64_t request_id, struct tc_slice der,
		      const struct tc_tls_config *tls)
{
	for (size_t i = 0; i < senders->count; i++) {
		struct tc_sender *sender = &senders->list[i];

		if (sender->state != TC_SENDER_ASKED || sender->request_id != request_id)
			continue;
		if (der.len > 0)
			return certificate_take(sender, der, tls);
		sender->state = TC_SENDER_UNAVAILABLE;
		return 0;
	}
	return 0;
}

int tc_senders_verify(struct tc_senders *senders, struct tc_sender *sender,
		      const struct tc_merkle_hash *root, struct tc_slice signature)
{
	struct tc_verified *seen = &senders->verified[root->bytes[0] % TC_VERIFIED_MAX];
	uint8_t signature_sha256[TC_SHA256_BYTES];
	int r = tc_sha256(signature, signature_sha256);

	if (r < 0)
		return r;
	if (seen->used && memcmp(seen->certificate_sha256, sender->sha256, TC_SHA256_BYTES) == 0 &&
	    memcmp(&seen->root, root, sizeof(*root)) == 0 &&
	    memcmp(seen->signature_sha256, signature_sha256, sizeof(signature_sha256)) == 0)
		return 0;
	r = tc_signature_verify(sender->certificate, root, signature);
	if (r != 0)
		return r;
	seen->used = true;
	seen->root = *root;
	memcpy(seen->certificate_sha256, sender->sha256, TC_SHA256_BYTES);
	memcpy(seen->signature_sha256, signature_sha256, sizeof(signature_sha256));
	return 0;
}
