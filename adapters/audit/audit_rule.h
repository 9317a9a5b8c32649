/*
 * audit_rule - what a rule of accounting says of one disclosure: whether it is listed, and in which
 * words.
 *
 * The same as the exchange's, written again from the meaning of the rule's fields (policy.proto).
 *
 * Owner: any thread. Blocks: never.
 */
#ifndef AUDIT_AUDIT_RULE_H
#define AUDIT_AUDIT_RULE_H

#include <stdbool.h>

#include "throughcare/v1/policy.pb-c.h"
#include "throughcare/v1/wire.pb-c.h"

typedef Throughcare__V1__ReleasePolicy__AccountingRule tc_audit_rule;
typedef Throughcare__V1__ReleasePolicy__AccountingRule__Exemption tc_audit_exemption;

/* Of what is left out for this reason: the rule has it, or does not speak of such a disclosure at
 * all. */
bool tc_audit_rule_exempts(const tc_audit_rule *rule, const Throughcare__V1__TrailRow *row,
			   const char *reason);
/* Of what is listed: the rule speaks of it, and no exemption takes it out, as far as the row tells:
 * it does not tell of what kind the recipient is. */
bool tc_audit_rule_lists(const tc_audit_rule *rule, const Throughcare__V1__TrailRow *row);
/* Does the line say what the rule says of this disclosure: description, purpose and basis? */
bool tc_audit_rule_says(const tc_audit_rule *rule, const Throughcare__V1__TrailRow *row,
			const Throughcare__V1__AccountingEntry *line);

#endif
