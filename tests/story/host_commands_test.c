/*
 * Files of a host by commands, against a real sshd: fetched with a mode no host can open up, put
 * with the former one kept, and issued certificates pushed as a manager reads them.  Skipped where
 * there is none.
 */
#include "base/file.h"
#include "base/mem.h"
#include "tests/lib/sshd.h"
#include "tests/lib/story.h"
#include "tests/lib/tmpdir.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define EXIT_MISSING 5

static struct sshd *sshd;
static char *base, *there, *host;

static int start(void **state)
{
	struct story *s = prism_alloc(sizeof(*s));

	*state = s;
	if (sshd_missing())
		return 0;
	story_start(s, NULL);
	base = tmpdir_create();
	there = prism_path_join(base, "there");
	assert_int_equal(mkdir(there, 0755), 0);
	sshd = sshd_start(base, NULL);
	host = prism_asprintf("%s@127.0.0.1:%u", sshd->user, (unsigned)sshd->port);
	setenv("PRISM_TUI_SSH_CONFIG", "none", 1);
	setenv("PRISM_TUI_SSH_KNOWN_HOSTS", sshd->known_hosts, 1);
	setenv("PRISM_TUI_SSH_STRICT", "yes", 1);
	setenv("PRISM_TUI_SSH_KEY", sshd->key, 1);
	unsetenv("SSH_AUTH_SOCK");
	return 0;
}

static int stop(void **state)
{
	if (!sshd_missing())
		story_stop(*state);
	sshd_stop(sshd);
	prism_free(there);
	prism_free(host);
	tmpdir_remove(base);
	prism_free(*state);
	return 0;
}

static struct cli *cli_of(void **state)
{
	struct story *s = *state;

	if (sshd_missing()) {
		print_message("%s\n", sshd_missing());
		skip();
	}
	return &s->cli;
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		fail_msg("%s is not there", path);
	return st.st_mode & 07777;
}

static void a_file_is_fetched(void **state)
{
	struct cli *c = cli_of(state);
	PRISM_AUTO_FREE char *far = prism_path_join(there, "open");
	PRISM_AUTO_FREE char *near = prism_path_join(base, "fetched");
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(64);
	mode_t before = umask(0); /* of a careless login */

	assert_int_equal(prism_file_write(far, "bytes", 5, 0600, NULL), 0);
	assert_int_equal(chmod(far, 0666), 0);
	cli_must(c, "host get %s %s %s", host, far, near);
	umask(before);
	assert_int_equal(mode_of(near), 0644);
	assert_int_equal(prism_file_read(near, 64, &text, NULL), 0);
	assert_string_equal(prism_buf_text(&text), "bytes");
	c->quiet = true;
	assert_int_equal(cli_run(c, "host get %s %s/none %s", host, there, near), EXIT_MISSING);
	c->quiet = false;
}

static void a_file_is_put(void **state)
{
	struct cli *c = cli_of(state);
	PRISM_AUTO_FREE char *near = prism_path_join(base, "mine");
	PRISM_AUTO_FREE char *far = prism_path_join(there, "put");
	const char *kept;

	assert_int_equal(prism_file_write(near, "one", 3, 0600, NULL), 0);
	assert_string_equal(
	    cli_text(cJSON_GetArrayItem(cli_must(c, "host put %s %s %s", host, near, far), 0), "kept"),
	    "");
	assert_int_equal(mode_of(far), 0600);
	assert_int_equal(prism_file_write(near, "two!", 4, 0600, NULL), 0);
	c->quiet = true;
	assert_int_not_equal(cli_run(c, "host put %s %s %s --new", host, near, far), 0);
	c->quiet = false;
	kept =
	    cli_text(cJSON_GetArrayItem(cli_must(c, "host put %s %s %s", host, near, far), 0), "kept");
	assert_true(strlen(kept) > strlen(far) && !strncmp(kept, far, strlen(far)));
	(void)mode_of(kept);
}

/* Files of the pushed directory whose names begin so. */
static unsigned count(const char *dir, const char *begin)
{
	DIR *d = opendir(dir);
	unsigned found = 0;

	for (const struct dirent *e; d && (e = readdir(d));)
		found += strncmp(e->d_name, begin, strlen(begin)) == 0;
	if (d)
		closedir(d);
	return found;
}

static void must_hold(const char *dir, const char *name, mode_t mode, const char *label)
{
	PRISM_AUTO_FREE char *path = prism_path_join(dir, name);
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(1 << 20);

	assert_int_equal(mode_of(path), mode);
	assert_int_equal(prism_file_read(path, 1 << 20, &text, NULL), 0);
	if (!strstr(prism_buf_text(&text), label))
		fail_msg("%s holds no %s", name, label);
}

static void certificates_are_pushed(void **state)
{
	struct cli *c = cli_of(state);
	PRISM_AUTO_FREE char *dir = prism_path_join(there, "certs");
	PRISM_AUTO_FREE char *cvm = NULL;
	PRISM_AUTO_FREE char *serial = NULL;
	const cJSON *rows;

	assert_int_equal(mkdir(dir, 0700), 0);
	cvm = prism_strdup(cli_text(cli_find(cli_must(c, "cvm list"), "phase", "Ready"), "id"));
	cli_must(c, "cert issue %s", cvm);
	serial =
	    prism_strdup(cli_text(cli_find(cli_must(c, "cert list"), "cvm_id", cvm), "serial_number"));
	assert_true(*serial != '\0');
	rows = cli_must(c, "cert push %s %s %s", serial, host, dir);
	assert_int_equal(cJSON_GetArraySize(rows), 3);
	must_hold(dir, "ca.pem", 0644, "BEGIN CERTIFICATE");
	must_hold(dir, "cert.pem", 0644, "BEGIN CERTIFICATE");
	must_hold(dir, "key.pem", 0600, "PRIVATE KEY");
	assert_int_equal(count(dir, ""), 2 + 3); /* . and .. */
	/* Again: the former ones stay beside the new ones. */
	cli_must(c, "cert push %s %s %s", serial, host, dir);
	assert_int_equal(count(dir, "key.pem"), 2);
	assert_int_equal(count(dir, "."), 2); /* nothing temporary */
	assert_int_equal(count(dir, ""), 2 + 6);
	c->quiet = true;
	assert_int_not_equal(cli_run(c, "cert push %s %s %s/none", serial, host, dir), 0);
	setenv("PRISM_TUI_READ_ONLY", "yes", 1);
	assert_int_equal(cli_run(c, "cert push %s %s %s", serial, host, dir), 4);
	unsetenv("PRISM_TUI_READ_ONLY");
	c->quiet = false;
	assert_int_equal(count(dir, ""), 2 + 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_file_is_fetched),
	    cmocka_unit_test(a_file_is_put),
	    cmocka_unit_test(certificates_are_pushed),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
