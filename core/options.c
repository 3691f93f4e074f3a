/*
 * Settings: layers of values, profiles, the file.  The table and the reading of one value are in
 * core/option_value.c, what is remembered between starts in core/remember.c.
 *
 * Each layer keeps what was written; values are resolved whenever a layer changes, so that choosing
 * another profile cannot leave anything of the former behind.
 */
#include "core/options.h"

#include "base/file.h"
#include "base/ini.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/remember.h"

#include <ctype.h>
#include <string.h>

#define CONFIG_MAX 1048576 /* bytes of a configuration file; more is not one */
#define PROBLEMS_MAX 100

struct layer {
	char *name; /* of a profile or a CVM; NULL otherwise */
	char *text[CORE_OPTION_COUNT];
};

struct value {
	char *text;
	int64_t number;
	struct prism_secret *secret;
	enum core_option_source source;
};

struct core_options {
	struct layer defaults, environment, command;
	struct layer *profiles; /* [0] is "default" */
	size_t profile_count, current;
	struct layer *cvms; /* the agent's settings of single CVMs */
	size_t cvm_count;
	struct value value[CORE_OPTION_COUNT];
	char *file;
	char *problem[PROBLEMS_MAX];
	size_t problem_count;
	struct core_remembered *remembered;
};

/* --- layers --- */

static void wipe_text(char **slot)
{
	if (*slot)
		prism_wipe(*slot, strlen(*slot));
	prism_free(*slot);
	*slot = NULL;
}

static void layer_finish(struct layer *layer)
{
	prism_free(layer->name);
	for (int i = 0; i < CORE_OPTION_COUNT; i++)
		wipe_text(&layer->text[i]);
}

static void layer_set(struct layer *layer, int id, const char *text)
{
	char *copy = prism_strdup(text);
	wipe_text(&layer->text[id]);
	layer->text[id] = copy;
}

static void resolve_one(struct core_options *options, int id)
{
	const struct core_option *option = &core_option_table[id];
	const struct layer *profile = &options->profiles[options->current];
	const char *candidates[] = {
	    [CORE_FROM_BUILTIN] = option->fallback,
	    [CORE_FROM_DEFAULTS] = options->defaults.text[id],
	    [CORE_FROM_PROFILE] = profile->text[id],
	    [CORE_FROM_ENVIRONMENT] = options->environment.text[id],
	    [CORE_FROM_COMMAND] = options->command.text[id],
	};
	struct value *value = &options->value[id];
	for (int source = CORE_FROM_COMMAND; source >= CORE_FROM_BUILTIN; source--) {
		const char *text = candidates[source];
		int64_t number;
		if (!text || core_option_parse(option, text, &number, NULL) < 0)
			continue;
		wipe_text(&value->text);
		prism_secret_destroy(value->secret);
		value->secret = NULL;
		if (option->type == CORE_OPTION_SECRET && *text)
			value->secret = prism_secret_from_text(text);
		value->text = prism_strdup(option->type == CORE_OPTION_SECRET ? "" : text);
		value->number = number;
		value->source = (enum core_option_source)source;
		return;
	}
}

static void resolve(struct core_options *options)
{
	for (int i = 0; i < CORE_OPTION_COUNT; i++)
		resolve_one(options, i);
}

static struct layer *profile_find(struct core_options *options, const char *name)
{
	for (size_t i = 0; i < options->profile_count; i++)
		if (strcmp(options->profiles[i].name, name) == 0)
			return &options->profiles[i];
	return NULL;
}

static struct layer *profile_add(struct core_options *options, const char *name)
{
	options->profiles = prism_realloc_array(options->profiles, options->profile_count + 1,
	                                        sizeof(*options->profiles));
	struct layer *layer = &options->profiles[options->profile_count++];
	*layer = (struct layer){.name = prism_strdup(name)};
	return layer;
}

static struct layer *cvm_of(struct core_options *options, const char *name)
{
	for (size_t i = 0; i < options->cvm_count; i++)
		if (strcmp(options->cvms[i].name, name) == 0)
			return &options->cvms[i];
	options->cvms =
	    prism_realloc_array(options->cvms, options->cvm_count + 1, sizeof(*options->cvms));
	struct layer *layer = &options->cvms[options->cvm_count++];
	*layer = (struct layer){.name = prism_strdup(name)};
	return layer;
}

static void drop_cvms(struct core_options *options)
{
	for (size_t i = 0; i < options->cvm_count; i++)
		layer_finish(&options->cvms[i]);
	prism_free(options->cvms);
	options->cvms = NULL;
	options->cvm_count = 0;
}

struct core_options *core_options_create(void)
{
	struct core_options *options = prism_alloc(sizeof(*options));
	profile_add(options, "default");
	options->file = prism_strdup("");
	options->remembered = core_remembered_create();
	resolve(options);
	return options;
}

static void drop_problems(struct core_options *options)
{
	for (size_t i = 0; i < options->problem_count; i++)
		prism_free(options->problem[i]);
	options->problem_count = 0;
}

void core_options_destroy(struct core_options *options)
{
	if (!options)
		return;
	drop_problems(options);
	layer_finish(&options->defaults);
	layer_finish(&options->environment);
	layer_finish(&options->command);
	for (size_t i = 0; i < options->profile_count; i++)
		layer_finish(&options->profiles[i]);
	prism_free(options->profiles);
	drop_cvms(options);
	for (int i = 0; i < CORE_OPTION_COUNT; i++) {
		prism_free(options->value[i].text);
		prism_secret_destroy(options->value[i].secret);
	}
	core_remembered_destroy(options->remembered);
	prism_free(options->file);
	prism_free(options);
}

struct core_remembered *core_options_remembered(const struct core_options *options)
{
	return options->remembered;
}

/* --- the file --- */

struct reading {
	struct core_options *options;
	const char *name; /* file name, for messages */
	int line;
	char section[64]; /* of the last problem with a section, to tell it once */
};

static void problem(struct reading *r, const char *field, const char *why)
{
	struct core_options *o = r->options;
	if (o->problem_count < PROBLEMS_MAX)
		o->problem[o->problem_count++] =
		    prism_asprintf("%s:%d: %s%s%s", r->name, r->line, field, *field ? ": " : "", why);
}

static struct layer *layer_of_section(struct reading *r, const char *section)
{
	if (!*section || strcmp(section, "defaults") == 0)
		return &r->options->defaults;
	const char *name = strncmp(section, "profile ", 8) == 0 ? section + 8 : NULL;
	const char *cvm =
	    strncmp(section, "cvm ", 4) == 0 ? section + 4 + strspn(section + 4, " \t") : "";
	if (*cvm && prism_utf8_valid(cvm, strlen(cvm)))
		return cvm_of(r->options, cvm);
	if (name) {
		name += strspn(name, " \t");
		if (prism_path_safe_name(name)) {
			struct layer *layer = profile_find(r->options, name);
			return layer ? layer : profile_add(r->options, name);
		}
	}
	if (strcmp(r->section, section) != 0) {
		snprintf(r->section, sizeof(r->section), "%s", section);
		problem(r, section,
		        name ? "not a name for a profile"
		             : "unknown section (profile NAME, cvm NAME, defaults)");
	}
	return NULL;
}

static void on_fault(void *data, int line, const char *why)
{
	struct reading *r = data;
	r->line = line;
	problem(r, "", why);
}

static void on_setting(void *data, int line, const char *section, const char *name,
                       const char *value)
{
	struct reading *r = data;
	r->line = line;
	struct layer *layer = layer_of_section(r, section);
	if (!layer)
		return;
	int id = core_option_find(name);
	struct prism_error err = PRISM_ERROR_INIT;
	int64_t number;
	bool of_cvm = strncmp(section, "cvm ", 4) == 0;
	if (id >= 0 && of_cvm && strncmp(name, "agent_", 6) != 0 && id != CORE_OPT_TRUST_ROOT)
		problem(r, name, "is no setting of one CVM: only agent_... and trust_root are");
	else if (id < 0)
		problem(r, name, "unknown setting");
	else if (layer != &r->options->defaults && id == CORE_OPT_PROFILE)
		problem(r, name, "belongs before the first section");
	else if (core_option_parse(&core_option_table[id], value, &number, &err) < 0)
		problem(r, name, err.message);
	else
		layer_set(layer, id, value);
}

static void forget_file(struct core_options *options)
{
	drop_problems(options);
	layer_finish(&options->defaults);
	options->defaults = (struct layer){0};
	for (size_t i = 0; i < options->profile_count; i++)
		layer_finish(&options->profiles[i]);
	options->profile_count = options->current = 0;
	drop_cvms(options);
	profile_add(options, "default");
}

int core_options_load(struct core_options *options, const char *path, struct prism_error *err)
{
	PRISM_AUTO_FREE char *usual = path ? NULL : prism_path_config("config");
	bool optional = !path;
	if (!path)
		path = usual;
	if (!path)
		return 0; /* no home at all: built-in values */
	prism_free(options->file);
	options->file = prism_strdup(path);
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(CONFIG_MAX);
	struct prism_error failure = PRISM_ERROR_INIT;
	if (prism_file_read(path, CONFIG_MAX, &text, &failure) < 0) {
		if (optional && failure.category == PRISM_ERROR_MISSING)
			return 0;
		prism_error_copy(err, &failure);
		return -1;
	}
	forget_file(options);
	struct reading r = {.options = options, .name = options->file};
	prism_ini_read(text.data, text.len,
	               &(struct prism_ini){.setting = on_setting, .fault = on_fault, .data = &r});
	prism_wipe(text.data, text.len); /* may hold an access token */
	resolve(options);
	return 0;
}

void core_options_environment(struct core_options *options)
{
	for (int i = 0; i < CORE_OPTION_COUNT; i++) {
		char name[64];
		int used = snprintf(name, sizeof(name), "PRISM_TUI_");
		for (const char *c = core_option_table[i].name; *c && used < 62; c++)
			name[used++] = (char)toupper((unsigned char)*c);
		name[used] = '\0';
		const char *text = getenv(name);
		int64_t number;
		struct prism_error err = PRISM_ERROR_INIT;
		if (!text)
			continue;
		if (core_option_parse(&core_option_table[i], text, &number, &err) == 0)
			layer_set(&options->environment, i, text);
		else if (options->problem_count < PROBLEMS_MAX)
			options->problem[options->problem_count++] =
			    prism_asprintf("environment: %s: %s", name, err.message);
	}
	resolve(options);
}

int core_options_use(struct core_options *options, const char *profile, struct prism_error *err)
{
	const char *name = profile ? profile : core_option_text(options, CORE_OPT_PROFILE);
	const struct layer *found = profile_find(options, name);
	if (!found) {
		prism_error_raise(err, PRISM_ERROR_MISSING, "there is no profile \"%s\"", name);
		struct prism_buf names = PRISM_BUF_INIT(PRISM_ERROR_TEXT * 8);
		for (size_t i = 0; i < options->profile_count && names.len < PRISM_ERROR_TEXT; i++)
			prism_buf_printf(&names, "%s%.60s", i ? ", " : "", options->profiles[i].name);
		prism_error_hint(err, "profiles in %s: %s",
		                 *options->file ? options->file : "the configuration",
		                 prism_buf_text(&names));
		prism_buf_finish(&names);
		return -1;
	}
	options->current = (size_t)(found - options->profiles);
	resolve(options);
	core_remembered_use(options->remembered, options->profiles[options->current].name);
	return 0;
}

/* --- values at run time --- */

int core_options_set(struct core_options *options, enum core_option_id id, const char *text,
                     struct prism_error *err)
{
	int64_t number;
	if (core_option_parse(&core_option_table[id], text, &number, err) < 0) {
		prism_error_wrap(err, "%s cannot be set", core_option_table[id].name);
		return -1;
	}
	layer_set(&options->command, (int)id, text);
	resolve_one(options, (int)id);
	return 0;
}

int core_options_assign(struct core_options *options, const char *assignment,
                        struct prism_error *err)
{
	const char *equals = strchr(assignment, '=');
	if (!equals)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "\"%s\" is not name=value", assignment);
	PRISM_AUTO_FREE char *name = prism_strndup(assignment, (size_t)(equals - assignment));
	int id = core_option_find(name);
	if (id < 0) {
		prism_error_raise(err, PRISM_ERROR_INVALID, "there is no setting \"%s\"", name);
		prism_error_hint(err, "prism-tui.1 lists the settings");
		return -1;
	}
	return core_options_set(options, (enum core_option_id)id, equals + 1, err);
}

/* --- getters --- */

const char *core_options_profile(const struct core_options *options)
{
	return options->profiles[options->current].name;
}

size_t core_options_profile_count(const struct core_options *options)
{
	return options->profile_count;
}

const char *core_options_profile_at(const struct core_options *options, size_t index)
{
	return options->profiles[index].name;
}

const char *core_options_file(const struct core_options *options)
{
	return options->file;
}

size_t core_options_problem_count(const struct core_options *options)
{
	return options->problem_count;
}

const char *core_options_problem(const struct core_options *options, size_t index)
{
	return options->problem[index];
}

bool core_options_any_via(const struct core_options *options)
{
	for (int id = 0; id < CORE_OPTION_COUNT; id++) {
		size_t len = strlen(core_option_table[id].name);

		if (len >= 3 && strcmp(core_option_table[id].name + len - 3, "via") == 0 &&
		    *options->value[id].text)
			return true;
	}
	return false;
}

const char *core_option_text(const struct core_options *options, enum core_option_id id)
{
	return options->value[id].text;
}

int64_t core_option_int(const struct core_options *options, enum core_option_id id)
{
	return options->value[id].number;
}

bool core_option_bool(const struct core_options *options, enum core_option_id id)
{
	return options->value[id].number != 0;
}

enum core_option_source core_option_source(const struct core_options *options,
                                           enum core_option_id id)
{
	return options->value[id].source;
}

static const char *text_of_cvm(const struct core_options *options, enum core_option_id id,
                               const char *name)
{
	for (size_t i = 0; name && *name && i < options->cvm_count; i++)
		if (strcmp(options->cvms[i].name, name) == 0)
			return options->cvms[i].text[id];
	return NULL;
}

struct core_setting core_option_for(const struct core_options *options, enum core_option_id id,
                                    const char *const *names)
{
	const struct value *value = &options->value[id];
	struct core_setting setting = {value->text, value->number, value->source};

	for (; names && *names && setting.source < CORE_FROM_CVM; names++) {
		const char *text = text_of_cvm(options, id, *names);
		int64_t number;

		if (text && core_option_parse(&core_option_table[id], text, &number, NULL) == 0)
			setting = (struct core_setting){text, number, CORE_FROM_CVM};
	}
	return setting;
}

const struct prism_secret *core_option_secret(const struct core_options *options,
                                              enum core_option_id id)
{
	return options->value[id].secret;
}
