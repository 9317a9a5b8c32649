/*
 * question - asks the exchange and gets its answer as JSON, page by page.
 *
 * Owner:  the main thread.
 * Blocks: up to TC_SESSION_TIMEOUT_MS for each page.
 */
#ifndef CLI_QUESTION_H
#define CLI_QUESTION_H

#include <jansson.h>

#include "cli/command.h"
#include "cli/session.h"
#include "throughcare/v1/wire.pb-c.h"

/* Names the person who asks, from --actor where the command has it. `actor` is borrowed. */
void tc_question_actor(const struct tc_invocation *invocation, Throughcare__V1__Query *query,
		       Throughcare__V1__Actor *actor);
void tc_question_time(int64_t ms, Google__Protobuf__Timestamp *to);

/* One page. `ret` is the QueryReply in the proto3 JSON mapping, with 64-bit numbers as numbers. */
enum tc_exit tc_question_ask(struct tc_invocation *invocation, struct tc_client *client,
			     Throughcare__V1__Query *query, json_t **ret);

/* Connects and asks page by page, at most `page_rows` on each; `page` is given each reply and says
 * whether to go on. The actor is taken from --actor. */
typedef bool (*tc_question_visitor)(void *context, const json_t *reply);
enum tc_exit tc_question_pages(struct tc_invocation *invocation, Throughcare__V1__Query *query,
			       size_t page_rows, tc_question_visitor visit, void *context);

/* Connects, asks for every page (or --limit rows, where the command has that option) and prints
 * the rows that the reply has under `key`, and after them, in a line of its own, that the exchange
 * has looked at only some of them. The actor is taken from --actor. */
enum tc_exit tc_question_table(struct tc_invocation *invocation, Throughcare__V1__Query *query,
			       const char *key, const struct tc_column *columns);

/* The same, where people are shown less, or in other words, than programs. */
typedef void (*tc_question_shortener)(json_t *row);
enum tc_exit tc_question_rows(struct tc_invocation *invocation, Throughcare__V1__Query *query,
			      const char *key, const struct tc_column *columns,
			      tc_question_shortener shorten);

/* Connects, asks and gives the whole reply. */
enum tc_exit tc_question_once(struct tc_invocation *invocation, Throughcare__V1__Query *query,
			      json_t **ret);

/* Connects, asks and gives the reply's message as tc_rendition_delivery does. */
enum tc_exit tc_question_message(struct tc_invocation *invocation, Throughcare__V1__Query *query,
				 json_t **ret);

#endif
