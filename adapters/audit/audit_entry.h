/*
 * audit_entry - the entry of one record in the log: its time, its place and a salted commitment.
 *
 * "throughcare/leaf/v1\n" || u64be time_ms || u64be index || SHA-256(salt || record). Made of
 * nothing but these bytes, so the log can be shown to anybody, and a record can be forgotten.
 *
 * Owner:  any thread. Blocks: never. Faults: those of digest.h.
 */
#ifndef AUDIT_AUDIT_ENTRY_H
#define AUDIT_AUDIT_ENTRY_H

#include <stdint.h>

#include "audit/audit_finding.h"
#include "base/bytes.h"
#include "base/err.h"
#include "throughcare/v1/trail.pb-c.h"

#define TC_AUDIT_ENTRY_BYTES 68

struct tc_audit_entry {
	int64_t time_ms;
	uint64_t index;
	uint8_t commitment[32];
};

/* 0, or TC_AUDIT_FOUND: it is no entry of this log. */
int tc_audit_entry_read(struct tc_slice bytes, struct tc_audit_entry *ret,
			struct tc_audit_finding *finding) TC_MUST_CHECK;
void tc_audit_entry_write(const struct tc_audit_entry *entry, uint8_t to[TC_AUDIT_ENTRY_BYTES]);

/* The entry that an opening describes; with salt and record, they must be what it commits to.
 * *ret_opened tells whether they were there. 0, TC_AUDIT_FOUND or a fault. */
int tc_audit_entry_open(const Throughcare__V1__TrailOpening *opening, struct tc_audit_entry *ret,
			bool *ret_opened, struct tc_audit_finding *finding) TC_MUST_CHECK;

#endif
