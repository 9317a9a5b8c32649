/*
 * file - whole small files: read with a bound, written so that a crash leaves the
 * old or the new content and never half of it.
 *
 * Blocks: on the disk.
 */
#ifndef CLI_FILE_H
#define CLI_FILE_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "base/err.h"
#include "cli/problem.h"

#define TC_FILE_PATH_BYTES 4096

/* Joins "folder/name" into `to`. False when it does not fit. */
bool tc_file_path(char to[TC_FILE_PATH_BYTES], const char *folder, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

bool tc_file_exists(const char *path);

/* All of the file, at most `bytes_max`, with a NUL after it that is not counted. 0 or TC_E*,
 * then `problem` says why. */
int tc_file_read(const char *path, size_t bytes_max, struct tc_bytes *ret,
		 struct tc_problem *problem) TC_MUST_CHECK;

/* All of a stream that may be a pipe, as tc_file_read. */
int tc_file_read_stream(FILE *stream, size_t bytes_max, struct tc_bytes *ret,
			struct tc_problem *problem) TC_MUST_CHECK;

/* Replaces the file: temporary name, fsync, rename, fsync of the folder. */
int tc_file_write(const char *path, mode_t mode, struct tc_slice content,
		  struct tc_problem *problem) TC_MUST_CHECK;

/* Makes one folder (its parent exists); an existing folder is done too. */
int tc_file_folder(const char *path, mode_t mode, struct tc_problem *problem) TC_MUST_CHECK;

#endif
