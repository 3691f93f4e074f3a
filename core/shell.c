/*
 * Quoting for shells: see shell.h.
 *
 *   POSIX       inside '...' nothing has a meaning; a ' is written '\''
 *   fish        inside '...' only \ and ' have one, both escaped with a backslash
 *   PowerShell  inside '...' only ' has one, doubled; typographic quotes count as ' there too
 *   env file    inside "..." backslash, ", $ and ` are escaped
 */
#include "core/shell.h"

#include "base/mem.h"

#include <string.h>

static const char *const words[CORE_SHELL_COUNT] = {
    [CORE_SHELL_POSIX] = "posix",
    [CORE_SHELL_FISH] = "fish",
    [CORE_SHELL_POWERSHELL] = "powershell",
    [CORE_SHELL_ENV_FILE] = "env-file",
};

const char *core_shell_word(enum core_shell shell)
{
	return words[shell];
}

int core_shell_parse(const char *word, enum core_shell *ret, struct prism_error *err)
{
	for (int i = 0; i < CORE_SHELL_COUNT; i++) {
		if (strcmp(word, words[i]) == 0) {
			*ret = (enum core_shell)i;
			return 0;
		}
	}
	prism_error_raise(err, PRISM_ERROR_INVALID, "\"%s\" is no kind of shell", word);
	prism_error_hint(err, "one of posix, fish, powershell, env-file");
	return -1;
}

static bool plain(const char *value)
{
	static const char harmless[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:%+=,-";

	return *value && value[strspn(value, harmless)] == '\0';
}

/* One of the three typographic single quotes that PowerShell takes for '. */
static bool typographic(const char *at)
{
	return strncmp(at, "\xe2\x80", 2) == 0 && at[2] != '\0' && strchr("\x98\x99\x9a\x9b", at[2]);
}

static void quoted(enum core_shell shell, const char *value, struct prism_buf *out)
{
	for (const char *at = value; *at; at++) {
		if (shell == CORE_SHELL_POSIX && *at == '\'')
			prism_buf_puts(out, "'\\'");
		else if (shell == CORE_SHELL_FISH && (*at == '\'' || *at == '\\'))
			prism_buf_putc(out, '\\');
		else if (shell == CORE_SHELL_POWERSHELL && *at == '\'')
			prism_buf_putc(out, '\'');
		else if (shell == CORE_SHELL_POWERSHELL && typographic(at))
			prism_buf_put(out, at, 3);
		else if (shell == CORE_SHELL_ENV_FILE && strchr("\\\"$`", *at))
			prism_buf_putc(out, '\\');
		prism_buf_putc(out,
		               shell == CORE_SHELL_ENV_FILE && (*at == '\n' || *at == '\r') ? '?' : *at);
	}
}

void core_shell_quote(enum core_shell shell, const char *value, struct prism_buf *out)
{
	char quote = shell == CORE_SHELL_ENV_FILE ? '"' : '\'';

	if (plain(value) && shell != CORE_SHELL_POWERSHELL) {
		prism_buf_puts(out, value);
		return;
	}
	prism_buf_putc(out, quote);
	quoted(shell, value, out);
	prism_buf_putc(out, quote);
}

void core_shell_set(enum core_shell shell, const char *name, const char *value,
                    struct prism_buf *out)
{
	static const char *const before[CORE_SHELL_COUNT] = {"export ", "set -gx ", "$env:", ""};
	static const char *const between[CORE_SHELL_COUNT] = {"=", " ", " = ", "="};

	prism_buf_printf(out, "%s%s%s", before[shell], name, between[shell]);
	core_shell_quote(shell, value, out);
	prism_buf_putc(out, '\n');
}
