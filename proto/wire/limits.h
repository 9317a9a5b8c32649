/*
 * limits - every maximum on the wire, with its unit. What is over one is refused
 * before anything is allocated for it.
 */
#ifndef WIRE_LIMITS_H
#define WIRE_LIMITS_H

#define TC_FRAME_BYTES_MAX     (4 * 1024 * 1024) /* one ZMTP frame, one request */
#define TC_COMMAND_BYTES_MAX   4096              /* one ZMTP command */
#define TC_ENVELOPES_MAX       64                /* under one signature */
#define TC_PARTS_MAX           64                /* in one envelope */
#define TC_HEADER_BYTES_MAX    16384
#define TC_PART_BYTES_MAX      (1024 * 1024)
#define TC_SALT_BYTES          32
#define TC_DIGEST_BYTES        32
#define TC_TRACE_BYTES         16 /* of a part, see PartLabel */
#define TC_SIGNATURE_BYTES_MAX 512
#define TC_RECIPIENTS_MAX      16
#define TC_PATH_HASHES_MAX     8
#define TC_CREDIT_MAX          1024
#define TC_LEASE_MS_MIN        1000
#define TC_LEASE_MS_MAX        3600000
#define TC_LEASE_MS_DEFAULT    30000
#define TC_SETTLEMENTS_MAX     1024
#define TC_NAK_DELAY_MS_MAX    86400000
#define TC_PAGE_ROWS_MAX       500
#define TC_PAGE_ROWS_DEFAULT   100
#define TC_ACTOR_BYTES_MAX     64                 /* a person's id at an agency, see Actor */
#define TC_FIELD_BYTES_DEFAULT 512                /* string or bytes field without its own rule */
#define TC_FIELD_ITEMS_DEFAULT 64                 /* repeated field without its own rule */
#define TC_UNPACK_BYTES_MAX    (16 * 1024 * 1024) /* memory for one decoded request */
#define TC_CLOCK_SKEW_MS_MAX   (10 * 60 * 1000)   /* created_at may lie this far ahead */
#define TC_AGE_MS_MAX          (400LL * 86400 * 1000) /* and this far back (offline outbox) */
#define TC_EXPIRES_MS_MAX      (400LL * 86400 * 1000) /* expires_at after acceptance */
#define TC_EXPIRES_MS_DEFAULT  (30LL * 86400 * 1000)
#define TC_OCCURRED_MS_MIN     (-2208988800000LL) /* 1900-01-01 */

#endif
