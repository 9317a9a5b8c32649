#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <throughcare/client.h>

#include "client/failure.h"
#include "client/handle.h"

static void identity_fill(struct tc_client *client)
{
	const struct tc_peer *self = tc_tls_config_self(client->tls);
	struct tc_client_identity *identity = &client->identity;

	snprintf(identity->kind, sizeof(identity->kind), "%s", tc_peer_kind_name(self->kind));
	memcpy(identity->id, self->id.name, sizeof(identity->id));
	memcpy(identity->adapter, self->adapter.name, sizeof(identity->adapter));
	memcpy(identity->trust_domain, self->trust_domain, sizeof(identity->trust_domain));
	memcpy(identity->serial, self->serial, sizeof(identity->serial));
	memcpy(identity->certificate_sha256, self->certificate_sha256,
	       sizeof(identity->certificate_sha256));
	identity->not_before_ms = self->not_before_ms;
	identity->not_after_ms = self->not_after_ms;
}

static int identity_load(struct tc_client *client, const struct tc_client_options *options,
			 struct tc_client_error *error)
{
	struct tc_tls_files files = {
		.certificate = options->certificate, .key = options->key, .ca = options->ca};
	char detail[TC_TLS_DETAIL_BYTES];
	int r = tc_tls_config_open(TC_TLS_CLIENT, &files, detail, &client->tls);

	if (r == TC_ECONFIG)
		return tc_failure_set(error, TC_FAILURE_PROFILE_UNUSABLE, "%s", detail);
	if (r < 0)
		return tc_failure_set_fault(error, r);
	if (tc_tls_config_self(client->tls)->kind == TC_PEER_EXCHANGE)
		return tc_failure_set(error, TC_FAILURE_PROFILE_OWNER, "%s is of kind exchange",
				      options->certificate);
	r = tc_signing_key_load(options->key, &client->key);
	if (r == TC_ECONFIG || r == TC_EIO)
		return tc_failure_set(error, TC_FAILURE_PROFILE_UNUSABLE,
				      "%s: no key of P-256, P-384 or Ed25519", options->key);
	if (r < 0)
		return tc_failure_set_fault(error, r);
	identity_fill(client);
	return 0;
}

int tc_client_open(const struct tc_client_options *options, struct tc_client_error *error,
		   struct tc_client **ret)
{
	struct tc_client_error unwanted = {0};
	struct tc_client *client = calloc(1, sizeof(*client));
	int r;

	if (!error)
		error = &unwanted;
	if (!client)
		return tc_failure_set_fault(error, TC_ENOMEM);
	tc_arena_init(&client->arena);
	tc_terms_memory_init(&client->terms);
	client->trust_senders = options->trust_senders != 0;
	r = tc_address_parse(options->address, error, &client->address);
	if (r == 0)
		r = identity_load(client, options, error);
	if (r == 0) {
		r = tc_senders_init(&client->senders);
		if (r < 0)
			r = tc_failure_set_fault(error, r);
	}
	if (r < 0) {
		tc_client_close(&client);
		return r;
	}
	*ret = client;
	return 0;
}

int tc_client_open_profile(const char *folder, struct tc_client_error *error,
			   struct tc_client **ret)
{
	struct tc_client_error unwanted = {0};
	struct tc_profile *profile = calloc(1, sizeof(*profile));
	struct tc_client_options options = {0};
	int r;

	if (!error)
		error = &unwanted;
	if (!profile)
		return tc_failure_set_fault(error, TC_ENOMEM);
	r = tc_profile_read(folder, error, profile);
	if (r == 0) {
		options.certificate = profile->certificate;
		options.key = profile->key;
		options.ca = profile->ca;
		options.address = profile->address;
		r = tc_client_open(&options, error, ret);
	}
	free(profile);
	return r;
}

void tc_client_close(struct tc_client **client)
{
	struct tc_client *mine = *client;

	*client = NULL;
	if (!mine)
		return;
	tc_client_disconnect(mine);
	tc_inbox_frame_free(&mine->given);
	tc_senders_done(&mine->senders);
	tc_terms_memory_done(&mine->terms);
	tc_arena_done(&mine->arena);
	tc_recipients_done(&mine->recipients);
	tc_bytes_free_secret(&mine->opened);
	tc_bytes_free(&mine->scratch);
	tc_signing_key_free(&mine->key);
	tc_tls_config_unref(&mine->tls);
	free(mine);
}

const struct tc_client_error *tc_client_error(const struct tc_client *client)
{
	return &client->error;
}

const struct tc_client_identity *tc_client_identity(const struct tc_client *client)
{
	return &client->identity;
}

const char *tc_client_address(const struct tc_client *client)
{
	return client->address.text;
}

uint64_t tc_client_rejected(const struct tc_client *client)
{
	return client->rejected;
}
