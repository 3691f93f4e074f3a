/*
 * The manifest the agent gets: raw bytes kept for saving unchanged, and a decoded table.
 * Reference 3.5, 6.2.
 */
#ifndef PRISM_CORE_MANIFEST_H
#define PRISM_CORE_MANIFEST_H

#include "core/core.h"

struct core_manifest_entry { /* strings never NULL */
	char hash[65];           /* hex of 32 bytes; "" when absent or unreadable */
	const char *file_name;   /* "" any */
	const char *user_key;    /* as on the wire */
	char fingerprint[64];    /* of the key, "SHA256:..."; "" when unreadable */
	const char *use;         /* "algorithm", "dataset", "result consumer" */
	const char *algo_type;   /* newer agents; "" */
};
struct core_manifest { /* strings never NULL */
	const char *id, *name, *description;
	bool has_algorithm;
	struct core_manifest_entry algorithm;
	const struct core_manifest_entry *datasets, *consumers;
	size_t dataset_count, consumer_count;
	const char *raw; /* body of the answer, unmodified */
	size_t raw_len;
};
/* NULL until loaded. */
const struct core_manifest *core_manifest(struct core *core, const char *computation_id);
const struct core_status *core_manifest_status(struct core *core, const char *computation_id);
void core_manifest_load(struct core *core, const char *computation_id, bool refresh);
PRISM_MUST_USE
int core_manifest_await(struct core *core, const char *computation_id, bool refresh,
                        struct prism_cancel *cancel, core_done_fn done, void *data,
                        struct prism_error *err);
/* Writes the bytes of the answer, unmodified, atomically. */
PRISM_MUST_USE
int core_manifest_save(const struct core_manifest *manifest, const char *path,
                       struct prism_error *err);
/* The entry whose hash is this (hex, any case); NULL when there is none. index: of datasets, -1
 * algorithm. */
const struct core_manifest_entry *core_manifest_find_hash(const struct core_manifest *manifest,
                                                          const char *hex, int *ret_index);

struct prism_arena;
/* Pure; raw and strings live in the arena. */
struct core_manifest *core_manifest_decode(struct prism_arena *arena, const char *text, size_t len,
                                           struct prism_error *err);

#endif
