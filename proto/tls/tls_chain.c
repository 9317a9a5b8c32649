#include "tls/tls_chain.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

static enum tc_tls_reason reason_of(int error)
{
	switch (error) {
	case X509_V_ERR_CERT_NOT_YET_VALID:
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return TC_TLS_REASON_EXPIRED;
	case X509_V_ERR_CERT_REVOKED:
		return TC_TLS_REASON_REVOKED;
	default:
		return TC_TLS_REASON_UNTRUSTED;
	}
}

int tc_tls_chain_check(const struct tc_tls_files *files, struct x509_st *certificate,
		       enum tc_tls_reason *ret_reason)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	int r = TC_ENOMEM;

	if (!store || !context)
		goto out;
	r = TC_ECONFIG;
	if (X509_STORE_load_file(store, files->ca) != 1)
		goto out;
	if (files->crl) {
		if (X509_STORE_load_file(store, files->crl) != 1)
			goto out;
		X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
	}
	r = TC_ECRYPTO;
	if (X509_STORE_CTX_init(context, store, certificate, NULL) != 1 ||
	    X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_CLIENT) != 1)
		goto out;
	r = 0;
	if (X509_verify_cert(context) != 1) {
		*ret_reason = reason_of(X509_STORE_CTX_get_error(context));
		r = TC_TLS_CHAIN_REFUSED;
	}
out:
	X509_STORE_CTX_free(context);
	X509_STORE_free(store);
	ERR_clear_error();
	return r;
}
