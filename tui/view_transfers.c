/*
 * Transfers: every upload to and download from an agent, with rate and time left; `x` stops one,
 * `t` starts it again, Enter shows all of it: a result's list of files, and what was proven about
 * an attested agent, check by check.
 */
#include "base/mem.h"
#include "base/text.h"
#include "core/appraisal.h"
#include "core/transfer.h"
#include "tui/args.h"
#include "tui/dialog.h"
#include "tui/tableview.h"
#include "tui/views.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct transfers {
	struct pt_tableview tv; /* first: see tui/tableview.h */
	struct core_transfer_queue *queue;
	char id[24];      /* of the row just asked for */
	uint64_t retried; /* started again from here: its refusal is shown; 0: none */
};

enum {
	COLUMN_FILE,
	COLUMN_WHAT,
	COLUMN_STATE,
	COLUMN_DONE,
	COLUMN_RATE,
	COLUMN_ETA,
	COLUMN_COMPUTATION,
	COLUMN_TRUST,
	COLUMN_NOTE
};

static const struct pt_column columns[] = {
    {"file", "File", 12, 30, 2, 0, PT_COLUMN_MAIN},
    {"what", "What", 9, 10, 0, 4, 0},
    {"state", "State", 11, 12, 0, 0, 0},
    {"done", "Done", 16, 22, 0, 1, PT_COLUMN_NUMBER},
    {"rate", "Rate", 10, 11, 0, 5, PT_COLUMN_NUMBER},
    {"eta", "Left", 7, 8, 0, 6, PT_COLUMN_NUMBER},
    {"computation", "Computation", 12, 30, 1, 7, 0},
    {"trust", "Trust", 12, 36, 1, 2, 0},
    {"note", "Note", 12, 0, 3, 3, PT_COLUMN_NO_SORT},
};

static size_t count(void *data)
{
	const struct transfers *t = data;

	return core_transfer_count(t->queue);
}

static const char *row_id(void *data, size_t row)
{
	struct transfers *t = data;
	const struct core_transfer_info *info = core_transfer_at(t->queue, row);

	if (!info)
		return NULL;
	snprintf(t->id, sizeof(t->id), "%" PRIu64, info->id);
	return t->id;
}

static enum core_tone tone_of(enum core_transfer_state state)
{
	switch (state) {
	case CORE_TRANSFER_DONE:
		return CORE_TONE_GOOD;
	case CORE_TRANSFER_FAILED:
		return CORE_TONE_BAD;
	case CORE_TRANSFER_CANCELLED:
		return CORE_TONE_MUTED;
	case CORE_TRANSFER_QUEUED:
	case CORE_TRANSFER_WAITING:
		return CORE_TONE_INFO;
	default:
		return CORE_TONE_ACTIVE;
	}
}

static void cell_done(const struct core_transfer_info *info, struct pt_value *ret)
{
	char done[24], total[24];

	ret->number = (int64_t)info->done;
	if (info->total && !core_transfer_state_final(info->state))
		snprintf(ret->scratch, sizeof(ret->scratch), "%d%% of %s",
		         (int)((double)info->done * 100 / (double)info->total),
		         prism_text_bytes(info->total, total));
	else
		snprintf(ret->scratch, sizeof(ret->scratch), "%s", prism_text_bytes(info->done, done));
	ret->text = ret->scratch;
}

static enum pt_slot trust_slot(const struct core_transfer_info *info)
{
	if (!info->appraisal)
		return PT_SLOT_DIM;
	if (!core_appraisal_attested(info->appraisal))
		return PT_SLOT_BAD;
	return core_appraisal_not_tee(info->appraisal) ? PT_SLOT_WARN : PT_SLOT_GOOD;
}

static void cell(void *data, size_t row, int column, struct pt_value *ret)
{
	const struct transfers *t = data;
	const struct core_transfer_info *info = core_transfer_at(t->queue, row);
	bool moving = info && !core_transfer_state_final(info->state);
	char text[40];

	if (!info)
		return;
	ret->slot = PT_SLOT_TEXT;
	switch (column) {
	case COLUMN_FILE:
		ret->text = strrchr(info->path, '/') ? strrchr(info->path, '/') + 1 : info->path;
		break;
	case COLUMN_WHAT:
		ret->text = core_transfer_kind_word(info->kind);
		break;
	case COLUMN_STATE:
		ret->text = core_transfer_state_word(info->state);
		ret->slot = pt_tone_slot(tone_of(info->state));
		break;
	case COLUMN_DONE:
		cell_done(info, ret);
		break;
	case COLUMN_RATE:
		ret->number = (int64_t)info->rate;
		if (moving && info->rate) {
			snprintf(ret->scratch, sizeof(ret->scratch), "%s/s",
			         prism_text_bytes(info->rate, text));
			ret->text = ret->scratch;
		}
		break;
	case COLUMN_ETA:
		ret->number = info->eta_ms;
		if (moving && info->eta_ms >= 0) {
			snprintf(ret->scratch, sizeof(ret->scratch), "%s",
			         prism_time_span(info->eta_ms * 1000, text));
			ret->text = ret->scratch;
		}
		break;
	case COLUMN_COMPUTATION:
		ret->text = info->computation_name && *info->computation_name ? info->computation_name
		                                                              : info->computation_id;
		break;
	case COLUMN_TRUST:
		ret->text = info->trust;
		ret->slot = trust_slot(info);
		break;
	default:
		ret->text = info->error ? info->error->message : info->note;
		ret->slot = info->error ? PT_SLOT_BAD : PT_SLOT_DIM;
	}
}

static const struct pt_table_model model = {.count = count, .id = row_id, .cell = cell};

/* ---- actions ---- */

static const struct core_transfer_info *selected(struct pt_view *view)
{
	struct transfers *t = view->state;
	const char *id = pt_tableview_selected(view);

	return id ? core_transfer_find(t->queue, strtoull(id, NULL, 10)) : NULL;
}

static bool may(struct pt_view *view, enum pt_action_id id, char *reason, size_t size)
{
	const struct core_transfer_info *info = selected(view);

	if (id != PT_ACTION_TRANSFER_CANCEL && id != PT_ACTION_TRANSFER_RETRY &&
	    id != PT_ACTION_TRANSFER_EVIDENCE)
		return true;
	if (!info)
		snprintf(reason, size, "there is no transfer");
	else if (id == PT_ACTION_TRANSFER_EVIDENCE && !info->appraisal)
		snprintf(reason, size, "no evidence was asked of its agent");
	else if (id == PT_ACTION_TRANSFER_CANCEL && core_transfer_state_final(info->state))
		snprintf(reason, size, "it is %s", core_transfer_state_word(info->state));
	else if (id == PT_ACTION_TRANSFER_RETRY && info->state != CORE_TRANSFER_FAILED &&
	         info->state != CORE_TRANSFER_CANCELLED)
		snprintf(reason, size, "it is %s", core_transfer_state_word(info->state));
	else
		return true;
	return false;
}

static void cancel_one(void *data, const char *id)
{
	struct transfers *t = data;

	core_transfer_cancel(t->queue, strtoull(id, NULL, 10));
}

static void retry_one(void *data, const char *id)
{
	struct pt_view *view = data;
	struct transfers *t = view->state;
	struct prism_error err = PRISM_ERROR_INIT;

	if (core_transfer_retry(t->queue, strtoull(id, NULL, 10), &err) < 0)
		pt_app_report(view->app, &err);
	else
		t->retried = strtoull(id, NULL, 10);
}

static void clear(struct transfers *t)
{
	for (size_t i = core_transfer_count(t->queue); i-- > 0;) {
		const struct core_transfer_info *info = core_transfer_at(t->queue, i);

		if (core_transfer_state_final(info->state) &&
		    core_transfer_forget(t->queue, info->id, NULL) < 0)
			continue;
	}
}

static void show(struct pt_view *view)
{
	const struct core_transfer_info *info = selected(view);
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(1 << 22);
	char size[24], line[1024];

	if (!info)
		return;
	prism_buf_printf(&text, "%s %s\n\nstate     %s\nfile      %s\nagent     %s\n",
	                 core_transfer_kind_word(info->kind), info->filename ? info->filename : "",
	                 core_transfer_state_word(info->state), info->path, info->agent);
	prism_buf_printf(&text, "bytes     %s (%" PRIu64 ")\nattempts  %u\n",
	                 prism_text_bytes(info->done, size), info->done, info->attempts);
	if (*info->sha3)
		prism_buf_printf(&text, "SHA3-256  %s\n", info->sha3);
	if (info->note && *info->note)
		prism_buf_printf(&text, "note      %s\n", info->note);
	if (info->error)
		prism_buf_printf(&text, "\n%s\n%s\n", prism_error_format(info->error, line, sizeof(line)),
		                 info->error->hint);
	if (*info->trust)
		prism_buf_printf(&text, "trust     %s\n", info->trust);
	for (size_t i = 0; info->listing && i < info->listing->count; i++) {
		const struct net_zip_entry *entry = &info->listing->entries[i];

		prism_buf_printf(&text, "%s%10s  %s%s%s\n", i ? "" : "\n",
		                 prism_text_bytes(entry->size, size), entry->name,
		                 entry->refused ? "  REFUSED: " : "", entry->refused ? entry->reason : "");
	}
	pt_dialog_text(view->app, "Transfer", prism_buf_text(&text));
}

/* Of a result that was fetched. */
static unsigned on_result(struct pt_view *view, enum pt_action_id id)
{
	const struct core_transfer_info *info = selected(view);

	if (!info || info->kind != CORE_TRANSFER_RESULT || info->state != CORE_TRANSFER_DONE)
		pt_app_message(view->app, PT_SLOT_OFF, "no result that was fetched is selected");
	else if (id == PT_ACTION_RESULT_SHOW)
		pt_result_open(view->app, info->path);
	else
		pt_result_ask_unpack(view->app, info->path);
	return PT_HANDLED | PT_REDRAW;
}

static unsigned act(struct pt_view *view, enum pt_action_id id, const struct pt_values *values)
{
	struct transfers *t = view->state;

	switch (id) {
	case PT_ACTION_OPEN:
		show(view);
		break;
	case PT_ACTION_TRANSFER_CANCEL:
		pt_table_each_chosen(t->tv.table, cancel_one, t);
		break;
	case PT_ACTION_TRANSFER_RETRY:
		pt_table_each_chosen(t->tv.table, retry_one, view);
		break;
	case PT_ACTION_TRANSFER_EVIDENCE:
		pt_app_overlay(view->app, pt_view_evidence(view->app, selected(view)->appraisal));
		break;
	case PT_ACTION_RESULT_SHOW:
	case PT_ACTION_RESULT_UNPACK:
		return values ? PT_IGNORED : on_result(view, id);
	case PT_ACTION_TRANSFER_CLEAR:
		clear(t);
		break;
	case PT_ACTION_REFRESH:
		break;
	default:
		return PT_IGNORED;
	}
	pt_table_reload(t->tv.table);
	return PT_HANDLED | PT_REDRAW;
}

static const struct pt_actor actor = {.where = PT_IN_TRANSFERS, .may = may, .act = act};

/* ---- view ---- */

/* The agent was refused again: on what, is what one wants to know. */
static void look_at_retried(struct pt_view *view)
{
	struct transfers *t = view->state;
	const struct core_transfer_info *info =
	    t->retried ? core_transfer_find(t->queue, t->retried) : NULL;

	if (!info || !core_transfer_state_final(info->state))
		return;
	t->retried = 0;
	if (info->state == CORE_TRANSFER_FAILED && info->error->category == PRISM_ERROR_TRUST &&
	    info->appraisal && !core_appraisal_attested(info->appraisal))
		pt_app_overlay(view->app, pt_view_evidence(view->app, info->appraisal));
}

static unsigned changed(struct pt_view *view, const struct core_event *event)
{
	if (event->type != CORE_EVENT_TRANSFERS)
		return PT_IGNORED;
	look_at_retried(view);
	pt_table_reload(pt_tableview_table(view));
	return PT_REDRAW;
}

static void destroy(struct pt_view *view)
{
	struct transfers *t = view->state;

	pt_tableview_finish(&t->tv);
	prism_free(t);
}

static const struct pt_view_ops ops = {
    .name = "transfers",
    PT_TABLEVIEW_OPS,
    .summary = pt_tableview_summary,
    .changed = changed,
    .destroy = destroy,
    .actor = &actor,
};

struct pt_view *pt_view_transfers(struct pt_app *app)
{
	struct transfers *t = prism_alloc(sizeof(*t));
	struct pt_view *view = pt_view_create(app, &ops, t);

	t->queue = pt_world_transfers(pt_ui_world(app));
	pt_tableview_init(&t->tv, view, columns, PRISM_COUNT(columns), &model);
	pt_tableview_reload_local(&t->tv, "Nothing was sent or fetched yet",
	                          "open a running computation and press a", NULL);
	return view;
}
