/*
 * recipients - whom to seal to: the agencies behind a message's recipients, their
 * certificates, and the categories that the policy of release has sealed.
 *
 * What the exchange answers is kept for TC_RECIPIENTS_KEPT_MS, and forgotten at once when it
 * says that a certificate has changed. A certificate counts only when it is of the network's
 * authority, names the agency and is not expired: the exchange cannot put another in its place.
 *
 * Owner: the handle. Blocks: up to the deadline.
 */
#ifndef CLIENT_RECIPIENTS_H
#define CLIENT_RECIPIENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/id.h"
#include "throughcare/v1/envelope.pb-c.h"
#include "wire/digest.h"

#define TC_RECIPIENTS_KEPT    64 /* certificates, and services */
#define TC_RECIPIENTS_KEPT_MS 60000

struct tc_client;
struct x509_st; /* OpenSSL's X509 */

struct tc_recipient_certificate {
	tc_agency agency; /* empty: a free slot */
	int64_t asked_ms;
	struct x509_st *x509;
	uint8_t sha256[TC_SHA256_BYTES];
};

struct tc_recipient_service {
	char service[TC_NAME_BYTES_MAX + 1]; /* "": a free slot */
	int64_t asked_ms;
	tc_agency agency;
};

struct tc_recipients {
	struct tc_recipient_certificate certificates[TC_RECIPIENTS_KEPT];
	struct tc_recipient_service services[TC_RECIPIENTS_KEPT];
	size_t next_certificate, next_service; /* the slot that is used next */
	bool policy_known;
	int64_t policy_asked_ms;
	uint64_t sealed_categories; /* bit of each throughcare.v1.Category */
};

void tc_recipients_done(struct tc_recipients *recipients);
/* What is kept may be outdated. */
void tc_recipients_forget(struct tc_recipients *recipients);

/* Each: 0, TC_CLIENT_SEAL or TC_CLIENT_REFUSED with the handle's text, or a fault. */
int tc_recipients_policy(struct tc_client *client, int64_t deadline,
			 uint64_t *ret_categories) TC_MUST_CHECK;
int tc_recipients_agency(struct tc_client *client, const Throughcare__V1__Recipient *recipient,
			 int64_t deadline, tc_agency *ret) TC_MUST_CHECK;
/* *ret is borrowed until the next call of these. Its `x509` may be kept with X509_up_ref. */
int tc_recipients_certificate(struct tc_client *client, const tc_agency *agency, int64_t deadline,
			      const struct tc_recipient_certificate **ret) TC_MUST_CHECK;

#endif
