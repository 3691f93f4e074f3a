#include "tests/lib/player.h"
#include "tests/lib/tmpdir.h"

#include "base/clock.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/work.h"
#include "core/options.h"
#include "core/place.h"
#include "sandbox/faults.h"
#include "sandbox/sandbox.h"
#include "tests/lib/grid.h"
#include "tui/term.h"
#include "tui/ui.h"

#include <ctype.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define WALL_US (INT64_C(1764000000) * 1000000) /* 2025-11-24T16:00:00Z */
#define NEAR_MS 250                             /* timers so near are reached by moving the clock */
#define GIVE_UP_MS 20000                        /* real time one step may take on a slow machine */

struct player {
	bool mask_bytes, ascii;
	char *home; /* state of this run of the client: keys, what is remembered */
	struct prism_clock_manual clock;
	struct prism_loop *loop;
	struct prism_work *work;
	struct sb *sb;
	struct sb_faults *faults;
	struct core_options *options;
	struct pt_world *world;
	struct pt_term *term;
	struct pt_ui *ui;
};

static void must(int rc, const struct prism_error *err)
{
	if (rc < 0)
		fail_msg("%s", err->message);
}

static void start_sandbox(struct player *player, const char *seed)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct sb_config config = {
	    .listen = "127.0.0.1:0", .store = ":memory:", .seed = seed, .token_ttl_s = 3600};

	player->faults = config.faults = sb_faults_create();
	player->sb = sb_create(player->loop, &config, &err);
	must(player->sb ? 0 : -1, &err);
	must(sb_listen(player->sb, &err), &err);
}

/* A screen on the world there is. */
static void start_screen(struct player *player, int rows, int cols)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct pt_ui_config config = {.world = player->world};

	player->term = config.term = pt_term_memory(rows, cols, !player->ascii, PT_DEPTH_256);
	player->ui = pt_ui_create(&config, &err);
	must(player->ui ? 0 : -1, &err);
	pt_ui_start(player->ui);
	player_settle(player);
}

void player_hang_up(struct player *player)
{
	int rows = pt_canvas_rows(player_screen(player)), cols = pt_canvas_cols(player_screen(player));

	pt_ui_destroy(player->ui);
	pt_world_destroy(player->world);
	pt_term_close(player->term);
	player->world = pt_world_create(player->loop, player->work, player->options);
	start_screen(player, rows, cols);
}

void player_server(struct player *player, const char *sql)
{
	struct sb_arg none[1] = {{0}};

	if (sb_db_run(player->sb->db, sql, none) < 1)
		fail_msg("nothing was changed by: %s", sql);
}

static void start_client(struct player *player, const struct player_spec *spec)
{
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_FREE char *url =
	    player->sb ? sb_url(player->sb) : prism_strdup("http://127.0.0.1:1");

	player->options = core_options_create();
	core_remember_off(player->options);
	must(core_options_set(player->options, CORE_OPT_URL, url, &err), &err);
	if (spec->trust_sandbox)
		must(core_options_set(player->options, CORE_OPT_TRUST_ROOT, sb_root_file(player->sb, &err),
		                      &err),
		     &err);
	if (spec->setting)
		must(core_options_assign(player->options, spec->setting, &err), &err);
	player->world = pt_world_create(player->loop, player->work, player->options);
	player->ascii = spec->ascii;
	start_screen(player, spec->rows, spec->cols);
}

struct player *player_create(const struct player_spec *spec)
{
	struct player *player = prism_alloc(sizeof(*player));
	const char *seed = spec->seed ? spec->seed : "demo";

	signal(SIGPIPE, SIG_IGN);
	player->mask_bytes = spec->mask_bytes;
	player->home = tmpdir_create();
	setenv("XDG_STATE_HOME", player->home, 1);
	setenv("XDG_CACHE_HOME", player->home, 1);
	prism_clock_manual_init(&player->clock, WALL_US);
	player->loop = prism_loop_create(&player->clock.clock);
	player->work = prism_work_create(player->loop, 2);
	if (strcmp(seed, "none") != 0)
		start_sandbox(player, seed);
	start_client(player, spec);
	return player;
}

void player_fault(struct player *player, const char *spec)
{
	struct prism_error err = PRISM_ERROR_INIT;

	must(sb_faults_add(player->faults, spec, &err), &err);
}

void player_destroy(struct player *player)
{
	if (!player)
		return;
	pt_ui_destroy(player->ui);
	pt_world_destroy(player->world);
	core_options_destroy(player->options);
	pt_term_close(player->term);
	sb_destroy(player->sb);
	sb_faults_destroy(player->faults);
	prism_work_destroy(player->work);
	prism_loop_destroy(player->loop);
	tmpdir_remove(player->home);
	prism_free(player);
}

static bool in_flight(const struct player *player)
{
	return core_pending(player->world->core) - core_parked(player->world->core) > 0 ||
	       prism_work_pending(player->work) > 0 ||
	       (player->world->place && core_place_pending(player->world->place) > 0) ||
	       (player->sb && prism_work_pending(player->sb->work) > 0);
}

void player_settle(struct player *player)
{
	int64_t give_up = prism_clock_mono_ms(prism_clock_system()) + GIVE_UP_MS;

	for (;;) {
		int64_t next;

		if (prism_loop_turn(player->loop, 0))
			continue;
		if (!in_flight(player))
			return;
		if (prism_clock_mono_ms(prism_clock_system()) > give_up)
			fail_msg("%u requests are still in flight", core_pending(player->world->core));
		if (prism_loop_turn(player->loop, 1))
			continue;
		next = prism_loop_next_deadline_ms(player->loop);
		if (next >= 0 && next - player->clock.mono <= NEAR_MS)
			player->clock.mono = next > player->clock.mono ? next : player->clock.mono + 1;
	}
}

int64_t player_wall_us(const struct player *player)
{
	return player->clock.wall;
}

static void type_key(void *data, const struct pt_event *event)
{
	struct player *player = data;

	pt_app_event(pt_ui_app(player->ui), event);
	player_settle(player);
}

void player_keys(struct player *player, const char *keys)
{
	grid_keys(keys, type_key, player);
}

void player_paste(struct player *player, const char *text, size_t len)
{
	const struct pt_event event = {.kind = PT_EVENT_PASTE, .text = text, .len = len};

	type_key(player, &event);
}

void player_resize(struct player *player, int rows, int cols)
{
	pt_term_memory_resize(player->term, rows, cols);
	pt_app_dirty(pt_ui_app(player->ui));
	player_settle(player);
}

void player_tick(struct player *player, int64_t ms)
{
	prism_clock_manual_advance(&player->clock, ms);
	player_settle(player);
}

struct pt_app *player_app(struct player *player)
{
	return pt_ui_app(player->ui);
}

const struct pt_canvas *player_screen(const struct player *player)
{
	return pt_term_memory_screen(player->term);
}

/* "127.0.0.1:41233" is "127.0.0.1:NNNNN": ports are the system's. */
static void mask_ports(char *text)
{
	static const char host[] = "127.0.0.1:";

	for (char *at = strstr(text, host); at; at = strstr(at + 1, host))
		for (char *digit = at + strlen(host); *digit >= '0' && *digit <= '9'; digit++)
			*digit = 'N';
}

/* Fingerprints of keys made while it runs: runs of hex digits with five colons or more. */
static void mask_fingerprints(char *text)
{
	for (char *at = text; *at;) {
		size_t len = strspn(at, "0123456789ABCDEF:"), colons = 0;

		for (size_t i = 0; i < len; i++)
			colons += at[i] == ':';
		for (size_t i = 0; colons >= 5 && i < len; i++)
			if (at[i] != ':')
				at[i] = 'x';
		at += len ? len : 1;
	}
}

/* Identifiers the sandbox makes up while it runs are different every time: hexadecimal digits of
 * whole UUIDs become 'x'. */
static void mask_ids(char *text)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	const size_t len = sizeof(form) - 1;

	for (char *at = text; at[0] && strnlen(at, len) == len; at++) {
		size_t fits = 0;

		while (fits < len &&
		       (form[fits] == '-' ? at[fits] == '-' : strchr("0123456789abcdef", at[fits]) != NULL))
			fits++;
		if (fits == len) {
			memcpy(at, form, len);
			at += len - 1;
		}
	}
}

/* "NNN commands": how many there are is no part of the picture; every new one would change it. */
static void mask_counts(char *text)
{
	static const char word[] = " commands";

	for (char *at = strstr(text, word); at; at = strstr(at + 1, word)) {
		char *digit = at;

		while (digit > text && digit[-1] >= '0' && digit[-1] <= '9')
			digit--;
		if (at - digit > 1)
			memset(digit, 'N', (size_t)(at - digit));
	}
}

#define BYTES_MIN 8 /* digits of a run that cannot be a number or a word */

static bool alone(const char *text, const char *at, size_t len)
{
	const char *before = at;

	while (before > text && before[-1] == ' ')
		before--;
	return (before == text || before[-1] == '|') && (at[len] == '\n' || at[len] == '\0');
}

/* Bytes of keys, reports and digests that are made while it runs. A long value is wrapped: what is
 * left of it stands alone on its row, however short. */
static void mask_bytes(char *text)
{
	for (char *at = strstr(text, "/prism-test."); at; at = strstr(at + 1, "/prism-test."))
		memset(at + strlen("/prism-test."), 'x', 6); /* mkdtemp's */
	for (char *at = text; *at;) {
		size_t len = strspn(at, "0123456789abcdef");
		bool word = at > text && strchr("-_.:/", at[-1]) == NULL && isalnum((unsigned char)at[-1]);

		if (len && !word && !isalnum((unsigned char)at[len]) &&
		    (len >= BYTES_MIN || alone(text, at, len)) && at[len] != '-')
			memset(at, 'x', len);
		at += len ? len : 1;
	}
}

char *player_picture(const struct player *player)
{
	const struct pt_canvas *screen = player_screen(player);
	struct prism_buf out = PRISM_BUF_INIT(4 * 1024 * 1024);
	PRISM_AUTO_FREE char *styles = grid_styles(screen);
	char *picture;
	int x, y;

	prism_buf_printf(&out, "%dx%d\n", pt_canvas_cols(screen), pt_canvas_rows(screen));
	for (int row = 0; row < pt_canvas_rows(screen); row++) {
		PRISM_AUTO_FREE char *text = grid_row(screen, row);

		prism_buf_printf(&out, "|%s\n", text);
	}
	if (pt_canvas_cursor(screen, &x, &y))
		prism_buf_printf(&out, "cursor %d,%d\n", x + 1, y + 1);
	prism_buf_printf(&out, "styles\n%s", styles);
	picture = prism_buf_take(&out, NULL);
	mask_ports(picture);
	mask_ids(picture);
	mask_fingerprints(picture);
	if (player->mask_bytes)
		mask_bytes(picture);
	mask_counts(picture);
	return picture;
}
