#include "tls/tls_peer.h"

#include <limits.h>
#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

static const char *const kind_names[] = {
	[TC_PEER_AGENCY] = "agency",
	[TC_PEER_AUDITOR] = "auditor",
	[TC_PEER_OPERATOR] = "operator",
	[TC_PEER_EXCHANGE] = "exchange",
};

const char *tc_peer_kind_name(enum tc_peer_kind kind)
{
	if (kind < TC_PEER_AGENCY || kind > TC_PEER_EXCHANGE)
		return "unknown";
	return kind_names[kind];
}

bool tc_peer_kind_find(struct tc_slice name, enum tc_peer_kind *ret)
{
	for (enum tc_peer_kind kind = TC_PEER_AGENCY; kind <= TC_PEER_EXCHANGE; kind++) {
		if (tc_slice_equal(name, tc_slice_text(kind_names[kind]))) {
			*ret = kind;
			return true;
		}
	}
	return false;
}

/* Cuts the front of `rest` up to the next '/' or the end off. */
static struct tc_slice segment_take(struct tc_slice *rest)
{
	const uint8_t *slash = rest->len > 0 ? memchr(rest->data, '/', rest->len) : NULL;
	struct tc_slice segment = *rest;

	if (!slash) {
		rest->data += rest->len;
		rest->len = 0;
		return segment;
	}
	segment.len = (size_t)(slash - rest->data);
	rest->data = slash + 1;
	rest->len -= segment.len + 1;
	return segment;
}

static bool trust_domain_valid(struct tc_slice text)
{
	if (text.len < 1 || text.len > TC_TRUST_DOMAIN_BYTES_MAX)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
		      c == '_'))
			return false;
	}
	return true;
}

bool tc_peer_parse(struct tc_slice uri, struct tc_peer *ret)
{
	static const char scheme[] = "spiffe://";
	const size_t scheme_len = sizeof(scheme) - 1;
	struct tc_slice rest = uri;
	struct tc_slice domain;
	enum tc_peer_kind kind;
	tc_agency id;
	tc_agency adapter = {.name = ""};

	if (uri.len <= scheme_len || memcmp(uri.data, scheme, scheme_len) != 0)
		return false;
	rest.data += scheme_len;
	rest.len -= scheme_len;
	if (uri.data[uri.len - 1] == '/')
		return false;
	domain = segment_take(&rest);
	if (!trust_domain_valid(domain))
		return false;
	if (!tc_peer_kind_find(segment_take(&rest), &kind))
		return false;
	if (!tc_agency_parse(segment_take(&rest), &id))
		return false;
	if (rest.len > 0 && !tc_agency_parse(rest, &adapter))
		return false;
	ret->kind = kind;
	ret->id = id;
	ret->adapter = adapter;
	memcpy(ret->trust_domain, domain.data, domain.len);
	memset(ret->trust_domain + domain.len, 0, sizeof(ret->trust_domain) - domain.len);
	return true;
}

/* The one SAN URI. More than one would leave open which of them we stamped. */
static bool identity_read(const X509 *certificate, struct tc_peer *ret)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	struct tc_slice uri = {0};
	int uris = 0;
	bool found = false;

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type != GEN_URI)
			continue;
		uris++;
		uri = tc_slice(ASN1_STRING_get0_data(name->d.uniformResourceIdentifier),
			       (size_t)ASN1_STRING_length(name->d.uniformResourceIdentifier));
	}
	if (uris == 1)
		found = tc_peer_parse(uri, ret);
	GENERAL_NAMES_free(names);
	return found;
}

static int serial_read(const X509 *certificate, char to[TC_SERIAL_TEXT_BYTES])
{
	uint8_t bytes[20];
	const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate);
	int len = ASN1_STRING_length(serial);

	/* RFC 5280 section 4.1.2.2: positive, at most 20 bytes. */
	if (len < 1 || len > (int)sizeof(bytes) ||
	    (ASN1_STRING_type(serial) & V_ASN1_NEG) == V_ASN1_NEG)
		return TC_PEER_NO_IDENTITY;
	memcpy(bytes, ASN1_STRING_get0_data(serial), (size_t)len);
	tc_hex(bytes, (size_t)len, to);
	return 0;
}

static bool time_read(const ASN1_TIME *from, int64_t *ret_ms)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(from, &tm) != 1)
		return false;
	*ret_ms = (int64_t)timegm(&tm) * 1000;
	return true;
}

int tc_peer_read(const struct x509_st *certificate, struct tc_peer *ret)
{
	struct tc_peer peer;
	unsigned int len = sizeof(peer.certificate_sha256);
	int r;

	memset(&peer, 0, sizeof(peer));
	if (X509_digest(certificate, EVP_sha256(), peer.certificate_sha256, &len) != 1)
		return TC_ECRYPTO;
	r = serial_read(certificate, peer.serial);
	if (r != 0)
		return r;
	if (!time_read(X509_get0_notBefore(certificate), &peer.not_before_ms) ||
	    !time_read(X509_get0_notAfter(certificate), &peer.not_after_ms))
		return TC_PEER_NO_IDENTITY;
	if (!identity_read(certificate, &peer))
		return TC_PEER_NO_IDENTITY;
	*ret = peer;
	return 0;
}

int tc_peer_decode(struct tc_slice der, struct tc_peer *ret)
{
	const uint8_t *end = der.data;
	X509 *certificate = der.len <= LONG_MAX ? d2i_X509(NULL, &end, (long)der.len) : NULL;
	int r = TC_PEER_NO_IDENTITY;

	if (certificate && end == der.data + der.len)
		r = tc_peer_read(certificate, ret);
	X509_free(certificate);
	ERR_clear_error();
	return r;
}
