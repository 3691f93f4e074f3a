/*
 * When the screen is locked: on demand, and after `lock_after` without a key.
 *
 * One timer exists, only while somebody is signed in and the option is set.  Keys do not touch it:
 * they leave a time stamp, and the timer, when it is due, waits for what is left.  So an idle
 * program wakes up once in a lock period at most.
 */
#include "core/options.h"
#include "core/unlock.h"
#include "tui/ui_private.h"
#include "tui/views.h"

#include <string.h>

static int64_t lock_after_ms(const struct pt_ui *ui)
{
	return core_option_int(ui->world->options, CORE_OPT_LOCK_AFTER);
}

static int64_t now_ms(const struct pt_ui *ui)
{
	return prism_clock_mono_ms(prism_loop_clock(ui->world->loop));
}

static void due(void *data)
{
	struct pt_ui *ui = data;
	int64_t left = ui->typed_ms + lock_after_ms(ui) - now_ms(ui);

	if (left > 0) {
		prism_timer_rearm(ui->lock_timer, left);
		return;
	}
	prism_timer_remove(ui->lock_timer);
	ui->lock_timer = NULL;
	pt_ui_lock(ui->app, true);
}

void pt_ui_lock_watch(struct pt_ui *ui)
{
	bool wanted = ui->subscription && !ui->lock && lock_after_ms(ui) > 0 &&
	              core_unlock_kind(ui->core) != CORE_UNLOCK_NOBODY;

	if (wanted && !ui->lock_timer) {
		ui->typed_ms = now_ms(ui);
		ui->lock_timer = prism_loop_add_timer(ui->world->loop, lock_after_ms(ui), 0, due, ui);
	} else if (!wanted && ui->lock_timer) {
		prism_timer_remove(ui->lock_timer);
		ui->lock_timer = NULL;
	}
}

void pt_ui_lock_input(struct pt_ui *ui)
{
	ui->typed_ms = now_ms(ui);
}

bool pt_ui_locked(const struct pt_app *app)
{
	return pt_ui_of(app)->lock != NULL;
}

void pt_ui_lock(struct pt_app *app, bool idle)
{
	struct pt_ui *ui = pt_ui_of(app);

	if (ui->lock)
		return;
	if (core_unlock_kind(ui->core) == CORE_UNLOCK_NOBODY) {
		if (!idle)
			pt_app_message(app, PT_SLOT_WARN, "nobody is signed in: there is nothing to lock");
		return;
	}
	if (!strcmp(core_option_text(ui->world->options, CORE_OPT_LOCK_ACTION), "quit")) {
		pt_app_quit(app);
		return;
	}
	ui->lock = pt_view_lock(app);
	pt_app_overlay(app, ui->lock);
	pt_ui_lock_watch(ui);
}
