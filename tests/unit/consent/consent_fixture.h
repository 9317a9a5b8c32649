/*
 * consent_fixture - a store with consent tables, a small network of agencies, and
 * consents written as JSON that a test changes by path.
 */
#ifndef TESTS_CONSENT_FIXTURE_H
#define TESTS_CONSENT_FIXTURE_H

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <jansson.h>

#include "consent/consent_event.h"
#include "consent/decision.h"
#include "consent/grant.h"
#include "consent/notice.h"
#include "consent/revoke.h"
#include "throughcare/v1/envelope.pb-c.h"
#include "throughcare/v1/options.pb-c.h"

#define DAY        INT64_C(86400000)
#define SIGNED_MS  INT64_C(1796000000000) /* 2026-11-30 */
#define NOW_MS     (SIGNED_MS + DAY)
#define EXPIRES_MS (SIGNED_MS + 365 * DAY)

#define PERSON  "00000000-0000-7000-9000-00000000000a"
#define OTHER   "00000000-0000-7000-9000-00000000000b"
#define CONSENT "00000000-0000-7000-9000-0000000000c1"
#define GRANT   "00000000-0000-7000-9000-0000000000d1"
#define GRANT_2 "00000000-0000-7000-9000-0000000000d2"

#define CATEGORY(name) THROUGHCARE__V1__CATEGORY__CATEGORY_##name
#define PURPOSE(name)  THROUGHCARE__V1__PURPOSE__PURPOSE_##name
#define LEGAL(name)    THROUGHCARE__V1__LEGAL_BASIS__LEGAL_BASIS_##name

struct fixture {
	char folder[PATH_MAX];
	char path[PATH_MAX + 8];
	struct store *store;
	struct store_txn *txn;
	struct consent_tables tables;
	struct policy *policy;      /* the default */
	const char *desk;           /* who records; NULL: intake */
	const char *person;         /* whose consent; NULL: PERSON */
	const char *court;          /* who tells of events; NULL: court */
	struct consent_event event; /* the latest one */
	unsigned events;
	int64_t latest_ms; /* when something happened last */
	struct grant_changes changes;
	struct grant_changes pending; /* what the revoker was told of */
	struct tc_refusal refusal;
};

int fixture_setup(void **state);
int fixture_teardown(void **state);

struct tc_id id_of(const char *text);
enum agency_kind kind_of_name(void *context, const tc_agency *agency);

/* treatment-a tells parole about attendance and sud_treatment for supervision_monitoring and
 * referral_coordination, until EXPIRES_MS. The caller owns it. */
json_t *consent_json(void);
/* Sets "grants[0].expiry.at", taking `value`; JSON null removes the field. */
void json_set(json_t *root, const char *path, json_t *value);
/* The same with the value as JSON text. */
void json_change(json_t *root, const char *path, const char *text);
/* A second grant, GRANT_2, that is a copy of the first. */
json_t *json_second_grant(json_t *consent);

/* Records and releases the JSON; what it ended is in f->changes. */
int record(struct fixture *f, json_t *consent, int64_t now_ms);
void record_done(struct fixture *f, json_t *consent);
void assert_refused(struct fixture *f, json_t *consent, enum tc_refusal_code code,
		    const char *detail);
/* Revokes the consent, or one grant of it, for one recipient, as f->desk does. */
int take_back(struct fixture *f, const char *grant, const char *recipient, int64_t now_ms);
json_t *revoke_json(const char *grant, const char *recipient);
int take_back_json(struct fixture *f, json_t *json, int64_t now_ms);
/* An event of a proceeding; `subject` NULL: of everybody. What it ended is in f->changes. */
void happen(struct fixture *f, const char *code, const char *proceeding, const char *subject,
	    int64_t now_ms);
/* The same, until which no grant has been reached; and one step of it: whether there are more. */
void happen_begin(struct fixture *f, const char *code, const char *proceeding, const char *subject,
		  int64_t now_ms);
bool happen_step(struct fixture *f, unsigned most);

#define QUESTION_PARTS_MAX 8

/* What a test asks; zero fields take the usual: treatment-a to parole, attendance. */
struct question {
	enum agency_kind to_kind; /* now; 0: as its name says */
	const char *from, *to, *role, *person;
	uint32_t purpose;
	const char *grant;
	uint32_t legal;
	const char *reference;
	const char *proceeding;
	const char *actor; /* NULL: "w-1" */
	const char *without;
	uint64_t forbidden;
	uint8_t categories[QUESTION_PARTS_MAX];
	bool message; /* they are one message's parts */
	int64_t now_ms;
	const char *subject;
};

struct decision ask(struct fixture *f, struct question question);
void assert_decision(const struct decision *decision, enum decision_kind kind,
		     enum tc_refusal_code code, uint64_t parts_mask);

#endif
