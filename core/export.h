/*
 * Exporting computations to a file of bundles (core/bundle.h).
 *
 * Each computation is read with its roles and written at once; CORE_EXPORT_AHEAD are read ahead. An
 * asset is read once, however many computations link it, and some megabytes of assets ahead of the
 * one that is written: memory does not grow with the file.  When the disk is slower than the
 * server, reading waits.
 *
 * The order is the computations' creation, oldest first; the bytes depend on the workspace alone.
 * The file is 0600 and appears whole or not at all.  What could not be read is left out and told
 * (`warn`): a computation that went away or that I may not see, members I may not read.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_CORE_EXPORT_H
#define PRISM_CORE_EXPORT_H

#include "core/core.h"

#define CORE_EXPORT_AHEAD 12 /* computations being read at the same time; polite to a server */

struct core_export_spec {
	const char *path;
	bool replace;           /* a file that is there; else it is refused, category conflict */
	const char *const *ids; /* NULL with count 0: every computation of the workspace */
	size_t count;
	bool private_keys;     /* agents' private keys too; else "" stands in their place */
	bool samples;          /* sample assets too; else "" */
	const char *manifests; /* directory for the manifests as served, ID.json; NULL: none */
	void (*progress)(void *data, size_t done, size_t total); /* may be NULL */
	void (*warn)(void *data, const char *text);              /* may be NULL */
};
struct core_export_result {
	size_t computations, skipped, incomplete;
	size_t keys; /* computations whose private key is in the file */
	uint64_t bytes;
};
typedef void (*core_export_fn)(void *data, const struct core_export_result *result,
                               const struct prism_error *err);
/* spec is copied, its texts too. */
PRISM_MUST_USE
int core_export_start(struct core *core, const struct core_export_spec *spec,
                      struct prism_cancel *cancel, core_export_fn done, void *data,
                      struct prism_error *err);

#endif
