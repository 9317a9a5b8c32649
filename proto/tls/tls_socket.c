#include "tls/tls_socket.h"

#include <errno.h>
#include <openssl/bio.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

static BIO_METHOD *method;
static pthread_once_t method_once = PTHREAD_ONCE_INIT;

static int socket_fd(BIO *bio)
{
	return (int)(intptr_t)BIO_get_data(bio);
}

static bool is_temporary(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

static int socket_write(BIO *bio, const char *from, int len)
{
	ssize_t n = send(socket_fd(bio), from, (size_t)len, MSG_NOSIGNAL);

	BIO_clear_retry_flags(bio);
	if (n < 0 && is_temporary(errno))
		BIO_set_retry_write(bio);
	return (int)n;
}

static int socket_read(BIO *bio, char *to, int len)
{
	ssize_t n = recv(socket_fd(bio), to, (size_t)len, 0);

	BIO_clear_retry_flags(bio);
	if (n < 0 && is_temporary(errno))
		BIO_set_retry_read(bio);
	if (n == 0)
		BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
	return (int)n;
}

static long socket_control(BIO *bio, int command, long number, void *pointer)
{
	(void)number;
	(void)pointer;
	if (command == BIO_CTRL_FLUSH)
		return 1;
	if (command == BIO_CTRL_EOF)
		return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
	return 0;
}

static void method_make(void)
{
	BIO_METHOD *made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");

	if (!made)
		return;
	if (BIO_meth_set_write(made, socket_write) == 1 &&
	    BIO_meth_set_read(made, socket_read) == 1 &&
	    BIO_meth_set_ctrl(made, socket_control) == 1)
		method = made;
	else
		BIO_meth_free(made);
}

int tc_tls_socket_new(int fd, struct bio_st **ret)
{
	BIO *bio;

	pthread_once(&method_once, method_make);
	bio = method ? BIO_new(method) : NULL;
	if (!bio)
		return TC_ENOMEM;
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): a number in the place of a pointer */
	BIO_set_data(bio, (void *)(intptr_t)fd);
	BIO_set_init(bio, 1);
	*ret = bio;
	return 0;
}
