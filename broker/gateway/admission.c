#include "gateway/admission.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/random.h"

#define BUCKETS   1024
#define SECOND_US 1000000
#define MASK_IPV6 8 /* bytes: a /64 is one customer's */

struct counted {
	struct counted *next;
	struct admission_key key;
	uint32_t count;
};

struct table {
	uint64_t seed; /* so that nobody can choose keys of one bucket */
	struct counted *buckets[BUCKETS];
};

struct admission {
	struct admission_limits limits;
	struct table addresses;
	struct table identities;
	size_t connections;

	int64_t window_us; /* began then */
	uint32_t recorded; /* in it */
	uint32_t counted[TC_REFUSAL_COUNT];
	size_t counted_total;
};

int admission_new(struct admission **ret, const struct admission_limits *limits)
{
	struct admission *admission = calloc(1, sizeof(*admission));

	if (!admission)
		return TC_ENOMEM;
	admission->limits = *limits;
	tc_random_fill(&admission->addresses.seed, sizeof(uint64_t));
	tc_random_fill(&admission->identities.seed, sizeof(uint64_t));
	*ret = admission;
	return 0;
}

static void table_done(struct table *table)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		while (table->buckets[i]) {
			struct counted *counted = table->buckets[i];

			table->buckets[i] = counted->next;
			free(counted);
		}
	}
}

void admission_free(struct admission **admission)
{
	if (!*admission)
		return;
	table_done(&(*admission)->addresses);
	table_done(&(*admission)->identities);
	free(*admission);
	*admission = NULL;
}

void admission_key_address(const struct sockaddr_storage *from, struct admission_key *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (from->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)from;

		inet_ntop(AF_INET, &in->sin_addr, ret->text, sizeof(ret->text));
	} else if (from->ss_family == AF_INET6) {
		struct in6_addr address = ((const struct sockaddr_in6 *)from)->sin6_addr;

		if (IN6_IS_ADDR_V4MAPPED(&address)) {
			inet_ntop(AF_INET, &address.s6_addr[12], ret->text, sizeof(ret->text));
			return;
		}
		memset(&address.s6_addr[MASK_IPV6], 0, sizeof(address) - MASK_IPV6);
		inet_ntop(AF_INET6, &address, ret->text, sizeof(ret->text));
	}
}

static struct counted **table_find(struct table *table, const struct admission_key *key)
{
	uint64_t hash = table->seed ^ 14695981039346656037u;
	struct counted **at;

	for (const char *c = key->text; *c; c++)
		hash = (hash ^ (uint8_t)*c) * 1099511628211u;
	at = &table->buckets[(hash ^ hash >> 32) % BUCKETS];
	while (*at && strcmp((*at)->key.text, key->text) != 0)
		at = &(*at)->next;
	return at;
}

static int table_enter(struct table *table, const struct admission_key *key, uint32_t limit)
{
	struct counted **at = table_find(table, key);

	if (!*at) {
		*at = calloc(1, sizeof(**at));
		if (!*at)
			return TC_ENOMEM;
		(*at)->key = *key;
	}
	if ((*at)->count >= limit)
		return ADMISSION_FULL;
	(*at)->count++;
	return 0;
}

static void table_leave(struct table *table, const struct admission_key *key)
{
	struct counted **at = table_find(table, key);
	struct counted *counted = *at;

	TC_CHECK(counted && counted->count > 0);
	if (--counted->count > 0)
		return;
	*at = counted->next;
	free(counted);
}

int admission_enter(struct admission *admission, const struct admission_key *address)
{
	int r;

	if (admission->connections >= admission->limits.total)
		return ADMISSION_FULL;
	r = table_enter(&admission->addresses, address, admission->limits.per_address);
	if (r == 0)
		admission->connections++;
	return r;
}

void admission_leave(struct admission *admission, const struct admission_key *address)
{
	table_leave(&admission->addresses, address);
	admission->connections--;
}

int admission_enter_identity(struct admission *admission, const struct admission_key *identity)
{
	return table_enter(&admission->identities, identity, admission->limits.per_identity);
}

void admission_leave_identity(struct admission *admission, const struct admission_key *identity)
{
	table_leave(&admission->identities, identity);
}

size_t admission_count(const struct admission *admission)
{
	return admission->connections;
}

bool admission_failure(struct admission *admission, enum tc_refusal_code code, int64_t now_us)
{
	TC_CHECK(code < TC_REFUSAL_COUNT);
	if (now_us - admission->window_us >= SECOND_US && admission->counted_total == 0) {
		admission->window_us = now_us;
		admission->recorded = 0;
	}
	if (admission->recorded < admission->limits.failures_per_s) {
		admission->recorded++;
		return true;
	}
	admission->counted[code]++;
	admission->counted_total++;
	return false;
}

bool admission_has_counted(const struct admission *admission)
{
	return admission->counted_total > 0;
}

bool admission_overdue(struct admission *admission, int64_t now_us, enum tc_refusal_code *ret_code,
		       uint32_t *ret_count)
{
	if (admission->counted_total == 0 || now_us - admission->window_us < SECOND_US)
		return false;
	for (int code = 0; code < TC_REFUSAL_COUNT; code++) {
		if (admission->counted[code] == 0)
			continue;
		*ret_code = (enum tc_refusal_code)code;
		*ret_count = admission->counted[code];
		admission->counted_total -= admission->counted[code];
		admission->counted[code] = 0;
		break;
	}
	if (admission->counted_total == 0) {
		admission->window_us = now_us;
		admission->recorded = 0;
	}
	return true;
}
