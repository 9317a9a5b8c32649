/*
 * problem - why a command did not do what was asked, in three parts: what
 * happened, the detail, what to do about it. Also the program's exit codes.
 *
 * A value: it owns nothing. Texts are cut to their room.
 */
#ifndef CLI_PROBLEM_H
#define CLI_PROBLEM_H

#include "throughcare/v1/wire.pb-c.h"

/* Exit codes; scripts rely on them. */
enum tc_exit {
	TC_EXIT_DONE = 0,
	TC_EXIT_FAILED = 1,  /* this machine, the profile or the network */
	TC_EXIT_USAGE = 2,   /* the command line */
	TC_EXIT_REFUSED = 3, /* the exchange said no */
};

struct tc_problem {
	char code[64]; /* stable, lower case: "unknown_recipient", "file_unreadable" */
	char message[256];
	char detail[512];
	char hint[256];
};

/* Fills `problem`. `detail_format` may be NULL. */
void tc_problem_set(struct tc_problem *problem, const char *code, const char *message,
		    const char *hint, const char *detail_format, ...)
	__attribute__((format(printf, 5, 6)));

/* Fills `problem` from errno, with the path as its detail. */
void tc_problem_set_errno(struct tc_problem *problem, const char *code, const char *message,
			  const char *path, const char *hint);

#endif
