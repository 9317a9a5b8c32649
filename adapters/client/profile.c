#include "client/profile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/failure.h"

static int file_name(char *to, size_t room, const char *folder, const char *name,
		     struct tc_client_error *error)
{
	int len = snprintf(to, room, "%s/%s", folder, name);

	if (len < 0 || (size_t)len >= room)
		return tc_failure_set(error, TC_FAILURE_PROFILE_UNREADABLE, "the path is too long");
	if (access(to, R_OK) != 0)
		return tc_failure_set(error, TC_FAILURE_PROFILE_UNREADABLE, "%s: %s", to,
				      strerror(errno));
	return 0;
}

static int line_read(const char *path, char *to, size_t room, struct tc_client_error *error)
{
	FILE *file = fopen(path, "re");
	int r = 0;

	if (!file)
		return tc_failure_set(error, TC_FAILURE_PROFILE_UNREADABLE, "%s: %s", path,
				      strerror(errno));
	if (!fgets(to, (int)room, file))
		r = tc_failure_set(error, TC_FAILURE_ADDRESS_INVALID, "%s is empty", path);
	else
		to[strcspn(to, " \t\r\n")] = '\0';
	(void)fclose(file);
	return r;
}

int tc_profile_read(const char *folder, struct tc_client_error *error, struct tc_profile *ret)
{
	char address[4096];
	int r = file_name(ret->certificate, sizeof(ret->certificate), folder, "certificate.pem",
			  error);

	if (r == 0)
		r = file_name(ret->key, sizeof(ret->key), folder, "key.pem", error);
	if (r == 0)
		r = file_name(ret->ca, sizeof(ret->ca), folder, "ca.pem", error);
	if (r == 0)
		r = file_name(address, sizeof(address), folder, "address", error);
	if (r == 0)
		r = line_read(address, ret->address, sizeof(ret->address), error);
	return r;
}

int tc_address_parse(const char *text, struct tc_client_error *error, struct tc_address *ret)
{
	const char *host = text;
	const char *colon = strrchr(text, ':');
	char *end = NULL;
	size_t host_len;
	long port;

	if (!colon || strlen(text) >= sizeof(ret->text))
		return tc_failure_set(error, TC_FAILURE_ADDRESS_INVALID, "\"%.100s\"", text);
	host_len = (size_t)(colon - text);
	if (host_len >= 2 && host[0] == '[' && host[host_len - 1] == ']') {
		host++;
		host_len -= 2;
	} else if (memchr(host, ':', host_len)) {
		return tc_failure_set(error, TC_FAILURE_ADDRESS_INVALID,
				      "\"%.100s\": write [address]:port", text);
	}
	port = strtol(colon + 1, &end, 10);
	if (host_len == 0 || host_len >= sizeof(ret->host) || end == colon + 1 || *end != '\0' ||
	    port < 1 || port > 65535)
		return tc_failure_set(error, TC_FAILURE_ADDRESS_INVALID, "\"%.100s\"", text);
	snprintf(ret->text, sizeof(ret->text), "%s", text);
	memcpy(ret->host, host, host_len);
	ret->host[host_len] = '\0';
	snprintf(ret->port, sizeof(ret->port), "%ld", port);
	return 0;
}
