/*
 * seed - signed registry submissions from files: how a network begins.
 *
 * A file DIR/NAME.submit is a packed throughcare.v1.RegistrySeed. Its certificate must
 * chain to the network's authority, not be revoked, and name an operator; from there
 * on its submission is checked and journaled like any other. Taking a file in twice
 * is harmless: message ids are idempotent.
 *
 * Owner: the daemon's main thread. Blocks: reads files.
 */
#ifndef GATEWAY_SEED_H
#define GATEWAY_SEED_H

#include "base/err.h"
#include "journal/record.h"
#include "tls/tls_config.h"

#define SEED_FILES_MAX 4096
#define SEED_BYTES_MAX (256 * 1024)

enum seed_outcome {
	SEED_REFUSED = 1, /* the file cannot be taken; seed_problem says why */
};

struct seed_problem {
	char file[256];
	char text[256];
};

/*
 * Appends the records of every file in `folder`, in the order of their names, to `batch`. 0;
 * SEED_REFUSED at the first file that cannot be taken (records of earlier ones are in `batch`); or
 * a fault. TC_ECONFIG: the folder cannot be read.
 */
int seed_read(const char *folder, const struct tc_tls_files *files, const char *trust_domain,
	      struct record_batch *batch, struct seed_problem *problem) TC_MUST_CHECK;

#endif
