#include "client/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

static const struct {
	const char *code;
	int fault;
	const char *message;
	const char *hint;
} texts[] = {
	[TC_FAILURE_MEMORY] = {"out_of_memory", TC_ENOMEM, "memory ran out",
			       "close other programs, or send smaller messages"},
	[TC_FAILURE_PROFILE_UNREADABLE] = {"profile_unreadable", TC_ECONFIG,
					   "the profile cannot be read",
					   "name the folder that the network's operator gave you; "
					   "it holds certificate.pem, key.pem, ca.pem and address"},
	[TC_FAILURE_PROFILE_UNUSABLE] =
		{"profile_unusable", TC_ECONFIG,
		 "the profile's certificate, key and authority do not make an identity",
		 "ask the network's operator for a new profile"},
	[TC_FAILURE_PROFILE_OWNER] = {"profile_unusable", TC_ECONFIG,
				      "the profile is not one of an agency, auditor or operator",
				      "use the profile of an agency, auditor or operator"},
	[TC_FAILURE_ADDRESS_INVALID] =
		{"address_invalid", TC_ECONFIG, "the exchange's address is not host:port",
		 "correct the file `address` in the profile; IPv6 addresses stand in brackets"},
	[TC_FAILURE_HOST_UNKNOWN] =
		{"host_unknown", TC_EIO, "the exchange's host name has no address",
		 "check the file `address` in the profile, and this machine's DNS"},
	[TC_FAILURE_NOT_REACHED] =
		{"not_reached", TC_EIO, "the exchange's address cannot be reached",
		 "check that the exchange runs, the address in the profile, and firewalls between"},
	[TC_FAILURE_EXCHANGE_IDENTITY] =
		{"exchange_untrusted", TC_ETLS,
		 "the other end cannot prove that it is this network's exchange",
		 "check the address in the profile; if it is right, tell the network's operator"},
	[TC_FAILURE_EXCHANGE_PROTOCOL] =
		{"exchange_protocol", TC_EPROTO, "the other end does not speak as an exchange",
		 "check that the address is the exchange's and this program's version"},
	[TC_FAILURE_CONNECTION_LOST] = {"connection_lost", TC_ECLOSED,
					"the connection to the exchange was lost", "connect again"},
	[TC_FAILURE_NOT_CONNECTED] = {"not_connected", TC_ECLOSED,
				      "there is no connection to the exchange", "connect first"},
	[TC_FAILURE_TIMEOUT] =
		{"timeout", TC_ETIMEDOUT, "the exchange did not answer in time",
		 "try again; a message id is accepted only once, so nothing is doubled"},
	[TC_FAILURE_ARGUMENT] = {"argument_invalid", TC_EINVAL,
				 "the request cannot be made from what was given",
				 "correct what the detail names"},
	[TC_FAILURE_CANNOT_SEAL] = {"cannot_seal", TC_CLIENT_SEAL,
				    "a part cannot be sealed to its recipient",
				    "ask the recipient for a certificate with a P-256 key that "
				    "allows key agreement, or "
				    "send the part unsealed (--no-seal)"},
	[TC_FAILURE_CANNOT_OPEN] = {"cannot_open", TC_CLIENT_SEAL,
				    "a sealed part cannot be opened with this profile's key",
				    "collect with the profile whose certificate it was sealed to, "
				    "or ask the sender to "
				    "send it again (message send --again)"},
	[TC_FAILURE_SEALED_CONTENT] = {"sealed_content_invalid", TC_CLIENT_SEAL,
				       "what a part was sealed around is not of the part's type",
				       "ask the sender to correct it and to send it again"},
	[TC_FAILURE_CRYPTO] = {"crypto_failed", TC_ECRYPTO, "the cryptographic library failed",
			       "check the OpenSSL installation"},
};

static void copy(char *to, size_t room, const char *from)
{
	snprintf(to, room, "%s", from ? from : "");
}

int tc_failure_set(struct tc_client_error *error, enum tc_failure failure,
		   const char *detail_format, ...)
{
	va_list arguments;

	copy(error->code, sizeof(error->code), texts[failure].code);
	copy(error->message, sizeof(error->message), texts[failure].message);
	copy(error->hint, sizeof(error->hint), texts[failure].hint);
	va_start(arguments, detail_format);
	vsnprintf(error->detail, sizeof(error->detail), detail_format, arguments);
	va_end(arguments);
	return texts[failure].fault;
}

int tc_failure_set_fault(struct tc_client_error *error, int fault)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i].fault == fault && fault != TC_ECONFIG && fault != TC_EIO &&
		    fault != TC_ECLOSED)
			return tc_failure_set(error, (enum tc_failure)i, "%s", "");
	}
	if (fault == TC_ECLOSED)
		return tc_failure_set(error, TC_FAILURE_CONNECTION_LOST, "%s", "");
	return tc_failure_set(error, TC_FAILURE_NOT_REACHED, "%s", tc_err_text(fault));
}

void tc_failure_set_code(struct tc_client_error *error, enum tc_refusal_code code,
			 struct tc_slice detail)
{
	size_t len = detail.len < sizeof(error->detail) ? detail.len : sizeof(error->detail) - 1;

	copy(error->code, sizeof(error->code), tc_refusal_name(code));
	copy(error->message, sizeof(error->message), tc_refusal_message(code));
	copy(error->hint, sizeof(error->hint), tc_refusal_hint(code));
	if (len > 0)
		memcpy(error->detail, detail.data, len);
	error->detail[len] = '\0';
}

void tc_failure_set_refusal(struct tc_client_error *error, const Throughcare__V1__Refusal *refusal)
{
	enum tc_refusal_code code = tc_refusal_find(tc_slice_text(refusal->code));

	tc_failure_set_code(error, code, tc_slice_text(refusal->detail));
	if (refusal->code)
		copy(error->code, sizeof(error->code), refusal->code);
	if (refusal->message)
		copy(error->message, sizeof(error->message), refusal->message);
	if (refusal->hint)
		copy(error->hint, sizeof(error->hint), refusal->hint);
}

void tc_failure_set_reason(struct tc_client_error *error, struct tc_slice reason)
{
	const uint8_t *colon = reason.len > 0 ? memchr(reason.data, ':', reason.len) : NULL;
	struct tc_slice name = reason;
	struct tc_slice rest = {0};
	enum tc_refusal_code code;
	size_t message_len;

	if (colon) {
		name.len = (size_t)(colon - reason.data);
		rest = tc_slice(colon + 1, reason.len - name.len - 1);
		if (rest.len > 0 && rest.data[0] == ' ')
			rest = tc_slice(rest.data + 1, rest.len - 1);
	}
	code = tc_refusal_find(name);
	if (code == TC_REFUSAL_NONE) {
		(void)tc_failure_set(error, TC_FAILURE_EXCHANGE_PROTOCOL,
				     "it said an unknown error");
		return;
	}
	message_len = strlen(tc_refusal_message(code));
	if (rest.len > message_len + 2)
		rest = tc_slice(rest.data + message_len + 2, rest.len - message_len - 2);
	else
		rest.len = 0;
	tc_failure_set_code(error, code, rest);
}
