#include "client/recipients.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "client/dial.h"
#include "client/failure.h"
#include "client/handle.h"
#include "throughcare/v1/policy.pb-c.h"
#include "wire/validate.h"

#define CATEGORIES_MAX 64

static bool is_fresh(int64_t asked_ms)
{
	return asked_ms + TC_RECIPIENTS_KEPT_MS > tc_clock_monotonic_us() / 1000;
}

void tc_recipients_forget(struct tc_recipients *recipients)
{
	for (size_t i = 0; i < TC_RECIPIENTS_KEPT; i++)
		X509_free(recipients->certificates[i].x509);
	*recipients = (struct tc_recipients){0};
}

void tc_recipients_done(struct tc_recipients *recipients)
{
	tc_recipients_forget(recipients);
}

/* The reply lies in the handle's arena. */
static int ask(struct tc_client *client, const Throughcare__V1__Query *query, int64_t deadline,
	       Throughcare__V1__QueryReply **ret)
{
	size_t len = throughcare__v1__query__get_packed_size(query);
	uint8_t *packed = malloc(len + 1);
	const void *reply;
	size_t reply_len;
	int r;

	if (!packed)
		return tc_failure_set_fault(&client->error, TC_ENOMEM);
	throughcare__v1__query__pack(query, packed);
	r = tc_client_query(client, packed, len, tc_deadline_left(deadline), &reply, &reply_len);
	free(packed);
	if (r != 0)
		return r;
	*ret = throughcare__v1__query_reply__unpack(&client->arena.allocator, reply_len, reply);
	return *ret ? 0 : tc_failure_set_fault(&client->error, TC_ENOMEM);
}

/* ---- the policy ---- */

static int categories_read(struct tc_client *client, ProtobufCBinaryData packed, uint64_t *ret)
{
	struct tc_refusal refusal = {0};
	Throughcare__V1__ReleasePolicy *policy;

	if (tc_message_scan(tc_slice(packed.data, packed.len),
			    &throughcare__v1__release_policy__descriptor, &refusal) != 0)
		return tc_failure_set(&client->error, TC_FAILURE_EXCHANGE_PROTOCOL,
				      "the policy of release: %s: %s",
				      tc_refusal_name(refusal.code), refusal.detail);
	policy = throughcare__v1__release_policy__unpack(&client->arena.allocator, packed.len,
							 packed.data);
	if (!policy)
		return tc_failure_set_fault(&client->error, TC_ENOMEM);
	*ret = 0;
	for (size_t i = 0; i < policy->n_categories; i++) {
		const Throughcare__V1__ReleasePolicy__CategoryRule *rule = policy->categories[i];

		if (rule->sealed && (unsigned)rule->category < CATEGORIES_MAX)
			*ret |= UINT64_C(1) << rule->category;
	}
	return 0;
}

int tc_recipients_policy(struct tc_client *client, int64_t deadline, uint64_t *ret_categories)
{
	Throughcare__V1__PolicyShowQuery show = THROUGHCARE__V1__POLICY_SHOW_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	struct tc_recipients *mine = &client->recipients;
	Throughcare__V1__QueryReply *reply;
	int r;

	if (!mine->policy_known || !is_fresh(mine->policy_asked_ms)) {
		query.body_case = THROUGHCARE__V1__QUERY__BODY_POLICY_SHOW;
		query.policy_show = &show;
		r = ask(client, &query, deadline, &reply);
		if (r == 0 && reply->n_policies == 0)
			r = tc_failure_set(&client->error, TC_FAILURE_EXCHANGE_PROTOCOL,
					   "no policy of release");
		if (r == 0)
			r = categories_read(client, reply->policies[0]->policy,
					    &mine->sealed_categories);
		if (r != 0)
			return r;
		mine->policy_asked_ms = tc_clock_monotonic_us() / 1000;
		mine->policy_known = true;
	}
	*ret_categories = mine->sealed_categories;
	return 0;
}

/* ---- agencies ---- */

static void service_keep(struct tc_recipients *mine, const char *service, const tc_agency *agency)
{
	struct tc_recipient_service *slot = &mine->services[mine->next_service];

	mine->next_service = (mine->next_service + 1) % TC_RECIPIENTS_KEPT;
	*slot = (struct tc_recipient_service){.asked_ms = tc_clock_monotonic_us() / 1000,
					      .agency = *agency};
	memcpy(slot->service, service, strlen(service) + 1);
}

/* The agency whose row lists the service, on this page. */
static bool offers(const Throughcare__V1__QueryReply *reply, const char *service, tc_agency *ret)
{
	for (size_t i = 0; i < reply->n_agencies; i++) {
		const Throughcare__V1__AgencyRow *row = reply->agencies[i];

		for (size_t j = 0; j < row->n_services; j++) {
			if (strcmp(row->services[j], service) == 0)
				return tc_agency_parse(tc_slice_text(row->agency), ret);
		}
	}
	return false;
}

/* Page by page: the registry of a county fits into one. */
static int service_find(struct tc_client *client, const char *service, int64_t deadline,
			tc_agency *ret)
{
	Throughcare__V1__AgencyListQuery list = THROUGHCARE__V1__AGENCY_LIST_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	Throughcare__V1__Page page = THROUGHCARE__V1__PAGE__INIT;
	uint8_t cursor[256];
	Throughcare__V1__QueryReply *reply;

	query.body_case = THROUGHCARE__V1__QUERY__BODY_AGENCY_LIST;
	query.agency_list = &list;
	query.page = &page;
	page.has_limit = 1;
	page.limit = TC_PAGE_ROWS_MAX;
	page.cursor.data = cursor;
	for (;;) {
		int r = ask(client, &query, deadline, &reply);

		if (r != 0)
			return r;
		if (offers(reply, service, ret))
			return 0;
		if (reply->next_cursor.len == 0 || reply->next_cursor.len > sizeof(cursor))
			break;
		memcpy(cursor, reply->next_cursor.data, reply->next_cursor.len);
		page.cursor.len = reply->next_cursor.len;
		page.has_cursor = 1;
	}
	tc_failure_set_code(&client->error, TC_REFUSAL_UNKNOWN_SERVICE, tc_slice_text(service));
	return TC_CLIENT_REFUSED;
}

int tc_recipients_agency(struct tc_client *client, const Throughcare__V1__Recipient *recipient,
			 int64_t deadline, tc_agency *ret)
{
	struct tc_recipients *mine = &client->recipients;
	const char *service = recipient->service;
	int r;

	if (recipient->agency && *recipient->agency) {
		if (tc_agency_parse(tc_slice_text(recipient->agency), ret))
			return 0;
		tc_failure_set_code(&client->error, TC_REFUSAL_UNKNOWN_RECIPIENT,
				    tc_slice_text(recipient->agency));
		return TC_CLIENT_REFUSED;
	}
	if (!service || !*service || strlen(service) > TC_NAME_BYTES_MAX) {
		tc_failure_set_code(&client->error, TC_REFUSAL_RECIPIENT_MISSING,
				    tc_slice_text("recipients: neither agency nor service"));
		return TC_CLIENT_REFUSED;
	}
	for (size_t i = 0; i < TC_RECIPIENTS_KEPT; i++) {
		if (strcmp(mine->services[i].service, service) == 0 &&
		    is_fresh(mine->services[i].asked_ms)) {
			*ret = mine->services[i].agency;
			return 0;
		}
	}
	r = service_find(client, service, deadline, ret);
	if (r == 0)
		service_keep(mine, service, ret);
	return r;
}

/* ---- certificates ---- */

static int cannot(struct tc_client *client, const tc_agency *agency, const char *why)
{
	return tc_failure_set(&client->error, TC_FAILURE_CANNOT_SEAL, "%s: %s", agency->name, why);
}

static int certificate_keep(struct tc_client *client, const tc_agency *agency, struct tc_slice der,
			    const struct tc_recipient_certificate **ret)
{
	struct tc_recipients *mine = &client->recipients;
	struct tc_recipient_certificate *slot = &mine->certificates[mine->next_certificate];
	const uint8_t *end = der.data;
	struct tc_peer peer;
	X509 *x509 = d2i_X509(NULL, &end, (long)der.len);
	int r = TC_PEER_NO_IDENTITY;

	ERR_clear_error();
	if (x509 && end == der.data + der.len)
		r = tc_tls_config_vouch(client->tls, x509, &peer);
	if (r < 0)
		r = tc_failure_set_fault(&client->error, r);
	else if (r > 0 || peer.kind != TC_PEER_AGENCY || !tc_agency_equal(&peer.id, agency))
		r = cannot(client, agency, "what the exchange gives is no certificate of it");
	else if (peer.not_after_ms < tc_clock_now_ms(&tc_clock_real))
		r = cannot(client, agency, "its certificate is expired");
	if (r != 0) {
		X509_free(x509);
		return r;
	}
	X509_free(slot->x509);
	*slot = (struct tc_recipient_certificate){
		.agency = *agency, .asked_ms = tc_clock_monotonic_us() / 1000, .x509 = x509};
	memcpy(slot->sha256, peer.certificate_sha256, sizeof(slot->sha256));
	mine->next_certificate = (mine->next_certificate + 1) % TC_RECIPIENTS_KEPT;
	*ret = slot;
	return 0;
}

int tc_recipients_certificate(struct tc_client *client, const tc_agency *agency, int64_t deadline,
			      const struct tc_recipient_certificate **ret)
{
	Throughcare__V1__CertificateQuery certificate = THROUGHCARE__V1__CERTIFICATE_QUERY__INIT;
	Throughcare__V1__Query query = THROUGHCARE__V1__QUERY__INIT;
	struct tc_recipients *mine = &client->recipients;
	Throughcare__V1__QueryReply *reply;
	int r;

	for (size_t i = 0; i < TC_RECIPIENTS_KEPT; i++) {
		*ret = &mine->certificates[i];
		if ((*ret)->x509 && tc_agency_equal(&(*ret)->agency, agency) &&
		    is_fresh((*ret)->asked_ms))
			return 0;
	}
	certificate.agency = (char *)(uintptr_t)agency->name; /* packing does not write */
	query.body_case = THROUGHCARE__V1__QUERY__BODY_CERTIFICATE;
	query.certificate = &certificate;
	r = ask(client, &query, deadline, &reply);
	if (r == TC_CLIENT_REFUSED &&
	    strcmp(client->error.code, tc_refusal_name(TC_REFUSAL_NOT_FOUND)) == 0)
		return cannot(client, agency, "the registry has no certificate of it in force");
	if (r != 0)
		return r;
	return certificate_keep(client, agency,
				tc_slice(reply->certificate_der.data, reply->certificate_der.len),
				ret);
}
