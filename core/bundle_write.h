/*
 * Writing an export piece by piece: one bundle after another, and of a bundle one asset after
 * another, so that a file of any size needs the memory of its largest asset.  The bytes depend on
 * the pieces alone.
 *
 *   begin, { computation, role..., asset..., finish }..., end
 *
 * Links follow from the assets.  Thread rules: one thread at a time.
 */
#ifndef PRISM_CORE_BUNDLE_WRITE_H
#define PRISM_CORE_BUNDLE_WRITE_H

#include "base/buf.h"
#include "base/json.h"

/* Takes bytes; -1 with err ends the writing. */
typedef int (*core_bundle_sink)(void *data, const char *bytes, size_t size,
                                struct prism_error *err);

struct core_bundle_writer {
	core_bundle_sink sink;
	void *data;
	size_t bundles;
	uint64_t bytes;
	size_t roles, assets; /* of the present bundle */
	cJSON *links;         /* of the present bundle */
	struct prism_buf out; /* one piece */
};
void core_bundle_writer_init(struct core_bundle_writer *writer, core_bundle_sink sink, void *data);
void core_bundle_writer_finish(struct core_bundle_writer *writer); /* memory only */

/* Documents are those of core/bundle.h, and are given. */
PRISM_MUST_USE
int core_bundle_write_computation(struct core_bundle_writer *writer, cJSON *computation,
                                  struct prism_error *err);
PRISM_MUST_USE
int core_bundle_write_role(struct core_bundle_writer *writer, cJSON *role, struct prism_error *err);
PRISM_MUST_USE
int core_bundle_write_asset(struct core_bundle_writer *writer, cJSON *asset,
                            struct prism_error *err);
/* The same in two steps: what is printed once can be written into several bundles. */
void core_bundle_print_asset(const cJSON *asset, struct prism_buf *out);
PRISM_MUST_USE
int core_bundle_write_asset_text(struct core_bundle_writer *writer, const char *text, size_t len,
                                 const char *id, struct prism_error *err);
PRISM_MUST_USE
int core_bundle_write_close(struct core_bundle_writer *writer, struct prism_error *err);
PRISM_MUST_USE
int core_bundle_write_end(struct core_bundle_writer *writer, struct prism_error *err);

#endif
