/*
 * corpus_runner - runs a fuzzer's entry once over each file of the folders given: what the fuzzers
 * found before stays found in every build, without libFuzzer.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define INPUT_BYTES_MAX (8 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An allocation of the exact size, so that a sanitizer sees a read past the end. */
static int run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *input = NULL;
	long size = -1;
	int status = 1;

	if (!file)
		return 1;
	if (fseek(file, 0, SEEK_END) == 0)
		size = ftell(file);
	rewind(file);
	if (size >= 0 && size <= INPUT_BYTES_MAX)
		input = malloc(size > 0 ? (size_t)size : 1);
	if (input && fread(input, 1, (size_t)size, file) == (size_t)size) {
		LLVMFuzzerTestOneInput(input, (size_t)size);
		status = 0;
	}
	free(input);
	fclose(file);
	return status;
}

static int run_folder(const char *path, unsigned *ret_count)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	int status = 0;

	if (!folder)
		return 1;
	while ((entry = readdir(folder))) {
		char name[4096];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		if (run_file(name) != 0) {
			fprintf(stderr, "cannot read %s\n", name);
			status = 1;
		}
		(*ret_count)++;
	}
	closedir(folder);
	return status;
}

int main(int argc, char **argv)
{
	unsigned count = 0;
	int status = argc < 2;

	for (int i = 1; i < argc; i++)
		status |= run_folder(argv[i], &count);
	printf("%u inputs\n", count);
	return status || count == 0;
}
