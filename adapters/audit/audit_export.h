/*
 * audit_export - the log as a folder of static files in the layout of C2SP tlog-tiles.
 *
 * checkpoint, tile/L/N, tile/entries/N: any web server can offer it, any public fsck can check it.
 * No record's content is in it. Writing goes on where the folder ends: full bundles that lie in it
 * are read, the rest is fetched; everything is counted again on the way, and the checkpoint is
 * written last, when it has proven right.
 *
 * Owner:  the calling thread.
 * Blocks: on the disk, and on the source.
 */
#ifndef AUDIT_AUDIT_EXPORT_H
#define AUDIT_AUDIT_EXPORT_H

#include "audit/audit_checkpoint.h"
#include "audit/audit_folder.h"

/* Where bundles come from: `number` ascends by one each time. The slice stands until the next call.
 * 0, or what ends the export: any other number, passed on. */
typedef int (*tc_audit_bundle_source)(void *context, uint64_t number, uint32_t width,
				      struct tc_slice *ret);
typedef void (*tc_audit_progress)(void *context, uint64_t entries, uint64_t of);

struct tc_audit_export {
	const struct tc_audit_folder *folder;
	struct tc_slice note;                      /* the checkpoint as it came */
	const struct tc_audit_checkpoint *target;  /* and as it was checked */
	const struct tc_audit_checkpoint *earlier; /* the folder's own, or NULL */
	uint64_t since;                            /* entries before it are not looked at */
	tc_audit_bundle_source source;
	tc_audit_progress progress;
	void *context; /* of both */
};

struct tc_audit_exported {
	uint64_t fetched; /* entries */
	uint64_t kept;    /* that lay in the folder */
};

/* 0, TC_AUDIT_FOUND, a fault, or what the source returned. After anything but 0 the folder has the
 * checkpoint that it had before. */
int tc_audit_export_run(const struct tc_audit_export *job, struct tc_audit_exported *ret,
			struct tc_audit_finding *finding) TC_MUST_CHECK;

#endif
