/* The checks of doctor that need nothing but the profile's files. */
#include <string.h>
#include <sys/stat.h>

#include <openssl/x509_vfy.h>

#include "base/clock.h"
#include "cli/doctor.h"
#include "cli/issuance.h"
#include "tls/tls_peer.h"

#define PEM_BYTES_MAX 1048576

static bool wrong(struct tc_doctor *doctor, const char *code, const char *message, const char *hint,
		  const char *detail)
{
	tc_problem_set(&doctor->problem, code, message, hint, "%s", detail);
	return false;
}

static bool file_read(struct tc_doctor *doctor, const char *name, struct tc_bytes *ret)
{
	char path[TC_FILE_PATH_BYTES];

	if (!tc_file_path(path, doctor->folder, "%s", name))
		return wrong(doctor, "path_too_long", "the profile's path is too long",
			     "use a shorter folder", doctor->folder);
	if (tc_file_read(path, PEM_BYTES_MAX, ret, &doctor->problem) == 0)
		return true;
	snprintf(doctor->problem.code, sizeof(doctor->problem.code), "profile_file");
	snprintf(doctor->problem.message, sizeof(doctor->problem.message),
		 "a file of the profile cannot be read");
	snprintf(doctor->problem.hint, sizeof(doctor->problem.hint),
		 "a profile is a folder with certificate.pem, key.pem, ca.pem and address: "
		 "name it with --profile DIR");
	return false;
}

bool tc_doctor_files(struct tc_doctor *doctor)
{
	struct tc_bytes pem = {0};
	char path[TC_FILE_PATH_BYTES];
	struct stat status;
	bool well = file_read(doctor, "certificate.pem", &pem);

	if (well && !(doctor->certificate = tc_issuance_parse(tc_bytes_slice(&pem))))
		well = wrong(doctor, "certificate_unreadable", "certificate.pem is no certificate",
			     "ask the operator for the profile again",
			     "not PEM of an X.509 certificate");
	tc_bytes_free(&pem);
	if (well && (well = file_read(doctor, "ca.pem", &pem)) &&
	    !(doctor->authority = tc_issuance_parse(tc_bytes_slice(&pem))))
		well = wrong(doctor, "authority_unreadable", "ca.pem is no certificate",
			     "ask the operator for the profile again",
			     "not PEM of an X.509 certificate");
	tc_bytes_free(&pem);
	if (well && (well = file_read(doctor, "key.pem", &pem)) &&
	    !(doctor->key = tc_issuance_key_parse(tc_bytes_slice(&pem))))
		well = wrong(doctor, "key_unreadable", "key.pem is no private key",
			     "it must be unencrypted PEM; ask the operator for the profile again",
			     "not PEM of a private key");
	tc_bytes_free_secret(&pem);
	well = well && file_read(doctor, "address", &pem);
	tc_bytes_free(&pem);
	if (!well || !tc_file_path(path, doctor->folder, "key.pem"))
		return false;
	if (stat(path, &status) == 0 && (status.st_mode & 077) != 0) {
		char detail[64];
		snprintf(detail, sizeof(detail), "key.pem has mode %03o", status.st_mode & 0777U);
		return wrong(doctor, "key_exposed", "others on this machine can read the key",
			     "chmod 600 key.pem", detail);
	}
	snprintf(doctor->detail, sizeof(doctor->detail), "%.400s", doctor->folder);
	return true;
}

bool tc_doctor_key(struct tc_doctor *doctor)
{
	if (X509_check_private_key(doctor->certificate, doctor->key) != 1)
		return wrong(doctor, "key_mismatch", "key.pem is not the key of certificate.pem",
			     "take both files from the same profile", "the public keys differ");
	snprintf(doctor->detail, sizeof(doctor->detail), "%s key, belongs to the certificate",
		 EVP_PKEY_get0_type_name(doctor->key));
	return true;
}

bool tc_doctor_chain(struct tc_doctor *doctor)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	bool well = false;

	/* Dates are the next check's: an expired certificate is still of this authority. */
	if (store && context && X509_STORE_add_cert(store, doctor->authority) &&
	    X509_STORE_set_flags(store, X509_V_FLAG_NO_CHECK_TIME) &&
	    X509_STORE_CTX_init(context, store, doctor->certificate, NULL))
		well = X509_verify_cert(context) == 1;
	if (!well)
		wrong(doctor, "certificate_untrusted",
		      "certificate.pem was not issued by the authority of ca.pem",
		      "take both files from the same profile",
		      context ? X509_verify_cert_error_string(X509_STORE_CTX_get_error(context))
			      : "out of memory");
	X509_STORE_CTX_free(context);
	X509_STORE_free(store);
	if (well)
		snprintf(doctor->detail, sizeof(doctor->detail),
			 "the certificate is of the authority in ca.pem");
	return well;
}

static bool date_check(struct tc_doctor *doctor, const X509 *certificate, const char *name)
{
	char detail[160], until[TC_TIME_TEXT_BYTES], now[TC_TIME_TEXT_BYTES];
	struct tm tm = {0};

	tc_time_format(tc_clock_now_ms(&tc_clock_real), now);
	bool early = X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0;
	bool late = X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0;
	if (!ASN1_TIME_to_tm(early ? X509_get0_notBefore(certificate)
				   : X509_get0_notAfter(certificate),
			     &tm))
		return wrong(doctor, "certificate_unreadable", "a certificate has no valid dates",
			     "ask the operator for the profile again", name);
	tc_time_format((int64_t)timegm(&tm) * 1000, until);
	snprintf(detail, sizeof(detail), "%s is valid %s %s; this machine's clock says %s", name,
		 early ? "from" : "until", until, now);
	if (early)
		return wrong(doctor, "certificate_expired", "a certificate is not valid yet",
			     "set this machine's clock (timedatectl)", detail);
	if (late)
		return wrong(doctor, "certificate_expired", "a certificate has expired",
			     "check this machine's clock, then ask the operator for a new profile",
			     detail);
	snprintf(doctor->detail, sizeof(doctor->detail), "%s", detail);
	return true;
}

bool tc_doctor_dates(struct tc_doctor *doctor)
{
	return date_check(doctor, doctor->authority, "ca.pem") &&
	       date_check(doctor, doctor->certificate, "certificate.pem");
}

bool tc_doctor_identity(struct tc_doctor *doctor)
{
	struct tc_peer peer;

	if (tc_peer_read(doctor->certificate, &peer) != 0)
		return wrong(doctor, "certificate_identity",
			     "the certificate names no member of a network",
			     "ask the operator for a profile made by `throughcare network add`",
			     "no SAN URI spiffe://<trust-domain>/<kind>/<id>");
	if (peer.kind == TC_PEER_EXCHANGE)
		return wrong(
			doctor, "certificate_identity", "this is the exchange's own certificate",
			"use the profile of an agency, auditor or operator", peer.trust_domain);
	snprintf(doctor->detail, sizeof(doctor->detail), "%s/%s%s%s of %s",
		 tc_peer_kind_name(peer.kind), peer.id.name, peer.adapter.name[0] ? "/" : "",
		 peer.adapter.name, peer.trust_domain);
	return true;
}
