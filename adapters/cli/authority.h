/*
 * authority - a network's own certificate authority, kept in one folder.
 *
 * ca.pem and ca.key (P-256, ten years), crl.pem (good for a year; every issue and
 * every revocation renews it, and a list that has run out lets nobody in), and index
 * (one line per issued certificate: serial, identity, state, dates). Meant for pilots
 * and tests: the key lies on disk, readable by its owner only. A network in earnest
 * brings certificates of its own authority; nothing else depends on this folder.
 *
 * Owner:  the calling thread; one caller at a time per folder (held by a file lock).
 * Blocks: on the disk.
 */
#ifndef CLI_AUTHORITY_H
#define CLI_AUTHORITY_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/file.h"
#include "cli/problem.h"

#define TC_AUTHORITY_DAYS       3650
#define TC_AUTHORITY_LEAF_DAYS  730
#define TC_AUTHORITY_CRL_DAYS   365
#define TC_AUTHORITY_DOMAIN_MAX 253

/* Whom a certificate names. */
struct tc_authority_identity {
	const char *trust_domain;
	const char *kind; /* agency, auditor, operator or exchange */
	const char *id;
	const char *adapter; /* or NULL */
	/* Also a server under these names: "DNS:localhost,IP:127.0.0.1". NULL: only a client. */
	const char *server_names;
};

/* One line of the index. */
struct tc_authority_entry {
	char serial[41];    /* hexadecimal, lower case */
	char identity[160]; /* "agency/parole-north" */
	bool revoked;
	int64_t issued_ms;
	int64_t revoked_ms;
};

struct tc_authority;

/* Makes key, certificate, empty list and index in `folder` (which exists and is empty). */
int tc_authority_create(const char *folder, const char *trust_domain,
			struct tc_problem *problem) TC_MUST_CHECK;

int tc_authority_open(const char *folder, struct tc_authority **ret,
		      struct tc_problem *problem) TC_MUST_CHECK;
void tc_authority_free(struct tc_authority **authority);

/* Makes a key and a certificate for it; both as PEM. */
int tc_authority_issue(struct tc_authority *authority, const struct tc_authority_identity *identity,
		       struct tc_bytes *ret_certificate, struct tc_bytes *ret_key,
		       struct tc_problem *problem) TC_MUST_CHECK;

/* Marks every unrevoked certificate of "kind/id" (and its adapters) as revoked and writes a new
 * list. `ret_count` certificates were revoked; 0 when there was none in force. */
int tc_authority_revoke(struct tc_authority *authority, const char *identity, int *ret_count,
			struct tc_problem *problem) TC_MUST_CHECK;

/* The n-th line of the index, in the order of issue; NULL past the last. */
const struct tc_authority_entry *tc_authority_entry(const struct tc_authority *authority, size_t n);

#endif
