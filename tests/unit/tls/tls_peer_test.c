#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tls/tls_peer.h"
#include "unit/tls/test_authority.h"

static bool parse(const char *uri, struct tc_peer *peer)
{
	memset(peer, 0, sizeof(*peer));
	return tc_peer_parse(tc_slice_text(uri), peer);
}

static void identity_is_read_from_the_uri(void **state)
{
	struct tc_peer peer;

	(void)state;
	assert_true(parse("spiffe://pilot.example/agency/parole-north", &peer));
	assert_int_equal(peer.kind, TC_PEER_AGENCY);
	assert_string_equal(peer.id.name, "parole-north");
	assert_string_equal(peer.adapter.name, "");
	assert_string_equal(peer.trust_domain, "pilot.example");
	assert_true(parse("spiffe://pilot.example/agency/parole-north/postgres", &peer));
	assert_string_equal(peer.adapter.name, "postgres");
	assert_true(parse("spiffe://d/auditor/inspector-1", &peer));
	assert_int_equal(peer.kind, TC_PEER_AUDITOR);
	assert_true(parse("spiffe://d/operator/op", &peer));
	assert_int_equal(peer.kind, TC_PEER_OPERATOR);
	assert_true(parse("spiffe://d/exchange/exchange", &peer));
	assert_int_equal(peer.kind, TC_PEER_EXCHANGE);
}

static void anything_else_is_no_identity(void **state)
{
	static const char *const wrong[] = {
		"",
		"spiffe://",
		"spiffe:///agency/a",
		"spiffe://d",
		"spiffe://d/",
		"spiffe://d/agency",
		"spiffe://d/agency/",
		"spiffe://d/agency/a/",
		"spiffe://d/agency//b",
		"spiffe://d/agency/a/b/c",
		"spiffe://d/agency/A",
		"spiffe://d/agency/-a",
		"spiffe://d/Agency/a",
		"spiffe://d/robot/a",
		"spiffe://D/agency/a",
		"spiffe://d:1/agency/a",
		"spiffe://u@d/agency/a",
		"SPIFFE://d/agency/a",
		"https://d/agency/a",
		"spiffe://d/agency/a%20b",
		"spiffe://d/agency/"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};
	struct tc_peer peer;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (parse(wrong[i], &peer))
			fail_msg("taken: %s", wrong[i]);
	}
}

static void kinds_have_names(void **state)
{
	enum tc_peer_kind found;

	(void)state;
	for (enum tc_peer_kind kind = TC_PEER_AGENCY; kind <= TC_PEER_EXCHANGE; kind++) {
		assert_true(tc_peer_kind_find(tc_slice_text(tc_peer_kind_name(kind)), &found));
		assert_int_equal(found, kind);
	}
	assert_false(tc_peer_kind_find(tc_slice_text("robot"), &found));
	assert_string_equal(tc_peer_kind_name((enum tc_peer_kind)9), "unknown");
}

static void a_certificate_gives_its_identity_dates_and_serial(void **state)
{
	struct test_authority authority;
	struct test_request request = {.uri = "spiffe://d/agency/a"};
	struct test_identity identity;
	struct tc_peer peer;

	(void)state;
	test_authority_init(&authority);
	identity = test_authority_issue(&authority, &request);
	assert_int_equal(tc_peer_read(identity.certificate, &peer), 0);
	assert_string_equal(peer.id.name, "a");
	assert_true(peer.not_before_ms < peer.not_after_ms);
	assert_true(strlen(peer.serial) >= 2 && strlen(peer.serial) % 2 == 0);
	test_identity_done(&identity);
	test_authority_done(&authority);
}

static void a_certificate_with_no_or_two_uris_has_no_identity(void **state)
{
	struct test_authority authority;
	struct test_request none = {.uri = NULL};
	struct test_request two = {.uri = "spiffe://d/agency/a",
				   .second_uri = "spiffe://d/agency/b"};
	struct test_identity identity;
	struct tc_peer peer;

	(void)state;
	test_authority_init(&authority);
	identity = test_authority_issue(&authority, &none);
	assert_int_equal(tc_peer_read(identity.certificate, &peer), TC_PEER_NO_IDENTITY);
	test_identity_done(&identity);
	identity = test_authority_issue(&authority, &two);
	assert_int_equal(tc_peer_read(identity.certificate, &peer), TC_PEER_NO_IDENTITY);
	test_identity_done(&identity);
	test_authority_done(&authority);
}

static void a_certificate_is_read_from_its_der_and_nothing_else_is(void **state)
{
	struct test_request request = {.uri = "spiffe://d/agency/parole-north"};
	struct test_authority authority;
	struct test_identity identity;
	struct tc_peer read, decoded;
	struct tc_bytes der = {0};
	uint8_t *made = NULL;
	int len;

	(void)state;
	test_authority_init(&authority);
	identity = test_authority_issue(&authority, &request);
	len = i2d_X509(identity.certificate, &made);
	assert_true(len > 0);
	assert_int_equal(tc_bytes_append(&der, made, (size_t)len), 0);
	OPENSSL_free(made);
	assert_int_equal(tc_peer_read(identity.certificate, &read), 0);
	assert_int_equal(tc_peer_decode(tc_bytes_slice(&der), &decoded), 0);
	assert_memory_equal(&read, &decoded, sizeof(read));
	for (size_t cut = 0; cut < der.len; cut += 17)
		assert_int_equal(tc_peer_decode(tc_slice(der.data, cut), &decoded),
				 TC_PEER_NO_IDENTITY);
	assert_int_equal(tc_bytes_append(&der, "", 1), 0);
	assert_int_equal(tc_peer_decode(tc_bytes_slice(&der), &decoded), TC_PEER_NO_IDENTITY);
	tc_bytes_free(&der);
	test_identity_done(&identity);
	test_authority_done(&authority);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(identity_is_read_from_the_uri),
		cmocka_unit_test(anything_else_is_no_identity),
		cmocka_unit_test(kinds_have_names),
		cmocka_unit_test(a_certificate_gives_its_identity_dates_and_serial),
		cmocka_unit_test(a_certificate_with_no_or_two_uris_has_no_identity),
		cmocka_unit_test(a_certificate_is_read_from_its_der_and_nothing_else_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
