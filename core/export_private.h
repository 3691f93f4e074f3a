/*
 * Between core/export.c (life, order, writing), export_job.c (reading one computation) and
 * export_assets.c (reading assets once, a few ahead).  Nobody else includes this.
 */
#ifndef PRISM_CORE_EXPORT_PRIVATE_H
#define PRISM_CORE_EXPORT_PRIVATE_H

#include "base/mem.h"
#include "core/asset.h"
#include "core/bundle_write.h"
#include "core/export.h"
#include "core/internal.h"

struct core_saver;
struct export_assets;

struct export_job {
	struct prism_list node;
	struct exporting *x;
	char *id;
	unsigned pending;
	cJSON *computation; /* as it stands in the file; NULL: not here, or written */
	char *name;         /* of the computation; NULL: not known yet */
	bool has_key;       /* the file gets its private key */
	cJSON *roles;       /* array of bundle roles */
	struct prism_arena *arena;
	struct core_asset *assets; /* id and what orders them */
	size_t asset_count, asset_room;
	size_t next_asset; /* to be written */
	size_t next_ahead; /* to be asked for */
	bool assets_known;
	bool gone;         /* left out: went away, or not mine to see */
	bool head_written; /* computation and roles are in the file */
};

struct exporting {
	struct prism_list node; /* of the module */
	struct core *core;
	bool orphan; /* the core is gone; freed when workers and lists have given it back */
	struct prism_cancel *cancel; /* own token, child of the caller's */
	char *manifests;
	bool private_keys, samples;
	bool derive; /* the server does not list a computation's assets: another way */
	char **ids;
	size_t count, next; /* next to be fetched */
	struct prism_list jobs;
	size_t running;
	struct export_assets *assets;
	struct core_saver *saver;
	struct core_bundle_writer writer;
	bool held, draining, pumping, again, listing;
	unsigned saving; /* manifests being written by workers */
	struct prism_error error;
	struct core_export_result result;
	struct core_export_spec spec; /* callbacks only */
	core_export_fn done;
	void *data;
};

/* export.c */
void core_export_pump(struct exporting *x); /* starts and writes what may be; may end it all */
void core_export_fail(struct exporting *x, const struct prism_error *err);
bool core_export_failed(const struct exporting *x);
void core_export_warn(struct exporting *x, const struct export_job *job, const char *what,
                      const struct prism_error *err);
bool core_export_bearable(const struct prism_error *err); /* a no about this one only */

/* export_job.c */
void core_export_job_start(struct exporting *x); /* of the next id */
void core_export_job_free(struct export_job *job);

/* export_assets.c */
struct export_assets *core_export_assets_create(struct exporting *x);
void core_export_assets_destroy(struct export_assets *assets); /* NULL allowed; none in flight */
unsigned core_export_assets_in_flight(const struct export_assets *assets);
/* Asks for what the jobs will need, in their order, as far ahead as memory allows. */
void core_export_assets_ahead(struct export_assets *assets);
/* The next asset of the job into the file. False: it is not here yet, and is asked for. */
bool core_export_assets_write(struct export_assets *assets, struct export_job *job);
/* The job goes without its other assets. */
void core_export_assets_leave(struct export_assets *assets, struct export_job *job);

#endif
