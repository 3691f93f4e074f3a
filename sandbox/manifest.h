/*
 * The manifest of a computation: gathered from roles, links and keys once, and read by the dry
 * run, the preview and the start of a run (prism-api.md sections 3.5 and 6.2).
 */
#ifndef PRISM_SANDBOX_MANIFEST_H
#define PRISM_SANDBOX_MANIFEST_H

#include "base/mem.h"
#include "sandbox/json_out.h"
#include "sandbox/sandbox.h"

struct sb_manifest_item {             /* an algorithm or a dataset */
	const char *file_name, *checksum; /* checksum: hex; "" when the asset has none */
	uint8_t hash[32];
	const void *key; /* DER of the provider's public key; NULL: not registered */
	size_t key_len;
};
struct sb_manifest_key {
	const void *key;
	size_t key_len;
};

struct sb_manifest { /* everything lives in the arena it was gathered in */
	const char *name, *description, *agent_config;
	bool has_algorithm;
	struct sb_manifest_item algorithm;
	struct sb_manifest_item *datasets;
	size_t dataset_count;
	struct sb_manifest_key *consumers;
	size_t consumer_count;
	/* What the dry run reports. */
	const char **missing_keys;   /* user ids */
	const char **missing_hashes; /* file names, or ids of assets without one */
	const char **missing_info;   /* sentences, as the web application shows them */
	size_t missing_key_count, missing_hash_count, missing_info_count;
};

struct sb_manifest *sb_manifest_gather(struct sb *sb, struct prism_arena *arena,
                                       int64_t computation);
bool sb_manifest_complete(const struct sb_manifest *manifest);
/* run_id NULL: the preview, without an id. */
void sb_manifest_write(struct sb_json *out, const struct sb_manifest *manifest, const char *run_id);

#endif
