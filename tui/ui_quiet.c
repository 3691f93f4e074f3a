/*
 * Owns the list of those that wait for a pause and the one timer, which exists only while somebody
 * waits.  Keys do not touch it: they leave a time stamp, as in tui/ui_lock.c.
 */
#include "tui/ui_quiet.h"

#include "tui/ui_private.h"

static int64_t left_ms(const struct pt_ui *ui)
{
	if (!ui->typed)
		return 0;
	return ui->key_ms + PT_QUIET_MS - prism_clock_mono_ms(prism_loop_clock(ui->world->loop));
}

static void due(void *data)
{
	struct pt_ui *ui = data;
	int64_t left = left_ms(ui);

	if (left > 0) {
		prism_timer_rearm(ui->quiet_timer, left);
		return;
	}
	prism_timer_remove(ui->quiet_timer);
	ui->quiet_timer = NULL;
	while (!prism_list_empty(&ui->quiet)) {
		struct pt_quiet *wait = PRISM_CONTAINER(ui->quiet.next, struct pt_quiet, node);

		pt_ui_quiet_cancel(wait);
		wait->fn(wait->data);
	}
}

void pt_ui_when_quiet(struct pt_app *app, struct pt_quiet *wait, void (*fn)(void *data), void *data)
{
	struct pt_ui *ui = pt_ui_of(app);
	int64_t left = left_ms(ui);

	pt_ui_quiet_cancel(wait);
	if (left <= 0) {
		fn(data);
		return;
	}
	wait->fn = fn;
	wait->data = data;
	wait->waiting = true;
	prism_list_append(&ui->quiet, &wait->node);
	if (!ui->quiet_timer)
		ui->quiet_timer = prism_loop_add_timer(ui->world->loop, left, 0, due, ui);
}

void pt_ui_quiet_cancel(struct pt_quiet *wait)
{
	if (wait->waiting)
		prism_list_remove(&wait->node);
	wait->waiting = false;
}

void pt_ui_quiet_input(struct pt_ui *ui)
{
	ui->typed = true;
	ui->key_ms = prism_clock_mono_ms(prism_loop_clock(ui->world->loop));
}

void pt_ui_quiet_finish(struct pt_ui *ui)
{
	prism_timer_remove(ui->quiet_timer);
	ui->quiet_timer = NULL;
}
