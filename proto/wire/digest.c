#include "wire/digest.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* What a thread reuses. OpenSSL 3 looks an algorithm up in its providers at each init that names
 * one, so the context is initialised with the fetched algorithm once and re-initialised without. */
struct thread_context {
	EVP_MD_CTX *md;
};

struct tc_sha256_stream {
	EVP_MD_CTX *md;
};

static pthread_key_t thread_key;
static pthread_once_t thread_once = PTHREAD_ONCE_INIT;
static EVP_MD *sha256;
static _Thread_local struct thread_context *thread_mine;

static void thread_context_release(void *pointer)
{
	struct thread_context *context = pointer;

	EVP_MD_CTX_free(context->md);
	free(context);
}

static void thread_key_make(void)
{
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (pthread_key_create(&thread_key, thread_context_release) != 0) {
		EVP_MD_free(sha256);
		sha256 = NULL;
	}
}

static int context_new(EVP_MD_CTX **ret)
{
	EVP_MD_CTX *md;

	pthread_once(&thread_once, thread_key_make);
	if (!sha256)
		return TC_ECRYPTO;
	md = EVP_MD_CTX_new();
	if (!md)
		return TC_ENOMEM;
	if (EVP_DigestInit_ex2(md, sha256, NULL) != 1) {
		EVP_MD_CTX_free(md);
		return TC_ECRYPTO;
	}
	*ret = md;
	return 0;
}

static int thread_context_get(EVP_MD_CTX **ret)
{
	struct thread_context *context = thread_mine;
	int r;

	if (context) {
		*ret = context->md;
		return 0;
	}
	context = calloc(1, sizeof(*context));
	if (!context)
		return TC_ENOMEM;
	r = context_new(&context->md);
	if (r < 0) {
		free(context);
		return r;
	}
	if (pthread_setspecific(thread_key, context) != 0) {
		thread_context_release(context);
		return TC_ENOMEM;
	}
	thread_mine = context;
	*ret = context->md;
	return 0;
}

int tc_sha256_pieces(const struct tc_slice *pieces, size_t count, uint8_t ret[TC_SHA256_BYTES])
{
	EVP_MD_CTX *md;
	int r = thread_context_get(&md);

	if (r < 0)
		return r;
	if (EVP_DigestInit_ex2(md, NULL, NULL) != 1)
		return TC_ECRYPTO;
	for (size_t i = 0; i < count; i++) {
		if (pieces[i].len > 0 && EVP_DigestUpdate(md, pieces[i].data, pieces[i].len) != 1)
			return TC_ECRYPTO;
	}
	return EVP_DigestFinal_ex(md, ret, NULL) == 1 ? 0 : TC_ECRYPTO;
}

int tc_sha256(struct tc_slice data, uint8_t ret[TC_SHA256_BYTES])
{
	return tc_sha256_pieces(&data, 1, ret);
}

int tc_sha256_stream_new(struct tc_sha256_stream **ret)
{
	struct tc_sha256_stream *stream = calloc(1, sizeof(*stream));
	int r;

	if (!stream)
		return TC_ENOMEM;
	r = context_new(&stream->md);
	if (r < 0) {
		free(stream);
		return r;
	}
	*ret = stream;
	return 0;
}

int tc_sha256_stream_add(struct tc_sha256_stream *stream, struct tc_slice data)
{
	if (data.len == 0)
		return 0;
	return EVP_DigestUpdate(stream->md, data.data, data.len) == 1 ? 0 : TC_ECRYPTO;
}

int tc_sha256_stream_end(struct tc_sha256_stream *stream, uint8_t ret[TC_SHA256_BYTES])
{
	if (EVP_DigestFinal_ex(stream->md, ret, NULL) != 1 ||
	    EVP_DigestInit_ex2(stream->md, NULL, NULL) != 1)
		return TC_ECRYPTO;
	return 0;
}

void tc_sha256_stream_free(struct tc_sha256_stream **stream)
{
	if (!*stream)
		return;
	EVP_MD_CTX_free((*stream)->md);
	free(*stream);
	*stream = NULL;
}

/* RFC 2104 over the digest above: keys here are short and one message is small, so that OpenSSL's
 * MAC object would cost more than it computes. */
int tc_hmac_sha256(struct tc_slice key, const struct tc_slice *pieces, size_t count,
		   uint8_t ret[TC_SHA256_BYTES])
{
	enum { BLOCK_BYTES = 64, PIECES_MAX = 8 };
	uint8_t block[BLOCK_BYTES] = {0};
	uint8_t inner[TC_SHA256_BYTES];
	struct tc_slice all[PIECES_MAX + 1];
	int r;

	if (count > PIECES_MAX)
		return TC_EINVAL;
	if (key.len > BLOCK_BYTES) {
		r = tc_sha256(key, block);
		if (r < 0)
			goto out;
	} else if (key.len > 0) {
		memcpy(block, key.data, key.len);
	}
	for (size_t i = 0; i < BLOCK_BYTES; i++)
		block[i] ^= 0x36;
	all[0] = tc_slice(block, BLOCK_BYTES);
	for (size_t i = 0; i < count; i++)
		all[i + 1] = pieces[i];
	r = tc_sha256_pieces(all, count + 1, inner);
	if (r < 0)
		goto out;
	for (size_t i = 0; i < BLOCK_BYTES; i++)
		block[i] ^= 0x36 ^ 0x5c;
	all[1] = tc_slice(inner, sizeof(inner));
	r = tc_sha256_pieces(all, 2, ret);
out:
	tc_wipe(block, sizeof(block));
	return r;
}
