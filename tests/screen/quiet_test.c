/*
 * Covers tui/ui_quiet.c: what comes up by itself waits until a person pauses, so that keys meant
 * for something else do not answer it, and nothing that is typed is lost.  The clock stands still
 * but for player_tick().
 */
#include "tests/lib/grid.h"
#include "tests/lib/player.h"
#include "tui/dialog.h"
#include "tui/ui_quiet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct offer {
	struct pt_quiet wait;
	struct player *player;
	unsigned calls;
	bool answered, yes;
};

static void answered(void *data, bool yes)
{
	struct offer *offer = data;

	offer->answered = true;
	offer->yes = yes;
}

static void make(void *data)
{
	static const struct pt_confirm confirm = {.title = "Offer", .text = "Shall it be?"};
	struct offer *offer = data;

	offer->calls++;
	pt_dialog_confirm(player_app(offer->player), &confirm, answered, offer);
}

static bool shows(const struct offer *offer, const char *text)
{
	player_settle(offer->player);
	return grid_find(player_screen(offer->player), text) >= 0;
}

static void start(struct offer *offer)
{
	static const struct player_spec spec = {.rows = 24, .cols = 80};

	*offer = (struct offer){.player = player_create(&spec)};
	player_keys(offer->player, "ada<tab>ada-sample-1<enter><down><enter>");
}

static void it_waits_for_a_pause(void **state)
{
	struct offer offer;

	(void)state;
	start(&offer);
	player_keys(offer.player, ":wh");
	pt_ui_when_quiet(player_app(offer.player), &offer.wait, make, &offer);
	player_keys(offer.player, "y"); /* it would have been the answer */
	player_tick(offer.player, PT_QUIET_MS - 1);
	assert_int_equal(offer.calls, 0);
	player_keys(offer.player, "y"); /* the last key counts */
	player_tick(offer.player, PT_QUIET_MS - 1);
	assert_false(shows(&offer, "Shall it be?"));
	player_tick(offer.player, 2);
	assert_true(shows(&offer, "Shall it be?"));
	assert_false(offer.answered);
	player_keys(offer.player, "n");
	assert_true(offer.answered && !offer.yes);
	assert_true(shows(&offer, ":whyy")); /* nothing that was typed is lost */
	assert_int_equal(offer.calls, 1);
	player_destroy(offer.player);
}

static void it_comes_at_once_when_nothing_is_typed(void **state)
{
	struct offer offer;

	(void)state;
	start(&offer);
	player_tick(offer.player, PT_QUIET_MS);
	pt_ui_when_quiet(player_app(offer.player), &offer.wait, make, &offer);
	assert_int_equal(offer.calls, 1);
	player_keys(offer.player, "y");
	assert_true(offer.answered && offer.yes);
	player_destroy(offer.player);
}

static void it_can_be_taken_back(void **state)
{
	struct offer offer;

	(void)state;
	start(&offer);
	player_keys(offer.player, ":why");
	pt_ui_when_quiet(player_app(offer.player), &offer.wait, make, &offer);
	pt_ui_quiet_cancel(&offer.wait);
	pt_ui_quiet_cancel(&offer.wait);
	player_tick(offer.player, 2 * PT_QUIET_MS);
	assert_int_equal(offer.calls, 0);
	pt_ui_when_quiet(player_app(offer.player), &offer.wait, make, &offer);
	assert_int_equal(offer.calls, 1);
	player_destroy(offer.player);
	assert_true(offer.answered && !offer.yes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_waits_for_a_pause),
	    cmocka_unit_test(it_comes_at_once_when_nothing_is_typed),
	    cmocka_unit_test(it_can_be_taken_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
