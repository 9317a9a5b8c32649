/*
 * fuzz_yaml - a policy as people write it. What is read prints as YAML that reads as the same.
 */
#include <stdint.h>

#include "base/check.h"
#include "throughcare/v1/policy.pb-c.h"
#include "yaml/yaml_message.h"
#include "yaml/yaml_print.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const ProtobufCMessageDescriptor *type = &throughcare__v1__release_policy__descriptor;
	struct tc_yaml_document document, again;
	struct tc_bytes printed = {0};
	struct tc_yaml_error error;
	int r = tc_yaml_message_read(tc_slice(data, size), type, &document, &error);

	if (r != 0) {
		TC_CHECK(r == TC_YAML_WRONG && error.line > 0 && error.column > 0);
		TC_CHECK(error.message[0] != '\0' && error.hint[0] != '\0');
		return 0;
	}
	TC_CHECK(tc_yaml_print(document.message, &printed) == 0);
	TC_CHECK(tc_yaml_message_read(tc_bytes_slice(&printed), type, &again, &error) == 0);
	TC_CHECK(tc_slice_equal(tc_bytes_slice(&document.packed), tc_bytes_slice(&again.packed)));
	tc_yaml_document_done(&again);
	tc_bytes_free(&printed);
	tc_yaml_document_done(&document);
	return 0;
}
