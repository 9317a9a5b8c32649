/*
 * consent_check - is this document a valid consent on its face?
 *
 * The required elements of 42 CFR 2.31(a), those of 2.35 for a criminal-justice
 * consent, and what may not stand together in one document (2.31(b), (d)), as tables
 * of named elements. What is missing is named to the sender by its field.
 *
 * Owner: the caller. Blocks: never.
 */
#ifndef CONSENT_CONSENT_CHECK_H
#define CONSENT_CONSENT_CHECK_H

#include "consent/grant.h"
#include "throughcare/v1/consent.pb-c.h"

/* The one event that the exchange sees for itself: a HearingResult with disposition_final. */
#define CONSENT_EVENT_FINAL "final_disposition"

/* `consent` is arrival->document, unpacked. 0, or GRANT_REFUSED with CONSENT_DEFICIENT,
 * CONSENT_COMBINED or CONSENT_EXPIRED. */
int consent_check(const Throughcare__V1__ConsentGrant *consent,
		  const struct consent_arrival *arrival, struct tc_refusal *refusal) TC_MUST_CHECK;

/* Unix milliseconds of a timestamp; `absent` when it is not there. */
int64_t consent_time_ms(const Google__Protobuf__Timestamp *time, int64_t absent);

#endif
