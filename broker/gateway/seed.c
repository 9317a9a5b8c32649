#include "gateway/seed.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "gateway/request.h"
#include "throughcare/v1/record.pb-c.h"
#include "tls/tls_chain.h"
#include "tls/tls_peer.h"
#include "wire/fields.h"
#include "wire/validate.h"

struct reader {
	const struct tc_tls_files *files;
	const char *trust_domain;
	struct record_batch *batch;
	struct seed_problem *problem;
	struct scratch scratch;
	struct request_room room;
};

__attribute__((format(printf, 2, 3))) static int refuse(struct reader *reader, const char *format,
							...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(reader->problem->text, sizeof(reader->problem->text), format, args);
	va_end(args);
	return SEED_REFUSED;
}

static int file_read(struct reader *reader, const char *path, struct tc_bytes *ret)
{
	FILE *file = fopen(path, "re");
	size_t n = 0;
	int r;

	if (!file)
		return refuse(reader, "the file cannot be opened");
	r = tc_bytes_reserve(ret, SEED_BYTES_MAX + 1);
	if (r == 0) {
		n = fread(ret->data, 1, SEED_BYTES_MAX + 1, file);
		if (ferror(file))
			r = refuse(reader, "the file cannot be read");
		else if (n > SEED_BYTES_MAX)
			r = refuse(reader, "the file has more than %d bytes", SEED_BYTES_MAX);
	}
	ret->len = n;
	fclose(file);
	return r;
}

/* The certificate must be one of this network's operators. */
static int peer_check(struct reader *reader, const struct tc_certificate *certificate,
		      struct tc_peer *ret)
{
	enum tc_tls_reason reason = TC_TLS_REASON_NONE;
	int r = tc_tls_chain_check(reader->files, tc_certificate_x509(certificate), &reason);

	if (r > 0)
		return refuse(reader, "%s", tc_tls_reason_code(reason));
	if (r)
		return r;
	r = tc_peer_read(tc_certificate_x509(certificate), ret);
	if (r > 0)
		return refuse(reader, "certificate_identity");
	if (r)
		return r;
	if (strcmp(ret->trust_domain, reader->trust_domain) != 0)
		return refuse(reader, "wrong_trust_domain");
	if (ret->kind != TC_PEER_OPERATOR)
		return refuse(reader, "type_not_allowed: only an operator may seed the registry");
	return 0;
}

/* The two fields as they stand in the file: the signature is over bytes, so nothing is repacked. */
static int fields_find(struct reader *reader, struct tc_slice file, struct tc_slice *ret_submit,
		       struct tc_slice *ret_der)
{
	struct tc_refusal refusal = {0};
	struct tc_field field;
	int r;

	r = tc_message_scan(file, &throughcare__v1__registry_seed__descriptor, &refusal);
	if (r < 0)
		return r;
	if (r)
		return refuse(reader, "%s: %s", tc_refusal_name(refusal.code), refusal.detail);
	while ((r = tc_fields_next(&file, &field)) == 0) {
		if (field.number == 1)
			*ret_submit = field.bytes;
		else if (field.number == 2)
			*ret_der = field.bytes;
	}
	if (r == TC_FIELDS_MALFORMED || !ret_submit->data || !ret_der->data)
		return refuse(reader, "malformed");
	return 0;
}

static int submission_take(struct reader *reader, const struct tc_peer *peer,
			   struct tc_certificate *certificate, struct tc_slice submit)
{
	struct request_context context = {
		.peer = peer,
		.certificate = certificate,
		.now_ms = tc_clock_now_ms(&tc_clock_real),
		.room = &reader->room,
		.scratch = &reader->scratch,
	};
	struct request_taken taken;
	int r = request_take_submit(&context, 0, submit, &taken);

	if (r == 0 && taken.malformed)
		r = refuse(reader, "malformed submission");
	if (r == 0)
		record_batch_join(reader->batch, &context.batch);
	record_batch_free(&context.batch);
	return r;
}

static int seed_take(struct reader *reader, const char *folder, const char *name)
{
	struct tc_bytes file = {0};
	struct tc_slice submit = {0}, der = {0};
	struct tc_certificate *certificate = NULL;
	struct tc_peer peer;
	char *path = NULL;
	int r;

	snprintf(reader->problem->file, sizeof(reader->problem->file), "%s", name);
	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return TC_ENOMEM;
	r = file_read(reader, path, &file);
	free(path);
	if (r == 0)
		r = fields_find(reader, tc_bytes_slice(&file), &submit, &der);
	if (r)
		goto out;
	r = tc_certificate_decode(der, &certificate);
	if (r > 0)
		r = refuse(reader, "the certificate cannot be decoded");
	if (r == 0)
		r = peer_check(reader, certificate, &peer);
	if (r == 0)
		r = submission_take(reader, &peer, certificate, submit);
out:
	tc_certificate_free(&certificate);
	tc_bytes_free(&file);
	return r;
}

static int is_seed(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 7 && entry->d_name[0] != '.' &&
	       strcmp(entry->d_name + len - 7, ".submit") == 0;
}

int seed_read(const char *folder, const struct tc_tls_files *files, const char *trust_domain,
	      struct record_batch *batch, struct seed_problem *problem)
{
	struct reader *reader = calloc(1, sizeof(*reader));
	struct dirent **entries = NULL;
	int count;
	int r;

	if (!reader)
		return TC_ENOMEM;
	*reader = (struct reader){
		.files = files, .trust_domain = trust_domain, .batch = batch, .problem = problem};
	r = scratch_init(&reader->scratch);
	count = r ? 0 : scandir(folder, &entries, is_seed, alphasort);
	if (count < 0 || count > SEED_FILES_MAX)
		r = TC_ECONFIG;
	for (int i = 0; i < count; i++) {
		if (r == 0)
			r = seed_take(reader, folder, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	scratch_done(&reader->scratch);
	free(reader);
	return r;
}
