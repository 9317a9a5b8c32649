/*
 * consent_element - the elements of a consent, one function each, in two tables.
 *
 * An element is either demanded of every consent, or of those that something in the
 * document makes it necessary for, or only where a regime of the policy names it.
 *
 * Owner: nobody; constant. Blocks: never.
 */
#ifndef CONSENT_CONSENT_ELEMENT_H
#define CONSENT_CONSENT_ELEMENT_H

#include "consent/policy.h"
#include "throughcare/v1/consent.pb-c.h"

/* One grant, or the document itself while `grant` is NULL. */
struct consent_place {
	const Throughcare__V1__ConsentGrant *consent;
	const Throughcare__V1__ConsentGrant__Grant *grant;
	const struct policy *policy;
	const struct policy_regime *regime; /* NULL: the policy does not know it */
};

struct consent_element {
	const char *name; /* its field; of a grant's, the field of the grant */
	bool (*present)(const struct consent_place *place);
	/* Without the regime naming it; NULL: never. */
	bool (*demanded)(const struct consent_place *place);
};

extern const struct consent_element consent_document_elements[];
extern const size_t consent_document_element_count;
extern const struct consent_element consent_grant_elements[];
extern const size_t consent_grant_element_count;

#endif
