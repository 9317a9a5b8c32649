#include "backup/forgotten_file.h"

#include <string.h>

#define HEAD_BYTES 4
#define HASH_BYTES TC_SHA256_BYTES

int forgotten_file_read(const struct backup_folder *folder, struct tc_bytes *to)
{
	int r = backup_folder_read(folder, FORGOTTEN_FILE_NAME, FORGOTTEN_FILE_BYTES_MAX, to);

	return r == BACKUP_FOLDER_ABSENT ? 0 : r;
}

int forgotten_file_next(struct tc_slice *left, struct tc_slice *ret)
{
	uint8_t sha256[HASH_BYTES];
	struct tc_slice content;
	size_t len;
	int r;

	if (left->len == 0)
		return FORGOTTEN_FILE_END;
	if (left->len < HEAD_BYTES + HASH_BYTES)
		return TC_ECORRUPT;
	len = tc_get_be32(left->data);
	if (len > left->len - HEAD_BYTES - HASH_BYTES)
		return TC_ECORRUPT;
	content = tc_slice(left->data + HEAD_BYTES, len);
	r = tc_sha256(content, sha256);
	if (r == 0 && memcmp(sha256, content.data + len, HASH_BYTES) != 0)
		r = TC_ECORRUPT;
	if (r != 0)
		return r;
	*ret = content;
	*left = tc_slice(content.data + len + HASH_BYTES,
			 left->len - HEAD_BYTES - len - HASH_BYTES);
	return 0;
}

int forgotten_file_add(struct tc_bytes *bytes, struct tc_slice content)
{
	uint8_t head[HEAD_BYTES], sha256[HASH_BYTES];
	int r;

	if (bytes->len > FORGOTTEN_FILE_BYTES_MAX ||
	    content.len > FORGOTTEN_FILE_BYTES_MAX - HEAD_BYTES - HASH_BYTES ||
	    bytes->len > FORGOTTEN_FILE_BYTES_MAX - HEAD_BYTES - HASH_BYTES - content.len)
		return TC_EFULL;
	tc_put_be32(head, (uint32_t)content.len);
	r = tc_sha256(content, sha256);
	if (r == 0)
		r = tc_bytes_append(bytes, head, sizeof(head));
	if (r == 0)
		r = tc_bytes_append(bytes, content.data, content.len);
	return r == 0 ? tc_bytes_append(bytes, sha256, sizeof(sha256)) : r;
}

int forgotten_file_know(struct tc_slice bytes, uint8_t ret[FORGOTTEN_KNOWN_BYTES])
{
	tc_put_be64(ret, bytes.len);
	return tc_sha256(bytes, ret + 8);
}

int forgotten_file_hold(struct tc_slice bytes, struct tc_slice known)
{
	uint8_t found[FORGOTTEN_KNOWN_BYTES];
	int r;

	if (known.len == 0)
		return 0;
	if (known.len != sizeof(found) || tc_get_be64(known.data) > bytes.len)
		return FORGOTTEN_FILE_LESS;
	r = forgotten_file_know(tc_slice(bytes.data, tc_get_be64(known.data)), found);
	if (r < 0)
		return r;
	return memcmp(found, known.data, sizeof(found)) == 0 ? 0 : FORGOTTEN_FILE_LESS;
}

int forgotten_file_check(const struct backup_folder *folder, struct tc_slice known, size_t *ret_at)
{
	struct tc_bytes bytes = {0};
	struct tc_slice left, entry;
	int r = forgotten_file_read(folder, &bytes);

	left = tc_bytes_slice(&bytes);
	while (r == 0)
		r = forgotten_file_next(&left, &entry);
	*ret_at = bytes.len - left.len;
	if (r == FORGOTTEN_FILE_END)
		r = forgotten_file_hold(tc_bytes_slice(&bytes), known);
	tc_bytes_free(&bytes);
	return r;
}
