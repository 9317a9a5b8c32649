#include "client/terms.h"

#include <throughcare/collect.h>

#include "throughcare/v1/wire.pb-c.h"
#include "wire/delivery.h"
#include "wire/digest.h"
#include "wire/validate.h"

typedef Throughcare__V1__ReleaseTerms release_terms;

_Static_assert(sizeof(Throughcare__V1__Category) == sizeof(int), "enumerations are lent as ints");
_Static_assert(sizeof(Throughcare__V1__Purpose) == sizeof(int), "enumerations are lent as ints");

static const char *text_of(const char *text)
{
	return text ? text : "";
}

static int64_t time_ms(const Google__Protobuf__Timestamp *time)
{
	return time ? time->seconds * 1000 + time->nanos / 1000000 : 0;
}

static int notices_fill(struct tc_arena *arena, const release_terms *from, struct tc_terms *to)
{
	struct tc_notice *notices = tc_arena_take(arena, from->n_notices * sizeof(*notices));

	if (!notices)
		return TC_ENOMEM;
	for (size_t i = 0; i < from->n_notices; i++) {
		const Throughcare__V1__ReleaseTerms__Notice *notice = from->notices[i];

		notices[i] = (struct tc_notice){.code = text_of(notice->code),
						.version = text_of(notice->version),
						.jurisdiction = text_of(notice->jurisdiction),
						.text = text_of(notice->text)};
	}
	to->notices = notices;
	to->notice_count = from->n_notices;
	return 0;
}

static int scopes_fill(struct tc_arena *arena, const release_terms *from, struct tc_terms *to)
{
	struct tc_scope *scopes = tc_arena_take(arena, from->n_scopes * sizeof(*scopes));

	if (!scopes)
		return TC_ENOMEM;
	for (size_t i = 0; i < from->n_scopes; i++) {
		const Throughcare__V1__ReleaseTerms__Scope *scope = from->scopes[i];
		bool kept = scope->document_sha256.len == TC_DIGEST_BYTES;

		scopes[i] = (struct tc_scope){
			.grant_id = text_of(scope->grant_id),
			.consent_id = text_of(scope->consent_id),
			.description = text_of(scope->description),
			.categories = (const int *)(const void *)scope->categories,
			.category_count = scope->n_categories,
			.purposes = (const int *)(const void *)scope->purposes,
			.purpose_count = scope->n_purposes,
			.proceeding_id = text_of(scope->proceeding_id),
			.signed_ms = time_ms(scope->signed_at),
			.expires_ms = time_ms(scope->expires_at),
			.expires_on_event = text_of(scope->expires_on_event),
			.document_sha256 = kept ? scope->document_sha256.data : NULL,
			.document_media_type = text_of(scope->document_media_type),
		};
	}
	to->scopes = scopes;
	to->scope_count = from->n_scopes;
	return 0;
}

void tc_terms_memory_init(struct tc_terms_memory *memory)
{
	*memory = (struct tc_terms_memory){.terms = NULL};
	tc_arena_init(&memory->arena);
}

void tc_terms_memory_done(struct tc_terms_memory *memory)
{
	tc_bytes_free(&memory->packed);
	tc_arena_done(&memory->arena);
}

static int terms_unpack(struct tc_terms_memory *memory)
{
	struct tc_arena *arena = &memory->arena;
	const release_terms *terms = throughcare__v1__release_terms__unpack(
		&arena->allocator, memory->packed.len, memory->packed.data);
	struct tc_terms *made = tc_arena_take(arena, sizeof(*made));
	int r;

	if (!terms || !made)
		return TC_ENOMEM;
	*made = (struct tc_terms){
		.redisclosure = (const char *const *)terms->redisclosure,
		.redisclosure_count = terms->n_redisclosure,
		.policy_id = text_of(terms->policy_id),
		.policy_version = terms->policy_version,
		.packed = memory->packed.data,
		.packed_len = memory->packed.len,
	};
	r = notices_fill(arena, terms, made);
	if (r == 0)
		r = scopes_fill(arena, terms, made);
	if (r == 0)
		memory->terms = made;
	return r;
}

int tc_terms_read(struct tc_terms_memory *memory, struct tc_slice packed,
		  const struct tc_terms **ret)
{
	struct tc_refusal refusal = {0};
	int r = 0;

	if (!memory->terms || !tc_slice_equal(tc_bytes_slice(&memory->packed), packed)) {
		if (tc_message_scan(packed, &throughcare__v1__release_terms__descriptor,
				    &refusal) != 0)
			return TC_TERMS_UNREADABLE;
		memory->terms = NULL;
		memory->packed.len = 0;
		tc_arena_reset(&memory->arena);
		r = tc_bytes_append(&memory->packed, packed.data, packed.len);
		if (r == 0)
			r = terms_unpack(memory);
	}
	if (r == 0)
		*ret = memory->terms;
	return r;
}

int tc_delivery_terms_digest(const struct tc_delivery *delivery, uint8_t ret[32])
{
	uint8_t terms[TC_DIGEST_BYTES];
	uint64_t parts = 0;
	int r;

	if (!delivery->terms)
		return TC_EINVAL;
	for (size_t i = 0; i < delivery->part_count; i++)
		parts |= UINT64_C(1) << delivery->parts[i].index;
	r = tc_sha256(tc_slice(delivery->terms->packed, delivery->terms->packed_len), terms);
	return r < 0 ? r : tc_release_digest(delivery->log_sequence, parts, terms, ret);
}
