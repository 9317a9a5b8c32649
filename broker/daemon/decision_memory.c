#include "daemon/decision_memory.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE_PAGES 512 /* read at a time */

int decision_memory_open(struct decision_memory *ret, const char *path, uint64_t map_bytes)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	uint64_t pages = map_bytes / page_bytes;

	*ret = (struct decision_memory){.page_bytes = page_bytes, .pages = pages};
	ret->noted = calloc(pages / 8 + 1, 1);
	if (!ret->noted)
		return TC_ENOMEM;
	ret->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (ret->fd >= 0)
		return 0;
	decision_memory_close(ret);
	return TC_EIO;
}

void decision_memory_close(struct decision_memory *memory)
{
	if (memory->noted && memory->fd >= 0)
		close(memory->fd);
	free(memory->noted);
	memory->noted = NULL;
}

void decision_memory_note(struct decision_memory *memory, struct tc_slice row)
{
	const uint8_t *page = row.data - (uintptr_t)row.data % memory->page_bytes;
	uint64_t number;

	memcpy(&number, page, sizeof(number));
	if (number >= memory->pages)
		return;
	memory->noted[number / 8] |= (uint8_t)(1 << number % 8);
	memory->map = page - number * memory->page_bytes;
}

static bool is_noted(const struct decision_memory *memory, uint64_t page)
{
	return (memory->noted[page / 8] >> page % 8 & 1) != 0;
}

/* The system drops no page that is not on the disk yet, or that a process has mapped. */
static int let_go_of_all(struct decision_memory *memory, uint64_t bytes)
{
	if (fdatasync(memory->fd) != 0 ||
	    madvise((void *)(uintptr_t)memory->map, bytes, MADV_DONTNEED) != 0 ||
	    posix_fadvise(memory->fd, 0, 0, POSIX_FADV_DONTNEED) != 0)
		return TC_EIO;
	/* From now on each page comes and goes by itself. */
	return posix_fadvise(memory->fd, 0, 0, POSIX_FADV_RANDOM) == 0 ? 0 : TC_EIO;
}

/* What no process has mapped, some systems let go of even when there is room. */
static void map_noted(const struct decision_memory *memory, uint64_t from, uint64_t end)
{
	for (uint64_t page = from; page < end; page++) {
		if (is_noted(memory, page))
			(void)*(const volatile uint8_t *)(memory->map + page * memory->page_bytes);
	}
}

/* Reads pages `from` to `end`, and lets go of those that were not noted. */
static int read_piece(struct decision_memory *memory, uint64_t from, uint64_t end, uint8_t *to)
{
	uint64_t at = from, first;

	while (at < end && !is_noted(memory, at))
		at++;
	if (at == end)
		return 0;
	if (pread(memory->fd, to, (end - from) * memory->page_bytes,
		  (off_t)(from * memory->page_bytes)) < 0)
		return TC_EIO;
	for (first = from; first < end; first = at) {
		for (at = first; at < end && is_noted(memory, at) == is_noted(memory, first);)
			at++;
		if (!is_noted(memory, first) &&
		    posix_fadvise(memory->fd, (off_t)(first * memory->page_bytes),
				  (off_t)((at - first) * memory->page_bytes),
				  POSIX_FADV_DONTNEED) != 0)
			return TC_EIO;
	}
	map_noted(memory, from, end);
	return 0;
}

int decision_memory_settle(struct decision_memory *memory)
{
	uint8_t *piece = malloc(PIECE_PAGES * memory->page_bytes);
	uint64_t pages;
	struct stat file;
	int r = 0;

	if (!piece)
		return TC_ENOMEM;
	if (!memory->map)
		goto out;
	r = fstat(memory->fd, &file) == 0 ? 0 : TC_EIO;
	pages = r == 0 ? (uint64_t)file.st_size / memory->page_bytes : 0;
	if (pages > memory->pages)
		r = TC_ECORRUPT;
	if (r == 0)
		r = let_go_of_all(memory, pages * memory->page_bytes);
	for (uint64_t from = 0; r == 0 && from < pages; from += PIECE_PAGES)
		r = read_piece(memory, from,
			       pages - from > PIECE_PAGES ? from + PIECE_PAGES : pages, piece);
out:
	free(piece);
	return r;
}
