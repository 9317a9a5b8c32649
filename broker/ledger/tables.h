/*
 * tables - the ledger's own tables. Those of consents, referrals and the registry stand
 * in the same store and are declared by their folders.
 *
 * Owner: nobody; constant.
 */
#ifndef LEDGER_TABLES_H
#define LEDGER_TABLES_H

/* TABLE(NAME, "name in the store"): key -> value. */
#define LEDGER_TABLES(TABLE)                                                                       \
	TABLE(STATE, "state")         /* "state" -> position, counters, settings; "barrier" */     \
	TABLE(PRINCIPAL, "principal") /* number -> kind, name */                                   \
	TABLE(MAILBOX, "mailbox")     /* principal -> counts */                                    \
	TABLE(SESSION, "session")     /* connection -> principal, credit, lease */                 \
	TABLE(SUBMISSION,                                                                          \
	      "submission")         /* message id, sender -> sequence, content hash, receipt */    \
	TABLE(DELIVERY, "delivery") /* delivery id -> row, while it is open */                     \
	TABLE(SETTLED, "settled")   /* delivery id -> how it ended */                              \
	TABLE(READY, "ready")       /* recipient, priority, position -> delivery id */             \
	TABLE(LANE, "lane")         /* recipient, referral, position -> delivery id */             \
	TABLE(WAITING, "waiting")   /* subject, delivery id -> nothing: held, queued, retried */   \
	TABLE(OWN, "own")           /* delivery id -> packed Delivery made by the exchange */      \
	TABLE(ASIDE,                                                                               \
	      "aside")    /* recipient, referral, delivery id -> nothing: of a lane, not in it */  \
	TABLE(JOB, "job") /* sequence, index -> what, how far */                                   \
	TABLE(REVIEW, "review") /* sequence of the submission -> who sent, who reviewed it */      \
	TABLE(TIMER, "timer")   /* due, kind, id -> nothing */                                     \
	TABLE(POLICY, "policy") /* version -> sequence, time, packed ReleasePolicy */              \
	TABLE(GRANT_USE, "grant_use") /* grant, recipient -> sequence of the first release */      \
	TABLE(ORIGIN, "origin")       /* part's trace[, sequence] -> who sent it, bound by what */ \
	TABLE(RELEASED, "released")   /* sequence, recipient -> parts, redisclosure rules */       \
	TABLE(CALENDAR, "calendar")   /* jurisdiction -> version, sequence, time, packed */        \
	TABLE(CAPACITY, "capacity")   /* service, unit, population -> places, see capacity.h */    \
	TABLE(LEASE, "lease")         /* lease id -> a place that is held, see lease.h */          \
	TABLE(LEASE_HOLDER, "lease_holder") /* principal, lease id -> nothing, while held */       \
	TABLE(LEASE_TAKEN, "lease_taken")   /* place, time, lease id -> nothing */                 \
	TABLE(OFFER, "offer")               /* group, referral id -> nothing */                    \
	TABLE(OFFER_WON, "offer_won")       /* group -> the referral id that was accepted */       \
	TABLE(OFFER_LOST, "offer_lost")     /* referral id -> its target, since when */            \
	TABLE(FEED, "feed")                 /* sender, recipient, type -> how often, see feed.h */ \
	TABLE(TASK, "task")                 /* delivery id -> what a message asks, see task.h */   \
	TABLE(TASK_OPEN, "task_open")       /* owner, due, delivery id -> nothing */               \
	TABLE(TASK_OWNER, "task_owner")     /* owner, delivery id -> nothing */                    \
	TABLE(TASK_MESSAGE, "task_message") /* owner, message id, delivery id -> nothing */        \
	TABLE(COSIGNATURE, "cosignature")   /* principal, size -> root, line */                    \
	TABLE(TASK_REFERRAL, "task_referral") /* referral id, owner, delivery id -> nothing */     \
	TABLE(TASK_ALERT, "task_alert")       /* owner, subject, delivery id -> nothing */         \
	TABLE(SCOPE, "scope")                 /* auditor -> sequence, time, packed AuditorScope */ \
	TABLE(STANDING,                                                                            \
	      "standing") /* auditor, name -> hits, last time, packed StandingQuestion */          \
	TABLE(SUSPENSION, "suspension") /* subject, agency, recipient -> from, until, oral */      \
	TABLE(STANDING_WINDOW, "standing_window") /* auditor, name, whence -> count, its end */    \
	TABLE(STANDING_OVER, "standing_over")     /* end, auditor, name, whence -> nothing */      \
	TABLE(PERSON, "person")               /* person id -> what it is tied to, see person.h */  \
	TABLE(PERSON_MEMBER, "person_member") /* canonical id, person id -> nothing */             \
	TABLE(PERSON_MESSAGE, "person_message")   /* message id -> link, merge or unmerge */       \
	TABLE(PERSON_DECISION, "person_decision") /* person id, sequence -> message id */          \
	TABLE(CROSS, "cross") /* merge, recipient, subject, delivery id -> message, sender */      \
	TABLE(STATEMENT,                                                                           \
	      "statement")      /* message or referral id, sequence -> what goes along with it */  \
	TABLE(STATUS, "status") /* agency, sequence, index -> referral, version */                 \
	TABLE(SUPERVISION,                                                                         \
	      "supervision") /* agency, subject -> what it was told, see supervision.h */          \
	TABLE(SUPERVISION_LATER, "supervision_later") /* delivery -> what it will tell */          \
	TABLE(COURT_ORDER, "court_order")             /* subject, order id -> court, state */      \
	TABLE(SUBSCRIBED, "subscribed")               /* agency -> nothing */                      \
	TABLE(CASELOAD, "caseload")           /* agency, officer or team, referral -> brief */     \
	TABLE(ASSIGNMENT, "assignment")       /* referral, side, sequence -> who had it */         \
	TABLE(ASSIGNING, "assigning")         /* sequence -> a CaseAssignment under way */         \
	TABLE(OUTCOME_CHECK, "outcome_check") /* check id -> does an outcome still hold */         \
	TABLE(ORDER, "order")                 /* order id -> see order.h */                        \
	TABLE(ORDER_TARGET,                                                                        \
	      "order_target") /* target id, order id, kind -> kinds, while in force */             \
	TABLE(FORGOTTEN_ID, "forgotten_id") /* hash of sender and message id -> nothing */         \
	TABLE(COURT_BOUND, "court_bound")   /* subject, order id, agency -> nothing */             \
	TABLE(COURT_WORD, "court_word")     /* subject, kind, court, id -> see court_word.h */     \
	TABLE(HEARING, "hearing")           /* subject, court, hearing id, agency -> when */       \
	TABLE(HEARING_DAY, "hearing_day")   /* agency, subject, time, court, id -> nothing */      \
	TABLE(USER_POLICY,                                                                         \
	      "user_policy") /* id, version -> sequence, time, SHA-256 of the text, packed */      \
	TABLE(ACCEPTANCE, "acceptance") /* id, agency, actor -> version, time, sequence */

#define TABLE(name, text) LEDGER_TABLE_##name,
enum ledger_table { LEDGER_TABLES(TABLE) LEDGER_TABLE_COUNT };
#undef TABLE

#endif
