/*
 * Internal to core: writing what arrives to a file without making the loop wait for the disk.
 * Bytes are gathered while a worker writes the ones before them; when the disk is slower than the
 * network the owner is asked to hold the sender back.
 *
 * The file is an atomic writer's (base/file.h): nothing stands under the final name before the
 * owner takes the writer back and commits it.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_CORE_SAVER_H
#define PRISM_CORE_SAVER_H

#include "base/file.h"
#include "base/work.h"

#define CORE_SAVER_HIGH (8u << 20) /* bytes waiting: hold the sender back */
#define CORE_SAVER_CAP (24u << 20) /* never more; what is under way when held back must fit too */

struct core_saver;
struct core_saver_owner {
	void (*hold)(void *data, bool held); /* from add(), and from the loop */
	/* Everything added before core_saver_drain() is written, or something could not be: from the
	 * loop, once. */
	void (*drained)(void *data, const struct prism_error *err);
	void *data;
};
struct core_saver *core_saver_create(struct prism_work *work,
                                     struct prism_file_writer *writer /* given */,
                                     const struct core_saver_owner *owner);
/* A failure of an earlier write is reported here too. */
PRISM_MUST_USE
int core_saver_add(struct core_saver *saver, const void *bytes, size_t size,
                   struct prism_error *err);
void core_saver_drain(struct core_saver *saver); /* no more will be added; drained() follows */
/* After a successful drain: the writer, given. */
struct prism_file_writer *core_saver_take(struct core_saver *saver);
/* Discards what was not taken; no callback. A write under way ends in the background. */
void core_saver_destroy(struct core_saver *saver); /* NULL allowed */

#endif
