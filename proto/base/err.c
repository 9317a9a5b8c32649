#include "base/err.h"

static const char *const texts[] = {
	[-TC_ENOMEM] = "out of memory",
	[-TC_EIO] = "input or output failed",
	[-TC_ESTORE] = "the store failed",
	[-TC_ECORRUPT] = "stored data is damaged",
	[-TC_ECRYPTO] = "a cryptographic operation failed",
	[-TC_ETLS] = "the TLS connection failed",
	[-TC_EPROTO] = "the peer broke the protocol",
	[-TC_ECLOSED] = "the connection is closed",
	[-TC_ETIMEDOUT] = "timed out",
	[-TC_EINVAL] = "an argument is not valid",
	[-TC_EFULL] = "no room left",
	[-TC_EBUS] = "the internal bus failed",
	[-TC_ECONFIG] = "the configuration cannot be used",
	[-TC_ESHUTDOWN] = "shutting down",
};

const char *tc_err_text(int r)
{
	if (r >= 0 || -r >= (int)(sizeof(texts) / sizeof(texts[0])) || !texts[-r])
		return "no fault";
	return texts[-r];
}
