#include "ledger/terms.h"

#include <stdio.h>
#include <string.h>

#include "consent/grant.h"
#include "throughcare/v1/consent.pb-c.h"
#include "throughcare/v1/wire.pb-c.h"
#include "wire/digest.h"

typedef Throughcare__V1__ReleaseTerms release_terms;
typedef Throughcare__V1__ReleaseTerms__Notice terms_notice;
typedef Throughcare__V1__ReleaseTerms__Scope terms_scope;

/* protobuf-c has no const texts; packing only reads them. */
static char *text_of(const char *text)
{
	return (char *)(uintptr_t)text;
}

static const struct {
	enum notice_code duty;
	const char *name;
} rules[TERMS_RULES_MAX] = {
	{NOTICE_REDISCLOSE_NONE, "none"},
	{NOTICE_REDISCLOSE_OFFICIAL_DUTY, "official_duty_case"},
	{NOTICE_REDISCLOSE_HIPAA, "hipaa_tpo"},
	{NOTICE_REDISCLOSE_AS_STATED, "as_stated"},
};

static void fill_redisclosure(uint32_t duties, release_terms *terms, struct terms *ret)
{
	for (size_t i = 0; i < TERMS_RULES_MAX; i++) {
		if (duties & UINT32_C(1) << rules[i].duty)
			ret->redisclosure[ret->redisclosure_count++] = text_of(rules[i].name);
	}
	terms->redisclosure = ret->redisclosure;
	terms->n_redisclosure = ret->redisclosure_count;
}

/* ---- notices ---- */

static int fill_notice(const struct notice *notice, struct arena *arena, release_terms *terms,
		       struct terms *ret)
{
	size_t len = strlen(notice->code) + strlen(notice->version) + 2;
	terms_notice *made = arena_take(arena, sizeof(*made));
	char *label = arena_take(arena, len);

	if (made == NULL || label == NULL)
		return TC_ENOMEM;
	throughcare__v1__release_terms__notice__init(made);
	made->code = text_of(notice->code);
	made->version = text_of(notice->version);
	made->jurisdiction = text_of(notice->jurisdiction);
	made->text = text_of(notice->text);
	(void)snprintf(label, len, "%s@%s", notice->code, notice->version);
	terms->notices[terms->n_notices++] = made;
	ret->notices[ret->notice_count++] = label;
	return 0;
}

static int fill_notices(const struct terms_source *source, const tc_agency *discloser,
			uint32_t duties, struct arena *arena, release_terms *terms,
			struct terms *ret)
{
	size_t count = (size_t)__builtin_popcount(duties);
	struct registry_agency agency;
	int r = 0;

	if (count == 0)
		return 0;
	terms->notices = arena_take(arena, count * sizeof(*terms->notices));
	ret->notices = arena_take(arena, count * sizeof(*ret->notices));
	if (terms->notices == NULL || ret->notices == NULL)
		return TC_ENOMEM;
	r = registry_find_agency(source->txn, source->registry, discloser, &agency);
	if (r == REGISTRY_UNKNOWN)
		agency.jurisdiction[0] = '\0';
	else if (r < 0)
		return r;
	for (unsigned bit = 0; bit < POLICY_NOTICES_MAX; bit++) {
		struct notice notice;

		if (!(duties & UINT32_C(1) << bit) ||
		    !policy_notice(source->policy, bit, agency.jurisdiction, &notice))
			continue;
		r = fill_notice(&notice, arena, terms, ret);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- scopes ---- */

static void fill_scope(const Throughcare__V1__ConsentGrant *consent,
		       const Throughcare__V1__ConsentGrant__Grant *grant, terms_scope *ret)
{
	throughcare__v1__release_terms__scope__init(ret);
	ret->grant_id = grant->grant_id;
	ret->consent_id = consent->consent_id;
	ret->description = grant->description;
	ret->n_categories = grant->n_categories;
	ret->categories = grant->categories;
	ret->n_purposes = grant->n_purposes;
	ret->purposes = grant->purposes;
	ret->proceeding_id = grant->proceeding_id;
	if (consent->signature != NULL)
		ret->signed_at = consent->signature->signed_at;
	if (grant->expiry != NULL) {
		ret->expires_at = grant->expiry->at;
		ret->expires_on_event = grant->expiry->event_code;
	}
	if (consent->document != NULL) {
		ret->has_document_sha256 = consent->document->has_sha256;
		ret->document_sha256 = consent->document->sha256;
		ret->document_media_type = consent->document->media_type;
	}
}

static int fill_scopes(const struct terms_source *source, const struct decision *decision,
		       struct arena *arena, release_terms *terms)
{
	terms_scope *scopes;

	if (decision->grant_count == 0)
		return 0;
	scopes = arena_take(arena, decision->grant_count * sizeof(*scopes));
	terms->scopes = arena_take(arena, decision->grant_count * sizeof(*terms->scopes));
	if (scopes == NULL || terms->scopes == NULL)
		return TC_ENOMEM;
	for (size_t i = 0; i < decision->grant_count; i++) {
		const Throughcare__V1__ConsentGrant *consent;
		struct consent_view view;
		struct grant_view grant;
		int r = grant_find_version(source->txn, source->consent, decision->grants[i],
					   decision->versions[i], &grant);

		if (r == 0)
			r = consent_find_version(source->txn, source->consent, grant.consent,
						 grant.version, &view);
		if (r != 0)
			return r < 0 ? r : TC_ECORRUPT; /* it was there when it was decided */
		consent = throughcare__v1__consent_grant__unpack(
			&arena->allocator, view.document.len, view.document.data);
		if (consent == NULL || grant.position >= consent->n_grants)
			return TC_ECORRUPT;
		fill_scope(consent, consent->grants[grant.position], &scopes[i]);
		terms->scopes[terms->n_scopes++] = &scopes[i];
	}
	return 0;
}

/* ---- */

int terms_make(const struct terms_source *source, const tc_agency *discloser,
	       const struct decision *decision, struct arena *arena, struct terms *ret)
{
	release_terms terms = THROUGHCARE__V1__RELEASE_TERMS__INIT;
	ProtobufCBinaryData packed;
	int r;

	*ret = (struct terms){.notices = NULL};
	terms.basis = text_of(decision->basis);
	terms.policy_id = text_of(policy_id(source->policy));
	terms.has_policy_version = 1;
	terms.policy_version = policy_version(source->policy);
	fill_redisclosure(decision->obligations, &terms, ret);
	r = fill_notices(source, discloser, decision->obligations, arena, &terms, ret);
	if (r == 0)
		r = fill_scopes(source, decision, arena, &terms);
	if (r == 0)
		r = arena_pack(arena, &terms.base, &packed);
	if (r < 0)
		return r;
	ret->packed = tc_slice(packed.data, packed.len);
	return tc_sha256(ret->packed, ret->sha256);
}

/* ---- the cache ---- */

#define ENTRIES_MAX (TERMS_SLOTS / 2)

struct terms_entry {
	tc_agency discloser;
	uint32_t obligations;
	uint32_t rule_version;
	size_t grant_count;
	struct tc_id grants[DECISION_GRANTS_MAX];
	uint32_t versions[DECISION_GRANTS_MAX];
	char basis[sizeof(((struct decision *)0)->basis)];
	struct terms terms;
};

void terms_cache_init(struct terms_cache *cache)
{
	*cache = (struct terms_cache){.count = 0};
	arena_init(&cache->arena);
}

void terms_cache_forget(struct terms_cache *cache)
{
	if (cache->count == 0)
		return;
	memset(cache->slots, 0, sizeof(cache->slots));
	cache->count = 0;
	arena_reset(&cache->arena);
}

void terms_cache_done(struct terms_cache *cache)
{
	arena_done(&cache->arena);
}

static bool entry_is(const struct terms_entry *entry, const tc_agency *discloser,
		     const struct decision *decision)
{
	return entry->obligations == decision->obligations &&
	       entry->rule_version == decision->rule_version &&
	       entry->grant_count == decision->grant_count &&
	       memcmp(entry->grants, decision->grants,
		      entry->grant_count * sizeof(entry->grants[0])) == 0 &&
	       memcmp(entry->versions, decision->versions,
		      entry->grant_count * sizeof(entry->versions[0])) == 0 &&
	       strcmp(entry->basis, decision->basis) == 0 &&
	       tc_agency_equal(&entry->discloser, discloser);
}

/* Its slot, or the free one that it would have. */
static size_t entry_slot(const struct terms_cache *cache, const tc_agency *discloser,
			 const struct decision *decision)
{
	struct tc_id first = decision->grant_count > 0 ? decision->grants[0] : (struct tc_id){{0}};
	uint64_t hash = decision->obligations;
	size_t slot;

	for (const char *c = discloser->name; *c != '\0'; c++)
		hash = hash * 31 + (uint8_t)*c;
	hash ^= tc_get_be64(first.bytes) ^ tc_get_be64(first.bytes + 8);
	slot = (hash * UINT64_C(0x9e3779b97f4a7c15) >> 32) % TERMS_SLOTS;
	while (cache->slots[slot] != NULL && !entry_is(cache->slots[slot], discloser, decision))
		slot = (slot + 1) % TERMS_SLOTS;
	return slot;
}

int terms_cache_get(struct terms_cache *cache, const struct terms_source *source,
		    const tc_agency *discloser, const struct decision *decision,
		    const struct terms **ret)
{
	size_t slot = entry_slot(cache, discloser, decision);
	struct terms_entry *entry = cache->slots[slot];
	int r;

	if (entry == NULL) {
		if (cache->count == ENTRIES_MAX) {
			terms_cache_forget(cache);
			slot = entry_slot(cache, discloser, decision);
		}
		entry = arena_take(&cache->arena, sizeof(*entry));
		if (entry == NULL)
			return TC_ENOMEM;
		r = terms_make(source, discloser, decision, &cache->arena, &entry->terms);
		if (r < 0)
			return r;
		entry->discloser = *discloser;
		entry->obligations = decision->obligations;
		entry->rule_version = decision->rule_version;
		entry->grant_count = decision->grant_count;
		memcpy(entry->grants, decision->grants, sizeof(entry->grants));
		memcpy(entry->versions, decision->versions, sizeof(entry->versions));
		memcpy(entry->basis, decision->basis, sizeof(entry->basis));
		cache->slots[slot] = entry;
		cache->count++;
	}
	*ret = &entry->terms;
	return 0;
}
