/* See golden.h. */
#include "tests/lib/golden.h"

#include "base/file.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FILE_MAX (1024 * 1024)

static const char *next_line(const char *text, const char **ret_end)
{
	const char *newline = strchr(text, '\n');

	*ret_end = newline ? newline : text + strlen(text);
	return newline ? newline + 1 : *ret_end;
}

static void print_difference(const char *expected, const char *came)
{
	while (*expected || *came) {
		const char *e_end, *c_end;
		const char *e_next = next_line(expected, &e_end), *c_next = next_line(came, &c_end);

		if (e_end - expected != c_end - came ||
		    memcmp(expected, came, (size_t)(e_end - expected)) != 0) {
			if (*expected)
				print_error("- %.*s\n", (int)(e_end - expected), expected);
			if (*came)
				print_error("+ %.*s\n", (int)(c_end - came), came);
		}
		expected = e_next;
		came = c_next;
	}
}

bool golden_same(const char *name, const char *text, const char *what)
{
	PRISM_AUTO_FREE char *path = prism_asprintf("tests/golden/%s", name);
	PRISM_AUTO_FREE char *dir = prism_strndup(path, (size_t)(strrchr(path, '/') - path));
	PRISM_AUTO_BUF struct prism_buf golden = PRISM_BUF_INIT(FILE_MAX);
	const char *mode = getenv("PRISM_GOLDEN");
	struct prism_error err = PRISM_ERROR_INIT;

	if (mode && strcmp(mode, "write") == 0) {
		if (prism_file_mkdirs(dir, 0755, &err) < 0 ||
		    prism_file_write(path, text, strlen(text), 0644, &err) < 0)
			fail_msg("%s", err.message);
		return true;
	}
	if (prism_file_read(path, FILE_MAX, &golden, &err) < 0)
		fail_msg("%s (make golden writes it)", err.message);
	if (strcmp(prism_buf_text(&golden), text) == 0)
		return true;
	print_error("%s: it is not %s:\n", what, path);
	print_difference(prism_buf_text(&golden), text);
	return false;
}

void golden_check(const char *name, const char *text)
{
	if (!golden_same(name, text, name))
		fail();
}
