#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/doctor.h"
#include "cli/issuance.h"
#include "cli/network.h"

static char folder[64];
static struct tc_problem problem;
static struct tc_doctor doctor;

static int network_make(void **state)
{
	char address[300];

	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/test_cli_doctor.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	return tc_network_create(folder, "county.example", "127.0.0.1:0", address, &problem);
}

static int network_remove(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -r -- %s", folder);
	FILE *pipe = popen(command, "r");
	return pipe ? pclose(pipe) : -1;
}

/* A profile of its own for each test. */
static void profile_make(const char *id)
{
	struct tc_network_member member = {.kind = "agency"};

	snprintf(member.id, sizeof(member.id), "%s", id);
	assert_int_equal(tc_network_profile_create(folder, &member, &problem), 0);
	doctor = (struct tc_doctor){0};
	assert_int_equal(tc_network_profile_path(folder, &member, doctor.folder, &problem), 0);
}

static void doctor_end(void)
{
	EVP_PKEY_free(doctor.key);
	X509_free(doctor.authority);
	X509_free(doctor.certificate);
}

static void file_replace(const char *name, struct tc_slice content, mode_t mode)
{
	char path[TC_FILE_PATH_BYTES];

	assert_true(tc_file_path(path, doctor.folder, "%s", name));
	assert_int_equal(tc_file_write(path, mode, content, &problem), 0);
}

static void a_good_profile_is_well(void **state)
{
	(void)state;
	profile_make("good");
	assert_true(tc_doctor_files(&doctor));
	assert_true(tc_doctor_key(&doctor));
	assert_true(tc_doctor_chain(&doctor));
	assert_true(tc_doctor_dates(&doctor));
	assert_true(tc_doctor_identity(&doctor));
	assert_string_equal(doctor.detail, "agency/good of county.example");
	doctor_end();
}

static void a_missing_file_is_named(void **state)
{
	char path[TC_FILE_PATH_BYTES];

	(void)state;
	profile_make("missing");
	assert_true(tc_file_path(path, doctor.folder, "ca.pem"));
	assert_int_equal(unlink(path), 0);
	assert_false(tc_doctor_files(&doctor));
	assert_string_equal(doctor.problem.code, "profile_file");
	assert_non_null(strstr(doctor.problem.detail, "ca.pem"));
	doctor_end();
}

static void a_key_that_others_can_read_is_found(void **state)
{
	char path[TC_FILE_PATH_BYTES];

	(void)state;
	profile_make("exposed");
	assert_true(tc_file_path(path, doctor.folder, "key.pem"));
	assert_int_equal(chmod(path, 0644), 0);
	assert_false(tc_doctor_files(&doctor));
	assert_string_equal(doctor.problem.code, "key_exposed");
	doctor_end();
}

static void the_key_of_another_profile_is_found(void **state)
{
	struct tc_bytes pem = {0};
	EVP_PKEY *other = tc_issuance_key_new();

	(void)state;
	profile_make("mismatch");
	assert_int_equal(tc_issuance_key_pem(other, &pem), 0);
	file_replace("key.pem", tc_bytes_slice(&pem), 0600);
	assert_true(tc_doctor_files(&doctor));
	assert_false(tc_doctor_key(&doctor));
	assert_string_equal(doctor.problem.code, "key_mismatch");
	tc_bytes_free(&pem);
	EVP_PKEY_free(other);
	doctor_end();
}

/* A certificate of an authority that ca.pem is not, good for `days`. */
static void foreign_certificate(int days, const char *names)
{
	struct tc_bytes pem = {0};
	EVP_PKEY *key = tc_issuance_key_new();
	struct tc_issuance_request request = {.common_name = "x",
					      .alternative_names = names,
					      .serial = {0x41},
					      .days = days,
					      .public_key = key,
					      .issuer_key = key};
	X509 *certificate = tc_issuance_new(&request);

	assert_non_null(certificate);
	assert_int_equal(tc_issuance_pem(certificate, &pem), 0);
	file_replace("certificate.pem", tc_bytes_slice(&pem), 0644);
	tc_bytes_free(&pem);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

static void a_certificate_of_another_authority_is_found(void **state)
{
	(void)state;
	profile_make("foreign");
	foreign_certificate(10, "URI:spiffe://county.example/agency/foreign");
	assert_true(tc_doctor_files(&doctor));
	assert_false(tc_doctor_chain(&doctor));
	assert_string_equal(doctor.problem.code, "certificate_untrusted");
	doctor_end();
}

static void an_expired_certificate_is_found_with_both_times(void **state)
{
	(void)state;
	profile_make("expired");
	foreign_certificate(-1, "URI:spiffe://county.example/agency/expired");
	assert_true(tc_doctor_files(&doctor));
	assert_false(tc_doctor_dates(&doctor));
	assert_string_equal(doctor.problem.code, "certificate_expired");
	assert_non_null(strstr(doctor.problem.detail, "valid until"));
	assert_non_null(strstr(doctor.problem.detail, "clock says"));
	doctor_end();
}

static void a_certificate_that_names_no_member_is_found(void **state)
{
	(void)state;
	profile_make("nobody");
	foreign_certificate(10, "DNS:localhost");
	assert_true(tc_doctor_files(&doctor));
	assert_false(tc_doctor_identity(&doctor));
	assert_string_equal(doctor.problem.code, "certificate_identity");
	doctor_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_profile_is_well),
		cmocka_unit_test(a_missing_file_is_named),
		cmocka_unit_test(a_key_that_others_can_read_is_found),
		cmocka_unit_test(the_key_of_another_profile_is_found),
		cmocka_unit_test(a_certificate_of_another_authority_is_found),
		cmocka_unit_test(an_expired_certificate_is_found_with_both_times),
		cmocka_unit_test(a_certificate_that_names_no_member_is_found),
	};
	return cmocka_run_group_tests(tests, network_make, network_remove);
}
