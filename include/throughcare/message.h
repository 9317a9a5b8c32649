/*
 * message - one envelope on its way to the exchange.
 *
 * A message is a header and one or more parts. Its type is the name of its leading
 * part ("Referral", "AttendanceRecord"); each part's content is a packed protobuf
 * message of the schemas in throughcare/v1. Where they are absent, the client fills in
 * when it submits: message id (RFC 9562 version 7), sender, times, salts, manifest,
 * signature. Salts are derived from the private key, so that the same message built
 * again is the same message and gets the first receipt again.
 *
 * Texts are UTF-8 with a final NUL and are copied; NULL clears. Limits and forms are
 * checked when the message is submitted, by the exchange.
 *
 * Threads: one at a time for each message. Blocks: never.
 * Faults:  TC_FAULT_MEMORY; TC_FAULT_ARGUMENT where said.
 */
#ifndef THROUGHCARE_MESSAGE_H
#define THROUGHCARE_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include <throughcare/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TC_MESSAGE_PARTS_MAX      64
#define TC_MESSAGE_RECIPIENTS_MAX 16

struct tc_message;

/* Release with tc_message_free, which accepts NULL inside and clears the pointer. */
TC_API int tc_message_new(const char *type, struct tc_message **ret);
/* From a packed throughcare.v1.Header whose fields may be absent; its manifest is left out.
 * TC_FAULT_ARGUMENT when it is none. */
TC_API int tc_message_new_packed(const void *header, size_t len, struct tc_message **ret);
TC_API void tc_message_free(struct tc_message **message);

/* The message id: 36 characters, or "" as long as there is none. Borrowed. */
TC_API const char *tc_message_id(const struct tc_message *message);
TC_API const char *tc_message_type(const struct tc_message *message);

TC_API int tc_message_set_id(struct tc_message *message, const char *id);
/* The human behind it: a user id at the agency, never a name; and that user's role. */
TC_API int tc_message_set_actor(struct tc_message *message, const char *id, const char *role);
TC_API int tc_message_set_on_behalf_of(struct tc_message *message, const char *id);
/* Exactly one of agency and service, or a role alone; the others NULL. TC_FAULT_ARGUMENT over
 * TC_MESSAGE_RECIPIENTS_MAX. */
TC_API int tc_message_add_recipient(struct tc_message *message, const char *agency,
				    const char *service, const char *role);
/* The network person id. */
TC_API int tc_message_set_subject(struct tc_message *message, const char *id);
TC_API int tc_message_set_referral(struct tc_message *message, const char *id);
/* Optimistic lock: the referral's version that the sender has seen. */
TC_API void tc_message_set_expected_version(struct tc_message *message, uint64_t version);
/* A number of throughcare.v1.Purpose. */
TC_API void tc_message_set_purpose(struct tc_message *message, int purpose);
/* The consent grant that permits the release. */
TC_API int tc_message_set_grant(struct tc_message *message, const char *grant_id);
/* Or a number of throughcare.v1.LegalBasis, with order id, citation or report number. */
TC_API int tc_message_set_legal_basis(struct tc_message *message, int basis, const char *reference);
TC_API int tc_message_set_proceeding(struct tc_message *message, const char *id);
/* A number of throughcare.v1.Priority. */
TC_API void tc_message_set_priority(struct tc_message *message, int priority);
/* A number of throughcare.v1.EvidenceLevel. */
TC_API void tc_message_set_evidence(struct tc_message *message, int level);
/* Unix time in milliseconds. */
TC_API int tc_message_set_created(struct tc_message *message, int64_t ms);
TC_API int tc_message_set_occurred(struct tc_message *message, int64_t ms);
TC_API int tc_message_set_expires(struct tc_message *message, int64_t ms);
/* The message that this one answers or follows from. */
TC_API int tc_message_set_causation(struct tc_message *message, const char *id);

/*
 * Adds a part; the first one gives the message its type. `category` is a number of
 * throughcare.v1.Category, the one that the part's type declares; 0: taken from the type
 * (TC_FAULT_ARGUMENT when the type is not known to this version of the library). `content` is
 * copied. TC_FAULT_ARGUMENT over TC_MESSAGE_PARTS_MAX.
 */
TC_API int tc_message_add_part(struct tc_message *message, const char *type, int category,
			       const void *content, size_t len);
/* The same with a salt of the caller's own (32 bytes), and for content that was sealed elsewhere to
 * the recipients' certificates (CMS EnvelopedData or AuthEnvelopedData in DER, RFC 5652 and 5083).
 * `salt` may be NULL. */
TC_API int tc_message_add_part_with(struct tc_message *message, const char *type, int category,
				    const void *content, size_t len, const uint8_t *salt,
				    int sealed);
/* Has the part `index` (from 0, as they were added) sealed by tc_client_seal. A salt of the
 * caller's own is kept, so that what was received and is sent on is known as the same part;
 * otherwise the salt of a sealed part is made of its content. TC_FAULT_ARGUMENT when there is no
 * such part, when it is sealed already, or when it is a leading part that the exchange must read.
 */
TC_API int tc_message_mark_sealed(struct tc_message *message, unsigned index);

#ifdef __cplusplus
}
#endif
#endif
