/*
 * Assets: descriptions and checksums of algorithms and datasets; the files themselves go to the
 * agent, never to this API.  Reference 3.7, 4.12, 6.1.  Checksums are SHA3-256 (not SHA-256).
 */
#ifndef PRISM_CORE_ASSET_H
#define PRISM_CORE_ASSET_H

#include "core/list.h"

enum core_asset_type {
	CORE_ASSET_ALGORITHM,
	CORE_ASSET_DATASET,
	CORE_ASSET_OTHER,
	CORE_ASSET_TYPE_COUNT
};
const char *core_asset_type_word(enum core_asset_type type);  /* "algorithm", "dataset" */
const char *core_asset_type_label(enum core_asset_type type); /* "Algorithm", "Dataset" */
PRISM_MUST_USE
int core_asset_type_parse(const char *word, enum core_asset_type *ret, struct prism_error *err);

struct core_asset { /* strings never NULL */
	const char *id, *file_name, *owner /* user id */, *description, *type_word, *checksum,
	    *mime_type, *user_key;
	enum core_asset_type type;
	int64_t created_us;
	const char *const *computations; /* ids or names, as the server gives them */
	size_t computation_count;
	bool computations_known; /* false: the answer did not say */
	size_t sample_size;      /* bytes of base64 sample text in the document; 0 none */
};

struct core_list *core_assets(struct core *core);
static inline const struct core_asset *core_asset_at(const struct core_list *list, size_t i)
{
	return core_list_at(list, i);
}
/* Assets linked to one computation: asked for where the server offers it, else derived from each
 * asset's computations (reference Q10). A list of struct core_asset; lent until workspace change.
 */
struct core_list *core_computation_assets(struct core *core, const char *computation_id);

typedef void (*core_asset_fn)(void *data, const struct core_asset *asset, const cJSON *raw,
                              const struct prism_error *err);
PRISM_MUST_USE
int core_asset_fetch(struct core *core, const char *id, struct prism_cancel *cancel,
                     core_asset_fn done, void *data, struct prism_error *err);
/* Id by id or unique file name. */
PRISM_MUST_USE
int core_asset_resolve(struct core *core, const char *word, struct prism_cancel *cancel,
                       core_id_fn done, void *data, struct prism_error *err);

#define CORE_SAMPLE_MAX (10u << 20) /* bytes of a sample; reference section 3.7 */

struct core_asset_draft { /* NULL: keep (update) or leave out (create) */
	const char *file_name, *description, *mime_type;
	const char *checksum; /* 64 hex digits, SHA3-256 */
	const char *sample;   /* base64 of at most CORE_SAMPLE_MAX bytes; "" takes it away */
	const char *user_key;
	enum core_asset_type type; /* create only; CORE_ASSET_OTHER keeps on update */
};
PRISM_MUST_USE
int core_asset_create(struct core *core, const struct core_asset_draft *draft,
                      struct prism_cancel *cancel, core_id_fn done, void *data,
                      struct prism_error *err);
PRISM_MUST_USE
int core_asset_update(struct core *core, const char *id, const struct core_asset_draft *draft,
                      struct prism_cancel *cancel, core_done_fn done, void *data,
                      struct prism_error *err);
PRISM_MUST_USE
int core_asset_delete(struct core *core, const char *id, struct prism_cancel *cancel,
                      core_done_fn done, void *data, struct prism_error *err);
PRISM_MUST_USE
int core_asset_link(struct core *core, const char *id, const char *computation_id,
                    struct prism_cancel *cancel, core_done_fn done, void *data,
                    struct prism_error *err);
PRISM_MUST_USE
int core_asset_unlink(struct core *core, const char *id, const char *computation_id,
                      struct prism_cancel *cancel, core_done_fn done, void *data,
                      struct prism_error *err);

/* SHA3-256 of a file, or of the zip the agent's client makes of a directory, on a worker. */
typedef void (*core_checksum_fn)(void *data, const char *hex /* 64 digits */, uint64_t size,
                                 const struct prism_error *err);
typedef void (*core_progress_fn)(void *data, uint64_t done, uint64_t total /* 0 unknown */);
PRISM_MUST_USE
int core_checksum_path(struct core *core, const char *path, struct prism_cancel *cancel,
                       core_progress_fn progress /* may be NULL */, core_checksum_fn done,
                       void *data, struct prism_error *err);

/* The form "from a file": checksum computed, file_name from the path, MIME type by extension, then
 * create, then link when link_to is given (a link that fails is reported with the id in place). */
struct core_asset_from_file {
	const char *path, *description;
	enum core_asset_type type;
	const char *link_to;   /* computation id; NULL: no link */
	const char *file_name; /* NULL: last component of path */
};
PRISM_MUST_USE
int core_asset_create_from_file(struct core *core, const struct core_asset_from_file *spec,
                                struct prism_cancel *cancel, core_progress_fn progress,
                                core_id_fn done, void *data, struct prism_error *err);
const char *
core_mime_of(const char *file_name); /* "text/csv", "text/x-python", "application/octet-stream" */

#endif
