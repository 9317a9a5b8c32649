/*
 * sealer_frame - what exchange and sealer say to each other.
 *
 * One frame is one message of an AF_UNIX SOCK_SEQPACKET socket, numbers are big-endian:
 *
 *   HELLO    u8 1                                       from the exchange, first
 *         -> u8 1, u64 size, root(32), u8 count of keys, vkeys, each with a newline
 *   SIGN     u8 2, u64 size, root(32), u16 n, n hashes(32) that prove consistency with the
 *            size of the last answer
 *         -> SIGNED   u8 3, signature lines of a C2SP signed note
 *         -> REFUSED  u8 4, u8 code
 *
 * Owner: both ends. Blocks: never.
 */
#ifndef SEALER_SEALER_FRAME_H
#define SEALER_SEALER_FRAME_H

#define SEALER_FRAME_BYTES_MAX  16384
#define SEALER_FRAME_HASHES_MAX 128
#define SEALER_KEYS_MAX         4
#define SEALER_DESCRIPTOR       3 /* where the sealer finds its socket */
#define SEALER_SIGN_HEAD_BYTES  (1 + 8 + 32 + 2)
#define SEALER_HELLO_HEAD_BYTES (1 + 8 + 32 + 1)

enum sealer_frame {
	SEALER_HELLO = 1,
	SEALER_SIGN = 2,
	SEALER_SIGNED = 3,
	SEALER_REFUSED = 4,
};

enum sealer_refusal {
	SEALER_SMALLER = 1,      /* than what was signed before */
	SEALER_INCONSISTENT = 2, /* with what was signed before */
	SEALER_MALFORMED = 3,    /* no frame of these */
	SEALER_DISK = 4,         /* what is signed could not be remembered, so it is not signed */
};

#endif
