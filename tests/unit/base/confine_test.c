/*
 * Covers base/confine.c: what a confined process can no longer do, what it still can, and what a
 * person is told.  Each case runs in a child of its own, because there is no way back.
 */
#include "base/confine.h"

#include "base/file.h"
#include "base/mem.h"
#include "tests/lib/memcheck.h"
#include "tests/lib/tmpdir.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { FINE = 0, NOT_HERE = 77 };

struct place {
	char *dir, *inside, *outside, *link, *kept;
};

static int setup(void **state)
{
	struct place *p = prism_alloc(sizeof(*p));

	p->dir = tmpdir_create();
	p->inside = prism_path_join(p->dir, "inside");
	p->outside = prism_path_join(p->dir, "outside");
	p->link = prism_path_join(p->inside, "link");
	p->kept = prism_path_join(p->dir, "kept");
	assert_int_equal(mkdir(p->inside, 0700), 0);
	assert_int_equal(mkdir(p->kept, 0700), 0);
	assert_int_equal(mkdir(p->outside, 0700), 0);
	PRISM_AUTO_FREE char *secret = prism_path_join(p->outside, "secret");
	assert_int_equal(prism_file_write(secret, "x", 1, 0600, NULL), 0);
	assert_int_equal(symlink(secret, p->link), 0);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;

	prism_free(p->inside);
	prism_free(p->kept);
	prism_free(p->outside);
	prism_free(p->link);
	tmpdir_remove(p->dir);
	prism_free(p);
	return 0;
}

static void confine(const struct place *p)
{
	struct prism_confine_rule rules[] = {
	    {p->inside, PRISM_CONFINE_WRITE},
	    {p->kept, PRISM_CONFINE_KEPT},
	    {"/usr/share", PRISM_CONFINE_ASIDE},
	    {"/no/such/directory", PRISM_CONFINE_WRITE},
	};
	struct prism_error err = PRISM_ERROR_INIT;

	if (prism_confine(rules, PRISM_COUNT(rules), true, &err) < 0) {
		fprintf(stderr, "%s\n", err.message);
		_exit(99);
	}
}

/* Runs a case in a child; what it returns is its exit status: FINE, NOT_HERE, or a line number. */
static void in_child(const struct place *p, int (*fn)(const struct place *p))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		confine(p);
		_exit(fn(p));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NOT_HERE) {
		print_message("SKIP this kernel lacks that part of restricted mode\n");
		skip();
	}
	if (WEXITSTATUS(status) != FINE)
		fail_msg("the child gave up at line %d", WEXITSTATUS(status));
}

#define CHECK(cond)                \
	do {                           \
		if (!(cond))               \
			return __LINE__ & 255; \
	} while (0)

static int files_outside(const struct place *p)
{
	PRISM_AUTO_FREE char *secret = prism_path_join(p->outside, "secret");
	PRISM_AUTO_FREE char *made = prism_path_join(p->outside, "made");

	if (!(prism_confined() & PRISM_CONFINED_FILES))
		return NOT_HERE;
	CHECK(open(secret, O_RDONLY) < 0 && errno == EACCES);
	CHECK(open(p->link, O_RDONLY) < 0 && errno == EACCES); /* a link does not lead out */
	CHECK(open(made, O_WRONLY | O_CREAT, 0600) < 0 && errno == EACCES);
	CHECK(unlink(secret) < 0 && errno == EACCES);
	CHECK(open("/etc/shadow", O_RDONLY) < 0);
	return FINE;
}

static int files_inside(const struct place *p)
{
	PRISM_AUTO_FREE char *path = prism_path_join(p->inside, "sub/file");
	PRISM_AUTO_FREE char *sub = prism_path_join(p->inside, "sub");
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(0);

	CHECK(prism_file_mkdirs(sub, 0700, NULL) == 0);
	CHECK(prism_file_write(path, "abc", 3, 0600, NULL) == 0); /* makes, writes, renames */
	CHECK(prism_file_write(path, "def", 3, 0600, NULL) == 0);
	CHECK(prism_file_read(path, 100, &text, NULL) == 0 && text.len == 3);
	CHECK(unlink(path) == 0);
	CHECK(socket(AF_INET, SOCK_STREAM, 0) >= 0);
	return FINE;
}

/* Where the program keeps something a person may not go by a command. */
static int files_kept(const struct place *p)
{
	PRISM_AUTO_FREE char *path = prism_path_join(p->kept, "trail");
	PRISM_AUTO_FREE char *turned = prism_path_join(p->kept, "trail.1");

	CHECK(prism_file_write(path, "abc", 3, 0600, NULL) == 0);
	CHECK(rename(path, turned) == 0);
	CHECK(prism_confine_allows(turned, false, NULL) < 0);
	CHECK(prism_confine_allows(path, true, NULL) < 0);
	return FINE;
}

static int programs(const struct place *p)
{
	char *const argv[] = {(char *)(uintptr_t) "/bin/true", NULL};

	PRISM_UNUSED(p);
	if (!prism_confined() || !(prism_confined() & (PRISM_CONFINED_CALLS | PRISM_CONFINED_FILES)))
		return NOT_HERE;
	execv(argv[0], argv);
	CHECK(errno == EPERM || errno == EACCES);
	return FINE;
}

static int tracing(const struct place *p)
{
	PRISM_UNUSED(p);
	if (!(prism_confined() & PRISM_CONFINED_CALLS))
		return NOT_HERE;
	CHECK(ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 && errno == EPERM);
	return FINE;
}

static int mounting(const struct place *p)
{
	PRISM_UNUSED(p);
	if (!(prism_confined() & PRISM_CONFINED_CALLS))
		return NOT_HERE;
	CHECK(mount("none", "/", "tmpfs", MS_RDONLY, NULL) < 0 && errno == EPERM);
#ifdef SYS_fsopen /* the way of mount(8) since util-linux 2.39 */
	CHECK(syscall(SYS_fsopen, "tmpfs", 0) < 0 && errno == EPERM);
	CHECK(syscall(SYS_open_tree, -1, "/", 0) < 0 && errno == EPERM);
#endif
	return FINE;
}

static int words(const struct place *p)
{
	PRISM_AUTO_FREE char *dangling = prism_path_join(p->inside, "dangling");
	PRISM_AUTO_FREE char *nothing = prism_path_join(p->outside, "nothing");
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_FREE char *secret = prism_path_join(p->outside, "secret");
	PRISM_AUTO_FREE char *new_one = prism_path_join(p->inside, "new");
	PRISM_AUTO_FREE char *climbing = prism_path_join(p->inside, "../outside/secret");
	PRISM_AUTO_FREE char *sibling = prism_asprintf("%s-other", p->inside);

	CHECK(prism_confine_allows(new_one, true, &err) == 0);
	CHECK(prism_confine_allows(p->inside, false, &err) == 0);
	CHECK(prism_confine_allows(secret, false, &err) < 0);
	CHECK(err.category == PRISM_ERROR_DENIED && strstr(err.hint, "inside"));
	CHECK(prism_confine_allows(climbing, false, NULL) < 0);
	CHECK(prism_confine_allows(sibling, true, NULL) < 0); /* a prefix is not a directory */
	CHECK(prism_confine_allows(p->link, false, NULL) < 0);
	CHECK(symlink(nothing, dangling) == 0);
	CHECK(prism_confine_allows(dangling, true, NULL) < 0);          /* it would be made out there */
	CHECK(prism_confine_allows("/usr/share/doc", false, NULL) < 0); /* for libraries only */
	return FINE;
}

#define CASE(name, fn)             \
	static void name(void **state) \
	{                              \
		in_child(*state, fn);      \
	}
CASE(files_outside_are_out_of_reach, files_outside)
CASE(files_inside_work_as_ever, files_inside)
CASE(what_is_kept_is_written_and_not_offered, files_kept)

static void no_program_is_executed(void **state)
{
	if (memcheck_runs()) {
		print_message("SKIP memcheck does not survive a refused exec\n");
		skip();
	}
	in_child(*state, programs);
}

CASE(nothing_is_traced, tracing)
CASE(nothing_is_mounted, mounting)
CASE(a_person_is_told_in_words, words)

static void without_it_everything_is_allowed(void **state)
{
	const struct place *p = *state;

	assert_int_equal(prism_confined(), 0);
	assert_int_equal(prism_confine_allows(p->outside, true, NULL), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(files_outside_are_out_of_reach),
	    T(files_inside_work_as_ever),
	    T(what_is_kept_is_written_and_not_offered),
	    T(nothing_is_mounted),
	    T(no_program_is_executed),
	    T(nothing_is_traced),
	    T(a_person_is_told_in_words),
	    T(without_it_everything_is_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
