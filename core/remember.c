/*
 * What is remembered between starts: one JSON object of texts per profile, in the state directory.
 * A file that cannot be read counts as empty: nothing in it is worth stopping for.
 */
#include "core/remember.h"

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "core/options.h"

#include <string.h>

#define STATE_MAX 262144 /* bytes of the file; drafts and positions are small */

struct core_remembered {
	char *path; /* NULL: no home, or switched off */
	cJSON *doc; /* object; NULL until read */
	bool changed, off;
};

struct core_remembered *core_remembered_create(void)
{
	struct core_remembered *r = prism_alloc(sizeof(*r));
	core_remembered_use(r, "default");
	return r;
}

static void drop(struct core_remembered *r)
{
	prism_json_free(r->doc);
	r->doc = NULL;
	r->changed = false;
	prism_free(r->path);
	r->path = NULL;
}

void core_remembered_destroy(struct core_remembered *r)
{
	drop(r);
	prism_free(r);
}

void core_remembered_use(struct core_remembered *r, const char *profile)
{
	PRISM_AUTO_FREE char *name = prism_asprintf("%s.state", profile);
	drop(r);
	r->path = prism_path_state(name);
}

static cJSON *document(struct core_remembered *r)
{
	if (r->doc)
		return r->doc;
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(STATE_MAX);
	if (!r->off && r->path && prism_file_read(r->path, STATE_MAX, &text, NULL) == 0)
		r->doc = prism_json_parse(prism_buf_text(&text), text.len, NULL);
	if (!cJSON_IsObject(r->doc)) {
		prism_json_free(r->doc);
		r->doc = cJSON_CreateObject();
	}
	return r->doc;
}

const char *core_remembered(struct core_options *options, const char *key)
{
	const cJSON *value =
	    cJSON_GetObjectItemCaseSensitive(document(core_options_remembered(options)), key);
	return cJSON_IsString(value) ? value->valuestring : NULL;
}

void core_remember(struct core_options *options, const char *key, const char *value)
{
	struct core_remembered *r = core_options_remembered(options);
	const char *old = core_remembered(options, key);
	if (old == value || (old && value && strcmp(old, value) == 0))
		return;
	cJSON *text = value ? cJSON_CreateString(value) : NULL; /* value may be lent from here */
	cJSON_DeleteItemFromObjectCaseSensitive(document(r), key);
	if (text)
		cJSON_AddItemToObject(document(r), key, text);
	r->changed = true;
}

int core_remember_flush(struct core_options *options, struct prism_error *err)
{
	struct core_remembered *r = core_options_remembered(options);
	if (!r->changed || r->off || !r->path)
		return 0;
	PRISM_AUTO_FREE char *text = prism_json_print(document(r), true);
	const char *slash = strrchr(r->path, '/');
	PRISM_AUTO_FREE char *dir = prism_strndup(r->path, slash ? (size_t)(slash - r->path) : 0);
	if (prism_file_mkdirs(dir, 0700, err) < 0 ||
	    prism_file_write(r->path, text, strlen(text), 0600, err) < 0)
		return prism_error_wrap(err, "the state of the screen cannot be saved");
	r->changed = false;
	return 0;
}

void core_remember_off(struct core_options *options)
{
	struct core_remembered *r = core_options_remembered(options);
	r->off = true;
	prism_json_free(r->doc);
	r->doc = NULL;
	r->changed = false;
}
