/*
 * network - the folder of a pilot network: its authority, the exchange's certificate
 * and configuration, and one profile per member.
 *
 *   ca/             the authority (authority.h)
 *   exchange/       certificate.pem key.pem
 *   profiles/<id>/  certificate.pem key.pem ca.pem address audit.vkey
 *   registry/       signed registry messages that the exchange takes in
 *   data/           journal, ledger, trail and tree
 *   sealer/, audit.vkey  the keys of the log (network_audit.h)
 *   throughcared.yaml, throughcared.pid, trust-domain
 *
 * Keys are readable by their owner only.
 *
 * Owner:  the calling thread.
 * Blocks: on the disk.
 */
#ifndef CLI_NETWORK_H
#define CLI_NETWORK_H

#include <stddef.h>

#include "cli/authority.h"
#include "cli/file.h"
#include "cli/problem.h"

/* "agency/parole-north", split. */
struct tc_network_member {
	char kind[16];
	char id[64];
	char adapter[64]; /* "" for none */
};

/* KIND/ID[/ADAPTER]; kind is agency, auditor or operator. */
int tc_network_member_parse(const char *text, struct tc_network_member *ret,
			    struct tc_problem *problem) TC_MUST_CHECK;

/* Makes the folder with authority, exchange, configuration and the operator's profile. `listen`
 * is HOST:PORT or [IPV6]:PORT; port 0 takes one that is free now. `address` gets what profiles
 * say. Refuses a folder that holds a network already. */
int tc_network_create(const char *folder, const char *trust_domain, const char *listen,
		      char ret_address[300], struct tc_problem *problem) TC_MUST_CHECK;

/* Issues a certificate and writes the profile. Refuses a profile that is there. */
int tc_network_profile_create(const char *folder, const struct tc_network_member *member,
			      struct tc_problem *problem) TC_MUST_CHECK;

/* Puts a new key and certificate in the place of those that the profile has. The certificate before
 * stays in force until it is revoked or expires. Refuses a profile that is not there. */
int tc_network_profile_renew(const char *folder, const struct tc_network_member *member,
			     struct tc_problem *problem) TC_MUST_CHECK;

/* The profile's folder in `to`. */
int tc_network_profile_path(const char *folder, const struct tc_network_member *member,
			    char to[TC_FILE_PATH_BYTES], struct tc_problem *problem) TC_MUST_CHECK;

/* Tells the exchange that runs from this folder to read its files again. Whether one does. */
bool tc_network_reload(const char *folder);

/* Revokes every certificate of the member, writes the list and tells the running exchange.
 * `ret_told`: whether one was running. */
int tc_network_revoke(const char *folder, const struct tc_network_member *member, int *ret_count,
		      bool *ret_told, struct tc_problem *problem) TC_MUST_CHECK;

#endif
