/*
 * status - what the functions of libthroughcare return.
 *
 * 0 is done. A negative number is one of the faults below: it did not work, and the
 * client handle has the text (tc_client_error). A positive number is an outcome that
 * the function's own documentation lists.
 *
 * Everything here is safe from any thread and never blocks.
 */
#ifndef THROUGHCARE_STATUS_H
#define THROUGHCARE_STATUS_H

#if defined(__GNUC__)
#define TC_API __attribute__((visibility("default")))
#else
#define TC_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

enum tc_fault {
	TC_FAULT_MEMORY = -1,    /* an allocation failed */
	TC_FAULT_IO = -2,        /* a socket or file failed */
	TC_FAULT_CRYPTO = -5,    /* OpenSSL failed to hash, sign or verify */
	TC_FAULT_TLS = -6,       /* the TLS connection failed */
	TC_FAULT_PROTOCOL = -7,  /* the other end is no exchange, or broke the protocol */
	TC_FAULT_CLOSED = -8,    /* there is no connection, or it was lost */
	TC_FAULT_TIMEOUT = -9,   /* it took longer than the caller allowed */
	TC_FAULT_ARGUMENT = -10, /* the caller passed what the documentation forbids */
	TC_FAULT_PROFILE =
		-13 /* the profile (certificate, key, authority, address) cannot be used */
};

/* "out of memory", ... Static. */
TC_API const char *tc_fault_text(int result);

/* "0.1.0": of the library that is loaded. Static. */
TC_API const char *tc_version(void);

#ifdef __cplusplus
}
#endif
#endif
