/*
 * seal - parts that only their recipients can read.
 *
 * Content is sealed to the recipients' certificates before it is submitted: the exchange
 * decides by the header and by what each part is, carries sealed bytes, and never sees the
 * content. What is collected is opened with the profile's key before it is handed out
 * (struct tc_delivery_part).
 *
 * A sealed part is one CMS structure in DER for all recipients: AuthEnvelopedData (RFC 5083)
 * under AES-256-GCM (RFC 5084). Its key is agreed with holders of P-256 and P-384
 * certificates (RFC 5753: ephemeral-static ECDH, SHA-256 or SHA-384, AES-256 key wrap), and
 * carried to holders of RSA certificates by OAEP (RFC 3560). Ed25519 keys only sign: nothing
 * can be sealed to them. EnvelopedData (RFC 5652), as other programs make it, is opened, too.
 *
 * Sealing is randomised, and yet the same message sealed again is the same message and gets
 * the first receipt again: the part's salt, when it has none, is made of what is sealed.
 *
 * When the exchange refuses with certificate_changed, the certificates that are kept are
 * forgotten: make the message again, seal it and submit it under the same id. A message that
 * was accepted and comes back so (DeliveryEvidence: recalled) needs a new id.
 *
 * Threads: one at a time for each handle. Blocks: tc_client_seal, up to its timeout.
 */
#ifndef THROUGHCARE_SEAL_H
#define THROUGHCARE_SEAL_H

#include <stddef.h>

#include <throughcare/connection.h>
#include <throughcare/message.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Which parts tc_client_seal seals. Never one that is sealed already, nor a leading part that the
 * exchange must read. */
enum tc_seal_choice {
	TC_SEAL_MARKED = 1, /* those that tc_message_mark_sealed named */
	TC_SEAL_POLICY,     /* and those whose category the policy of release in force has sealed */
	TC_SEAL_ALL         /* every one, but of the categories exchange and test */
};

/*
 * Seals parts of a message that is complete, recipients and all, before it is submitted. Asks the
 * exchange for the policy (TC_SEAL_POLICY), for the recipients' certificates, and for agencies
 * behind services; what it answers is kept for a minute. A certificate must be of this network's
 * authority and name the recipient. The content in the clear is wiped. When not every part that
 * was chosen can be sealed, none is. 0 (also when there was nothing to seal); TC_CLIENT_SEAL (the
 * text names the recipient or the part, and why); TC_CLIENT_REFUSED (a question was refused); a
 * fault.
 */
TC_API int tc_client_seal(struct tc_client *client, struct tc_message *message,
			  enum tc_seal_choice choice, int timeout_ms);

/* Opens one sealed part's content with the profile's key, for instance of an answer to a query.
 * *ret is borrowed until the next call with the handle, and wiped then. 0, TC_CLIENT_SEAL (not
 * sealed to this key, changed since, or no CMS structure of the two types), or a fault. */
TC_API int tc_client_unseal(struct tc_client *client, const void *sealed, size_t len,
			    const void **ret, size_t *ret_len);

/* Whether others can seal to the own certificate: its key must be P-256, P-384 or RSA, and its key
 * usage must allow it (RFC 5280, 4.2.1.3: keyAgreement, for RSA keyEncipherment). 0, or
 * TC_CLIENT_SEAL and the text says why not. */
TC_API int tc_client_sealable(struct tc_client *client);

#ifdef __cplusplus
}
#endif
#endif
