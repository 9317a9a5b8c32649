/*
 * err - the two-sign rule of return values.
 *
 * Fallible functions return int: 0 is done; < 0 is a fault from this list, passed
 * up unchanged and logged once at an edge; > 0 is an outcome that the function's
 * own header lists, handled by the direct caller and never passed on.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#define TC_MUST_CHECK __attribute__((warn_unused_result))

enum tc_err {
	TC_ENOMEM = -1,   /* an allocation failed */
	TC_EIO = -2,      /* a file, socket or pipe failed */
	TC_ESTORE = -3,   /* LMDB failed; the process must not go on writing */
	TC_ECORRUPT = -4, /* what was read is not what was written */
	TC_ECRYPTO = -5,  /* OpenSSL failed to hash, sign, verify or load */
	TC_ETLS = -6,     /* the TLS connection failed */
	TC_EPROTO = -7,   /* the peer broke the protocol */
	TC_ECLOSED = -8,  /* the connection or socket is closed */
	TC_ETIMEDOUT = -9,
	TC_EINVAL = -10,  /* the caller passed what the header forbids */
	TC_EFULL = -11,   /* a map, disk or queue has no room */
	TC_EBUS = -12,    /* ZeroMQ failed */
	TC_ECONFIG = -13, /* a configuration or profile cannot be used */
	TC_ESHUTDOWN = -14,
};

/* "out of memory", ...; for r >= 0 or an unknown number "no fault". */
const char *tc_err_text(int r);

#endif
