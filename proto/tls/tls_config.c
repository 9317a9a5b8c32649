#include "tls/tls_config.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "tls/tls_context.h"

struct serial {
	char text[TC_SERIAL_TEXT_BYTES];
};

struct tc_tls_config {
	atomic_uint references;
	enum tc_tls_role role;
	SSL_CTX *context;
	struct tc_peer self;
	struct tc_bytes certificate; /* DER */
	int64_t crl_next_update_ms;
	struct serial *revoked; /* sorted */
	size_t revoked_count;
};

__attribute__((format(printf, 2, 3))) static int unusable(char *detail, const char *format, ...)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;
	va_list arguments;
	size_t len;

	va_start(arguments, format);
	vsnprintf(detail, TC_TLS_DETAIL_BYTES, format, arguments);
	va_end(arguments);
	len = strlen(detail);
	if (reason)
		snprintf(detail + len, TC_TLS_DETAIL_BYTES - len, ": %s", reason);
	ERR_clear_error();
	return TC_ECONFIG;
}

static int serial_compare(const void *a, const void *b)
{
	return strcmp(((const struct serial *)a)->text, ((const struct serial *)b)->text);
}

/* Keeps the serials and the date; the store keeps the list itself for handshakes. */
static int crl_remember(struct tc_tls_config *config, X509_CRL *crl)
{
	STACK_OF(X509_REVOKED) *revoked = X509_CRL_get_REVOKED(crl);
	int count = sk_X509_REVOKED_num(revoked);
	const ASN1_TIME *next = X509_CRL_get0_nextUpdate(crl);
	struct tm tm;

	if (next && ASN1_TIME_to_tm(next, &tm) == 1)
		config->crl_next_update_ms = (int64_t)timegm(&tm) * 1000;
	if (count <= 0)
		return 0;
	config->revoked = calloc((size_t)count, sizeof(*config->revoked));
	if (!config->revoked)
		return TC_ENOMEM;
	for (int i = 0; i < count; i++) {
		const ASN1_INTEGER *serial =
			X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(revoked, i));
		int len = ASN1_STRING_length(serial);

		if (len < 1 || 2 * len >= TC_SERIAL_TEXT_BYTES)
			continue; /* no certificate of ours has such a serial */
		tc_hex(ASN1_STRING_get0_data(serial), (size_t)len,
		       config->revoked[config->revoked_count++].text);
	}
	qsort(config->revoked, config->revoked_count, sizeof(*config->revoked), serial_compare);
	return 0;
}

static int crl_load(struct tc_tls_config *config, const char *path, char *detail)
{
	X509_STORE *store = SSL_CTX_get_cert_store(config->context);
	BIO *file = BIO_new_file(path, "r");
	X509_CRL *crl = NULL;
	int r = 0;

	if (!file)
		return unusable(detail, "%s", path);
	crl = PEM_read_bio_X509_CRL(file, NULL, NULL, NULL);
	BIO_free(file);
	if (!crl)
		return unusable(detail, "%s is no certificate revocation list", path);
	if (X509_STORE_add_crl(store, crl) != 1 ||
	    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK) != 1)
		r = unusable(detail, "%s", path);
	else
		r = crl_remember(config, crl);
	X509_CRL_free(crl);
	return r;
}

static int files_load(struct tc_tls_config *config, const struct tc_tls_files *files, char *detail)
{
	SSL_CTX *context = config->context;
	STACK_OF(X509_NAME) * names;

	if (SSL_CTX_use_certificate_chain_file(context, files->certificate) != 1)
		return unusable(detail, "%s", files->certificate);
	if (SSL_CTX_use_PrivateKey_file(context, files->key, SSL_FILETYPE_PEM) != 1)
		return unusable(detail, "%s", files->key);
	if (SSL_CTX_check_private_key(context) != 1)
		return unusable(detail, "%s is not the key of %s", files->key, files->certificate);
	if (SSL_CTX_load_verify_file(context, files->ca) != 1)
		return unusable(detail, "%s", files->ca);
	if (config->role == TC_TLS_SERVER) {
		names = SSL_load_client_CA_file(files->ca);
		if (!names)
			return unusable(detail, "%s", files->ca);
		SSL_CTX_set_client_CA_list(context, names);
	}
	return files->crl ? crl_load(config, files->crl, detail) : 0;
}

/* Chain, purpose, dates and revocation of the own certificate, as a peer will look at it. */
static int self_check(struct tc_tls_config *config, const struct tc_tls_files *files, char *detail)
{
	X509 *certificate = SSL_CTX_get0_certificate(config->context);
	X509_STORE_CTX *chain = X509_STORE_CTX_new();
	STACK_OF(X509) *intermediates = NULL;
	int purpose =
		config->role == TC_TLS_SERVER ? X509_PURPOSE_SSL_SERVER : X509_PURPOSE_SSL_CLIENT;
	int r = TC_ENOMEM;

	if (!chain)
		return TC_ENOMEM;
	SSL_CTX_get0_chain_certs(config->context, &intermediates);
	if (X509_STORE_CTX_init(chain, SSL_CTX_get_cert_store(config->context), certificate,
				intermediates) != 1)
		goto out;
	X509_STORE_CTX_set_purpose(chain, purpose);
	if (X509_verify_cert(chain) == 1) {
		r = 0;
		goto out;
	}
	ERR_clear_error();
	r = unusable(detail, "%s: %s", files->certificate,
		     X509_verify_cert_error_string(X509_STORE_CTX_get_error(chain)));
out:
	X509_STORE_CTX_free(chain);
	return r;
}

static int self_read(struct tc_tls_config *config, const struct tc_tls_files *files, char *detail)
{
	X509 *certificate = SSL_CTX_get0_certificate(config->context);
	uint8_t *end;
	int len;
	int r = tc_peer_read(certificate, &config->self);

	if (r == TC_PEER_NO_IDENTITY)
		return unusable(detail, "%s has no SAN URI spiffe://<trust-domain>/<kind>/<id>",
				files->certificate);
	if (r < 0)
		return r;
	len = i2d_X509(certificate, NULL);
	if (len <= 0)
		return TC_ECRYPTO;
	r = tc_bytes_reserve(&config->certificate, (size_t)len);
	if (r < 0)
		return r;
	end = config->certificate.data;
	config->certificate.len = (size_t)len;
	return i2d_X509(certificate, &end) == len ? 0 : TC_ECRYPTO;
}

static int context_make(struct tc_tls_config *config)
{
	SSL_CTX *context = SSL_CTX_new(TLS_method());
	int verify = SSL_VERIFY_PEER;

	if (!context)
		return TC_ECRYPTO;
	config->context = context;
	if (config->role == TC_TLS_SERVER)
		verify |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
	SSL_CTX_set_verify(context, verify, NULL);
	SSL_CTX_set_verify_depth(context, 3);
	SSL_CTX_set_purpose(context, config->role == TC_TLS_SERVER ? X509_PURPOSE_SSL_CLIENT
								   : X509_PURPOSE_SSL_SERVER);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
					  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					  SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_options(context,
			    SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_read_ahead(context, 1);
	if (SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1 ||
	    SSL_CTX_set_num_tickets(context, 0) != 1)
		return TC_ECRYPTO;
	return 0;
}

int tc_tls_config_open(enum tc_tls_role role, const struct tc_tls_files *files,
		       char detail[TC_TLS_DETAIL_BYTES], struct tc_tls_config **ret)
{
	struct tc_tls_config *config = calloc(1, sizeof(*config));
	int r;

	if (!config)
		return TC_ENOMEM;
	detail[0] = '\0';
	atomic_init(&config->references, 1);
	config->role = role;
	ERR_clear_error();
	r = context_make(config);
	if (r == 0)
		r = files_load(config, files, detail);
	if (r == 0)
		r = self_read(config, files, detail);
	if (r == 0)
		r = self_check(config, files, detail);
	ERR_clear_error();
	if (r < 0) {
		tc_tls_config_unref(&config);
		return r;
	}
	*ret = config;
	return 0;
}

struct tc_tls_config *tc_tls_config_ref(struct tc_tls_config *config)
{
	atomic_fetch_add(&config->references, 1);
	return config;
}

void tc_tls_config_unref(struct tc_tls_config **config)
{
	struct tc_tls_config *mine = *config;

	*config = NULL;
	if (!mine || atomic_fetch_sub(&mine->references, 1) != 1)
		return;
	SSL_CTX_free(mine->context);
	tc_bytes_free(&mine->certificate);
	free(mine->revoked);
	free(mine);
}

const struct tc_peer *tc_tls_config_self(const struct tc_tls_config *config)
{
	return &config->self;
}

struct tc_slice tc_tls_config_certificate(const struct tc_tls_config *config)
{
	return tc_bytes_slice(&config->certificate);
}

int64_t tc_tls_config_crl_next_update_ms(const struct tc_tls_config *config)
{
	return config->crl_next_update_ms;
}

bool tc_tls_config_revokes(const struct tc_tls_config *config, const char *serial)
{
	struct serial key;

	size_t len = strlen(serial);

	if (config->revoked_count == 0 || len >= sizeof(key.text))
		return false;
	memcpy(key.text, serial, len + 1);
	return bsearch(&key, config->revoked, config->revoked_count, sizeof(key), serial_compare);
}

size_t tc_tls_config_revoked_count(const struct tc_tls_config *config)
{
	return config->revoked_count;
}

const char *tc_tls_config_revoked_serial(const struct tc_tls_config *config, size_t index)
{
	TC_CHECK(index < config->revoked_count);
	return config->revoked[index].text;
}

int tc_tls_config_vouch(const struct tc_tls_config *config, struct x509_st *certificate,
			struct tc_peer *ret)
{
	X509_STORE_CTX *chain = X509_STORE_CTX_new();
	struct tc_peer peer;
	int r = TC_ENOMEM;

	if (!chain)
		return TC_ENOMEM;
	if (X509_STORE_CTX_init(chain, SSL_CTX_get_cert_store(config->context), certificate,
				NULL) != 1)
		goto out;
	/* It was in force when the exchange took the message; that is the exchange's word. */
	X509_STORE_CTX_set_flags(chain, X509_V_FLAG_NO_CHECK_TIME);
	X509_VERIFY_PARAM_clear_flags(X509_STORE_CTX_get0_param(chain), X509_V_FLAG_CRL_CHECK);
	r = TC_PEER_NO_IDENTITY;
	if (X509_verify_cert(chain) != 1)
		goto out;
	r = tc_peer_read(certificate, &peer);
	if (r != 0)
		goto out;
	if (strcmp(peer.trust_domain, config->self.trust_domain) != 0) {
		r = TC_PEER_NO_IDENTITY;
		goto out;
	}
	*ret = peer;
out:
	ERR_clear_error();
	X509_STORE_CTX_free(chain);
	return r;
}

struct ssl_ctx_st *tc_tls_config_context(const struct tc_tls_config *config)
{
	return config->context;
}

enum tc_tls_role tc_tls_config_role(const struct tc_tls_config *config)
{
	return config->role;
}
