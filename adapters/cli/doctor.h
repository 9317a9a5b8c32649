/*
 * doctor - why a profile does or does not work, step by step.
 *
 * Each check gives a line of detail when it is well, or fills the problem with the
 * exact cause. A check that cannot be made because an earlier one failed is skipped.
 *
 * Owner:  the main thread.
 * Blocks: up to the time limit for each step over the network.
 */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

#include <openssl/x509.h>
#include <throughcare/client.h>

#include "cli/command.h"
#include "cli/file.h"

#define TC_DOCTOR_DETAIL_BYTES 512

struct tc_doctor {
	struct tc_invocation *invocation;
	int timeout_ms;
	char folder[TC_FILE_PATH_BYTES];
	X509 *certificate;
	X509 *authority;
	EVP_PKEY *key;
	struct tc_client *client;
	/* Set by each check. */
	char detail[TC_DOCTOR_DETAIL_BYTES];
	struct tc_problem problem;
	bool refused; /* by the exchange */
};

/* Each: true when it is well. */
bool tc_doctor_files(struct tc_doctor *doctor);
bool tc_doctor_key(struct tc_doctor *doctor);
bool tc_doctor_chain(struct tc_doctor *doctor);
bool tc_doctor_dates(struct tc_doctor *doctor);
bool tc_doctor_identity(struct tc_doctor *doctor);
bool tc_doctor_registry(struct tc_doctor *doctor);
bool tc_doctor_message(struct tc_doctor *doctor);

#endif
