/*
 * profile - the folder that says who we are and where the exchange is.
 *
 * certificate.pem, key.pem, ca.pem, and address: one line, host:port.
 *
 * Owner: the handle. Blocks: reads files.
 */
#ifndef CLIENT_PROFILE_H
#define CLIENT_PROFILE_H

#include <throughcare/client.h>

#include "base/err.h"

#define TC_HOST_BYTES_MAX 255

struct tc_address {
	char text[TC_HOST_BYTES_MAX + 16]; /* as given */
	char host[TC_HOST_BYTES_MAX + 1];
	char port[6];
};

struct tc_profile {
	char certificate[4096];
	char key[4096];
	char ca[4096];
	char address[TC_HOST_BYTES_MAX + 16];
};

/* TC_ECONFIG with the error's text. */
int tc_profile_read(const char *folder, struct tc_client_error *error,
		    struct tc_profile *ret) TC_MUST_CHECK;
/* "host:port" or "[address]:port". TC_ECONFIG with the error's text. */
int tc_address_parse(const char *text, struct tc_client_error *error,
		     struct tc_address *ret) TC_MUST_CHECK;

#endif
