#include "tls/tls_connection.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "tls/tls_context.h"
#include "tls/tls_socket.h"

struct tc_tls_connection {
	struct tc_tls_config *config;
	SSL *ssl;
	bool done;     /* the handshake */
	bool shutdown; /* said goodbye */
	struct tc_peer peer;
	bool refused_by_peer;
	bool cut;
	enum tc_tls_reason reason;
	char reason_text[TC_TLS_DETAIL_BYTES];
};

static const char *const reason_codes[] = {
	[TC_TLS_REASON_NONE] = "",
	[TC_TLS_REASON_TLS] = "tls_failed",
	[TC_TLS_REASON_MISSING] = "certificate_missing",
	[TC_TLS_REASON_UNTRUSTED] = "certificate_untrusted",
	[TC_TLS_REASON_EXPIRED] = "certificate_expired",
	[TC_TLS_REASON_REVOKED] = "certificate_revoked",
	[TC_TLS_REASON_IDENTITY] = "certificate_identity",
	[TC_TLS_REASON_TRUST_DOMAIN] = "wrong_trust_domain",
	[TC_TLS_REASON_PEER_REFUSED] = "tls_failed",
};

const char *tc_tls_reason_code(enum tc_tls_reason reason)
{
	TC_CHECK(reason >= TC_TLS_REASON_NONE && reason <= TC_TLS_REASON_PEER_REFUSED);
	return reason_codes[reason];
}

static bool is_numeric(const char *host)
{
	struct in6_addr address;

	return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
}

int tc_tls_connection_new(struct tc_tls_config *config, int fd, const char *host,
			  struct tc_tls_connection **ret)
{
	struct tc_tls_connection *connection = calloc(1, sizeof(*connection));
	BIO *socket = NULL;

	if (!connection)
		return TC_ENOMEM;
	connection->config = tc_tls_config_ref(config);
	connection->ssl = SSL_new(tc_tls_config_context(config));
	if (!connection->ssl || tc_tls_socket_new(fd, &socket) < 0)
		goto fail;
	SSL_set_bio(connection->ssl, socket, socket);
	if (tc_tls_config_role(config) == TC_TLS_SERVER) {
		SSL_set_accept_state(connection->ssl);
	} else {
		SSL_set_connect_state(connection->ssl);
		if (host && !is_numeric(host) &&
		    SSL_set_tlsext_host_name(connection->ssl, host) != 1)
			goto fail;
	}
	*ret = connection;
	return 0;
fail:
	ERR_clear_error();
	tc_tls_connection_free(&connection);
	return TC_ENOMEM;
}

void tc_tls_connection_free(struct tc_tls_connection **connection)
{
	if (!*connection)
		return;
	SSL_free((*connection)->ssl);
	tc_tls_config_unref(&(*connection)->config);
	free(*connection);
	*connection = NULL;
}

static int failed(struct tc_tls_connection *connection, enum tc_tls_reason reason, const char *text)
{
	connection->reason = reason;
	snprintf(connection->reason_text, sizeof(connection->reason_text), "%s", text);
	ERR_clear_error();
	return TC_TLS_FAILED;
}

static enum tc_tls_reason verify_reason(long error)
{
	switch (error) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return TC_TLS_REASON_EXPIRED;
	case X509_V_ERR_CERT_REVOKED:
		return TC_TLS_REASON_REVOKED;
	default:
		return TC_TLS_REASON_UNTRUSTED;
	}
}

/* Alerts by which the other end says what it thinks of our certificate (RFC 8446 section 6.2). */
static enum tc_tls_reason alert_reason(int reason)
{
	switch (reason) {
	case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
		return TC_TLS_REASON_EXPIRED;
	case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
		return TC_TLS_REASON_REVOKED;
	case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
		return TC_TLS_REASON_UNTRUSTED;
	case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
		return TC_TLS_REASON_MISSING;
	case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
	case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
	case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
		return TC_TLS_REASON_PEER_REFUSED;
	default:
		return TC_TLS_REASON_NONE;
	}
}

static int broken(struct tc_tls_connection *connection)
{
	unsigned long code = ERR_peek_last_error();
	const char *text = code ? ERR_reason_error_string(code) : NULL;
	int reason = ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0;
	long verify = SSL_get_verify_result(connection->ssl);

	connection->refused_by_peer = alert_reason(reason) != TC_TLS_REASON_NONE;
	if (connection->refused_by_peer)
		return failed(connection, alert_reason(reason), text);
	if (!connection->done && verify != X509_V_OK)
		return failed(connection, verify_reason(verify),
			      X509_verify_cert_error_string(verify));
	if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE)
		return failed(connection, TC_TLS_REASON_MISSING, text);
	/* How OpenSSL 3 tells of a peer that closed without saying so. */
	if (reason == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
		connection->cut = true;
		if (connection->done) {
			ERR_clear_error();
			return TC_TLS_CLOSED;
		}
	}
	return failed(connection, TC_TLS_REASON_TLS, text ? text : "the connection broke");
}

/* `n` is what the SSL_ call returned, errno still its own. */
static int outcome(struct tc_tls_connection *connection, int n)
{
	int cause = errno;

	switch (SSL_get_error(connection->ssl, n)) {
	case SSL_ERROR_WANT_READ:
		return TC_TLS_WANT_READ;
	case SSL_ERROR_WANT_WRITE:
		return TC_TLS_WANT_WRITE;
	case SSL_ERROR_ZERO_RETURN:
		ERR_clear_error();
		return TC_TLS_CLOSED;
	case SSL_ERROR_SYSCALL:
		ERR_clear_error();
		connection->cut = true;
		if (connection->done)
			return TC_TLS_CLOSED;
		return failed(connection, TC_TLS_REASON_TLS,
			      cause ? strerror(cause) : "the peer closed the connection");
	default:
		return broken(connection);
	}
}

/* The chain is good; whether it is somebody who may be at the other end. */
static int peer_check(struct tc_tls_connection *connection)
{
	const struct tc_peer *self = tc_tls_config_self(connection->config);
	bool server = tc_tls_config_role(connection->config) == TC_TLS_SERVER;
	X509 *certificate = SSL_get0_peer_certificate(connection->ssl);
	int r;

	if (!certificate)
		return failed(connection, TC_TLS_REASON_MISSING, "the peer has no certificate");
	r = tc_peer_read(certificate, &connection->peer);
	if (r < 0)
		return r;
	if (r != 0)
		return failed(connection, TC_TLS_REASON_IDENTITY,
			      "the certificate has no SAN URI of this network");
	if (strcmp(connection->peer.trust_domain, self->trust_domain) != 0)
		return failed(connection, TC_TLS_REASON_TRUST_DOMAIN,
			      "the certificate's trust domain is another");
	if (server == (connection->peer.kind == TC_PEER_EXCHANGE))
		return failed(connection, TC_TLS_REASON_IDENTITY,
			      server ? "an exchange may not connect as a client"
				     : "the other end is not an exchange");
	return 0;
}

int tc_tls_connection_handshake(struct tc_tls_connection *connection)
{
	int n;
	int r;

	if (connection->reason != TC_TLS_REASON_NONE)
		return TC_TLS_FAILED;
	if (connection->done)
		return 0;
	ERR_clear_error();
	errno = 0;
	n = SSL_do_handshake(connection->ssl);
	if (n != 1)
		return outcome(connection, n);
	r = peer_check(connection);
	if (r != 0)
		return r;
	connection->done = true;
	return 0;
}

static int int_len(size_t len)
{
	return len > INT_MAX ? INT_MAX : (int)len;
}

int tc_tls_connection_read(struct tc_tls_connection *connection, void *to, size_t len,
			   size_t *ret_len)
{
	int n;

	TC_CHECK(connection->done && len > 0);
	ERR_clear_error();
	errno = 0;
	n = SSL_read(connection->ssl, to, int_len(len));
	if (n <= 0)
		return outcome(connection, n);
	*ret_len = (size_t)n;
	return 0;
}

int tc_tls_connection_write(struct tc_tls_connection *connection, const void *from, size_t len,
			    size_t *ret_len)
{
	int n;

	TC_CHECK(connection->done);
	if (len == 0) {
		*ret_len = 0;
		return 0;
	}
	ERR_clear_error();
	errno = 0;
	n = SSL_write(connection->ssl, from, int_len(len));
	if (n <= 0)
		return outcome(connection, n);
	*ret_len = (size_t)n;
	return 0;
}

void tc_tls_connection_shutdown(struct tc_tls_connection *connection)
{
	if (!connection->done || connection->shutdown || connection->reason != TC_TLS_REASON_NONE)
		return;
	connection->shutdown = true;
	(void)SSL_shutdown(connection->ssl);
	ERR_clear_error();
}

const struct tc_peer *tc_tls_connection_peer(const struct tc_tls_connection *connection)
{
	return &connection->peer;
}

struct x509_st *tc_tls_connection_certificate(const struct tc_tls_connection *connection)
{
	return SSL_get0_peer_certificate(connection->ssl);
}

enum tc_tls_reason tc_tls_connection_reason(const struct tc_tls_connection *connection)
{
	return connection->reason;
}

const char *tc_tls_connection_reason_text(const struct tc_tls_connection *connection)
{
	return connection->reason_text;
}

bool tc_tls_connection_refused_by_peer(const struct tc_tls_connection *connection)
{
	return connection->refused_by_peer;
}

bool tc_tls_connection_cut(const struct tc_tls_connection *connection)
{
	return connection->cut;
}
