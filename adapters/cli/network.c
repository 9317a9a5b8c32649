#include "cli/network.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/id.h"
#include "cli/network_audit.h"

static int too_long(struct tc_problem *problem, const char *path)
{
	tc_problem_set(problem, "path_too_long", "a path is too long", "use a shorter folder", "%s",
		       path);
	return TC_EINVAL;
}

static bool trust_domain_valid(const char *text)
{
	size_t len = strlen(text);

	/* The SPIFFE specification, 2.1: lower-case letters, digits, dots, dashes, underscores. */
	return len > 0 && len <= TC_AUTHORITY_DOMAIN_MAX &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789.-_") == len;
}

int tc_network_member_parse(const char *text, struct tc_network_member *ret,
			    struct tc_problem *problem)
{
	static const char *const kinds[] = {"agency", "auditor", "operator"};
	char words[160];
	char *rest = NULL;
	struct tc_network_member member = {0};

	if ((size_t)snprintf(words, sizeof(words), "%s", text) >= sizeof(words))
		goto wrong;
	const char *kind = strtok_r(words, "/", &rest);
	const char *id = strtok_r(NULL, "/", &rest);
	const char *adapter = strtok_r(NULL, "/", &rest);
	if (!kind || !id || strtok_r(NULL, "/", &rest) || !tc_name_valid(tc_slice_text(id)) ||
	    (adapter && !tc_name_valid(tc_slice_text(adapter))))
		goto wrong;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kind, kinds[i]) == 0)
			snprintf(member.kind, sizeof(member.kind), "%s", kind);
	if (!member.kind[0] || strcmp(id, TC_AGENCY_EXCHANGE) == 0)
		goto wrong;
	snprintf(member.id, sizeof(member.id), "%s", id);
	snprintf(member.adapter, sizeof(member.adapter), "%s", adapter ? adapter : "");
	*ret = member;
	return 0;
wrong:
	tc_problem_set(problem, "member_invalid", "this does not name a member of a network",
		       "write KIND/ID, KIND agency, auditor or operator, ID of a-z, 0-9 and dashes",
		       "%s", text);
	return TC_EINVAL;
}

/* Splits HOST:PORT or [IPV6]:PORT. */
static bool listen_split(const char *text, char host[256], char port[8])
{
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;

	if (!colon || len == 0 || len >= 256 || strlen(colon + 1) == 0 || strlen(colon + 1) > 5 ||
	    strspn(colon + 1, "0123456789") != strlen(colon + 1) ||
	    strtol(colon + 1, NULL, 10) > 65535)
		return false;
	if (text[0] == '[') {
		if (text[len - 1] != ']' || len < 3)
			return false;
		snprintf(host, 256, "%.*s", (int)(len - 2), text + 1);
	} else {
		snprintf(host, 256, "%.*s", (int)len, text);
	}
	snprintf(port, 8, "%s", colon + 1);
	return true;
}

/* A port that is free on that host now; 0 when there is none or the host is not this machine's. */
static uint16_t port_find(const char *host)
{
	struct addrinfo hints = {.ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	struct sockaddr_storage bound = {0};
	socklen_t len = sizeof(bound);
	uint16_t port = 0;

	if (getaddrinfo(host, "0", &hints, &found) != 0)
		return 0;
	int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && bind(fd, found->ai_addr, found->ai_addrlen) == 0 &&
	    getsockname(fd, (struct sockaddr *)&bound, &len) == 0)
		port = bound.ss_family == AF_INET6
			       ? ntohs(((const struct sockaddr_in6 *)&bound)->sin6_port)
			       : ntohs(((const struct sockaddr_in *)&bound)->sin_port);
	if (fd >= 0)
		close(fd);
	freeaddrinfo(found);
	return port;
}

/* What is listened on, what profiles dial, and the names in the exchange's certificate. */
struct place {
	char listen[300];
	char address[300];
	char names[600];
};

static int place_make(const char *listen, struct place *ret, struct tc_problem *problem)
{
	char host[256], port[8];
	struct in6_addr address;

	if (!listen_split(listen, host, port)) {
		tc_problem_set(problem, "address_invalid", "this is not an address to listen on",
			       "write HOST:PORT or [IPV6]:PORT", "%s", listen);
		return TC_EINVAL;
	}
	if (strtol(port, NULL, 10) == 0) {
		uint16_t free_port = port_find(host);
		if (free_port == 0) {
			tc_problem_set(problem, "address_unusable",
				       "no free port was found on this address",
				       "name an address of this machine", "%s", listen);
			return TC_EIO;
		}
		snprintf(port, sizeof(port), "%u", free_port);
	}
	bool six = inet_pton(AF_INET6, host, &address) == 1;
	bool four = inet_pton(AF_INET, host, &address) == 1;
	bool any =
		strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0 || strcmp(host, "*") == 0;
	snprintf(ret->listen, sizeof(ret->listen), six ? "[%s]:%s" : "%s:%s", host, port);
	if (any)
		snprintf(ret->address, sizeof(ret->address), "%s:%s", six ? "[::1]" : "127.0.0.1",
			 port);
	else
		snprintf(ret->address, sizeof(ret->address), "%s", ret->listen);
	int used = snprintf(ret->names, sizeof(ret->names), "DNS:localhost,IP:127.0.0.1,IP:::1");
	if (!any && strcmp(host, "127.0.0.1") != 0 && strcmp(host, "::1") != 0 &&
	    strcmp(host, "localhost") != 0)
		snprintf(ret->names + used, sizeof(ret->names) - (size_t)used, ",%s:%s",
			 six || four ? "IP" : "DNS", host);
	return 0;
}

static int text_write(const char *folder, const char *name, const char *text,
		      struct tc_problem *problem)
{
	char path[TC_FILE_PATH_BYTES];

	if (!tc_file_path(path, folder, "%s", name))
		return too_long(problem, folder);
	return tc_file_write(path, 0644, tc_slice_text(text), problem);
}

/* The first line of a file in the network's folder. */
static int text_read(const char *folder, const char *name, struct tc_bytes *ret,
		     struct tc_problem *problem)
{
	char path[TC_FILE_PATH_BYTES];

	if (!tc_file_path(path, folder, "%s", name))
		return too_long(problem, folder);
	int r = tc_file_read(path, 4096, ret, problem);
	if (r == 0)
		ret->data[strcspn((char *)ret->data, "\r\n")] = '\0';
	return r;
}

/* Certificate and key of `identity` into `folder`. */
static int identity_write(const char *network, const struct tc_authority_identity *identity,
			  const char *folder, struct tc_problem *problem)
{
	struct tc_authority *authority = NULL;
	struct tc_bytes certificate = {0}, key = {0};
	char path[TC_FILE_PATH_BYTES];
	int r = tc_file_path(path, network, "ca") ? 0 : too_long(problem, network);

	if (r == 0)
		r = tc_authority_open(path, &authority, problem);
	if (r == 0)
		r = tc_authority_issue(authority, identity, &certificate, &key, problem);
	if (r == 0)
		r = tc_file_path(path, folder, "key.pem") ? 0 : too_long(problem, folder);
	if (r == 0)
		r = tc_file_write(path, 0600, tc_bytes_slice(&key), problem);
	if (r == 0)
		r = tc_file_path(path, folder, "certificate.pem") ? 0 : too_long(problem, folder);
	if (r == 0)
		r = tc_file_write(path, 0644, tc_bytes_slice(&certificate), problem);
	tc_bytes_free_secret(&key);
	tc_bytes_free(&certificate);
	tc_authority_free(&authority);
	return r;
}

/* YAML double quotes: a backslash before quote and backslash. */
static void yaml_quote(const char *text, char *to, size_t room)
{
	size_t used = 0;

	to[used++] = '"';
	for (; *text && used + 4 < room; text++) {
		if (*text == '"' || *text == '\\')
			to[used++] = '\\';
		to[used++] = *text;
	}
	to[used++] = '"';
	to[used] = '\0';
}

static int configuration_write(const char *folder, const char *trust_domain,
			       const struct place *place, struct tc_problem *problem)
{
	static const struct {
		const char *key;
		const char *file;
	} paths[] = {
		{"data_dir: ", "data"},
		{"registry_seed: ", "registry"},
		{"pid_file: ", "throughcared.pid"},
		{"tls:\n  certificate: ", "exchange/certificate.pem"},
		{"  key: ", "exchange/key.pem"},
		{"  ca: ", "ca/ca.pem"},
		{"  crl: ", "ca/crl.pem"},
		{"sealer:\n  keys: ", "sealer/keys"},
		{"  state: ", "sealer/state"},
		{"audit:\n  vkey: ", "audit.vkey"},
	};
	struct tc_bytes text = {0};
	char line[2 * TC_FILE_PATH_BYTES + 64], quoted[2 * TC_FILE_PATH_BYTES];
	char path[TC_FILE_PATH_BYTES];

	int len = snprintf(line, sizeof(line),
			   "# Made by `throughcare network init`. Every setting with its default:\n"
			   "# throughcared --print-config; throughcared.yaml(5).\n"
			   "listen: \"%s\"\ntrust_domain: \"%s\"\n",
			   place->listen, trust_domain);
	int r = tc_bytes_append(&text, line, (size_t)len);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]) && r == 0; i++) {
		if (!tc_file_path(path, folder, "%s", paths[i].file)) {
			r = too_long(problem, folder);
			break;
		}
		yaml_quote(path, quoted, sizeof(quoted));
		len = snprintf(line, sizeof(line), "%s%s\n", paths[i].key, quoted);
		r = tc_bytes_append(&text, line, (size_t)len);
	}
	if (r == 0 && tc_file_path(path, folder, "throughcared.yaml"))
		r = tc_file_write(path, 0644, tc_bytes_slice(&text), problem);
	tc_bytes_free(&text);
	return r;
}

static int folders_make(const char *folder, struct tc_problem *problem)
{
	static const char *const names[] = {"ca", "exchange", "profiles", "registry", "data"};
	char path[TC_FILE_PATH_BYTES];
	int r = tc_file_folder(folder, 0700, problem);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && r == 0; i++) {
		if (!tc_file_path(path, folder, "%s", names[i]))
			return too_long(problem, folder);
		r = tc_file_folder(path, 0700, problem);
	}
	return r;
}

int tc_network_create(const char *folder, const char *trust_domain, const char *listen,
		      char ret_address[300], struct tc_problem *problem)
{
	const struct tc_network_member administrator = {.kind = "operator", .id = "operator"};
	struct place place;
	char path[TC_FILE_PATH_BYTES];

	if (!trust_domain_valid(trust_domain)) {
		tc_problem_set(problem, "trust_domain_invalid", "this is not a trust domain",
			       "use a name of yours, for instance county.example", "%s",
			       trust_domain);
		return TC_EINVAL;
	}
	if (!tc_file_path(path, folder, "ca"))
		return too_long(problem, folder);
	if (tc_file_exists(path)) {
		tc_problem_set(problem, "network_exists", "there is a network in this folder",
			       "add members with `throughcare network add`, or name another folder",
			       "%s", folder);
		return TC_EINVAL;
	}
	int r = place_make(listen, &place, problem);
	if (r == 0)
		r = folders_make(folder, problem);
	/* Paths in the configuration hold wherever the exchange is started from. */
	char *absolute = r == 0 ? realpath(folder, NULL) : NULL;
	if (r == 0 && !absolute)
		r = TC_EIO;
	if (r == 0)
		r = tc_authority_create(path, trust_domain, problem);
	if (r == 0)
		r = text_write(folder, "trust-domain", trust_domain, problem);
	if (r == 0)
		r = tc_network_audit_create(folder, trust_domain, problem);
	if (r == 0)
		r = text_write(folder, "address", place.address, problem);
	if (r == 0)
		r = tc_file_path(path, folder, "exchange") ? 0 : too_long(problem, folder);
	if (r == 0)
		r = identity_write(folder,
				   &(struct tc_authority_identity){.trust_domain = trust_domain,
								   .kind = "exchange",
								   .id = TC_AGENCY_EXCHANGE,
								   .server_names = place.names},
				   path, problem);
	if (r == 0)
		r = configuration_write(absolute, trust_domain, &place, problem);
	if (r == 0)
		r = tc_network_profile_create(folder, &administrator, problem);
	if (r == 0)
		snprintf(ret_address, 300, "%s", place.address);
	free(absolute);
	return r;
}

int tc_network_profile_path(const char *folder, const struct tc_network_member *member,
			    char to[TC_FILE_PATH_BYTES], struct tc_problem *problem)
{
	bool fits = tc_file_path(to, folder, "profiles/%s%s%s", member->id,
				 member->adapter[0] ? "." : "", member->adapter);
	return fits ? 0 : too_long(problem, folder);
}

/* ca.pem, address and audit.vkey of the network, copied into the profile. */
static int profile_share(const char *folder, const char *profile, struct tc_problem *problem)
{
	static const char *const files[][2] = {
		{"ca/ca.pem", "ca.pem"}, {"address", "address"}, {"audit.vkey", "audit.vkey"}};
	char path[TC_FILE_PATH_BYTES];
	int r = 0;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && r == 0; i++) {
		struct tc_bytes content = {0};
		if (!tc_file_path(path, folder, "%s", files[i][0]))
			return too_long(problem, folder);
		r = tc_file_read(path, 65536, &content, problem);
		if (r == 0 && !tc_file_path(path, profile, "%s", files[i][1]))
			r = too_long(problem, profile);
		if (r == 0)
			r = tc_file_write(path, 0644, tc_bytes_slice(&content), problem);
		tc_bytes_free(&content);
	}
	return r;
}

/* Whether it has a certificate. */
static int profile_find(const char *folder, const struct tc_network_member *member,
			char profile[TC_FILE_PATH_BYTES], bool *ret, struct tc_problem *problem)
{
	char path[TC_FILE_PATH_BYTES];
	int r = tc_network_profile_path(folder, member, profile, problem);

	if (r == 0 && !tc_file_path(path, profile, "certificate.pem"))
		r = too_long(problem, profile);
	if (r == 0)
		*ret = tc_file_exists(path);
	return r;
}

/* A new key and its certificate, beside what the profile has of the network. */
static int profile_write(const char *folder, const struct tc_network_member *member,
			 const char *profile, struct tc_problem *problem)
{
	struct tc_bytes trust_domain = {0};
	int r = text_read(folder, "trust-domain", &trust_domain, problem);
	if (r < 0) {
		tc_problem_set(problem, "network_missing", "there is no network in this folder",
			       "make one with `throughcare network init DIR`", "%s", folder);
		return r;
	}
	r = tc_file_folder(profile, 0700, problem);
	if (r == 0)
		r = profile_share(folder, profile, problem);
	if (r == 0)
		r = identity_write(folder,
				   &(struct tc_authority_identity){
					   .trust_domain = (const char *)trust_domain.data,
					   .kind = member->kind,
					   .id = member->id,
					   .adapter = member->adapter[0] ? member->adapter : NULL},
				   profile, problem);
	tc_bytes_free(&trust_domain);
	return r;
}

int tc_network_profile_create(const char *folder, const struct tc_network_member *member,
			      struct tc_problem *problem)
{
	char profile[TC_FILE_PATH_BYTES];
	bool there = false;
	int r = profile_find(folder, member, profile, &there, problem);

	if (r < 0)
		return r;
	if (there) {
		tc_problem_set(problem, "profile_exists", "there is a profile of this id",
			       "use another id, or give this one a new key with `throughcare "
			       "network renew`",
			       "%s", profile);
		return TC_EINVAL;
	}
	return profile_write(folder, member, profile, problem);
}

int tc_network_profile_renew(const char *folder, const struct tc_network_member *member,
			     struct tc_problem *problem)
{
	char profile[TC_FILE_PATH_BYTES];
	bool there = false;
	int r = profile_find(folder, member, profile, &there, problem);

	if (r < 0)
		return r;
	if (!there) {
		tc_problem_set(problem, "profile_missing", "there is no profile of this id",
			       "make one with `throughcare network add`", "%s", profile);
		return TC_EINVAL;
	}
	return profile_write(folder, member, profile, problem);
}

/* The process of throughcared.pid, when it is still a throughcared; else 0. A number that another
 * program has got meanwhile must not be signalled. */
static pid_t exchange_find(const char *folder)
{
	struct tc_bytes text = {0}, name = {0};
	struct tc_problem ignored;
	char path[64];
	pid_t pid = 0;

	if (text_read(folder, "throughcared.pid", &text, &ignored) == 0)
		pid = (pid_t)strtol((const char *)text.data, NULL, 10);
	tc_bytes_free(&text);
	if (pid <= 1)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	if (tc_file_read(path, 64, &name, &ignored) < 0)
		return 0;
	if (strncmp((const char *)name.data, "throughcared", 12) != 0)
		pid = 0;
	tc_bytes_free(&name);
	return pid;
}

bool tc_network_reload(const char *folder)
{
	pid_t exchange = exchange_find(folder);

	return exchange > 0 && kill(exchange, SIGHUP) == 0;
}

int tc_network_revoke(const char *folder, const struct tc_network_member *member, int *ret_count,
		      bool *ret_told, struct tc_problem *problem)
{
	struct tc_authority *authority = NULL;
	char path[TC_FILE_PATH_BYTES], identity[160];
	int count = 0;
	int r = tc_file_path(path, folder, "ca") ? 0 : too_long(problem, folder);

	snprintf(identity, sizeof(identity), "%s/%s%s%s", member->kind, member->id,
		 member->adapter[0] ? "/" : "", member->adapter);
	if (r == 0)
		r = tc_authority_open(path, &authority, problem);
	if (r == 0)
		r = tc_authority_revoke(authority, identity, &count, problem);
	tc_authority_free(&authority);
	if (r < 0)
		return r;
	if (count == 0) {
		tc_problem_set(problem, "member_unknown",
			       "no certificate of this member is in force",
			       "see the file ca/index in the network's folder", "%s", identity);
		return TC_EINVAL;
	}
	*ret_told = tc_network_reload(folder);
	*ret_count = count;
	return 0;
}
