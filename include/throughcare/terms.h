/*
 * terms - what came along with a message's parts: notices, scope, and whether they may be
 * passed on.
 *
 * The exchange says them with every release of an agency's parts (42 CFR 2.32, 2.33, 2.35(d))
 * and keeps their digest in its log. Whoever takes the parts over is bound by them: keep them
 * with the parts. The exchange refuses to pass on what they forbid.
 *
 * Threads: one at a time for each handle. Blocks: never.
 */
#ifndef THROUGHCARE_TERMS_H
#define THROUGHCARE_TERMS_H

#include <stddef.h>
#include <stdint.h>

#include <throughcare/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A statement, in the words of the discloser's jurisdiction. */
struct tc_notice {
	const char *code;         /* "42cfr2.32-1" */
	const char *version;      /* of the text: "2024-04-16" */
	const char *jurisdiction; /* "" when the text is for all */
	const char *text;
};

/* What one consent covers, as far as it concerns the discloser and us. */
struct tc_scope {
	const char *grant_id;
	const char *consent_id;
	const char *description; /* in the signed document's own words; "" when it has none */
	const int *categories;   /* numbers of throughcare.v1.Category */
	size_t category_count;
	const int *purposes; /* numbers of throughcare.v1.Purpose */
	size_t purpose_count;
	const char *proceeding_id;    /* "" when it is for none in particular */
	int64_t signed_ms;            /* Unix time; 0 when it is not known */
	int64_t expires_ms;           /* 0: not at a time */
	const char *expires_on_event; /* "final_disposition"; "" when by none */
	const void *document_sha256;  /* 32 bytes; NULL when the document was not kept */
	const char *document_media_type;
};

struct tc_terms {
	const struct tc_notice *notices;
	size_t notice_count;
	const struct tc_scope *scopes;
	size_t scope_count;
	/* "none", "official_duty_case", "hipaa_tpo", "as_stated": the strictest first; all of them
	 * hold. None: no rule came with it. */
	const char *const *redisclosure;
	size_t redisclosure_count;
	const char *policy_id; /* that the exchange decided by */
	uint32_t policy_version;
	const void *packed; /* the throughcare.v1.ReleaseTerms as they came */
	size_t packed_len;
};

struct tc_delivery;

/* The digest of the release that the exchange's log has (TrailRow.terms_sha256): SHA-256 over its
 * position, which parts came and the digest of the terms. TC_FAULT_ARGUMENT when no terms came
 * (what the exchange itself says), TC_FAULT_CRYPTO. */
TC_API int tc_delivery_terms_digest(const struct tc_delivery *delivery, uint8_t ret[32]);

#ifdef __cplusplus
}
#endif
#endif
