/*
 * consent_check - is this document a valid consent on its face?
 *
 * What makes a consent at all is demanded of every one: parties, categories, purposes, an
 * end. What the law of its regime demands beyond (42 CFR 2.31(a), 2.35) is a list of
 * elements in the policy, by the names in this file's tables. What is missing, false, or
 * may not stand together (2.31(b), (c), (d)) is named to the sender by its field.
 *
 * Owner: the caller. Blocks: never.
 */
#ifndef CONSENT_CONSENT_CHECK_H
#define CONSENT_CONSENT_CHECK_H

#include "consent/grant.h"
#include "throughcare/v1/consent.pb-c.h"

/* `consent` is arrival->document, unpacked. 0, or GRANT_REFUSED with CONSENT_DEFICIENT,
 * CONSENT_COMBINED or CONSENT_EXPIRED. */
int consent_check(const Throughcare__V1__ConsentGrant *consent,
		  const struct consent_arrival *arrival, struct tc_refusal *refusal) TC_MUST_CHECK;

/* Whether a regime of a policy may demand an element of this name. */
bool consent_element_known(const char *name);

/* Unix milliseconds of a timestamp; `absent` when it is not there. */
int64_t consent_time_ms(const Google__Protobuf__Timestamp *time, int64_t absent);
/* When it was signed, by its own word; else `absent`. */
int64_t consent_signed_ms(const Throughcare__V1__ConsentGrant *consent, int64_t absent);

#endif
