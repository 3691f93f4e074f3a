/*
 * What an empty field of a command form starts with though the server says nothing: files that lie
 * where they were last time, and names for files that are to be written.
 */
#include "base/file.h"
#include "base/mem.h"
#include "core/asset.h"
#include "core/assetfile.h"
#include "core/computation.h"
#include "core/transfer.h"
#include "tui/ui_private.h"
#include "tui/view_form_private.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#define PROPOSED_MAX 60 /* bytes of a name: the ending and a number fit into any line */

/* When a file was last sent for a computation, on its way counting as now; 0: not in this start. */
static int64_t last_sent(const struct pt_form_view *f, const char *computation, const char *path)
{
	const struct core_transfer_queue *queue = pt_world_transfers(pt_ui_world(f->box.view->app));
	const struct core_transfer_info *info;

	for (size_t i = 0; (info = core_transfer_at(queue, i)); i++)
		if (!strcmp(info->computation_id, computation) && !strcmp(info->path, path)) {
			if (info->state == CORE_TRANSFER_DONE)
				return info->ended_us;
			if (!core_transfer_state_final(info->state))
				return INT64_MAX;
		}
	return 0;
}

/* As a person would type it: below the directory we are in, or below home. Yours. */
static char *typed_path(const char *path)
{
	char cwd[PATH_MAX];
	size_t len = getcwd(cwd, sizeof(cwd)) ? strlen(cwd) : 0;

	if (len > 1 && !strncmp(path, cwd, len) && path[len] == '/' && path[len + 1])
		return prism_strdup(path + len + 1);
	return prism_path_shorten(path);
}

/* The file of a linked asset, when it is known where it lies; of several datasets the one whose
 * turn it is, which was sent longest ago. Yours. */
static char *proposed_file(const struct pt_form_view *f, enum core_asset_type type)
{
	struct pt_world *world = pt_ui_world(f->box.view->app);
	const char *computation = pt_values_get(f->values, "computation");
	struct core_list *list = computation ? core_computation_assets(world->core, computation) : NULL;
	char *best = NULL;
	int64_t best_sent = 0;

	for (size_t i = 0; list && i < core_list_count(list); i++) {
		const struct core_asset *asset = core_asset_at(list, i);
		char *path =
		    asset->type == type ? core_assetfile_find(world->options, asset->checksum) : NULL;
		int64_t sent = path ? last_sent(f, computation, path) : 0;

		if (path && (!best || sent < best_sent)) {
			prism_free(best);
			best = path;
			best_sent = sent;
		} else {
			prism_free(path);
		}
	}
	char *typed = best ? typed_path(best) : NULL;

	prism_free(best);
	return typed;
}

/* "Empty draft" as "empty-draft": what any file system and shell takes. Yours; NULL: nothing is
 * left of it. */
static char *word_of(const char *name)
{
	char *word = prism_strndup(name, PROPOSED_MAX);
	size_t len = 0;

	for (const char *p = word; *p; p++) {
		bool kept = isalnum((unsigned char)*p);
		if (kept)
			word[len++] = (char)tolower((unsigned char)*p);
		else if (len && word[len - 1] != '-')
			word[len++] = '-';
	}
	while (len && word[len - 1] == '-')
		len--;
	word[len] = '\0';
	if (len)
		return word;
	prism_free(word);
	return NULL;
}

/* One computation goes into a file of its name, several into one of all; a name that is free. */
static char *proposed_export(const struct pt_form_view *f)
{
	const char *id = pt_values_get(f->values, "computation");
	const struct core_computation *c =
	    id && !pt_values_nth(f->values, "computation", 1)
	        ? core_computation_get(pt_ui_world(f->box.view->app)->core, id)
	        : NULL;
	PRISM_AUTO_FREE char *word = c ? word_of(c->name) : NULL;
	const char *base = word ? word : "computations";
	char *path = prism_asprintf("%s.json", base);

	for (unsigned n = 2; n < 100 && access(path, F_OK) == 0; n++) {
		prism_free(path);
		path = prism_asprintf("%s-%u.json", base, n);
	}
	return path;
}

char *pt_form_proposed(const struct pt_form_view *f, const struct pt_arg *arg)
{
	enum pt_action_id id = pt_action_id(f->action);

	if (!strcmp(arg->name, "file") && id == PT_ACTION_SEND_ALGORITHM)
		return proposed_file(f, CORE_ASSET_ALGORITHM);
	if (!strcmp(arg->name, "file") && id == PT_ACTION_SEND_DATA)
		return proposed_file(f, CORE_ASSET_DATASET);
	if (id == PT_ACTION_RESULT_FETCH && !strcmp(arg->name, "save"))
		return prism_strdup("results.zip");
	if (id == PT_ACTION_COMPUTATION_EXPORT && !strcmp(arg->name, "file"))
		return proposed_export(f);
	if (id == PT_ACTION_KEY_GENERATE && !strcmp(arg->name, "name"))
		return prism_strdup("default");
	return NULL;
}
