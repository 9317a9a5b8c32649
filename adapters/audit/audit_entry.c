#include "audit/audit_entry.h"

#include <inttypes.h>
#include <string.h>

#include "wire/digest.h"
#include "wire/limits.h"

#define TAG       "throughcare/leaf/v1\n"
#define TAG_BYTES (sizeof(TAG) - 1)

int tc_audit_entry_read(struct tc_slice bytes, struct tc_audit_entry *ret,
			struct tc_audit_finding *finding)
{
	if (bytes.len != TC_AUDIT_ENTRY_BYTES || memcmp(bytes.data, TAG, TAG_BYTES) != 0)
		return tc_audit_find(finding, TC_AUDIT_ENTRY,
				     "%zu bytes that are no \"throughcare/leaf/v1\"", bytes.len);
	ret->time_ms = (int64_t)tc_get_be64(bytes.data + TAG_BYTES);
	ret->index = tc_get_be64(bytes.data + TAG_BYTES + 8);
	memcpy(ret->commitment, bytes.data + TAG_BYTES + 16, sizeof(ret->commitment));
	return 0;
}

void tc_audit_entry_write(const struct tc_audit_entry *entry, uint8_t to[TC_AUDIT_ENTRY_BYTES])
{
	memcpy(to, TAG, TAG_BYTES);
	tc_put_be64(to + TAG_BYTES, (uint64_t)entry->time_ms);
	tc_put_be64(to + TAG_BYTES + 8, entry->index);
	memcpy(to + TAG_BYTES + 16, entry->commitment, sizeof(entry->commitment));
}

int tc_audit_entry_open(const Throughcare__V1__TrailOpening *opening, struct tc_audit_entry *ret,
			bool *ret_opened, struct tc_audit_finding *finding)
{
	uint8_t commitment[TC_SHA256_BYTES];
	struct tc_slice pieces[] = {tc_slice(opening->salt.data, opening->salt.len),
				    tc_slice(opening->record.data, opening->record.len)};

	if (!opening->has_index || !opening->has_time_ms || !opening->has_commitment ||
	    opening->commitment.len != sizeof(ret->commitment))
		return tc_audit_find(finding, TC_AUDIT_FORMAT,
				     "the opening lacks index, timeMs or commitment");
	ret->index = opening->index;
	ret->time_ms = (int64_t)opening->time_ms;
	memcpy(ret->commitment, opening->commitment.data, sizeof(ret->commitment));
	*ret_opened = opening->has_salt && opening->has_record;
	if (!*ret_opened)
		return 0;
	if (opening->salt.len != TC_SALT_BYTES)
		return tc_audit_find(finding, TC_AUDIT_FORMAT, "the salt is not 32 bytes");
	int r = tc_sha256_pieces(pieces, 2, commitment);
	if (r < 0)
		return r;
	if (memcmp(commitment, ret->commitment, sizeof(commitment)) != 0)
		return tc_audit_find(finding, TC_AUDIT_COMMITMENT, "record %" PRIu64, ret->index);
	return 0;
}
