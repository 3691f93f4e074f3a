/*
 * Internal to core: the messages of one upload, read ahead on a worker so that neither a slow
 * disk nor a large file is felt on the loop.  A few pieces are in memory at a time, whatever the
 * size of the files.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_CORE_UPLOAD_H
#define PRISM_CORE_UPLOAD_H

#include "base/work.h"
#include "core/payload.h"

#define CORE_UPLOAD_AHEAD 4 /* pieces in memory: one being sent, the others read meanwhile */
#define CORE_UPLOAD_PARTS 2

struct core_upload_part { /* sent one after the other, each in pieces of CORE_PAYLOAD_PIECE */
	struct core_payload *payload; /* referenced until destroy */
	unsigned field;               /* protobuf field number of its bytes */
};
struct core_upload_spec {
	struct core_upload_part parts[CORE_UPLOAD_PARTS];
	size_t part_count;
	unsigned name_field;       /* 0: no name */
	const char *name;          /* goes into every message; copied */
	void (*ready)(void *data); /* after NET_STREAM_AGAIN: ask again */
	void *data;
};

struct core_upload;
struct core_upload *core_upload_create(struct prism_work *work,
                                       const struct core_upload_spec *spec);
/* No callback afterwards; a read under way finishes in the background. NULL allowed. */
void core_upload_destroy(struct core_upload *upload);
uint64_t core_upload_total(const struct core_upload *upload); /* payload bytes */
/* The contract of net_grpc_call_spec.next_message. */
int core_upload_next(struct core_upload *upload, struct prism_buf *out, struct prism_error *err);

#endif
