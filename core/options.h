/*
 * The table of settings, profiles, and what is remembered between starts.
 *
 * File: $XDG_CONFIG_HOME/prism-tui/config (ini).  Settings before the first section, or in
 * [defaults], hold for every profile; [profile NAME] adds to them; [cvm NAME] holds the agent's
 * settings of one CVM, by its name, id or address, in every profile.  Faults are reported as
 * file:line: field: why, all of them are collected, and a fault keeps the default of that one
 * setting. Precedence: command line, environment (PRISM_TUI_<NAME>), CVM, profile, defaults, built
 * in.
 *
 * Remembered (pane sizes, last workspace, sort order) is no setting: it lives in
 * $XDG_STATE_HOME/prism-tui/<profile>.state (JSON), written atomically by core_remember_flush(),
 * which core_destroy() calls.
 */
#ifndef PRISM_CORE_OPTIONS_H
#define PRISM_CORE_OPTIONS_H

#include "base/error.h"

#include <stdint.h>

enum core_option_type {
	CORE_OPTION_TEXT,
	CORE_OPTION_URL,
	CORE_OPTION_PATH,
	CORE_OPTION_BOOL,
	CORE_OPTION_INT,
	CORE_OPTION_MS,     /* "3s", "250ms"; stored in milliseconds */
	CORE_OPTION_WORD,   /* one of `words` */
	CORE_OPTION_SECRET, /* never printed */
};
struct core_option {
	const char *name;
	enum core_option_type type;
	const char *fallback; /* as written in a file */
	int64_t min, max;     /* INT, MS */
	const char *words;    /* WORD: space separated */
	const char *unit;     /* "" */
	const char *text;     /* one line for man page, settings view, help */
};

/* X(ENUM, name, TYPE, fallback, min, max, words, unit, text) in core/options.def */
enum core_option_id {
#define X(id, name, type, fallback, min, max, words, unit, text) CORE_OPT_##id,
#include "core/options.def"
#undef X
	CORE_OPTION_COUNT
};
extern const struct core_option core_option_table[CORE_OPTION_COUNT];
int core_option_find(const char *name); /* id, or -1 */
/* Whether a text may stand for the setting; ret_number: what it comes to (milliseconds, 0 or 1, the
 * number), else 0. Fails with category invalid and what would be right. */
PRISM_MUST_USE
int core_option_parse(const struct core_option *option, const char *text, int64_t *ret_number,
                      struct prism_error *err);

enum core_option_source {
	CORE_FROM_BUILTIN,
	CORE_FROM_DEFAULTS,
	CORE_FROM_PROFILE,
	CORE_FROM_CVM, /* only from core_option_for() */
	CORE_FROM_ENVIRONMENT,
	CORE_FROM_COMMAND
};

struct core_options;
struct core_options *core_options_create(void);          /* built-in values only */
void core_options_destroy(struct core_options *options); /* NULL allowed; wipes secrets */
/* path NULL: the default place, where a missing file is fine. -1: unreadable (a fault inside the
 * file is not a failure: see core_options_problem). */
PRISM_MUST_USE
int core_options_load(struct core_options *options, const char *path, struct prism_error *err);
void core_options_environment(struct core_options *options);
/* Chooses a profile by name; NULL: the one named by `profile`, else "default". Missing: category
 * missing, with the names there are; "default" always exists. */
PRISM_MUST_USE
int core_options_use(struct core_options *options, const char *profile, struct prism_error *err);
const char *core_options_profile(const struct core_options *options);
size_t core_options_profile_count(const struct core_options *options);
const char *core_options_profile_at(const struct core_options *options, size_t index);
const char *core_options_file(const struct core_options *options); /* path tried last; "" */
size_t core_options_problem_count(const struct core_options *options);
const char *core_options_problem(const struct core_options *options,
                                 size_t index); /* "config:3: theme: ..." */

/* Sets one value at run time (source: command line, unless said otherwise). */
PRISM_MUST_USE
int core_options_set(struct core_options *options, enum core_option_id id, const char *text,
                     struct prism_error *err);
/* Parses `name=value`. */
PRISM_MUST_USE
int core_options_assign(struct core_options *options, const char *assignment,
                        struct prism_error *err);

/* Any way through SSH hosts is configured: via, or an option whose name ends in _via. */
bool core_options_any_via(const struct core_options *options);
const char *core_option_text(const struct core_options *options,
                             enum core_option_id id); /* as written; never NULL; "" for secrets */
int64_t core_option_int(const struct core_options *options,
                        enum core_option_id id); /* INT, MS, BOOL */
bool core_option_bool(const struct core_options *options, enum core_option_id id);
enum core_option_source core_option_source(const struct core_options *options,
                                           enum core_option_id id);
struct core_setting {
	const char *text; /* as written; lent */
	int64_t number;
	enum core_option_source source;
};
/* The value for one CVM. names: what it is called (name, id, address), NULL-terminated, or NULL. */
struct core_setting core_option_for(const struct core_options *options, enum core_option_id id,
                                    const char *const *names);
struct prism_secret;
const struct prism_secret *core_option_secret(const struct core_options *options,
                                              enum core_option_id id); /* NULL when empty */

/* Remembered state: small texts by key ("pane.detail", "workspace"). */
const char *core_remembered(struct core_options *options,
                            const char *key); /* NULL when none; lent until set */
void core_remember(struct core_options *options, const char *key,
                   const char *value /* NULL: forget */);
PRISM_MUST_USE
int core_remember_flush(struct core_options *options,
                        struct prism_error *err);     /* writes when changed */
void core_remember_off(struct core_options *options); /* tests, -c: nothing is read or written */

#endif
