/*
 * Samples of assets: the bytes others may look at (reference 3.7), and what kind of thing they are.
 * They are not the real file, and nothing is checked against its checksum.
 */
#ifndef PRISM_CORE_SAMPLE_H
#define PRISM_CORE_SAMPLE_H

#include "core/asset.h"

enum core_sample_kind {
	CORE_SAMPLE_NONE,   /* the asset has none */
	CORE_SAMPLE_TEXT,   /* UTF-8 without NUL */
	CORE_SAMPLE_CSV,    /* such text, and named or typed as CSV */
	CORE_SAMPLE_BINARY, /* anything else */
	CORE_SAMPLE_KIND_COUNT
};
const char *core_sample_kind_word(enum core_sample_kind kind); /* "none", "text", "csv", "binary" */
/* Pure. */
enum core_sample_kind core_sample_kind_of(const char *mime_type, const char *file_name,
                                          const char *bytes, size_t size);

struct core_sample {   /* lent for the callback */
	const char *bytes; /* NUL-terminated behind size, for text */
	size_t size;
	enum core_sample_kind kind;
	const struct core_asset *asset;
};
typedef void (*core_sample_fn)(void *data, const struct core_sample *sample,
                               const struct prism_error *err);
/* Reads the asset and decodes its sample. Fails with category protocol when that is not base64, and
 * with limit beyond CORE_SAMPLE_MAX. An asset without one is no failure: kind NONE. */
PRISM_MUST_USE
int core_sample_fetch(struct core *core, const char *asset_id, struct prism_cancel *cancel,
                      core_sample_fn done, void *data, struct prism_error *err);

/* Ids or names of the computations an asset is linked to, asked from the server. */
typedef void (*core_asset_words_fn)(void *data, const char *const *words, size_t count,
                                    const struct prism_error *err);
PRISM_MUST_USE
int core_asset_computations(struct core *core, const char *asset_id, struct prism_cancel *cancel,
                            core_asset_words_fn done, void *data, struct prism_error *err);

#endif
