/*
 * problem - why the program cannot start or go on, in three parts, on stderr.
 *
 * For the person who starts it; the diagnostic log (base/log.h) has events only.
 *
 * Owner: the main thread. Blocks: never.
 */
#ifndef DAEMON_PROBLEM_H
#define DAEMON_PROBLEM_H

/* "throughcared: error: ...", then "detail: ..." and "hint: ..." where they are not NULL. */
void problem_print(const char *error, const char *detail, const char *hint);
/* The same with a file name or address in front of the error. */
void problem_print_at(const char *where, const char *error, const char *detail, const char *hint);

#endif
