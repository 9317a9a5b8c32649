/*
 * accounting_rule - which disclosures a rule of the policy lists, and what it says of each.
 *
 * Rules are data (policy.proto, AccountingRule): a window, the bases, purposes and
 * categories meant, exemptions with their names, and the fields of a line.
 *
 * Owner: any thread. Blocks: never.
 */
#ifndef QUERY_ACCOUNTING_RULE_H
#define QUERY_ACCOUNTING_RULE_H

#include <stdbool.h>

#include "consent/policy_name.h"
#include "throughcare/v1/policy.pb-c.h"
#include "throughcare/v1/wire.pb-c.h"

typedef Throughcare__V1__ReleasePolicy__AccountingRule accounting_rule;

/* What a disclosure stood on; UNSPECIFIED when its row does not say. */
Throughcare__V1__ReleaseBasis accounting_rule_basis(const Throughcare__V1__TrailRow *row);

/* Why the rule leaves this disclosure to an agency of that kind out: the exemption's name, or
 * "not_covered". NULL: it is listed. */
const char *accounting_rule_exempt(const accounting_rule *rule,
				   const Throughcare__V1__TrailRow *row, enum agency_kind to);

/* Does a line have this field? */
bool accounting_rule_shows(const accounting_rule *rule, const char *field);

#endif
