#include <throughcare/status.h>

#include "base/err.h"

/* The library hands out the numbers of the layers below as they are. */
_Static_assert((int)TC_FAULT_MEMORY == (int)TC_ENOMEM, "public and own numbers differ");
_Static_assert((int)TC_FAULT_IO == (int)TC_EIO, "public and own numbers differ");
_Static_assert((int)TC_FAULT_CRYPTO == (int)TC_ECRYPTO, "public and own numbers differ");
_Static_assert((int)TC_FAULT_TLS == (int)TC_ETLS, "public and own numbers differ");
_Static_assert((int)TC_FAULT_PROTOCOL == (int)TC_EPROTO, "public and own numbers differ");
_Static_assert((int)TC_FAULT_CLOSED == (int)TC_ECLOSED, "public and own numbers differ");
_Static_assert((int)TC_FAULT_TIMEOUT == (int)TC_ETIMEDOUT, "public and own numbers differ");
_Static_assert((int)TC_FAULT_ARGUMENT == (int)TC_EINVAL, "public and own numbers differ");
_Static_assert((int)TC_FAULT_PROFILE == (int)TC_ECONFIG, "public and own numbers differ");

const char *tc_fault_text(int result)
{
	return tc_err_text(result);
}

const char *tc_version(void)
{
	return TC_VERSION_TEXT;
}
