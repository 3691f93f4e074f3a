/*
 * Reading the program's own arguments.  Commands after -c are tui/args.c's.
 */
#include "tui/flags.h"

#include "base/mem.h"
#include "base/text.h"
#include "tui/args.h"

#include <stdio.h>
#include <string.h>

const struct pt_flag pt_flags[] = {
    {"command", 'c', "COMMAND", NULL, NULL, "do this without a screen; may be given several times"},
    {"output", 'o', "FORMAT", NULL, NULL, "with -c: table, json or csv"},
    {"no-headings", 0, NULL, NULL, NULL, "with -c: no line of column titles"},
    {"quiet", 'q', NULL, NULL, NULL, "with -c: no news and no progress"},
    {"profile", 'p', "NAME", NULL, NULL, "profile of the configuration file"},
    {"config", 0, "FILE", NULL, NULL, "another configuration file"},
    {"url", 0, "URL", "url", NULL, "base URL of the Prism server"},
    {"user", 'u', "NAME", "user", NULL, "e-mail address or user name to sign in with"},
    {"password-file", 0, "FILE", NULL, NULL,
     "sign in with the first line of this file as the password"},
    {"password-fd", 0, "N", NULL, NULL, "the same with a descriptor that is open"},
    {"workspace", 'w', "NAME", "workspace", NULL, "workspace to enter: name, alias or id"},
    {"ca-file", 0, "FILE", "ca_file", NULL, "certificate authorities the server is verified with"},
    {"via", 0, "HOPS", "via", NULL, "SSH hosts on the way: user@bastion[:port],hop2"},
    {"theme", 0, "NAME", "theme", NULL, "colours: name of a theme, or path of a theme file"},
    {"keymap", 0, "FILE", "keymap", NULL, "file of key bindings"},
    {"read-only", 'r', NULL, "read_only", "yes", "refuse everything that changes anything"},
    {"production", 0, NULL, "production", "confirmed",
     "with -c: change a profile that is marked as production"},
    {"restricted", 0, NULL, "restricted", "yes",
     "execute nothing, use files only below given directories"},
    {"ascii", 0, NULL, "ascii", "yes", "draw with ASCII only"},
    {"no-color", 0, NULL, "color", "never", "no colours, attributes only"},
    {"low-bandwidth", 0, NULL, "low_bandwidth", "yes", "halve all polls, for slow lines"},
    {"mouse", 0, NULL, "mouse", "yes", "use the mouse"},
    {"log-file", 0, "FILE", "log_file", NULL, "diagnostic log"},
    {"set", 's', "OPTION=VALUE", NULL, NULL, "any other setting of the configuration file"},
    {"docgen", 0, "WHAT", NULL, NULL, NULL},
    {"help", 'h', NULL, NULL, NULL, "this text"},
    {"version", 'V', NULL, NULL, NULL, "the version"},
    {NULL, 0, NULL, NULL, NULL, NULL},
};

static const struct pt_flag *by_name(const char *name, size_t len)
{
	for (const struct pt_flag *flag = pt_flags; flag->name; flag++)
		if (strlen(flag->name) == len && !strncmp(flag->name, name, len))
			return flag;
	return NULL;
}

static const struct pt_flag *by_letter(char letter)
{
	for (const struct pt_flag *flag = pt_flags; flag->name; flag++)
		if (flag->letter && flag->letter == letter)
			return flag;
	return NULL;
}

static int unknown(const char *word, struct prism_error *err)
{
	const struct pt_flag *near = NULL;

	for (const struct pt_flag *flag = pt_flags; flag->name && !near; flag++)
		if (flag->help && !strncmp(word, "--", 2) && pt_distance(flag->name, word + 2, 2) <= 2)
			near = flag;
	prism_error_raise(err, PRISM_ERROR_INVALID, "there is no option %s", word);
	if (near)
		prism_error_hint(err, "did you mean --%s?", near->name);
	else
		prism_error_hint(err, "prism-tui --help lists them");
	return -1;
}

static void push(const char ***list, size_t *count, const char *text)
{
	*list = prism_realloc_array(*list, *count + 1, sizeof(**list));
	(*list)[(*count)++] = text;
}

static int set_number(int *ret, const char *flag, const char *value, struct prism_error *err)
{
	uint64_t number;

	if (prism_text_parse_u64(value, 65535, &number, NULL) < 0)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "--%s: \"%s\" is not a descriptor", flag,
		                         value);
	*ret = (int)number;
	return 0;
}

static int take(struct pt_arguments *a, const struct pt_flag *flag, const char *value,
                struct prism_error *err)
{
	static const struct {
		const char *name;
		size_t offset;
	} texts[] =
	    {
	        {"output", offsetof(struct pt_arguments, output)},
	        {"profile", offsetof(struct pt_arguments, profile)},
	        {"config", offsetof(struct pt_arguments, config)},
	        {"password-file", offsetof(struct pt_arguments, password_file)},
	        {"docgen", offsetof(struct pt_arguments, docgen)},
	    },
	  bools[] = {
	      {"no-headings", offsetof(struct pt_arguments, no_headings)},
	      {"quiet", offsetof(struct pt_arguments, quiet)},
	      {"help", offsetof(struct pt_arguments, help)},
	      {"version", offsetof(struct pt_arguments, version)},
	  };

	if (flag->option) {
		push(&a->settings, &a->setting_count,
		     prism_asprintf("%s=%s", flag->option, flag->fixed ? flag->fixed : value));
		a->ascii = a->ascii || !strcmp(flag->name, "ascii");
		a->no_color = a->no_color || !strcmp(flag->name, "no-color");
		return 0;
	}
	if (!strcmp(flag->name, "command"))
		push(&a->commands, &a->command_count, value);
	else if (!strcmp(flag->name, "set"))
		push(&a->settings, &a->setting_count, prism_strdup(value));
	else if (!strcmp(flag->name, "password-fd"))
		return set_number(&a->password_fd, flag->name, value, err);
	for (size_t i = 0; i < PRISM_COUNT(texts); i++)
		if (!strcmp(flag->name, texts[i].name))
			*(const char **)((char *)a + texts[i].offset) = value;
	for (size_t i = 0; i < PRISM_COUNT(bools); i++)
		if (!strcmp(flag->name, bools[i].name))
			*(bool *)((char *)a + bools[i].offset) = true;
	return 0;
}

/* -abc, -cVALUE or -c VALUE */
static int take_letters(struct pt_arguments *a, int argc, char *const *argv, int *at,
                        struct prism_error *err)
{
	for (const char *c = argv[*at] + 1; *c; c++) {
		const struct pt_flag *flag = by_letter(*c);

		if (!flag)
			return unknown(argv[*at], err);
		if (!flag->value) {
			if (take(a, flag, NULL, err) < 0)
				return -1;
			continue;
		}
		if (c[1])
			return take(a, flag, c + 1, err);
		if (*at + 1 >= argc)
			return prism_error_raise(err, PRISM_ERROR_INVALID, "-%c needs %s", *c, flag->value);
		*at += 1;
		return take(a, flag, argv[*at], err);
	}
	return 0;
}

static int take_long(struct pt_arguments *a, int argc, char *const *argv, int *at,
                     struct prism_error *err)
{
	const char *word = argv[*at] + 2;
	const char *equals = strchr(word, '=');
	const struct pt_flag *flag = by_name(word, equals ? (size_t)(equals - word) : strlen(word));

	if (!flag)
		return unknown(argv[*at], err);
	if (!flag->value) {
		if (equals)
			return prism_error_raise(err, PRISM_ERROR_INVALID, "--%s takes no value", flag->name);
		return take(a, flag, NULL, err);
	}
	if (equals)
		return take(a, flag, equals + 1, err);
	if (*at + 1 >= argc)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "--%s needs %s", flag->name,
		                         flag->value);
	*at += 1;
	return take(a, flag, argv[*at], err);
}

int pt_arguments_parse(struct pt_arguments *ret, int argc, char *const *argv,
                       struct prism_error *err)
{
	struct pt_arguments a = {.password_fd = -1};

	for (int i = 1; i < argc; i++) {
		int result = -1;

		if (argv[i][0] == '-' && argv[i][1] == '-' && argv[i][2])
			result = take_long(&a, argc, argv, &i, err);
		else if (argv[i][0] == '-' && argv[i][1] && argv[i][1] != '-')
			result = take_letters(&a, argc, argv, &i, err);
		else
			prism_error_raise(err, PRISM_ERROR_INVALID, "\"%s\" is one word too many", argv[i]);
		if (result < 0) {
			if (!*err->hint)
				prism_error_hint(err, "commands go in quotes after -c: -c 'computation list'");
			pt_arguments_finish(&a);
			return -1;
		}
	}
	*ret = a;
	return 0;
}

void pt_arguments_finish(struct pt_arguments *arguments)
{
	for (size_t i = 0; i < arguments->setting_count; i++) {
		char *owned = (char *)(uintptr_t)arguments->settings[i];

		prism_free(owned);
	}
	prism_free(arguments->settings);
	prism_free(arguments->commands);
	*arguments = (struct pt_arguments){.password_fd = -1};
}

void pt_flags_usage(struct prism_buf *out)
{
	prism_buf_puts(out, "usage: prism-tui [options]\n"
	                    "       prism-tui [options] -c COMMAND ...\n\n");
	for (const struct pt_flag *flag = pt_flags; flag->name; flag++) {
		char left[64];

		if (!flag->help)
			continue;
		snprintf(left, sizeof(left), "%s%s--%s%s%s",
		         flag->letter ? (char[]){'-', flag->letter, 0} : "  ", flag->letter ? ", " : "  ",
		         flag->name, flag->value ? " " : "", flag->value ? flag->value : "");
		prism_buf_printf(out, "  %-28s %s\n", left, flag->help);
	}
	prism_buf_puts(out, "\n\"prism-tui -c help\" lists the commands.\n");
}
