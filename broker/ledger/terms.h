/*
 * terms - what a recipient is told along with the parts.
 *
 * The statements of 42 CFR 2.32(a) in the words of the discloser's jurisdiction, what each
 * consent relied on covers (2.32(b)), and whether the parts may be passed on (2.33,
 * 2.35(d)). Of a consent only what concerns this discloser and this recipient is told:
 * no other party of it is named. The digest of the terms stands in the log with the
 * release, so that what a recipient was told can be proved.
 *
 * Owner:  the caller's transaction, read or write. Blocks: on page faults only.
 */
#ifndef LEDGER_TERMS_H
#define LEDGER_TERMS_H

#include "base/bytes.h"
#include "base/err.h"
#include "consent/consent_tables.h"
#include "consent/decision.h"
#include "consent/notice.h"
#include "ledger/arena.h"
#include "ledger/registry.h"

#define TERMS_RULES_MAX 4 /* values of RedisclosureRule */
#define TERMS_SLOTS     256

/* The duties that say whether something may be passed on. */
#define TERMS_REDISCLOSURE                                                                         \
	(UINT32_C(1) << NOTICE_REDISCLOSE_NONE | UINT32_C(1) << NOTICE_REDISCLOSE_OFFICIAL_DUTY |  \
	 UINT32_C(1) << NOTICE_REDISCLOSE_HIPAA | UINT32_C(1) << NOTICE_REDISCLOSE_AS_STATED)

/* What terms are made from, as of the transaction. */
struct terms_source {
	struct store_txn *txn;
	const struct consent_tables *consent;
	const struct registry_tables *registry;
	const struct policy *policy; /* that it was decided by */
};

struct terms {
	struct tc_slice packed; /* throughcare.v1.ReleaseTerms */
	uint8_t sha256[TC_DIGEST_BYTES];
	char **notices; /* "code@version" */
	size_t notice_count;
	char *redisclosure[TERMS_RULES_MAX]; /* the strictest first */
	size_t redisclosure_count;
};

/* Terms made before, for releases that follow one another under the same grants: what they are made
 * from changes only by messages to the exchange and at a start, and then all are forgotten. */
struct terms_cache {
	struct arena arena; /* of all entries */
	struct terms_entry *slots[TERMS_SLOTS];
	size_t count;
};

void terms_cache_init(struct terms_cache *cache);
void terms_cache_forget(struct terms_cache *cache);
void terms_cache_done(struct terms_cache *cache);
/* As terms_make, in the cache's own arena: *ret stands until the next call with this cache. */
int terms_cache_get(struct terms_cache *cache, const struct terms_source *source,
		    const tc_agency *discloser, const struct decision *decision,
		    const struct terms **ret) TC_MUST_CHECK;

/* Of a release by `discloser` that was decided so, in the arena. 0 or a fault. */
int terms_make(const struct terms_source *source, const tc_agency *discloser,
	       const struct decision *decision, struct arena *arena,
	       struct terms *ret) TC_MUST_CHECK;

#endif
