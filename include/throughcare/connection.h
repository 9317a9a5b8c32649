/*
 * connection - the handle, what went wrong with it, and its connection to the exchange.
 *
 * Threads: one at a time for each handle.
 * Blocks:  tc_client_open* read files; calls with `timeout_ms` wait up to that (0: not at all,
 *          -1: for ever).
 */
#ifndef THROUGHCARE_CONNECTION_H
#define THROUGHCARE_CONNECTION_H

#include <stddef.h>
#include <stdint.h>

#include <throughcare/status.h>

#ifdef __cplusplus
extern "C" {
#endif

struct tc_client;

enum tc_client_outcome {
	TC_CLIENT_REFUSED = 1, /* the exchange refused: tc_client_error has its code and text */
	TC_CLIENT_EMPTY,       /* nothing came within the timeout */
	TC_CLIENT_SEAL         /* a part cannot be sealed or opened: tc_client_error says why */
};

/* What went wrong, in the three parts of every text of Throughcare. */
struct tc_client_error {
	char code[40];     /* stable, for programs: "certificate_expired"; "" when nothing did */
	char message[160]; /* what happened */
	char detail[256];  /* where, or what exactly */
	char hint[256];    /* what to do about it */
};

/* ---- The handle ---- */

/* Paths of PEM files (the key unencrypted), and "host:port" or "[address]:port". */
struct tc_client_options {
	const char *certificate;
	const char *key;
	const char *ca;
	const char *address;
	int trust_senders; /* 1: do not verify the signatures of what is received */
};

/*
 * Loads and checks certificate, key and authority; does not connect. A profile is a folder with
 * certificate.pem, key.pem, ca.pem and address. On a fault *error (when not NULL) has the text.
 * Faults: TC_FAULT_PROFILE, TC_FAULT_MEMORY, TC_FAULT_CRYPTO.
 */
TC_API int tc_client_open_profile(const char *folder, struct tc_client_error *error,
				  struct tc_client **ret);
TC_API int tc_client_open(const struct tc_client_options *options, struct tc_client_error *error,
			  struct tc_client **ret);
/* Closes without waiting. Accepts NULL inside and clears the pointer. */
TC_API void tc_client_close(struct tc_client **client);

/* About the latest call that did not return 0. Borrowed. */
TC_API const struct tc_client_error *tc_client_error(const struct tc_client *client);

/* Who the own certificate says we are. */
struct tc_client_identity {
	char kind[16]; /* "agency", "auditor", "operator" */
	char id[64];
	char adapter[64]; /* "" when none */
	char trust_domain[256];
	char serial[41];
	uint8_t certificate_sha256[32];
	int64_t not_before_ms;
	int64_t not_after_ms;
};
TC_API const struct tc_client_identity *tc_client_identity(const struct tc_client *client);
TC_API const char *tc_client_address(const struct tc_client *client);

/* ---- The connection ---- */

/* How far the latest connect came: what a diagnosis needs. */
enum tc_client_stage {
	TC_STAGE_PROFILE, /* the profile is usable */
	TC_STAGE_ADDRESS, /* the host name has an address */
	TC_STAGE_TCP,     /* somebody listens there */
	TC_STAGE_TLS,     /* it is the exchange of our trust domain */
	TC_STAGE_READY    /* and it took our log-on: connected */
};

/* Connects once. 0, TC_CLIENT_REFUSED (the log-on was refused) or TC_FAULT_IO, _TLS, _PROTOCOL,
 * _CLOSED, _TIMEOUT, _MEMORY, _CRYPTO. Name look-up is the system's and may outlast the timeout. */
TC_API int tc_client_connect(struct tc_client *client, int timeout_ms);
/* Connects, with growing pauses (50 ms to 2 s, jittered), until it works, the timeout has passed,
 * or the exchange's answer says that trying again will not help. As tc_client_connect. */
TC_API int tc_client_reconnect(struct tc_client *client, int timeout_ms);
TC_API void tc_client_disconnect(struct tc_client *client);
TC_API enum tc_client_stage tc_client_stage(const struct tc_client *client);
TC_API int tc_client_connected(const struct tc_client *client);

/* Watch this descriptor for reading, and for writing while tc_client_wants_write is 1; then call
 * tc_client_event_next with timeout 0 until it gives TC_CLIENT_EMPTY. -1 without a connection. */
TC_API int tc_client_fd(const struct tc_client *client);
TC_API int tc_client_wants_write(const struct tc_client *client);
/* Bytes that wait to be sent: what a sender holds its window against. */
TC_API size_t tc_client_unsent_bytes(const struct tc_client *client);

#ifdef __cplusplus
}
#endif
#endif
