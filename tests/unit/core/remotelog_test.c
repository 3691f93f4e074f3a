/*
 * Logs of hosts: what is run there, against a real sshd; merging by time as guests, a file that
 * grows, a session that breaks without a line lost or told twice.  Skipped where there is no sshd.
 */
#include "core/remotelog.h"

#include "base/file.h"
#include "base/mem.h"
#include "net/tunnel.h"
#include "tests/lib/sshd.h"
#include "tests/lib/tmpdir.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct world {
	char *dir, *file;
	struct prism_loop *loop;
	struct prism_work *work;
	struct sshd *sshd;
	struct net_tunnels *tunnels;
	struct core_logstore *store;
	struct core_remotelog *log;
};

static int setup(void **state)
{
	struct world *w = prism_alloc(sizeof(*w));

	w->dir = tmpdir_create();
	w->file = prism_path_join(w->dir, "it's a log"); /* a quote, blanks */
	w->loop = prism_loop_create(prism_clock_system());
	w->work = prism_work_create(w->loop, 1);
	w->store = core_logstore_create(0, 0);
	unsetenv("SSH_AUTH_SOCK");
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	core_remotelog_stop(w->log);
	net_tunnels_destroy(w->tunnels);
	sshd_stop(w->sshd);
	prism_work_destroy(w->work);
	prism_loop_destroy(w->loop);
	core_logstore_destroy(w->store);
	prism_free(w->file);
	tmpdir_remove(w->dir);
	prism_free(w);
	return 0;
}

static void changed(void *data)
{
	PRISM_UNUSED(data);
}

static void begin(struct world *w, const char *extra, const char *source)
{
	const char *why = sshd_missing();
	struct prism_error err = PRISM_ERROR_INIT;

	if (why) {
		print_message("%s\n", why);
		skip();
	}
	w->sshd = sshd_start(w->dir, extra);
	const struct net_tunnels_config config = {.ssh_config = "",
	                                          .known_hosts = w->sshd->known_hosts,
	                                          .identity = w->sshd->key,
	                                          .strict = NET_SSH_STRICT_YES};
	PRISM_AUTO_FREE char *via =
	    prism_asprintf("%s@127.0.0.1:%u", w->sshd->user, (unsigned)w->sshd->port);
	w->tunnels = net_tunnels_create(w->loop, w->work, &config);
	w->log = core_remotelog_start(w->loop, net_tunnels_get(w->tunnels, via, &err), source, w->store,
	                              changed, w, &err);
	assert_non_null(w->log);
}

static void append(struct world *w, const char *text)
{
	int fd = open(w->file, O_WRONLY | O_APPEND | O_CREAT, 0600);

	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void until_lines(struct world *w, size_t count)
{
	for (int i = 0; i < 20000 && core_logstore_count(w->store) < count; i++)
		prism_loop_turn(w->loop, 20);
	assert_int_equal(core_logstore_count(w->store), count);
}

static void must_be(struct world *w, size_t at, const char *text)
{
	struct core_log_line line =
	    core_logstore_line(w->store, core_logstore_first(w->store) + (uint32_t)at);

	if (line.len != strlen(text) || memcmp(line.text, text, line.len) != 0)
		fail_msg("line %zu is \"%.*s\", not \"%s\"", at, (int)line.len, line.text, text);
}

static void merged_by_time(void **state)
{
	struct world *w = *state;
	const struct core_log_entry own[] = {
	    {.run_id = "run", .message = "first", .len = 5, .time_us = 1000000},
	    {.run_id = "run", .message = "third", .len = 5, .time_us = 3000000}};

	(void)core_logstore_merge(w->store, own, 2);
	append(w, "1970-01-01T00:00:02Z ERROR second\n"
	          "{\"time\":\"1970-01-01T00:00:04Z\",\"level\":\"INFO\",\"msg\":\"fourth\"}\n");
	begin(w, NULL, w->file);
	until_lines(w, 4);
	must_be(w, 0, "first");
	must_be(w, 1, "second");
	must_be(w, 2, "third");
	must_be(w, 3, "fourth");
	/* tagged, and no entries of the computation */
	struct core_log_line line = core_logstore_line(w->store, core_logstore_first(w->store) + 1);
	assert_string_equal(core_logstore_run(w->store, line.run), core_remotelog_tag(w->log));
	assert_int_equal(line.level, CORE_LOG_ERROR);
	assert_int_equal(core_logstore_entries(w->store), 2);
	assert_int_equal(core_logstore_entries_after(w->store, 1000000), 1);
	/* and it goes on */
	append(w, "1970-01-01T00:00:05Z INFO fifth\nno time\nno time\n");
	until_lines(w, 7);
	must_be(w, 4, "fifth");
	must_be(w, 6, "no time");
}

/* Every line exactly once, over a break in the middle of a line. */
static void breaks(void **state)
{
	struct world *w = *state;

	append(w, "1970-01-01T00:00:01Z INFO one\n1970-01-01T00:00:02Z INFO tw");
	begin(w, NULL, w->file);
	until_lines(w, 1);
	sshd_kill(w->sshd);
	append(w, "o\n1970-01-01T00:00:03Z INFO three\n");
	prism_loop_turn(w->loop, 20);
	sshd_restart(w->sshd);
	until_lines(w, 3);
	must_be(w, 1, "two");
	must_be(w, 2, "three");
	append(w, "1970-01-01T00:00:04Z INFO four\n");
	until_lines(w, 4);
}

static void forbidden(void **state)
{
	struct world *w = *state;
	bool final = false;

	begin(w, "MaxSessions 0\n", "/var/log/any");
	for (int i = 0; i < 20000 && !final; i++) {
		prism_loop_turn(w->loop, 20);
		(void)core_remotelog_error(w->log, &final);
	}
	assert_true(final);
	assert_int_equal(core_remotelog_error(w->log, &final)->category, PRISM_ERROR_DENIED);
}

static void commands(void **state)
{
	static const struct {
		const char *source, *command;
	} rows[] = {
	    {"/var/log/a b", "exec tail -n 200 -F -- '/var/log/a b'"},
	    {"/x'; reboot; '", "exec tail -n 200 -F -- '/x'\\''; reboot; '\\'''"},
	    {"cocos-manager", "exec journalctl -n 200 -f --no-pager -o short-unix -u 'cocos-manager'"},
	    {"getty@tty1.service",
	     "exec journalctl -n 200 -f --no-pager -o short-unix -u 'getty@tty1.service'"},
	    {"", NULL},
	    {"-f", NULL},
	    {"a b", NULL},
	    {"x;reboot", NULL},
	    {"$(x)", NULL},
	    {"/a\nb", NULL},
	    {"relative/path", NULL},
	};
	struct prism_error err = PRISM_ERROR_INIT;

	PRISM_UNUSED(state);
	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		PRISM_AUTO_FREE char *command = core_remotelog_command(rows[i].source, &err);

		if (!rows[i].command)
			assert_null(command);
		else
			assert_string_equal(command, rows[i].command);
	}
}

#define ONE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ONE(merged_by_time),
	    ONE(breaks),
	    ONE(forbidden),
	    cmocka_unit_test(commands),
	};

	return cmocka_run_group_tests_name("remotelog", tests, NULL, NULL);
}
