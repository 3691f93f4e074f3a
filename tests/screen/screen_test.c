/*
 * Screens against pictures: every tests/screen/NAME.case is played (tests/lib/player.h) and each
 * `shot` is compared with tests/golden/screen/NAME.SHOT.txt, cells and styles.
 *
 *     make golden              writes the pictures anew (PRISM_GOLDEN=write)
 *     make screen              compares
 *
 * A case is a text file, one step a line; '#' begins a comment:
 *
 *     size COLSxROWS           first: the terminal (default 80x24)
 *     ascii                    first: no UTF-8
 *     seed WHAT                first: of the sandbox; "none": nobody listens
 *     set NAME=VALUE           first: a setting of the client
 *     trust                    first: the client is told to accept the sandbox's evidence
 *     mask                     first: keys and reports are made anew each time: hexadecimal bytes
 *                              are pictured as 'x'
 *     login                    signs in as ada and enters Open Science Lab
 *     login USER               signs in as that sample user, no more
 *     keys KEYS                as in tests/lib/grid.h: "ab<enter><down 3>"
 *     resize COLSxROWS
 *     server SQL               somebody else changes what the sandbox holds
 *     hangup                   the terminal goes away, and the client starts again, signed out
 *     file PATH TEXT           makes a file (and its directories), with "\n" and "\xHH" in TEXT
 *     copy FROM TO             one file, with the mode of a private one
 *     cert PATH ISSUER WHAT... makes PATH.pem and PATH.key; ISSUER is such a PATH, or "-"; WHAT:
 *                              ca, nul, rsa=BITS, bulk=BYTES, from=SECONDS, until=SECONDS,
 *                              names=SAN, name=CN, sealed=PASSPHRASE
 *     sparse PATH BYTES        a file of zeros that takes no room
 *     fifo PATH                nobody writes to it
 *     link PATH TARGET         a symbolic link, made anew
 *     paste PATH               its contents, as a terminal pastes them
 *     touch PATH               its times, and those of what is in it, become the clock's
 *     tick MS                  moves the clock
 *     fault SPEC               the sandbox misbehaves from now on
 *     see TEXT                 the text is on the screen
 *     gone TEXT                the text is not
 *     shot NAME                compares
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "net/crypto.h"
#include "tests/lib/golden.h"
#include "tests/lib/grid.h"
#include "tests/lib/player.h"
#include "tests/lib/testca.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define CASES "tests/screen"
#define FILE_MAX (1024 * 1024)

struct play {
	const char *name;
	int line;
	struct player_spec spec;
	char *seed, *setting;
	struct player *player;
	unsigned wrong; /* pictures that differ */
};

static const char *next_line(const char *text, const char **ret_end)
{
	const char *newline = strchr(text, '\n');

	*ret_end = newline ? newline : text + strlen(text);
	return newline ? newline + 1 : *ret_end;
}

static void shot(struct play *play, const char *name)
{
	PRISM_AUTO_FREE char *picture = player_picture(play->player);
	PRISM_AUTO_FREE char *golden = prism_asprintf("screen/%s.%s.txt", play->name, name);
	PRISM_AUTO_FREE char *where = prism_asprintf("%s.case:%d", play->name, play->line);

	grid_check(player_screen(play->player));
	if (!golden_same(golden, picture, where))
		play->wrong++;
}

static void see(struct play *play, const char *text, bool wanted)
{
	PRISM_AUTO_FREE char *picture = NULL;

	if ((grid_find(player_screen(play->player), text) >= 0) == wanted)
		return;
	picture = player_picture(play->player);
	fail_msg("%s.case:%d: \"%s\" %s on the screen:\n%s", play->name, play->line, text,
	         wanted ? "is not" : "is", picture);
}

static void read_size(const char *text, int *ret_cols, int *ret_rows)
{
	if (sscanf(text, "%dx%d", ret_cols, ret_rows) != 2)
		fail_msg("\"%s\" is no size", text);
}

/* Steps before the player exists. */
static bool prepare(struct play *play, const char *word, const char *rest)
{
	if (strcmp(word, "size") == 0)
		read_size(rest, &play->spec.cols, &play->spec.rows);
	else if (strcmp(word, "ascii") == 0)
		play->spec.ascii = true;
	else if (strcmp(word, "trust") == 0)
		play->spec.trust_sandbox = true;
	else if (strcmp(word, "mask") == 0)
		play->spec.mask_bytes = true;
	else if (strcmp(word, "seed") == 0)
		play->spec.seed = play->seed = prism_strdup(rest);
	else if (strcmp(word, "set") == 0)
		play->spec.setting = play->setting = prism_strdup(rest);
	else
		return false;
	return true;
}

/* ---- files ---- */

static void make_file(const char *rest)
{
	const char *space = strchr(rest, ' ');
	PRISM_AUTO_FREE char *name = prism_strndup(rest, space ? (size_t)(space - rest) : strlen(rest));
	PRISM_AUTO_FREE char *path = prism_path_expand(name);
	PRISM_AUTO_FREE char *dir = prism_strndup(path, (size_t)(prism_path_base(path) - path));
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(FILE_MAX);
	struct prism_error err = PRISM_ERROR_INIT;

	for (const char *at = space ? space + 1 : ""; *at; at++) {
		char hex[3] = "";

		if (at[0] == '\\' && at[1] == 'x' && at[2] && at[3]) {
			memcpy(hex, at + 2, 2);
			prism_buf_putc(&text, (char)strtoul(hex, NULL, 16));
			at += 3;
		} else if (at[0] == '\\' && at[1] == 'n') {
			prism_buf_putc(&text, '\n');
			at++;
		} else {
			prism_buf_putc(&text, *at);
		}
	}
	if (prism_file_mkdirs(dir, 0700, &err) < 0 ||
	    prism_file_write(path, prism_buf_text(&text), text.len, 0600, &err) < 0)
		fail_msg("%s", err.message);
}

static void copy_file(const char *rest)
{
	const char *space = strchr(rest, ' ');
	PRISM_AUTO_FREE char *from_name = prism_strndup(rest, space ? (size_t)(space - rest) : 0);
	PRISM_AUTO_FREE char *from = prism_path_expand(from_name);
	PRISM_AUTO_FREE char *to = prism_path_expand(space ? space + 1 : "");
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(FILE_MAX);
	struct prism_error err = PRISM_ERROR_INIT;

	if (prism_file_read(from, FILE_MAX, &text, &err) < 0 ||
	    prism_file_write(to, prism_buf_text(&text), text.len, 0600, &err) < 0)
		fail_msg("%s", err.message);
}

static void paste_file(struct play *play, const char *name)
{
	PRISM_AUTO_FREE char *path = prism_path_expand(name);
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(FILE_MAX);
	struct prism_error err = PRISM_ERROR_INIT;

	if (prism_file_read(path, FILE_MAX, &text, &err) < 0)
		fail_msg("%s", err.message);
	player_paste(play->player, prism_buf_text(&text), text.len);
}

static void write_text(const char *name, const char *end, const char *text)
{
	PRISM_AUTO_FREE char *whole = prism_asprintf("%s.%s", name, end);
	PRISM_AUTO_FREE char *path = prism_path_expand(whole);
	PRISM_AUTO_FREE char *dir = prism_strndup(path, (size_t)(prism_path_base(path) - path));
	struct prism_error err = PRISM_ERROR_INIT;

	if (prism_file_mkdirs(dir, 0700, &err) < 0 ||
	    prism_file_write(path, text, strlen(text), 0600, &err) < 0)
		fail_msg("%s", err.message);
}

static char *read_text(const char *name, const char *end)
{
	PRISM_AUTO_FREE char *whole = prism_asprintf("%s.%s", name, end);
	PRISM_AUTO_FREE char *path = prism_path_expand(whole);
	struct prism_buf text;
	struct prism_error err = PRISM_ERROR_INIT;

	if (prism_file_read(path, FILE_MAX, &text, &err) < 0)
		fail_msg("%s", err.message);
	return prism_buf_take(&text, NULL);
}

static void write_key(const char *name, const char *pem, const char *passphrase)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_key *key = net_key_read_private(pem, strlen(pem), NULL, &err);
	struct prism_secret *secret = passphrase ? prism_secret_from_text(passphrase) : NULL;
	struct prism_buf text = PRISM_BUF_INIT(65536);

	if (!key || net_key_private_pem(key, secret, &text, &err) < 0)
		fail_msg("%s", err.message);
	write_text(name, "key", prism_buf_text(&text));
	prism_buf_finish(&text);
	prism_secret_destroy(secret);
	net_key_destroy(key);
}

/* Its dates are counted from the clock of the play. */
static void make_cert(struct play *play, char *rest)
{
	const long shift =
	    (long)((player_wall_us(play->player) - prism_clock_wall_us(prism_clock_system())) /
	           1000000);
	char *save = NULL, *path = strtok_r(rest, " ", &save), *issuer = strtok_r(NULL, " ", &save);
	struct testca_spec spec = {
	    .name = "agent", .names = "IP:127.0.0.1", .from = -86400, .until = 300L * 86400 + 1800};
	struct testca parent = {NULL, NULL}, made;
	const char *passphrase = NULL;

	for (const char *what = strtok_r(NULL, " ", &save); what; what = strtok_r(NULL, " ", &save)) {
		if (strcmp(what, "ca") == 0)
			spec.ca = true;
		else if (strcmp(what, "nul") == 0)
			spec.nul = true;
		else if (strncmp(what, "rsa=", 4) == 0)
			spec.rsa = (unsigned)strtoul(what + 4, NULL, 10);
		else if (strncmp(what, "bulk=", 5) == 0)
			spec.bulk = (unsigned)strtoul(what + 5, NULL, 10);
		else if (strncmp(what, "from=", 5) == 0)
			spec.from = strtol(what + 5, NULL, 10);
		else if (strncmp(what, "until=", 6) == 0)
			spec.until = strtol(what + 6, NULL, 10);
		else if (strncmp(what, "names=", 6) == 0)
			spec.names = what + 6;
		else if (strncmp(what, "name=", 5) == 0)
			spec.name = what + 5;
		else if (strncmp(what, "sealed=", 7) == 0)
			passphrase = what + 7;
		else
			fail_msg("no such certificate: %s", what);
	}
	spec.from += shift;
	spec.until += shift;
	if (strcmp(issuer, "-") != 0)
		parent = (struct testca){read_text(issuer, "pem"), read_text(issuer, "key")};
	made = testca_make(&spec, parent.cert_pem ? &parent : NULL);
	write_text(path, "pem", made.cert_pem);
	write_key(path, made.key_pem, passphrase);
	testca_finish(&made);
	testca_finish(&parent);
}

/* Files that are none, or too many. */
static bool make_odd(const char *word, const char *rest)
{
	const char *space = strchr(rest, ' ');
	PRISM_AUTO_FREE char *name = prism_strndup(rest, space ? (size_t)(space - rest) : strlen(rest));
	PRISM_AUTO_FREE char *path = prism_path_expand(name);
	int fd;

	if (strcmp(word, "fifo") == 0)
		return mkfifo(path, 0600) == 0;
	if (strcmp(word, "link") == 0) {
		PRISM_AUTO_FREE char *target = prism_path_expand(space + 1);

		unlink(path);
		return symlink(target, path) == 0;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, strtol(space + 1, NULL, 10)) < 0)
		return false;
	return close(fd) == 0;
}

static void touch_one(const char *path, int64_t wall_us)
{
	const struct timespec at = {wall_us / 1000000, wall_us % 1000000 * 1000};

	if (utimensat(AT_FDCWD, path, (const struct timespec[]){at, at}, 0) < 0)
		fail_msg("%s cannot be touched", path);
}

static void touch(struct play *play, const char *name)
{
	PRISM_AUTO_FREE char *path = prism_path_expand(name);
	struct dirent **entries;
	int count = scandir(path, &entries, NULL, NULL);

	for (int i = 0; i < count; i++) {
		PRISM_AUTO_FREE char *inside = prism_path_join(path, entries[i]->d_name);

		if (strcmp(entries[i]->d_name, "..") != 0)
			touch_one(inside, player_wall_us(play->player));
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	touch_one(path, player_wall_us(play->player));
}

static void login(struct play *play, const char *user)
{
	char keys[128];

	if (*user) {
		snprintf(keys, sizeof(keys), "%s<tab>%s-sample-1<enter>", user, user);
		player_keys(play->player, keys);
		player_tick(play->player, 6000);
		return;
	}
	player_keys(play->player, "ada<tab>ada-sample-1<enter>");
	see(play, "Hospital Pilot", true);
	player_keys(play->player, "<down><enter>");
	see(play, "Empty draft", true);
	player_tick(play->player, 6000); /* the messages of signing in go */
}

static void step(struct play *play, const char *word, char *rest)
{
	int cols, rows;

	if (!play->player && prepare(play, word, rest))
		return;
	if (!play->player)
		play->player = player_create(&play->spec);
	if (strcmp(word, "login") == 0) {
		login(play, rest);
	} else if (strcmp(word, "keys") == 0) {
		player_keys(play->player, rest);
	} else if (strcmp(word, "resize") == 0) {
		read_size(rest, &cols, &rows);
		player_resize(play->player, rows, cols);
	} else if (strcmp(word, "tick") == 0) {
		player_tick(play->player, strtol(rest, NULL, 10));
	} else if (strcmp(word, "fault") == 0) {
		player_fault(play->player, rest);
	} else if (strcmp(word, "see") == 0 || strcmp(word, "gone") == 0) {
		see(play, rest, word[0] == 's');
	} else if (strcmp(word, "hangup") == 0) {
		player_hang_up(play->player);
	} else if (strcmp(word, "server") == 0) {
		player_server(play->player, rest);
	} else if (strcmp(word, "file") == 0) {
		make_file(rest);
	} else if (strcmp(word, "copy") == 0) {
		copy_file(rest);
	} else if (strcmp(word, "paste") == 0) {
		paste_file(play, rest);
	} else if (strcmp(word, "cert") == 0) {
		make_cert(play, rest);
	} else if (strcmp(word, "sparse") == 0 || strcmp(word, "fifo") == 0 ||
	           strcmp(word, "link") == 0) {
		if (!make_odd(word, rest))
			fail_msg("%s.case:%d: cannot be made", play->name, play->line);
	} else if (strcmp(word, "touch") == 0) {
		touch(play, rest);
	} else if (strcmp(word, "shot") == 0) {
		shot(play, rest);
	} else {
		fail_msg("%s.case:%d: no such step: %s", play->name, play->line, word);
	}
}

static void play_line(struct play *play, const char *line, size_t len)
{
	char text[1024], nothing[1] = "", *rest;

	snprintf(text, sizeof(text), "%.*s", (int)(len < 1023 ? len : 1023), line);
	if (text[0] == '#' || !text[strspn(text, " ")])
		return;
	rest = strchr(text, ' ');
	if (rest)
		*rest++ = '\0';
	step(play, text, rest ? rest : nothing);
}

static void play_case(void **state)
{
	struct play play = {.name = *state, .spec = {.rows = 24, .cols = 80}};
	PRISM_AUTO_FREE char *path = prism_asprintf(CASES "/%s.case", play.name);
	PRISM_AUTO_BUF struct prism_buf script = PRISM_BUF_INIT(FILE_MAX);
	struct prism_error err = PRISM_ERROR_INIT;

	if (prism_file_read(path, FILE_MAX, &script, &err) < 0)
		fail_msg("%s", err.message);
	for (const char *at = prism_buf_text(&script), *end; *at;) {
		const char *next = next_line(at, &end);

		play.line++;
		play_line(&play, at, (size_t)(end - at));
		at = next;
	}
	player_destroy(play.player);
	prism_free(play.seed);
	prism_free(play.setting);
	assert_int_equal(play.wrong, 0);
}

static int is_case(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 5 && strcmp(entry->d_name + len - 5, ".case") == 0;
}

int main(void)
{
	struct dirent **entries;
	int count = scandir(CASES, &entries, is_case, alphasort), failed;
	struct CMUnitTest *tests;

	if (count <= 0) {
		fprintf(stderr, "no cases in " CASES "\n");
		return 1;
	}
	tests = prism_alloc_array((size_t)count, sizeof(*tests));
	for (int i = 0; i < count; i++) {
		char *name = prism_strndup(entries[i]->d_name, strlen(entries[i]->d_name) - 5);

		tests[i] = (struct CMUnitTest){.name = name, .test_func = play_case, .initial_state = name};
		free(entries[i]);
	}
	free(entries);
	failed = _cmocka_run_group_tests("screen", tests, (size_t)count, NULL, NULL);
	for (int i = 0; i < count; i++)
		prism_free(tests[i].initial_state);
	prism_free(tests);
	return failed;
}
