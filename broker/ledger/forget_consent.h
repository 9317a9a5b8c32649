/*
 * forget_consent - what the sweep of ledger_forget.h takes of consents.
 *
 * A message says one version of a consent, and messages of others name the consent and its grants
 * by their ids: so these are not looked for in any bytes. With the record that said a version go
 * that version and its grants, which are known by what stands in their rows' keys.
 *
 * Owner: as ledger_forget.h. Blocks: never.
 */
#ifndef LEDGER_FORGET_CONSENT_H
#define LEDGER_FORGET_CONSENT_H

#include "ledger/sought.h"

struct ledger;

/* Where a row's key has it. */
enum forget_version {
	FORGET_VERSION_NONE = 0,
	FORGET_VERSION_FIRST,      /* a consent or grant, and the version */
	FORGET_VERSION_LAST,       /* the same */
	FORGET_VERSION_EVERY_LAST, /* a consent: its row is one for all of its versions */
};

/* Empty is all zero. */
struct forget_consents {
	struct tc_bytes
		versions;    /* of consents and grants: id and version as in a key, ascending */
	struct sought every; /* consents of which no version stays */
};

/* What these records said, and nothing else. 0 or a fault. */
int forget_consents_find(struct ledger *ledger, const struct sought_numbers *records,
			 struct forget_consents *ret) TC_MUST_CHECK;
bool forget_consents_has(const struct forget_consents *consents, enum forget_version at,
			 struct tc_slice key);
void forget_consents_done(struct forget_consents *consents);

#endif
