/*
 * Printers of the tables.  One function per document; the tables are tui/actions.c, tui/flags.c and
 * core/options.c.  mdoc(7) is the language of the manual sections.
 */
#include "tui/docgen.h"

#include "base/mem.h"
#include "core/options.h"
#include "tui/actions.h"
#include "tui/flags.h"
#include "tui/theme.h"

#include <string.h>

typedef void (*printer_fn)(struct prism_buf *out);

/* ---- mdoc ---- */

/* Text of an mdoc line: backslashes doubled, no control line by accident. */
static void mdoc_text(struct prism_buf *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		prism_buf_puts(out, "\\&");
	for (; *text; text++)
		prism_buf_printf(out, *text == '\\' ? "\\e" : "%c", *text);
}

/* A word as argument of a macro: quotes, and words that would be macros. */
static void mdoc_word(struct prism_buf *out, const char *word)
{
	if (!strcmp(word, "\"")) {
		prism_buf_puts(out, "\\(dq");
		return;
	}
	if (strlen(word) <= 2)
		prism_buf_puts(out, "\\&");
	mdoc_text(out, word);
}

static void mdoc_sentence(struct prism_buf *out, const char *text)
{
	char first[2] = {*text >= 'a' && *text <= 'z' ? (char)(*text - 32) : *text, 0};

	mdoc_text(out, first);
	mdoc_text(out, text + 1);
	prism_buf_puts(out, ".\n");
}

static void man_flags(struct prism_buf *out)
{
	prism_buf_puts(out, ".Bl -tag -width Ds\n");
	for (const struct pt_flag *flag = pt_flags; flag->name; flag++) {
		if (!flag->help)
			continue;
		prism_buf_puts(out, ".It ");
		if (flag->letter)
			prism_buf_printf(out, "Fl %c , ", flag->letter);
		prism_buf_printf(out, "Fl -%s", flag->name);
		if (flag->value)
			prism_buf_printf(out, " Ar %s", flag->value);
		prism_buf_putc(out, '\n');
		mdoc_sentence(out, flag->help);
	}
	prism_buf_puts(out, ".El\n");
}

static void keys_of(struct prism_buf *out, const struct pt_action *action)
{
	PRISM_AUTO_FREE char *keys = prism_strdup(action->keys);
	char *save = NULL;

	for (char *key = strtok_r(keys, " ", &save); key; key = strtok_r(NULL, " ", &save)) {
		prism_buf_puts(out, key == keys ? "Ic " : " , Ic ");
		mdoc_word(out, key);
	}
}

static void places_of(struct prism_buf *out, const struct pt_action *action)
{
	bool first = true;

	if (action->where & (PT_IN_ANY | PT_IN_LIST | PT_IN_TEXT | PT_IN_EDIT))
		return;
	prism_buf_puts(out, "In: ");
	for (pt_where bit = 1; bit; bit <<= 1) {
		if (!(action->where & bit))
			continue;
		prism_buf_printf(out, "%s%s", first ? "" : ", ", pt_where_word(bit));
		first = false;
	}
	prism_buf_puts(out, ".\n");
}

/* Opens a group's list before its first row. */
static void group_open(struct prism_buf *out, enum pt_group group, bool *open)
{
	if (*open)
		return;
	*open = true;
	prism_buf_printf(out, ".Ss %s\n.Bl -tag -width Ds\n", pt_group_title(group));
}

static void man_keys(struct prism_buf *out)
{
	for (int g = 0; g < PT_GROUP_COUNT; g++) {
		bool open = false;

		for (int id = PT_ACTION_NONE + 1; id < PT_ACTION_COUNT; id++) {
			const struct pt_action *action = pt_action((enum pt_action_id)id);

			if ((int)action->group != g || !*action->keys || (action->flags & PT_ACTION_HIDDEN))
				continue;
			group_open(out, (enum pt_group)g, &open);
			prism_buf_puts(out, ".It ");
			keys_of(out, action);
			prism_buf_printf(out, " Pq %s\n", action->name);
			mdoc_sentence(out, action->help);
			places_of(out, action);
		}
		if (open)
			prism_buf_puts(out, ".El\n");
	}
}

static void man_usage(struct prism_buf *out, const struct pt_action *action)
{
	prism_buf_printf(out, ".It Ic %s", action->name);
	for (const struct pt_arg *arg = action->args; arg && arg->name; arg++) {
		bool required = arg->flags & PT_ARG_REQUIRED;
		const char *value = pt_arg_placeholder(arg);

		prism_buf_puts(out, required ? " " : " Oo ");
		if (arg->flags & PT_ARG_POSITIONAL)
			prism_buf_printf(out, "Ar %s", value);
		else
			prism_buf_printf(out, "Fl -%s%s%s", arg->name, *value ? " Ar " : "", value);
		prism_buf_puts(out, arg->flags & PT_ARG_REPEAT ? " ..." : "");
		prism_buf_puts(out, required ? "" : " Oc");
	}
	prism_buf_putc(out, '\n');
}

static void man_arguments(struct prism_buf *out, const struct pt_action *action)
{
	prism_buf_puts(out, ".Bl -tag -width Ds -compact\n");
	for (const struct pt_arg *arg = action->args; arg && arg->name; arg++) {
		if (arg->flags & PT_ARG_POSITIONAL)
			prism_buf_printf(out, ".It Ar %s\n", pt_arg_placeholder(arg));
		else
			prism_buf_printf(out, ".It Fl -%s\n", arg->name);
		mdoc_sentence(out, arg->help);
		if (arg->choices)
			prism_buf_printf(out, "One of: %s.\n", arg->choices);
	}
	prism_buf_puts(out, ".El\n");
}

static void man_commands(struct prism_buf *out)
{
	for (int g = 0; g < PT_GROUP_COUNT; g++) {
		bool open = false;

		for (int id = PT_ACTION_NONE + 1; id < PT_ACTION_COUNT; id++) {
			const struct pt_action *action = pt_action((enum pt_action_id)id);

			if ((int)action->group != g || !pt_action_headless(action))
				continue;
			group_open(out, (enum pt_group)g, &open);
			man_usage(out, action);
			mdoc_sentence(out, action->help);
			if (action->args)
				man_arguments(out, action);
		}
		if (open)
			prism_buf_puts(out, ".El\n");
	}
}

static void man_options(struct prism_buf *out)
{
	prism_buf_puts(out, ".Bl -tag -width Ds\n");
	for (int i = 0; i < CORE_OPTION_COUNT; i++) {
		const struct core_option *option = &core_option_table[i];

		prism_buf_printf(out, ".It Cm %s\n", option->name);
		mdoc_sentence(out, option->text);
		if (*option->words)
			prism_buf_printf(out, "One of: %s.\n", option->words);
		if (*option->fallback) {
			prism_buf_puts(out, "Default: ");
			mdoc_text(out, option->fallback);
			prism_buf_puts(out, ".\n");
		}
	}
	prism_buf_puts(out, ".El\n");
}

static void man_slots(struct prism_buf *out)
{
	prism_buf_puts(out, ".Bl -tag -width Ds -compact\n");
	for (int slot = 0; slot < PT_SLOT_COUNT; slot++) {
		prism_buf_printf(out, ".It Cm %s\n", pt_slot_name((enum pt_slot)slot));
		mdoc_text(out, pt_slot_text((enum pt_slot)slot));
		prism_buf_putc(out, '\n');
	}
	prism_buf_puts(out, ".El\n");
}

static void man_exit(struct prism_buf *out)
{
	static const char *const texts[PRISM_ERROR_COUNT] = {
	    [PRISM_ERROR_NONE] = "success",
	    [PRISM_ERROR_INTERNAL] = "a fault of the program, or a resource of this machine",
	    [PRISM_ERROR_INVALID] = "input that cannot be right: command, argument, field, file",
	    [PRISM_ERROR_AUTH] = "not signed in, wrong password, session over",
	    [PRISM_ERROR_DENIED] = "signed in, but not allowed; also limits of a plan, and read-only",
	    [PRISM_ERROR_MISSING] = "the named thing does not exist",
	    [PRISM_ERROR_CONFLICT] = ("state or a duplicate stands in the way; a followed run that "
	                              "failed or was stopped"),
	    [PRISM_ERROR_IO] = "network or file: refused, reset, unreachable, disk",
	    [PRISM_ERROR_TIMEOUT] = "a deadline passed",
	    [PRISM_ERROR_PROTOCOL] = "the server or agent answered something it may not",
	    [PRISM_ERROR_TRUST] = "certificate, signature or hash refused",
	    [PRISM_ERROR_LIMIT] = "a size limit of the program was hit",
	    [PRISM_ERROR_CANCELLED] = "interrupted",
	};

	prism_buf_puts(out, ".Bl -tag -width Ds -compact\n");
	for (int i = 0; i < PRISM_ERROR_COUNT; i++) {
		enum prism_error_category category = (enum prism_error_category)i;

		prism_buf_printf(out, ".It %d Pq %s\n", prism_error_exit_code(category),
		                 prism_error_word(category));
		mdoc_sentence(out, texts[i]);
	}
	prism_buf_puts(out, ".El\n");
}

/* ---- Markdown ---- */

static void md_cell(struct prism_buf *out, const char *text)
{
	for (; *text; text++)
		prism_buf_printf(out, *text == '|' || *text == '\\' ? "\\%c" : "%c", *text);
}

static void keys_md(struct prism_buf *out)
{
	for (int g = 0; g < PT_GROUP_COUNT; g++) {
		bool open = false;

		for (int id = PT_ACTION_NONE + 1; id < PT_ACTION_COUNT; id++) {
			const struct pt_action *action = pt_action((enum pt_action_id)id);

			if ((int)action->group != g || !*action->keys)
				continue;
			if (!open)
				prism_buf_printf(out, "\n**%s**\n\n| key | does |\n|---|---|\n",
				                 pt_group_title((enum pt_group)g));
			open = true;
			prism_buf_puts(out, "| `");
			md_cell(out, action->keys);
			prism_buf_puts(out, "` | ");
			md_cell(out, action->help);
			prism_buf_puts(out, " |\n");
		}
	}
}

static void commands_md(struct prism_buf *out)
{
	prism_buf_puts(out, "| command | does |\n|---|---|\n");
	for (int id = PT_ACTION_NONE + 1; id < PT_ACTION_COUNT; id++) {
		const struct pt_action *action = pt_action((enum pt_action_id)id);
		char usage[1024];

		if (!pt_action_headless(action))
			continue;
		prism_buf_puts(out, "| `");
		md_cell(out, pt_action_usage(action, usage, sizeof(usage)));
		prism_buf_puts(out, "` | ");
		md_cell(out, action->help);
		prism_buf_puts(out, " |\n");
	}
}

/* ---- shells ---- */

static const char *const docgen_words[] = {
#define X(id, what, text) what,
    PT_DOCGEN_MAP(X)
#undef X
};

/* Between single quotes of a shell. */
static void quoted(struct prism_buf *out, const char *text)
{
	for (; *text; text++)
		if (*text == '\'')
			prism_buf_puts(out, "'\\''");
		else
			prism_buf_putc(out, *text);
}

static void commands_lines(struct prism_buf *out)
{
	for (int id = PT_ACTION_NONE + 1; id < PT_ACTION_COUNT; id++)
		if (pt_action_headless(pt_action((enum pt_action_id)id)))
			prism_buf_printf(out, "%s\n", pt_action((enum pt_action_id)id)->name);
}

static bool is_path(const struct pt_flag *flag)
{
	return flag->value && !strcmp(flag->value, "FILE");
}

static void bash(struct prism_buf *out)
{
	prism_buf_puts(out, "# bash completion of prism-tui\n"
	                    "_prism_tui()\n{\n"
	                    "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	                    "\tlocal IFS=$'\\n' commands='");
	commands_lines(out);
	prism_buf_puts(
	    out,
	    "'\n\tcase $prev in\n\t-c|--command)\n"
	    "\t\tlocal typed=${cur#[\\'\\\"]}\n"
	    "\t\tCOMPREPLY=($(compgen -W \"$commands\" -- \"${typed//\\\\/}\"))\n"
	    "\t\t# Within quotes blanks are blanks, and arguments may follow.\n"
	    "\t\tif [[ $typed != \"$cur\" ]]; then compopt -o nospace 2>/dev/null\n"
	    "\t\telse COMPREPLY=(\"${COMPREPLY[@]// /\\\\ }\"); fi\n\t\treturn ;;\n"
	    "\t-o|--output) COMPREPLY=($(compgen -W $'table\\njson\\ncsv' -- \"$cur\")); return ;;\n");
	for (const struct pt_flag *flag = pt_flags; flag->name; flag++)
		if (is_path(flag))
			prism_buf_printf(
			    out,
			    "\t--%s) compopt -o filenames; COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n",
			    flag->name);
	prism_buf_puts(out, "\tesac\n\tCOMPREPLY=($(compgen -W '");
	for (const struct pt_flag *flag = pt_flags; flag->name; flag++)
		if (flag->help)
			prism_buf_printf(out, "--%s\n", flag->name);
	prism_buf_puts(out, "' -- \"$cur\"))\n}\ncomplete -F _prism_tui prism-tui\n");
}

static void zsh(struct prism_buf *out)
{
	prism_buf_puts(out, "#compdef prism-tui\n# zsh completion of prism-tui\n"
	                    "_prism_tui_commands()\n{\n\tlocal -a commands=(\n");
	for (int id = PT_ACTION_NONE + 1; id < PT_ACTION_COUNT; id++) {
		const struct pt_action *action = pt_action((enum pt_action_id)id);

		if (!pt_action_headless(action))
			continue;
		prism_buf_printf(out, "\t\t'%s:", action->name);
		for (const char *c = action->help; *c; c++)
			if (*c == '\'')
				prism_buf_puts(out, "'\\''");
			else
				prism_buf_printf(out, *c == ':' ? "\\%c" : "%c", *c);
		prism_buf_puts(out, "'\n");
	}
	prism_buf_puts(out, "\t)\n\t_describe command commands\n}\n_arguments -s \\\n");
	for (const struct pt_flag *flag = pt_flags; flag->name; flag++) {
		if (!flag->help)
			continue;
		prism_buf_puts(out, "\t");
		if (!strcmp(flag->name, "command") || !strcmp(flag->name, "set"))
			prism_buf_puts(out, "'*'");
		if (flag->letter)
			prism_buf_printf(out, "{-%c,--%s%s}'[", flag->letter, flag->name,
			                 flag->value ? "=" : "");
		else
			prism_buf_printf(out, "'--%s%s[", flag->name, flag->value ? "=" : "");
		for (const char *c = flag->help; *c; c++)
			prism_buf_printf(out, *c == '[' || *c == ']' || *c == ':' ? "\\%c" : "%c", *c);
		prism_buf_puts(out, "]");
		if (!strcmp(flag->name, "command"))
			prism_buf_puts(out, ":command:_prism_tui_commands");
		else if (!strcmp(flag->name, "output"))
			prism_buf_puts(out, ":format:(table json csv)");
		else if (is_path(flag))
			prism_buf_puts(out, ":file:_files");
		else if (flag->value)
			prism_buf_printf(out, ":%s:", flag->name);
		prism_buf_puts(out, flag[1].name ? "' \\\n" : "'\n");
	}
}

static void fish(struct prism_buf *out)
{
	prism_buf_puts(out, "# fish completion of prism-tui\n");
	for (const struct pt_flag *flag = pt_flags; flag->name; flag++) {
		if (!flag->help)
			continue;
		prism_buf_printf(out, "complete -c prism-tui -l %s", flag->name);
		if (flag->letter)
			prism_buf_printf(out, " -s %c", flag->letter);
		if (flag->value)
			prism_buf_puts(out, is_path(flag) ? " -r -F" : " -x");
		else
			prism_buf_puts(out, " -f");
		if (!strcmp(flag->name, "output"))
			prism_buf_puts(out, " -a 'table json csv'");
		prism_buf_puts(out, " -d '");
		quoted(out, flag->help);
		prism_buf_puts(out, "'\n");
	}
	for (int id = PT_ACTION_NONE + 1; id < PT_ACTION_COUNT; id++) {
		const struct pt_action *action = pt_action((enum pt_action_id)id);

		if (!pt_action_headless(action))
			continue;
		prism_buf_printf(out, "complete -c prism-tui -s c -l command -x -a '\"%s\"' -d '",
		                 action->name);
		quoted(out, action->help);
		prism_buf_puts(out, "'\n");
	}
}

int pt_docgen(const char *what, struct prism_buf *out, struct prism_error *err)
{
	static const printer_fn printers[] = {man_flags, man_keys,  man_commands, man_options,
	                                      man_exit,  man_slots, keys_md,      commands_md,
	                                      bash,      zsh,       fish};
	PRISM_AUTO_BUF struct prism_buf words = PRISM_BUF_INIT(4096);

	for (size_t i = 0; i < PRISM_COUNT(docgen_words); i++)
		if (!strcmp(docgen_words[i], what)) {
			printers[i](out);
			return 0;
		}
	for (size_t i = 0; i < PRISM_COUNT(docgen_words); i++)
		prism_buf_printf(&words, "%s%s", i ? " " : "", docgen_words[i]);
	prism_error_raise(err, PRISM_ERROR_INVALID, "nothing to generate called \"%s\"", what);
	prism_error_hint(err, "one of: %s", prism_buf_text(&words));
	return -1;
}
