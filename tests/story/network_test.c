/*
 * The client over a network that fails (tests/lib/wire.h): what a keystroke and a refresh cost over
 * a slow line, going dark and coming back by itself, also after sleep, and that nothing is written
 * twice.
 */
#include "tests/lib/client.h"
#include "tests/lib/wire.h"

#include "base/clock.h"
#include "base/mem.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SOON 20000
#define QUIET 400 /* ms without a byte: whatever was under way has ended */

struct net {
	struct sandbox *sandbox;
	struct wire *wire;
	char url[64];
};

static void begin(struct net *n, const char *const *sandbox_args)
{
	n->sandbox = sandbox_start(sandbox_args);
	n->wire = wire_start((int)strtol(strrchr(n->sandbox->url, ':') + 1, NULL, 10));
	snprintf(n->url, sizeof(n->url), "PRISM_TUI_URL=http://127.0.0.1:%d", wire_port(n->wire));
}

static void end(struct net *n)
{
	wire_stop(n->wire);
	sandbox_stop(n->sandbox);
}

static struct pty *signed_in(struct net *n, const char *setting)
{
	struct pty *p = client_start(&(struct client_spec){
	    .sandbox = n->sandbox,
	    .env = (const char *const[]){n->url, "PRISM_TUI_USER=ada",
	                                 "PRISM_TUI_WORKSPACE=Open Science Lab",
	                                 "PRISM_TUI_READ_TIMEOUT=1s", setting, NULL},
	});

	pty_wait_text(p, "Sign in", SOON);
	pty_keys(p, n->sandbox->users[0].password);
	pty_keys(p, "<Enter>");
	pty_wait_gone(p, "Sign in", SOON);
	pty_wait_text(p, "Empty draft", SOON);
	pty_wait_quiet(p, QUIET, SOON);
	return p;
}

static void leave(struct pty *p)
{
	pty_keys(p, "Q");
	pty_wait_exit(p, SOON, NULL);
	pty_destroy(p);
}

/* Until nothing has gone over the wire for a while. */
static struct wire_counts settled(struct net *n, struct pty *p)
{
	struct wire_counts before, after = wire_counts(n->wire);

	do {
		before = after;
		pty_wait_quiet(p, QUIET, SOON);
		after = wire_counts(n->wire);
	} while (before.up != after.up || before.down != after.down);
	return after;
}

static void a_slow_line_costs_one_round_trip_a_refresh(void **state)
{
	struct net n;
	struct pty *p;
	struct wire_counts before, after;

	(void)state;
	begin(&n, NULL);
	p = signed_in(&n, "PRISM_TUI_FOLLOW=no");
	wire_delay(n.wire, 100, 0);
	before = settled(&n, p);
	pty_keys(p, "jjkG");
	after = settled(&n, p);
	assert_int_equal(after.up, before.up); /* a keystroke costs nothing */
	pty_keys(p, "r");
	after = settled(&n, p);
	assert_int_equal(after.connections, before.connections); /* warm */
	assert_true(after.turns > before.turns);
	assert_true(after.turns - before.turns <= 2); /* there and back */
	leave(p);
	end(&n);
}

static void dark_is_said_and_ends_by_itself(void **state)
{
	struct net n;
	struct pty *p;

	(void)state;
	begin(&n, NULL);
	p = signed_in(&n, "PRISM_TUI_INTERVAL_IDLE=500ms");
	wire_set(n.wire, WIRE_DARK);
	pty_wait_text(p, "offline", SOON);
	pty_keys(p, "j"); /* work goes on with what is here */
	pty_wait_text(p, "Flower classification", SOON);
	assert_true(pty_has(p, "Empty draft"));
	wire_set(n.wire, WIRE_UP);
	pty_wait_gone(p, "offline", SOON);
	wire_set(n.wire, WIRE_CUT);
	pty_wait_text(p, "offline", SOON);
	wire_set(n.wire, WIRE_UP);
	pty_wait_gone(p, "offline", SOON);
	leave(p);
	end(&n);
}

/* The machine sleeps: nothing of the client runs, its connections die meanwhile, and so does its
 * token. Once awake it shows what happened, with nobody at the keyboard. */
static void it_comes_back_after_sleep(void **state)
{
	struct net n;
	struct pty *p;
	struct cli direct;
	int64_t until;

	(void)state;
	begin(&n, (const char *const[]){"--token-ttl", "2", NULL});
	direct = (struct cli){.sandbox = n.sandbox, .workspace = "Open Science Lab"};
	p = signed_in(&n, "PRISM_TUI_INTERVAL_IDLE=500ms");
	pty_signal(p, SIGSTOP);
	wire_set(n.wire, WIRE_CUT);
	until = prism_clock_mono_ms(prism_clock_system()) + 3000; /* tokens live for 2 s */
	cli_must(&direct, "computation create 'While it slept' --description d");
	while (prism_clock_mono_ms(prism_clock_system()) < until)
		cli_must(&direct, "whoami");
	wire_set(n.wire, WIRE_UP);
	assert_false(pty_has(p, "While it slept"));
	pty_signal(p, SIGCONT);
	pty_wait_text(p, "While it slept", SOON);
	pty_wait_gone(p, "offline", SOON);
	assert_false(pty_has(p, "Sign in"));
	leave(p);
	cli_finish(&direct);
	end(&n);
}

/* A client that writes while the line goes up and down: whatever it reports, nothing is there
 * twice, and what it called made is there. */
static void nothing_is_written_twice(void **state)
{
	struct net n;
	struct cli c, direct;
	char name[32];
	unsigned made = 0;

	(void)state;
	begin(&n, (const char *const[]){"--fault", "lost@POST:/computations/*/computations#3", NULL});
	direct = (struct cli){.sandbox = n.sandbox, .workspace = "Open Science Lab"};
	struct sandbox through = *n.sandbox;
	char url[64];
	snprintf(url, sizeof(url), "http://127.0.0.1:%d", wire_port(n.wire));
	through.url = url;
	c = (struct cli){.sandbox = &through, .workspace = "Open Science Lab"};
	wire_delay(n.wire, 5, 30);
	for (int i = 0; i < 6; i++) {
		const cJSON *list, *one;
		int status, found = 0;

		snprintf(name, sizeof(name), "write-%d", i);
		status = cli_run(&c, "computation create %s --description d", name);
		list = cli_must(&direct, "computation list");
		cJSON_ArrayForEach(one, list)
		{
			found += !strcmp(cli_text(one, "name"), name);
		}
		assert_true(found <= 1);
		if (status == 0)
			assert_int_equal(found, 1);
		made += status == 0;
	}
	assert_true(made == 6); /* also those whose answer was lost */
	cli_finish(&c);
	cli_finish(&direct);
	end(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_slow_line_costs_one_round_trip_a_refresh),
	    cmocka_unit_test(dark_is_said_and_ends_by_itself),
	    cmocka_unit_test(it_comes_back_after_sleep),
	    cmocka_unit_test(nothing_is_written_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
