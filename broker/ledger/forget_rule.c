#include "ledger/forget_rule.h"

#include <string.h>

#include "ledger/timer.h"

#define TIMER_KEY_BYTES (8 + 1 + 16)

static const struct forget_rule rules[] = {
	{.name = "submission", .messages = true},
	{.name = "delivery", .deliveries = FORGET_KEY_FIRST, .records = FORGET_VALUE_FIRST},
	{.name = "settled", .deliveries = FORGET_KEY_FIRST, .records = FORGET_VALUE_SETTLED},
	{.name = "own", .deliveries = FORGET_KEY_FIRST},
	{.name = "task", .deliveries = FORGET_KEY_FIRST},
	{.name = "supervision_later", .deliveries = FORGET_KEY_FIRST},
	{.name = "ready", .deliveries = FORGET_VALUE_FIRST},
	{.name = "lane", .deliveries = FORGET_VALUE_FIRST},
	{.name = "waiting", .deliveries = FORGET_KEY_LAST},
	{.name = "aside", .deliveries = FORGET_KEY_LAST},
	{.name = "cross", .deliveries = FORGET_KEY_LAST},
	{.name = "task_open", .deliveries = FORGET_KEY_LAST},
	{.name = "task_owner", .deliveries = FORGET_KEY_LAST},
	{.name = "task_message", .deliveries = FORGET_KEY_LAST},
	{.name = "task_referral", .deliveries = FORGET_KEY_LAST},
	{.name = "task_alert", .deliveries = FORGET_KEY_LAST},
	{.name = "timer", .deliveries = FORGET_TIMER, .records = FORGET_TIMER_REVIEW},
	{.name = "job", .records = FORGET_KEY_FIRST},
	{.name = "review", .records = FORGET_KEY_FIRST},
	{.name = "released", .records = FORGET_KEY_FIRST},
	{.name = "assigning", .records = FORGET_KEY_FIRST},
	{.name = "origin", .records = FORGET_VALUE_FIRST},
	{.name = "court_word", .records = FORGET_VALUE_FIRST},
	{.name = "statement", .records = FORGET_KEY_LAST},
	{.name = "consent_events", .records = FORGET_VALUE_HAPPENED},
	{.name = "consent_happened", .records = FORGET_VALUE_FIRST},
	{.name = "consent_courts", .records = FORGET_VALUE_FIRST},
	{.name = "acceptance", .records = FORGET_VALUE_ACCEPTED},
	{.name = "person_decision", .records = FORGET_KEY_LAST},
	/* A scope that is gone is none, and one without its persons is about everybody. */
	{.name = "scope", .blanked = true},
	{.name = "standing", .blanked = true},
	{.name = "order", .blanked = true, .orders = true},
	{.name = "referrals", .owned = true, .kept = true},
	{.name = "referral_steps", .kept = true, .steps = true},
	{.name = "appointments", .owned = true, .kept = true},
	{.name = "hearing", .kept = true},
	{.name = "person", .kept = true},
	{.name = "consents", .owned = true, .version = FORGET_VERSION_FIRST},
	{.name = "consent_grants", .owned = true, .version = FORGET_VERSION_FIRST},
	{.name = "consent_pairs", .version = FORGET_VERSION_LAST},
	{.name = "consent_over", .version = FORGET_VERSION_LAST},
	{.name = "consent_members", .version = FORGET_VERSION_FIRST},
	{.name = "consent_proceedings", .version = FORGET_VERSION_LAST},
	{.name = "consent_subjects", .version = FORGET_VERSION_EVERY_LAST},
	{.name = "consent_seen", .version = FORGET_VERSION_EVERY_LAST},
	{.name = "lease", .owned = true},
	{.name = "offer", .owned = true},
	{.name = "outcome_check", .owned = true},
};

struct forget_rule forget_rule_of(const char *name)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (strcmp(rules[i].name, name) == 0)
			return rules[i];
	}
	return (struct forget_rule){.name = name};
}

static bool timer_number(struct tc_slice key, bool review, uint64_t *ret)
{
	static const uint8_t zeros[8];

	if (key.len != TIMER_KEY_BYTES || memcmp(key.data + 9, zeros, sizeof(zeros)) != 0 ||
	    (key.data[8] == TIMER_REVIEW) != review)
		return false;
	*ret = tc_get_be64(key.data + 17);
	return true;
}

static bool number_at(struct tc_slice bytes, size_t at, uint64_t *ret)
{
	if (bytes.len < at + 8)
		return false;
	*ret = tc_get_be64(bytes.data + at);
	return true;
}

bool forget_rule_number(enum forget_place place, struct tc_slice key, struct tc_slice value,
			uint64_t *ret)
{
	switch (place) {
	case FORGET_NONE:
		return false;
	case FORGET_KEY_FIRST:
		return number_at(key, 0, ret);
	case FORGET_KEY_LAST:
		return key.len >= 8 && number_at(key, key.len - 8, ret);
	case FORGET_VALUE_FIRST:
		return number_at(value, 0, ret);
	case FORGET_VALUE_SETTLED:
		return number_at(value, 5, ret);
	case FORGET_VALUE_HAPPENED:
		return number_at(value, 9, ret);
	case FORGET_VALUE_ACCEPTED:
		return number_at(value, 12, ret);
	case FORGET_TIMER:
		return timer_number(key, false, ret);
	case FORGET_TIMER_REVIEW:
		return timer_number(key, true, ret);
	}
	return false;
}
