#include "client/message.h"

#include <stdlib.h>
#include <string.h>

#include "wire/digest.h"
#include "wire/limits.h"
#include "wire/part_types.h"

int tc_message_new(const char *type, struct tc_message **ret)
{
	struct tc_message *message = calloc(1, sizeof(*message));

	if (!message)
		return TC_ENOMEM;
	message->header = malloc(sizeof(*message->header));
	if (!message->header)
		goto fail;
	throughcare__v1__header__init(message->header);
	message->header->type = strdup(type);
	if (!message->header->type)
		goto fail;
	*ret = message;
	return 0;
fail:
	tc_message_free(&message);
	return TC_ENOMEM;
}

static void manifest_drop(Throughcare__V1__Header *header)
{
	for (size_t i = 0; i < header->n_manifest; i++)
		free(header->manifest[i].data);
	free(header->manifest);
	header->manifest = NULL;
	header->n_manifest = 0;
}

int tc_message_new_packed(const void *header, size_t len, struct tc_message **ret)
{
	struct tc_message *message;

	if (len > TC_HEADER_BYTES_MAX)
		return TC_EINVAL;
	message = calloc(1, sizeof(*message));
	if (!message)
		return TC_ENOMEM;
	message->header = throughcare__v1__header__unpack(NULL, len, header);
	if (!message->header) {
		free(message);
		return TC_EINVAL;
	}
	manifest_drop(message->header);
	*ret = message;
	return 0;
}

void tc_message_free(struct tc_message **message)
{
	struct tc_message *mine = *message;

	*message = NULL;
	if (!mine)
		return;
	if (mine->header)
		throughcare__v1__header__free_unpacked(mine->header, NULL);
	for (size_t i = 0; i < mine->part_count; i++) {
		/* It may be meant for others' eyes only. */
		tc_bytes_free_secret(&mine->held[i]->content);
		tc_bytes_free(&mine->held[i]->sealed_to);
		free(mine->held[i]);
	}
	free(mine);
}

const char *tc_message_id(const struct tc_message *message)
{
	return message->header->message_id ? message->header->message_id : "";
}

const char *tc_message_type(const struct tc_message *message)
{
	return message->header->type ? message->header->type : "";
}

static int text_set(char **field, const char *text)
{
	char *copy = NULL;

	if (text) {
		copy = strdup(text);
		if (!copy)
			return TC_ENOMEM;
	}
	free(*field);
	*field = copy;
	return 0;
}

int tc_message_set_id(struct tc_message *message, const char *id)
{
	return text_set(&message->header->message_id, id);
}

int tc_message_set_actor(struct tc_message *message, const char *id, const char *role)
{
	Throughcare__V1__Header *header = message->header;
	int r;

	if (!header->actor) {
		header->actor = malloc(sizeof(*header->actor));
		if (!header->actor)
			return TC_ENOMEM;
		throughcare__v1__actor__init(header->actor);
	}
	r = text_set(&header->actor->id, id);
	if (r < 0)
		return r;
	return text_set(&header->actor->role, role);
}

int tc_message_set_on_behalf_of(struct tc_message *message, const char *id)
{
	return text_set(&message->header->on_behalf_of, id);
}

int tc_message_add_recipient(struct tc_message *message, const char *agency, const char *service,
			     const char *role)
{
	Throughcare__V1__Header *header = message->header;
	Throughcare__V1__Recipient *recipient;
	Throughcare__V1__Recipient **list;

	if (header->n_recipients >= TC_RECIPIENTS_MAX)
		return TC_EINVAL;
	list = realloc(header->recipients,
		       (header->n_recipients + 1) * sizeof(Throughcare__V1__Recipient *));
	if (!list)
		return TC_ENOMEM;
	header->recipients = list;
	recipient = malloc(sizeof(*recipient));
	if (!recipient)
		return TC_ENOMEM;
	throughcare__v1__recipient__init(recipient);
	list[header->n_recipients++] = recipient;
	if (text_set(&recipient->agency, agency) == 0 &&
	    text_set(&recipient->service, service) == 0 && text_set(&recipient->role, role) == 0)
		return 0;
	header->n_recipients--;
	throughcare__v1__recipient__free_unpacked(recipient, NULL);
	return TC_ENOMEM;
}

int tc_message_set_subject(struct tc_message *message, const char *id)
{
	return text_set(&message->header->subject, id);
}

int tc_message_set_referral(struct tc_message *message, const char *id)
{
	return text_set(&message->header->referral_id, id);
}

void tc_message_set_expected_version(struct tc_message *message, uint64_t version)
{
	message->header->has_expected_version = 1;
	message->header->expected_version = version;
}

void tc_message_set_purpose(struct tc_message *message, int purpose)
{
	message->header->has_purpose = 1;
	message->header->purpose = (Throughcare__V1__Purpose)purpose;
}

static Throughcare__V1__Basis *basis_get(struct tc_message *message)
{
	Throughcare__V1__Header *header = message->header;

	if (!header->basis) {
		header->basis = malloc(sizeof(*header->basis));
		if (header->basis)
			throughcare__v1__basis__init(header->basis);
	}
	return header->basis;
}

int tc_message_set_grant(struct tc_message *message, const char *grant_id)
{
	Throughcare__V1__Basis *basis = basis_get(message);

	return basis ? text_set(&basis->grant_id, grant_id) : TC_ENOMEM;
}

int tc_message_set_legal_basis(struct tc_message *message, int basis, const char *reference)
{
	Throughcare__V1__Basis *mine = basis_get(message);

	if (!mine)
		return TC_ENOMEM;
	mine->has_legal = 1;
	mine->legal = (Throughcare__V1__LegalBasis)basis;
	return text_set(&mine->reference, reference);
}

int tc_message_set_proceeding(struct tc_message *message, const char *id)
{
	return text_set(&message->header->proceeding_id, id);
}

void tc_message_set_priority(struct tc_message *message, int priority)
{
	message->header->has_priority = 1;
	message->header->priority = (Throughcare__V1__Priority)priority;
}

void tc_message_set_evidence(struct tc_message *message, int level)
{
	message->header->has_evidence = 1;
	message->header->evidence = (Throughcare__V1__EvidenceLevel)level;
}

static int time_set(Google__Protobuf__Timestamp **field, int64_t ms)
{
	int64_t nanos = (ms % 1000) * 1000000;
	int64_t seconds = ms / 1000;

	if (!*field) {
		*field = malloc(sizeof(**field));
		if (!*field)
			return TC_ENOMEM;
		google__protobuf__timestamp__init(*field);
	}
	if (nanos < 0) {
		nanos += 1000000000;
		seconds--;
	}
	(*field)->seconds = seconds;
	(*field)->nanos = (int32_t)nanos;
	return 0;
}

int tc_message_set_created(struct tc_message *message, int64_t ms)
{
	return time_set(&message->header->created_at, ms);
}

int tc_message_set_occurred(struct tc_message *message, int64_t ms)
{
	return time_set(&message->header->occurred_at, ms);
}

int tc_message_set_expires(struct tc_message *message, int64_t ms)
{
	return time_set(&message->header->expires_at, ms);
}

int tc_message_set_causation(struct tc_message *message, const char *id)
{
	return text_set(&message->header->causation_id, id);
}

int tc_message_add_part(struct tc_message *message, const char *type, int category,
			const void *content, size_t len)
{
	return tc_message_add_part_with(message, type, category, content, len, NULL, 0);
}

int tc_message_add_part_with(struct tc_message *message, const char *type, int category,
			     const void *content, size_t len, const uint8_t *salt, int sealed)
{
	const struct tc_part_type *known = tc_part_type_find(tc_slice_text(type));
	struct tc_draft_part *part = &message->parts[message->part_count];
	struct tc_message_part *held;

	if (message->part_count >= TC_PARTS_MAX || strlen(type) >= sizeof(held->type) ||
	    len > TC_PART_BYTES_MAX)
		return TC_EINVAL;
	if (category == 0 && !known)
		return TC_EINVAL;
	held = calloc(1, sizeof(*held));
	if (!held)
		return TC_ENOMEM;
	if (tc_bytes_append(&held->content, content, len) < 0) {
		free(held);
		return TC_ENOMEM;
	}
	memcpy(held->type, type, strlen(type) + 1);
	if (salt)
		memcpy(held->salt, salt, sizeof(held->salt));
	*part = (struct tc_draft_part){
		.type = held->type,
		.category = category ? (Throughcare__V1__Category)category : known->category,
		.sealed = sealed != 0,
		.salt = tc_slice(held->salt, salt ? sizeof(held->salt) : 0),
		.content = tc_bytes_slice(&held->content),
	};
	message->held[message->part_count++] = held;
	return 0;
}

bool tc_message_part_sealable(const struct tc_message *message, size_t index)
{
	const struct tc_part_type *type;

	if (index >= message->part_count || message->parts[index].sealed)
		return false;
	type = tc_part_type_find(tc_slice_text(message->parts[index].type));
	return index > 0 || !type || !type->envelope || !tc_envelope_rule_reads(type->envelope);
}

int tc_message_mark_sealed(struct tc_message *message, unsigned index)
{
	if (!tc_message_part_sealable(message, index))
		return TC_EINVAL;
	message->held[index]->marked = true;
	return 0;
}

int tc_message_part_seal(struct tc_message *message, size_t index, struct tc_bytes *sealed,
			 struct tc_slice sealed_to)
{
	struct tc_message_part *held = message->held[index];
	struct tc_draft_part *part = &message->parts[index];
	int r = tc_sha256(part->content, held->meant_sha256);

	if (r == 0)
		r = tc_bytes_append(&held->sealed_to, sealed_to.data, sealed_to.len);
	if (r < 0)
		return r;
	tc_bytes_free_secret(&held->content);
	held->content = *sealed;
	*sealed = (struct tc_bytes){0};
	held->marked = false;
	part->sealed = true;
	part->content = tc_bytes_slice(&held->content);
	part->meant_sha256 = tc_slice(held->meant_sha256, sizeof(held->meant_sha256));
	part->sealed_to = tc_bytes_slice(&held->sealed_to);
	return 0;
}

size_t tc_message_content_bytes(const struct tc_message *message)
{
	size_t bytes = 0;

	for (size_t i = 0; i < message->part_count; i++)
		bytes += message->parts[i].content.len + message->parts[i].sealed_to.len;
	return bytes;
}

static int id_complete(struct tc_message *message, int64_t now_ms)
{
	char text[TC_ID_TEXT_BYTES];

	if (message->header->message_id)
		return 0;
	tc_id_format(tc_id_new(now_ms), text);
	return tc_message_set_id(message, text);
}

/* The time inside the id when it can be true, so that the same id gets the same time. */
static int created_complete(struct tc_message *message, int64_t now_ms)
{
	struct tc_id id;
	int64_t ms = -1;

	if (message->header->created_at)
		return 0;
	if (tc_id_parse(tc_slice_text(message->header->message_id), &id))
		ms = tc_id_time_ms(id);
	if (ms < now_ms - TC_AGE_MS_MAX || ms > now_ms + TC_CLOCK_SKEW_MS_MAX)
		ms = now_ms;
	return tc_message_set_created(message, ms);
}

static int referral_complete(struct tc_message *message, struct tc_signing_key *key)
{
	uint8_t made[TC_DIGEST_BYTES];
	char text[TC_ID_TEXT_BYTES];
	struct tc_id id;
	int r;

	if (message->header->referral_id || strcmp(tc_message_type(message), "Referral") != 0 ||
	    !tc_id_parse(tc_slice_text(message->header->message_id), &id))
		return 0;
	r = tc_signing_key_derive(key, "referral", tc_slice(id.bytes, sizeof(id.bytes)), made);
	if (r < 0)
		return r;
	memcpy(id.bytes, made, sizeof(id.bytes));
	/* RFC 9562 section 5.8: version 8, made in a way of our own. */
	id.bytes[6] = (uint8_t)((id.bytes[6] & 0x0f) | 0x80);
	id.bytes[8] = (uint8_t)((id.bytes[8] & 0x3f) | 0x80);
	tc_id_format(id, text);
	return tc_message_set_referral(message, text);
}

int tc_message_complete(struct tc_message *message, const char *sender, int64_t now_ms,
			struct tc_signing_key *key)
{
	int r = id_complete(message, now_ms);

	if (r == 0)
		r = created_complete(message, now_ms);
	if (r == 0)
		r = referral_complete(message, key);
	if (r == 0 && !message->header->sender)
		r = text_set(&message->header->sender, sender);
	return r;
}

struct tc_draft tc_message_draft(const struct tc_message *message)
{
	return (struct tc_draft){.header = message->header,
				 .parts = message->parts,
				 .part_count = message->part_count};
}
