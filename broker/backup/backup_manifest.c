#include "backup/backup_manifest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "wire/json.h"

#define FORMAT        "throughcare/backup/v1"
#define MANIFEST_NAME "manifest.json"
#define HEX_BYTES     (2 * TC_SHA256_BYTES + 1)

void backup_run_name(const struct backup_run *run, char to[BACKUP_NAME_BYTES])
{
	snprintf(to, BACKUP_NAME_BYTES, "segment-%" PRIu64 "-%" PRIu64, run->first, run->next - 1);
}

int backup_manifest_add_run(struct backup_manifest *manifest, const struct backup_run *run)
{
	struct backup_run *runs;

	if (manifest->run_count == BACKUP_SEGMENTS_MAX)
		return TC_EFULL;
	runs = realloc(manifest->runs, (manifest->run_count + 1) * sizeof(*runs));
	if (!runs)
		return TC_ENOMEM;
	manifest->runs = runs;
	runs[manifest->run_count++] = *run;
	return 0;
}

const struct backup_file *backup_manifest_file(const struct backup_manifest *manifest,
					       const char *name)
{
	for (size_t i = 0; i < manifest->file_count; i++)
		if (strcmp(manifest->files[i].name, name) == 0)
			return &manifest->files[i];
	return NULL;
}

static int run_compare(const void *first, const void *run)
{
	uint64_t a = *(const uint64_t *)first, b = ((const struct backup_run *)run)->first;

	return (a > b) - (a < b);
}

const struct backup_run *backup_manifest_run(const struct backup_manifest *manifest,
					     const char *name)
{
	char expected[BACKUP_NAME_BYTES];
	const struct backup_run *run = NULL;
	uint64_t first;

	if (sscanf(name, "segment-%" SCNu64, &first) == 1 && manifest->run_count > 0)
		run = bsearch(&first, manifest->runs, manifest->run_count, sizeof(*run),
			      run_compare);
	if (!run)
		return NULL;
	backup_run_name(run, expected);
	return strcmp(name, expected) == 0 ? run : NULL;
}

int backup_manifest_put_file(struct backup_manifest *manifest, const struct backup_file *file)
{
	const struct backup_file *old = backup_manifest_file(manifest, file->name);
	size_t at = old ? (size_t)(old - manifest->files) : manifest->file_count;

	if (at == BACKUP_FILES_MAX)
		return TC_EFULL;
	manifest->files[at] = *file;
	if (!old)
		manifest->file_count++;
	return 0;
}

int backup_manifest_add_meta(struct backup_manifest *manifest, struct tc_slice name,
			     struct tc_slice value)
{
	struct backup_meta *meta = &manifest->meta[manifest->meta_count];

	if (manifest->meta_count == BACKUP_META_MAX || name.len == 0 ||
	    name.len >= sizeof(meta->name) || memchr(name.data, '\0', name.len) ||
	    value.len > sizeof(meta->value))
		return TC_EFULL;
	memset(meta, 0, sizeof(*meta));
	memcpy(meta->name, name.data, name.len);
	if (value.len > 0)
		memcpy(meta->value, value.data, value.len);
	meta->value_len = value.len;
	manifest->meta_count++;
	return 0;
}

struct tc_slice backup_manifest_meta(const struct backup_manifest *manifest, const char *name)
{
	for (size_t i = 0; i < manifest->meta_count; i++)
		if (strcmp(manifest->meta[i].name, name) == 0)
			return tc_slice(manifest->meta[i].value, manifest->meta[i].value_len);
	return tc_slice(NULL, 0);
}

bool backup_manifest_meta_equal(const struct backup_manifest *a, const struct backup_manifest *b)
{
	return a->meta_count == b->meta_count &&
	       memcmp(a->meta, b->meta, a->meta_count * sizeof(a->meta[0])) == 0;
}

void backup_manifest_free(struct backup_manifest *manifest)
{
	free(manifest->runs);
	*manifest = (struct backup_manifest){.runs = NULL};
}

/* ---- reading ---- */

static bool hex_read(const char *text, uint8_t *to, size_t len)
{
	return tc_unhex(text, strlen(text), to, len);
}

static bool text_copy(const char *text, char *to, size_t room)
{
	return (size_t)snprintf(to, room, "%s", text) < room;
}

static int run_read(json_t *json, struct backup_manifest *to)
{
	uint64_t before = to->run_count ? to->runs[to->run_count - 1].next : 0;
	json_int_t first, next, bytes;
	struct backup_run run;
	const char *digest;

	if (json_unpack_ex(json, NULL, JSON_STRICT, "{s:I,s:I,s:I,s:s}", "first", &first, "next",
			   &next, "bytes", &bytes, "sha256", &digest) != 0 ||
	    first < 0 || (uint64_t)first != before || next <= first || bytes < 0 ||
	    !hex_read(digest, run.sha256, sizeof(run.sha256)))
		return BACKUP_MANIFEST_BAD;
	run.first = (uint64_t)first;
	run.next = (uint64_t)next;
	run.bytes = (uint64_t)bytes;
	if (to->run_count == BACKUP_SEGMENTS_MAX)
		return BACKUP_MANIFEST_BAD;
	return backup_manifest_add_run(to, &run);
}

/* A plain name: it is put to the end of a folder's. */
static bool name_valid(const char *name)
{
	return name[0] != '\0' && name[0] != '.' && strchr(name, '/') == NULL;
}

static int file_read(json_t *json, struct backup_manifest *to)
{
	const char *name, *digest;
	struct backup_file file;
	json_int_t bytes;

	if (json_unpack_ex(json, NULL, JSON_STRICT, "{s:s,s:I,s:s}", "name", &name, "bytes", &bytes,
			   "sha256", &digest) != 0 ||
	    bytes < 0 || !name_valid(name) || !text_copy(name, file.name, sizeof(file.name)) ||
	    !hex_read(digest, file.sha256, sizeof(file.sha256)) || backup_manifest_file(to, name))
		return BACKUP_MANIFEST_BAD;
	file.bytes = (uint64_t)bytes;
	return backup_manifest_put_file(to, &file) ? BACKUP_MANIFEST_BAD : 0;
}

static int meta_read(json_t *json, struct backup_manifest *to)
{
	uint8_t value[BACKUP_META_BYTES_MAX];
	const char *name, *hex;
	size_t len;

	if (json_unpack_ex(json, NULL, JSON_STRICT, "{s:s,s:s}", "name", &name, "value", &hex) != 0)
		return BACKUP_MANIFEST_BAD;
	len = strlen(hex) / 2;
	if (len > sizeof(value) || !hex_read(hex, value, len) ||
	    backup_manifest_add_meta(to, tc_slice_text(name), tc_slice(value, len)) != 0)
		return BACKUP_MANIFEST_BAD;
	return 0;
}

static int array_read(json_t *array, struct backup_manifest *to,
		      int (*take)(json_t *json, struct backup_manifest *to))
{
	size_t count = json_array_size(array);
	int r = json_is_array(array) ? 0 : BACKUP_MANIFEST_BAD;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = take(json_array_get(array, i), to);
	return r;
}

static int json_read(json_t *json, struct backup_manifest *to)
{
	const char *format, *log_id, *domain, *origin, *root, *made;
	json_t *runs, *files, *meta;
	json_int_t next;
	int r;

	if (json_unpack_ex(json, NULL, JSON_STRICT, "{s:s,s:s,s:s,s:s,s:I,s:s,s:s,s:o,s:o,s:o}",
			   "format", &format, "logId", &log_id, "trustDomain", &domain, "origin",
			   &origin, "next", &next, "root", &root, "madeAt", &made, "segments",
			   &runs, "files", &files, "meta", &meta) != 0 ||
	    strcmp(format, FORMAT) != 0 || next < 0 ||
	    !hex_read(log_id, to->log_id.bytes, sizeof(to->log_id)) ||
	    !text_copy(domain, to->trust_domain, sizeof(to->trust_domain)) ||
	    !text_copy(origin, to->origin, sizeof(to->origin)) ||
	    !tc_note_name_valid(tc_slice_text(to->origin)) ||
	    !hex_read(root, to->root, sizeof(to->root)) ||
	    !tc_time_parse(tc_slice_text(made), &to->made_ms))
		return BACKUP_MANIFEST_BAD;
	to->next = (uint64_t)next;
	r = array_read(runs, to, run_read);
	if (r == 0)
		r = array_read(files, to, file_read);
	if (r == 0)
		r = array_read(meta, to, meta_read);
	if (r == 0 && (to->run_count ? to->runs[to->run_count - 1].next : 0) != to->next)
		r = BACKUP_MANIFEST_BAD;
	return r;
}

int backup_manifest_read(struct tc_slice text, struct backup_manifest *ret)
{
	struct backup_manifest made = {.runs = NULL};
	struct tc_refusal refusal = {.code = TC_REFUSAL_NONE};
	json_t *json = NULL;
	int r = tc_json_parse(text, &json, &refusal);

	if (r == TC_JSON_REFUSED)
		r = BACKUP_MANIFEST_BAD;
	if (r == 0)
		r = json_read(json, &made);
	json_decref(json);
	if (r == 0)
		*ret = made;
	else
		backup_manifest_free(&made);
	return r;
}

int backup_manifest_load(const struct backup_folder *folder, struct backup_manifest *ret)
{
	struct tc_bytes text = {0};
	int r = backup_folder_read(folder, MANIFEST_NAME, TC_JSON_TEXT_BYTES_MAX, &text);

	if (r == BACKUP_FOLDER_ABSENT)
		r = BACKUP_MANIFEST_ABSENT;
	else if (r == TC_EFULL)
		r = BACKUP_MANIFEST_BAD;
	if (r == 0)
		r = backup_manifest_read(tc_bytes_slice(&text), ret);
	tc_bytes_free(&text);
	return r;
}

/* ---- writing ---- */

static json_t *file_json(const struct backup_file *file)
{
	char hex[HEX_BYTES];

	tc_hex(file->sha256, sizeof(file->sha256), hex);
	return json_pack("{s:s,s:I,s:s}", "name", file->name, "bytes", (json_int_t)file->bytes,
			 "sha256", hex);
}

static json_t *run_json(const struct backup_run *run)
{
	char hex[HEX_BYTES];

	tc_hex(run->sha256, sizeof(run->sha256), hex);
	return json_pack("{s:I,s:I,s:I,s:s}", "first", (json_int_t)run->first, "next",
			 (json_int_t)run->next, "bytes", (json_int_t)run->bytes, "sha256", hex);
}

static json_t *meta_json(const struct backup_meta *meta)
{
	char hex[2 * BACKUP_META_BYTES_MAX + 1];

	tc_hex(meta->value, meta->value_len, hex);
	return json_pack("{s:s,s:s}", "name", meta->name, "value", hex);
}

static json_t *json_of(const struct backup_manifest *manifest)
{
	json_t *runs = json_array(), *files = json_array(), *meta = json_array();
	char log_id[2 * sizeof(struct tc_id) + 1], root[HEX_BYTES], made[TC_TIME_TEXT_BYTES];
	int r = 0;

	for (size_t i = 0; r == 0 && i < manifest->run_count; i++)
		r = json_array_append_new(runs, run_json(&manifest->runs[i]));
	for (size_t i = 0; r == 0 && i < manifest->file_count; i++)
		r = json_array_append_new(files, file_json(&manifest->files[i]));
	for (size_t i = 0; r == 0 && i < manifest->meta_count; i++)
		r = json_array_append_new(meta, meta_json(&manifest->meta[i]));
	if (r != 0) {
		json_decref(runs);
		json_decref(files);
		json_decref(meta);
		return NULL;
	}
	tc_hex(manifest->log_id.bytes, sizeof(manifest->log_id), log_id);
	tc_hex(manifest->root, sizeof(manifest->root), root);
	tc_time_format(manifest->made_ms, made);
	return json_pack("{s:s,s:s,s:s,s:s,s:I,s:s,s:s,s:o,s:o,s:o}", "format", FORMAT, "logId",
			 log_id, "trustDomain", manifest->trust_domain, "origin", manifest->origin,
			 "next", (json_int_t)manifest->next, "root", root, "madeAt", made,
			 "segments", runs, "files", files, "meta", meta);
}

int backup_manifest_write(const struct backup_manifest *manifest, struct tc_bytes *to)
{
	json_t *json = json_of(manifest);
	char *text = json ? json_dumps(json, JSON_INDENT(1)) : NULL;
	int r = text ? tc_bytes_append(to, text, strlen(text)) : TC_ENOMEM;

	if (r == 0)
		r = tc_bytes_append(to, "\n", 1);
	free(text);
	json_decref(json);
	return r;
}

int backup_manifest_save(const struct backup_folder *folder, const struct backup_manifest *manifest)
{
	struct backup_file written;
	struct tc_bytes text = {0};
	int r = backup_manifest_write(manifest, &text);

	if (r == 0)
		r = backup_folder_sync(folder);
	if (r == 0)
		r = backup_folder_write(folder, MANIFEST_NAME, tc_bytes_slice(&text), &written);
	if (r == 0)
		r = backup_folder_sync(folder);
	tc_bytes_free(&text);
	return r;
}
