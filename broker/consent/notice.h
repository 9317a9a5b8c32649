/*
 * notice - the duties that go with a release, and their texts, versioned.
 *
 * A decision names duties as bits; the terms of a delivery carry their texts. Those that a
 * policy may not write are here, and the federal ones for a policy that leaves them out.
 * "42cfr2.32-1" and "42cfr2.32-2" are the two statements of 42 CFR 2.32(a).
 *
 * Owner: nobody; constant. Blocks: never.
 */
#ifndef CONSENT_NOTICE_H
#define CONSENT_NOTICE_H

/* Bit numbers in decision.obligations. Stored: never renumber. */
enum notice_code {
	NOTICE_PART2_LONG = 0,   /* 2.32(a)(1) */
	NOTICE_PART2_SHORT = 1,  /* 2.32(a)(2) */
	NOTICE_CONSENT_COPY = 2, /* the consent, or... */
	NOTICE_SCOPE_TEXT = 3,   /* ...an explanation of its scope goes with it */
	NOTICE_REDISCLOSE_NONE = 4,
	NOTICE_REDISCLOSE_OFFICIAL_DUTY = 5, /* 2.35(d) */
	NOTICE_REDISCLOSE_HIPAA = 6,         /* 2.33(b) */
	NOTICE_REDISCLOSE_AS_STATED = 7,
	NOTICE_COUNT
};

struct notice {
	const char *code;         /* "42cfr2.32-1" */
	const char *version;      /* of the text: "2024-04-16" */
	const char *jurisdiction; /* "us" */
	const char *text;
};

const struct notice *notice_get(enum notice_code code);

#endif
