#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "cli/issuance.h"
#include "cli/network.h"
#include "client/seal.h"
#include "tls/tls_peer.h"

static char folder[64];
static struct tc_problem problem;

static int folder_make(void **state)
{
	char address[300];

	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/test_cli_network.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	return tc_network_create(folder, "county.example", "127.0.0.1:0", address, &problem);
}

static int folder_remove(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -r -- %s", folder);
	FILE *pipe = popen(command, "r");
	return pipe ? pclose(pipe) : -1;
}

static const char *in_folder(const char *name)
{
	static char path[TC_FILE_PATH_BYTES];
	assert_true(tc_file_path(path, folder, "%s", name));
	return path;
}

static X509 *certificate_read(const char *name)
{
	FILE *from = fopen(in_folder(name), "r");
	assert_non_null(from);
	X509 *certificate = PEM_read_X509(from, NULL, NULL, NULL);
	fclose(from);
	assert_non_null(certificate);
	return certificate;
}

/* What OpenSSL says about a certificate of the network: X509_V_OK or why not. */
static int verify(const char *name, int purpose)
{
	FILE *from = fopen(in_folder("ca/crl.pem"), "r");
	assert_non_null(from);
	X509_CRL *list = PEM_read_X509_CRL(from, NULL, NULL, NULL);
	fclose(from);
	X509 *authority = certificate_read("ca/ca.pem"), *certificate = certificate_read(name);
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *context = X509_STORE_CTX_new();

	assert_int_equal(X509_STORE_add_cert(store, authority), 1);
	assert_int_equal(X509_STORE_add_crl(store, list), 1);
	X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_X509_STRICT);
	X509_STORE_set_purpose(store, purpose);
	assert_int_equal(X509_STORE_CTX_init(context, store, certificate, NULL), 1);
	X509_verify_cert(context);
	int result = X509_STORE_CTX_get_error(context);
	X509_STORE_CTX_free(context);
	X509_STORE_free(store);
	X509_CRL_free(list);
	X509_free(authority);
	X509_free(certificate);
	return result;
}

static struct tc_network_member member(const char *text)
{
	struct tc_network_member parsed;
	assert_int_equal(tc_network_member_parse(text, &parsed, &problem), 0);
	return parsed;
}

static void add(const char *text)
{
	struct tc_network_member parsed = member(text);
	assert_int_equal(tc_network_profile_create(folder, &parsed, &problem), 0);
}

static void a_new_network_has_an_exchange_and_an_operator_that_verify(void **state)
{
	(void)state;
	assert_int_equal(verify("exchange/certificate.pem", X509_PURPOSE_SSL_SERVER), X509_V_OK);
	assert_int_equal(verify("profiles/operator/certificate.pem", X509_PURPOSE_SSL_CLIENT),
			 X509_V_OK);
	assert_int_not_equal(verify("profiles/operator/certificate.pem", X509_PURPOSE_SSL_SERVER),
			     X509_V_OK);
	X509 *exchange = certificate_read("exchange/certificate.pem");
	assert_int_equal(X509_check_host(exchange, "localhost", 0, 0, NULL), 1);
	assert_int_equal(X509_check_ip_asc(exchange, "127.0.0.1", 0), 1);
	X509_free(exchange);
}

static void a_member_is_who_its_profile_says(void **state)
{
	struct tc_peer peer;

	(void)state;
	add("agency/parole-north");
	add("agency/parole-north/gateway-2");
	assert_int_equal(verify("profiles/parole-north/certificate.pem", X509_PURPOSE_SSL_CLIENT),
			 X509_V_OK);
	X509 *certificate = certificate_read("profiles/parole-north.gateway-2/certificate.pem");
	assert_int_equal(tc_peer_read(certificate, &peer), 0);
	X509_free(certificate);
	assert_int_equal(peer.kind, TC_PEER_AGENCY);
	assert_string_equal(peer.id.name, "parole-north");
	assert_string_equal(peer.adapter.name, "gateway-2");
	assert_string_equal(peer.trust_domain, "county.example");
	assert_true(tc_file_exists(in_folder("profiles/parole-north/address")));
}

static void keys_are_readable_by_their_owner_only(void **state)
{
	static const char *const keys[] = {"ca/ca.key", "exchange/key.pem",
					   "profiles/operator/key.pem"};
	struct stat status;

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		assert_int_equal(stat(in_folder(keys[i]), &status), 0);
		assert_int_equal(status.st_mode & 0777, 0600);
	}
	assert_int_equal(stat(in_folder("profiles/operator"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
}

static void a_revoked_member_no_longer_verifies_and_others_do(void **state)
{
	struct tc_network_member out = member("agency/clinic-north");
	int count = 0;
	bool told = true;

	(void)state;
	add("agency/clinic-north");
	add("agency/clinic-north/backup");
	add("agency/clinic-northern");
	assert_int_equal(tc_network_revoke(folder, &out, &count, &told, &problem), 0);
	assert_int_equal(count, 2);
	assert_false(told);
	assert_int_equal(verify("profiles/clinic-north/certificate.pem", X509_PURPOSE_SSL_CLIENT),
			 X509_V_ERR_CERT_REVOKED);
	assert_int_equal(
		verify("profiles/clinic-north.backup/certificate.pem", X509_PURPOSE_SSL_CLIENT),
		X509_V_ERR_CERT_REVOKED);
	assert_int_equal(
		verify("profiles/clinic-northern/certificate.pem", X509_PURPOSE_SSL_CLIENT),
		X509_V_OK);
	assert_int_equal(tc_network_revoke(folder, &out, &count, &told, &problem), TC_EINVAL);
	assert_string_equal(problem.code, "member_unknown");
}

static void a_renewed_member_has_another_certificate_that_can_be_sealed_to(void **state)
{
	struct tc_network_member renewed = member("agency/clinic-renewed");
	struct tc_bytes before = {0}, after = {0};
	X509 *certificate;

	(void)state;
	assert_int_equal(tc_network_profile_renew(folder, &renewed, &problem), TC_EINVAL);
	assert_string_equal(problem.code, "profile_missing");
	add("agency/clinic-renewed");
	assert_int_equal(tc_file_read(in_folder("profiles/clinic-renewed/certificate.pem"), 65536,
				      &before, &problem),
			 0);
	assert_int_equal(tc_network_profile_renew(folder, &renewed, &problem), 0);
	assert_int_equal(tc_file_read(in_folder("profiles/clinic-renewed/certificate.pem"), 65536,
				      &after, &problem),
			 0);
	assert_false(tc_slice_equal(tc_bytes_slice(&before), tc_bytes_slice(&after)));
	assert_int_equal(verify("profiles/clinic-renewed/certificate.pem", X509_PURPOSE_SSL_CLIENT),
			 X509_V_OK);
	certificate = tc_issuance_parse(tc_bytes_slice(&after));
	assert_int_equal(tc_seal_check(certificate), 0);
	X509_free(certificate);
	tc_bytes_free(&before);
	tc_bytes_free(&after);
}

static void what_is_there_already_is_left_alone(void **state)
{
	struct tc_network_member operator_again = member("operator/operator");
	char address[300];

	(void)state;
	assert_int_equal(
		tc_network_create(folder, "county.example", "127.0.0.1:0", address, &problem),
		TC_EINVAL);
	assert_string_equal(problem.code, "network_exists");
	assert_int_equal(tc_network_profile_create(folder, &operator_again, &problem), TC_EINVAL);
	assert_string_equal(problem.code, "profile_exists");
}

static void names_that_could_leave_the_folder_are_refused(void **state)
{
	static const char *const wrong[] = {"agency",          "agency/",
					    "agency/../x",     "agency/A",
					    "agency/a/b/c",    "exchange/exchange",
					    "agency/exchange", "robot/x",
					    "agency/a b",      ""};
	struct tc_network_member parsed;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(tc_network_member_parse(wrong[i], &parsed, &problem), TC_EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_network_has_an_exchange_and_an_operator_that_verify),
		cmocka_unit_test(a_member_is_who_its_profile_says),
		cmocka_unit_test(keys_are_readable_by_their_owner_only),
		cmocka_unit_test(a_revoked_member_no_longer_verifies_and_others_do),
		cmocka_unit_test(a_renewed_member_has_another_certificate_that_can_be_sealed_to),
		cmocka_unit_test(what_is_there_already_is_left_alone),
		cmocka_unit_test(names_that_could_leave_the_folder_are_refused),
	};
	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
