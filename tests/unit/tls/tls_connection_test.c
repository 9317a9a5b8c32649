#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/ssl.h>

#include "tls/tls_config.h"
#include "tls/tls_connection.h"
#include "unit/tls/test_authority.h"

#define ROUNDS_MAX 64 /* of a handshake over a socket pair, which needs few */

struct end {
	struct tc_tls_config *config;
	struct tc_tls_connection *connection;
	int fd;
	int outcome;
};

static struct test_authority authority;
static struct test_authority other;
static char *ca;
static char *exchange_certificate;
static char *exchange_key;

static int setup(void **state)
{
	struct test_request request = {.uri = "spiffe://d/exchange/exchange", .server = 1};
	struct test_identity identity;

	(void)state;
	test_authority_init(&authority);
	test_authority_init(&other);
	ca = test_authority_write_ca(&authority, "ca.pem");
	identity = test_authority_issue(&authority, &request);
	exchange_certificate =
		test_authority_write_certificate(&authority, "exchange.pem", identity.certificate);
	exchange_key = test_authority_write_key(&authority, "exchange.key", identity.key);
	test_identity_done(&identity);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(ca);
	free(exchange_certificate);
	free(exchange_key);
	test_authority_done(&authority);
	test_authority_done(&other);
	return 0;
}

static int config_open(enum tc_tls_role role, const char *certificate, const char *key,
		       const char *crl, struct tc_tls_config **ret)
{
	struct tc_tls_files files = {.certificate = certificate, .key = key, .ca = ca, .crl = crl};
	char detail[TC_TLS_DETAIL_BYTES];
	int r = tc_tls_config_open(role, &files, detail, ret);

	if (r == TC_ECONFIG)
		assert_true(detail[0] != '\0');
	return r;
}

static void pair_open(struct end *server, struct end *client)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	server->fd = fds[0];
	client->fd = fds[1];
	assert_int_equal(
		tc_tls_connection_new(server->config, server->fd, NULL, &server->connection), 0);
	assert_int_equal(
		tc_tls_connection_new(client->config, client->fd, "localhost", &client->connection),
		0);
}

static bool is_waiting(int outcome)
{
	return outcome == TC_TLS_WANT_READ || outcome == TC_TLS_WANT_WRITE;
}

static void pair_handshake(struct end *server, struct end *client)
{
	server->outcome = TC_TLS_WANT_READ;
	client->outcome = TC_TLS_WANT_READ;
	for (int i = 0;
	     i < ROUNDS_MAX && (is_waiting(server->outcome) || is_waiting(client->outcome)); i++) {
		if (is_waiting(client->outcome))
			client->outcome = tc_tls_connection_handshake(client->connection);
		if (is_waiting(server->outcome))
			server->outcome = tc_tls_connection_handshake(server->connection);
	}
}

static void end_close(struct end *end)
{
	tc_tls_connection_free(&end->connection);
	tc_tls_config_unref(&end->config);
	if (end->fd > 0)
		close(end->fd);
	memset(end, 0, sizeof(*end));
}

/* Connects with a certificate of this authority and request; gives what each end saw. */
static void connect_with(struct test_authority *issuer, const struct test_request *request,
			 const char *crl, struct end *server, struct end *client)
{
	struct test_identity identity = test_authority_issue(issuer, request);
	SSL_CTX *context = NULL;

	memset(server, 0, sizeof(*server));
	memset(client, 0, sizeof(*client));
	assert_int_equal(config_open(TC_TLS_SERVER, exchange_certificate, exchange_key, crl,
				     &server->config),
			 0);
	/* Our own client would not start with such a certificate, so a bare one stands in. */
	context = SSL_CTX_new(TLS_client_method());
	assert_int_equal(SSL_CTX_use_certificate(context, identity.certificate), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(context, identity.key), 1);
	{
		int fds[2];
		SSL *ssl = SSL_new(context);
		int done = 0;

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
		server->fd = fds[0];
		assert_int_equal(tc_tls_connection_new(server->config, server->fd, NULL,
						       &server->connection),
				 0);
		SSL_set_fd(ssl, fds[1]);
		server->outcome = TC_TLS_WANT_READ;
		for (int i = 0; i < ROUNDS_MAX && is_waiting(server->outcome); i++) {
			if (!done)
				done = SSL_connect(ssl) == 1;
			server->outcome = tc_tls_connection_handshake(server->connection);
		}
		SSL_free(ssl);
		close(fds[1]);
	}
	SSL_CTX_free(context);
	test_identity_done(&identity);
}

static void refused_with(struct test_authority *issuer, const struct test_request *request,
			 const char *code)
{
	struct end server;
	struct end client;

	connect_with(issuer, request, NULL, &server, &client);
	assert_int_equal(server.outcome, TC_TLS_FAILED);
	assert_string_equal(tc_tls_reason_code(tc_tls_connection_reason(server.connection)), code);
	end_close(&server);
	end_close(&client);
}

static void client_open(struct end *client, const char *uri)
{
	struct test_request request = {.uri = uri};
	struct test_identity identity = test_authority_issue(&authority, &request);
	char *certificate =
		test_authority_write_certificate(&authority, "client.pem", identity.certificate);
	char *key = test_authority_write_key(&authority, "client.key", identity.key);

	memset(client, 0, sizeof(*client));
	assert_int_equal(config_open(TC_TLS_CLIENT, certificate, key, NULL, &client->config), 0);
	free(certificate);
	free(key);
	test_identity_done(&identity);
}

static void both_ends_know_each_other_and_talk(void **state)
{
	static const char text[] = "hello";
	struct end server = {0};
	struct end client;
	char got[16];
	size_t n = 0;
	int r;

	(void)state;
	client_open(&client, "spiffe://d/agency/parole-north/folder");
	assert_int_equal(config_open(TC_TLS_SERVER, exchange_certificate, exchange_key, NULL,
				     &server.config),
			 0);
	pair_open(&server, &client);
	pair_handshake(&server, &client);
	assert_int_equal(server.outcome, 0);
	assert_int_equal(client.outcome, 0);
	assert_string_equal(tc_tls_connection_peer(server.connection)->id.name, "parole-north");
	assert_string_equal(tc_tls_connection_peer(server.connection)->adapter.name, "folder");
	assert_int_equal(tc_tls_connection_peer(client.connection)->kind, TC_PEER_EXCHANGE);
	assert_int_equal(tc_tls_connection_write(client.connection, text, sizeof(text), &n), 0);
	assert_int_equal(n, sizeof(text));
	assert_int_equal(tc_tls_connection_read(server.connection, got, sizeof(got), &n), 0);
	assert_string_equal(got, text);
	r = tc_tls_connection_read(server.connection, got, sizeof(got), &n);
	assert_int_equal(r, TC_TLS_WANT_READ);
	tc_tls_connection_shutdown(client.connection);
	r = tc_tls_connection_read(server.connection, got, sizeof(got), &n);
	assert_int_equal(r, TC_TLS_CLOSED);
	end_close(&client);
	end_close(&server);
}

static void a_peer_that_vanishes_is_closed_and_raises_no_signal(void **state)
{
	struct end server = {0};
	struct end client;
	char got[16];
	size_t n;
	int r = 0;

	(void)state;
	client_open(&client, "spiffe://d/agency/a");
	assert_int_equal(config_open(TC_TLS_SERVER, exchange_certificate, exchange_key, NULL,
				     &server.config),
			 0);
	pair_open(&server, &client);
	pair_handshake(&server, &client);
	close(client.fd);
	client.fd = -1;
	for (int i = 0; i < ROUNDS_MAX && r == 0; i++)
		r = tc_tls_connection_write(server.connection, "x", 1, &n);
	assert_int_equal(r, TC_TLS_CLOSED);
	assert_int_equal(tc_tls_connection_read(server.connection, got, sizeof(got), &n),
			 TC_TLS_CLOSED);
	tc_tls_connection_shutdown(server.connection);
	end_close(&client);
	end_close(&server);
}

/* The server's end of a pair whose other end is fds[1]. */
static void server_open(struct end *server, int fds[2])
{
	assert_int_equal(config_open(TC_TLS_SERVER, exchange_certificate, exchange_key, NULL,
				     &server->config),
			 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	server->fd = fds[0];
	assert_int_equal(tc_tls_connection_new(server->config, fds[0], NULL, &server->connection),
			 0);
}

/* A client without a certificate that speaks nothing newer than `version`. */
static void bare_client_connect(struct end *server, int version)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *ssl;
	int fds[2];

	assert_int_equal(SSL_CTX_set_max_proto_version(context, version), 1);
	ssl = SSL_new(context);
	server_open(server, fds);
	SSL_set_fd(ssl, fds[1]);
	server->outcome = TC_TLS_WANT_READ;
	for (int i = 0; i < ROUNDS_MAX && is_waiting(server->outcome); i++) {
		(void)SSL_connect(ssl);
		server->outcome = tc_tls_connection_handshake(server->connection);
	}
	SSL_free(ssl);
	SSL_CTX_free(context);
	close(fds[1]);
}

static void nobody_connects_without_a_certificate(void **state)
{
	struct end server = {0};

	(void)state;
	bare_client_connect(&server, TLS1_3_VERSION);
	assert_int_equal(server.outcome, TC_TLS_FAILED);
	assert_string_equal(tc_tls_reason_code(tc_tls_connection_reason(server.connection)),
			    "certificate_missing");
	end_close(&server);
}

static void noise_is_refused(void **state)
{
	static const char noise[] = "GET / HTTP/1.1\r\nHost: exchange\r\n\r\n";
	struct end server = {0};
	int fds[2];

	(void)state;
	server_open(&server, fds);
	assert_int_equal(write(fds[1], noise, sizeof(noise)), sizeof(noise));
	assert_int_equal(tc_tls_connection_handshake(server.connection), TC_TLS_FAILED);
	assert_string_equal(tc_tls_reason_code(tc_tls_connection_reason(server.connection)),
			    "tls_failed");
	assert_int_equal(tc_tls_connection_handshake(server.connection), TC_TLS_FAILED);
	close(fds[1]);
	end_close(&server);
}

static void tls_1_2_is_refused(void **state)
{
	struct end server = {0};

	(void)state;
	bare_client_connect(&server, TLS1_2_VERSION);
	assert_int_equal(server.outcome, TC_TLS_FAILED);
	assert_string_equal(tc_tls_reason_code(tc_tls_connection_reason(server.connection)),
			    "tls_failed");
	end_close(&server);
}

static void each_bad_certificate_has_its_own_code(void **state)
{
	struct test_request good = {.uri = "spiffe://d/agency/a"};
	struct test_request expired = {
		.uri = "spiffe://d/agency/a", .from_s = -7200, .until_s = -60};
	struct test_request early = {.uri = "spiffe://d/agency/a", .from_s = 3600, .until_s = 7200};
	struct test_request foreign = {.uri = "spiffe://elsewhere/agency/a"};
	struct test_request nameless = {.uri = NULL};
	struct test_request usurper = {.uri = "spiffe://d/exchange/exchange"};
	struct test_request purpose = {.uri = "spiffe://d/agency/a", .server = 1};

	(void)state;
	refused_with(&other, &good, "certificate_untrusted");
	refused_with(&authority, &expired, "certificate_expired");
	refused_with(&authority, &early, "certificate_expired");
	refused_with(&authority, &foreign, "wrong_trust_domain");
	refused_with(&authority, &nameless, "certificate_identity");
	refused_with(&authority, &usurper, "certificate_identity");
	refused_with(&authority, &purpose, "certificate_untrusted");
}

static void a_revoked_certificate_is_refused_and_an_unlisted_one_not(void **state)
{
	struct test_request request = {.uri = "spiffe://d/agency/a"};
	struct test_identity revoked = test_authority_issue(&authority, &request);
	char *crl = test_authority_write_crl(&authority, "crl.pem", &revoked.certificate, 1, 3600);
	struct tc_tls_config *config = NULL;
	struct end server;
	struct end client;
	struct tc_peer peer;
	char *certificate;
	char *key;
	int r;

	(void)state;
	connect_with(&authority, &request, crl, &server, &client);
	assert_int_equal(server.outcome, 0);
	assert_int_equal(tc_peer_read(revoked.certificate, &peer), 0);
	assert_true(tc_tls_config_revokes(server.config, peer.serial));
	assert_false(tc_tls_config_revokes(server.config, "7f"));
	assert_int_equal(tc_tls_config_revoked_count(server.config), 1);
	assert_string_equal(tc_tls_config_revoked_serial(server.config, 0), peer.serial);
	assert_true(tc_tls_config_crl_next_update_ms(server.config) > 0);
	end_close(&server);

	/* The revoked one itself, through a client that does not know the list. */
	certificate = test_authority_write_certificate(&authority, "r.pem", revoked.certificate);
	key = test_authority_write_key(&authority, "r.key", revoked.key);
	assert_int_equal(config_open(TC_TLS_CLIENT, certificate, key, NULL, &client.config), 0);
	assert_int_equal(
		config_open(TC_TLS_SERVER, exchange_certificate, exchange_key, crl, &server.config),
		0);
	pair_open(&server, &client);
	pair_handshake(&server, &client);
	assert_int_equal(server.outcome, TC_TLS_FAILED);
	assert_int_equal(tc_tls_connection_reason(server.connection), TC_TLS_REASON_REVOKED);
	/* TLS 1.3: the client hears of it at its first read. */
	assert_int_equal(client.outcome, 0);
	{
		char got[8];
		size_t n;

		r = tc_tls_connection_read(client.connection, got, sizeof(got), &n);
	}
	assert_int_equal(r, TC_TLS_FAILED);
	assert_true(tc_tls_connection_refused_by_peer(client.connection));
	assert_string_equal(tc_tls_reason_code(tc_tls_connection_reason(client.connection)),
			    "certificate_revoked");
	end_close(&client);
	end_close(&server);
	/* And a configuration that knows that its own certificate is revoked does not open. */
	assert_int_equal(config_open(TC_TLS_CLIENT, certificate, key, crl, &config), TC_ECONFIG);
	free(certificate);
	free(key);
	free(crl);
	test_identity_done(&revoked);
}

static void a_client_refuses_what_is_not_the_exchange(void **state)
{
	struct test_request request = {.uri = "spiffe://d/agency/a", .server = 1};
	struct test_identity impostor = test_authority_issue(&authority, &request);
	char *certificate =
		test_authority_write_certificate(&authority, "i.pem", impostor.certificate);
	char *key = test_authority_write_key(&authority, "i.key", impostor.key);
	struct end server = {0};
	struct end client;

	(void)state;
	client_open(&client, "spiffe://d/agency/b");
	assert_int_equal(config_open(TC_TLS_SERVER, certificate, key, NULL, &server.config), 0);
	pair_open(&server, &client);
	pair_handshake(&server, &client);
	assert_int_equal(client.outcome, TC_TLS_FAILED);
	assert_int_equal(tc_tls_connection_reason(client.connection), TC_TLS_REASON_IDENTITY);
	assert_false(tc_tls_connection_refused_by_peer(client.connection));
	end_close(&client);
	end_close(&server);
	free(certificate);
	free(key);
	test_identity_done(&impostor);
}

static void a_configuration_that_cannot_work_does_not_open(void **state)
{
	struct test_request request = {.uri = "spiffe://d/agency/a"};
	struct test_identity mine = test_authority_issue(&authority, &request);
	struct test_identity foreign = test_authority_issue(&other, &request);
	char *certificate = test_authority_write_certificate(&authority, "m.pem", mine.certificate);
	char *key = test_authority_write_key(&authority, "m.key", mine.key);
	char *stranger = test_authority_write_certificate(&authority, "f.pem", foreign.certificate);
	char *stranger_key = test_authority_write_key(&authority, "f.key", foreign.key);
	char *old_crl = test_authority_write_crl(&authority, "old.pem", NULL, 0, -60);
	struct tc_tls_config *config = NULL;

	(void)state;
	assert_int_equal(config_open(TC_TLS_CLIENT, "/nowhere", key, NULL, &config), TC_ECONFIG);
	assert_int_equal(config_open(TC_TLS_CLIENT, certificate, "/nowhere", NULL, &config),
			 TC_ECONFIG);
	assert_int_equal(config_open(TC_TLS_CLIENT, certificate, stranger_key, NULL, &config),
			 TC_ECONFIG);
	assert_int_equal(config_open(TC_TLS_CLIENT, stranger, stranger_key, NULL, &config),
			 TC_ECONFIG);
	assert_int_equal(config_open(TC_TLS_CLIENT, certificate, key, old_crl, &config),
			 TC_ECONFIG);
	assert_int_equal(config_open(TC_TLS_CLIENT, certificate, key, key, &config), TC_ECONFIG);
	assert_null(config);
	assert_int_equal(config_open(TC_TLS_CLIENT, certificate, key, NULL, &config), 0);
	assert_string_equal(tc_tls_config_self(config)->id.name, "a");
	assert_true(tc_tls_config_certificate(config).len > 0);
	tc_tls_config_unref(&config);
	free(certificate);
	free(key);
	free(stranger);
	free(stranger_key);
	free(old_crl);
	test_identity_done(&mine);
	test_identity_done(&foreign);
}

static void old_certificates_are_vouched_for_and_foreign_ones_not(void **state)
{
	struct test_request expired = {
		.uri = "spiffe://d/agency/a", .from_s = -7200, .until_s = -60};
	struct test_request elsewhere = {.uri = "spiffe://x/agency/a"};
	struct test_identity old = test_authority_issue(&authority, &expired);
	struct test_identity foreign = test_authority_issue(&other, &expired);
	struct test_identity domain = test_authority_issue(&authority, &elsewhere);
	struct end client;
	struct tc_peer peer;

	(void)state;
	client_open(&client, "spiffe://d/agency/b");
	assert_int_equal(tc_tls_config_vouch(client.config, old.certificate, &peer), 0);
	assert_string_equal(peer.id.name, "a");
	assert_int_equal(tc_tls_config_vouch(client.config, foreign.certificate, &peer),
			 TC_PEER_NO_IDENTITY);
	assert_int_equal(tc_tls_config_vouch(client.config, domain.certificate, &peer),
			 TC_PEER_NO_IDENTITY);
	end_close(&client);
	test_identity_done(&old);
	test_identity_done(&foreign);
	test_identity_done(&domain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ends_know_each_other_and_talk),
		cmocka_unit_test(a_peer_that_vanishes_is_closed_and_raises_no_signal),
		cmocka_unit_test(nobody_connects_without_a_certificate),
		cmocka_unit_test(noise_is_refused),
		cmocka_unit_test(tls_1_2_is_refused),
		cmocka_unit_test(each_bad_certificate_has_its_own_code),
		cmocka_unit_test(a_revoked_certificate_is_refused_and_an_unlisted_one_not),
		cmocka_unit_test(a_client_refuses_what_is_not_the_exchange),
		cmocka_unit_test(a_configuration_that_cannot_work_does_not_open),
		cmocka_unit_test(old_certificates_are_vouched_for_and_foreign_ones_not),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
