/*
 * yaml_pack TYPE SYMBOL FILE OUT - a tool of the build: compiles a YAML file into C.
 *
 * TYPE is a message of package throughcare.v1 without the package. OUT gets the packed message as
 * `const uint8_t SYMBOL[]` and its length as `const size_t SYMBOL_bytes`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/part_types.h"
#include "yaml/yaml_message.h"

static int file_read(const char *path, struct tc_bytes *ret)
{
	FILE *file = fopen(path, "re");
	char block[4096];
	size_t len;
	int r = 0;

	if (!file)
		return TC_EIO;
	while (r == 0 && (len = fread(block, 1, sizeof(block), file)) > 0)
		r = ret->len > TC_YAML_BYTES_MAX ? TC_EFULL : tc_bytes_append(ret, block, len);
	if (r == 0 && ferror(file))
		r = TC_EIO;
	(void)fclose(file);
	return r;
}

static const ProtobufCMessageDescriptor *type_find(const char *name)
{
	for (size_t i = 0; i < tc_message_rule_count; i++)
		if (strcmp(tc_message_rules[i].name, name) == 0)
			return tc_message_rules[i].descriptor;
	return NULL;
}

static int c_write(const char *path, const char *symbol, struct tc_slice packed)
{
	FILE *file = fopen(path, "we");
	bool failed;

	if (!file)
		return TC_EIO;
	(void)fprintf(file,
		      "#include <stddef.h>\n#include <stdint.h>\n\n"
		      "extern const uint8_t %s[];\nextern const size_t %s_bytes;\n\n"
		      "const uint8_t %s[] = {",
		      symbol, symbol, symbol);
	for (size_t i = 0; i < packed.len; i++)
		(void)fprintf(file, "%s0x%02x,", i % 16 ? " " : "\n\t", packed.data[i]);
	(void)fprintf(file, "\n};\nconst size_t %s_bytes = %zu;\n", symbol, packed.len);
	failed = ferror(file) != 0;
	return fclose(file) != 0 || failed ? TC_EIO : 0;
}

int main(int argc, char **argv)
{
	struct tc_yaml_document document = {0};
	struct tc_yaml_error error = {0};
	struct tc_bytes text = {0};
	const ProtobufCMessageDescriptor *type;
	int r;

	if (argc != 5 || !(type = type_find(argv[1]))) {
		(void)fprintf(stderr, "usage: yaml_pack TYPE SYMBOL FILE OUT\n");
		return 2;
	}
	r = file_read(argv[3], &text);
	if (r == 0)
		r = tc_yaml_message_read(tc_bytes_slice(&text), type, &document, &error);
	if (r == 0)
		r = c_write(argv[4], argv[2], tc_bytes_slice(&document.packed));
	if (r == TC_YAML_WRONG)
		(void)fprintf(stderr, "%s:%u:%u: error: %s: %s\n", argv[3], error.line,
			      error.column, error.message, error.detail);
	else if (r != 0)
		(void)fprintf(stderr, "yaml_pack: %s: %s\n", argv[3], tc_err_text(r));
	tc_yaml_document_done(&document);
	tc_bytes_free(&text);
	return r == 0 ? 0 : 1;
}
