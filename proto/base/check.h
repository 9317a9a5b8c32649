/*
 * check - assertions that are always on, for our own bugs only.
 *
 * Bytes from a peer or from disk never reach one: they are outcomes or faults.
 */
#ifndef BASE_CHECK_H
#define BASE_CHECK_H

#define TC_CHECK(condition)                                                                        \
	((condition) ? (void)0 : tc_check_failed(#condition, __FILE__, __LINE__))

_Noreturn void tc_check_failed(const char *condition, const char *file, int line);

#endif
