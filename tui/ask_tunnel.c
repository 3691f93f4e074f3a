/*
 * Owns: the overlay of each open question.  It comes up by itself, so it waits for a pause of
 * whoever types (tui/ui_quiet.h).  A question may become void while it waits or is shown (the
 * connection broke): its overlay goes, and nothing is answered.
 */
#include "tui/ask_tunnel.h"

#include "base/mem.h"
#include "base/text.h"
#include "core/tunnels.h"
#include "tui/actor.h"
#include "tui/app.h"
#include "tui/dialog.h"
#include "tui/formbox.h"
#include "tui/ui_quiet.h"

#include <stdio.h>
#include <string.h>

#define PROMPTS_MAX 8
#define LABEL_MAX 16  /* columns of a form's labels in a narrow window */
#define TEXT_MAX 2000 /* of what a server wants to say */

struct pt_tunnel_asks {
	struct pt_app *app;
	struct core *core;
	struct prism_list open;
};

struct ask {
	struct pt_formbox box; /* first: see tui/formbox.h; no form: a host key */
	struct prism_list node;
	struct pt_tunnel_asks *asks;
	struct net_tunnel *tunnel; /* NULL: answered, or void */
	struct pt_quiet quiet;
	const struct net_ssh_question *question; /* lent until it is shown */
	char *title;
	char *texts[PROMPTS_MAX + 1];
	char ids[PROMPTS_MAX][24];
	struct pt_field fields[2 * PROMPTS_MAX + 1];
	size_t count;
	bool hidden[PROMPTS_MAX];
};

static void ask_free(struct ask *ask)
{
	prism_list_remove(&ask->node);
	pt_ui_quiet_cancel(&ask->quiet);
	pt_form_destroy(ask->box.form);
	prism_free(ask->title);
	for (size_t i = 0; i <= PROMPTS_MAX; i++)
		prism_free(ask->texts[i]);
	prism_free(ask);
}

/* Text of a server, made harmless and not endless. */
static char *harmless(const char *text)
{
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(64 * TEXT_MAX);
	size_t len = strnlen(text, TEXT_MAX);

	while (len && (text[len - 1] == '\n' || text[len - 1] == ' '))
		len--;
	prism_text_neutralise(&out, text, len, false);
	return prism_buf_take(&out, NULL);
}

/* ---- host keys ---- */

char *pt_host_key_text(const struct net_ssh_host_key *key)
{
	return prism_asprintf(
	    "%s is not known yet. It shows this %s key:\n\n%s\n\nCompare it with what the host's "
	    "administrator says. Once trusted, it is remembered, and any other key is refused.%s%s%s",
	    key->host, key->type, key->fingerprint,
	    key->other_type ? "\n\nAnother kind of key is known for this host: an attacker in between "
	                      "would offer one that is not."
	                    : "",
	    *key->authority ? "\n\n@cert-authority is not supported: " : "", key->authority);
}

static void host_answered(void *data, bool yes)
{
	struct ask *ask = data;

	if (ask->tunnel)
		net_tunnel_answer(ask->tunnel, yes, NULL, 0);
	ask_free(ask);
}

static void ask_host(struct ask *ask, const struct net_ssh_host_key *key)
{
	PRISM_AUTO_FREE char *text = pt_host_key_text(key);
	const struct pt_confirm confirm = {
	    .title = "Unknown host",
	    .text = text,
	    .yes = "Trust",
	};

	/* Not the overlay on top: a locked screen is in front of it. */
	ask->box.view = pt_dialog_confirm(ask->asks->app, &confirm, host_answered, ask);
}

/* ---- prompts ---- */

static void answer_prompts(struct ask *ask)
{
	struct prism_secret *given[PROMPTS_MAX] = {0};
	const struct prism_secret *lent[PROMPTS_MAX];
	struct net_tunnel *tunnel = PRISM_STEAL(ask->tunnel);

	for (size_t i = 0; i < ask->count; i++)
		lent[i] = given[i] = ask->hidden[i]
		                         ? pt_form_take_secret(ask->box.form, ask->ids[i])
		                         : prism_secret_from_text(pt_form_get(ask->box.form, ask->ids[i]));
	net_tunnel_answer(tunnel, true, lent, ask->count);
	for (size_t i = 0; i < ask->count; i++)
		prism_secret_destroy(given[i]);
}

static void submit(struct pt_view *view)
{
	struct ask *ask = view->state;

	if (ask->tunnel)
		answer_prompts(ask);
	pt_app_close(view->app, view);
}

static const char *title(struct pt_view *view)
{
	return ((struct ask *)view->state)->title;
}

static void destroy(struct pt_view *view)
{
	struct ask *ask = view->state;

	if (ask->tunnel)
		net_tunnel_answer(ask->tunnel, false, NULL, 0);
	ask_free(ask);
}

static const struct pt_view_ops ops = {
    .name = "tunnel-question",
    PT_FORMBOX_OPS,
    .title = title,
    .key = pt_formbox_key,
    .destroy = destroy,
    .actor = &pt_formbox_actor,
};

static void ask_prompts(struct ask *ask, const struct net_ssh_question *question)
{
	size_t fields = 0;

	ask->box = (struct pt_formbox){
	    .view = pt_view_create(ask->asks->app, &ops, ask), .width = 64, .submit = submit};
	ask->title = harmless(question->title);
	if (*question->instruction) {
		ask->texts[PROMPTS_MAX] = harmless(question->instruction);
		ask->fields[fields++] =
		    (struct pt_field){.id = "say", .label = ask->texts[PROMPTS_MAX], .kind = PT_FIELD_NOTE};
	}
	ask->count = question->count < PROMPTS_MAX ? question->count : PROMPTS_MAX;
	for (size_t i = 0; i < ask->count; i++) {
		ask->texts[i] = harmless(question->prompts[i]);
		ask->hidden[i] = !question->echo[i];
		bool wide = strlen(ask->texts[i]) > LABEL_MAX;
		if (wide) /* too much for a label: it stands above the field */
			ask->fields[fields++] =
			    (struct pt_field){.id = "q", .label = ask->texts[i], .kind = PT_FIELD_NOTE};
		snprintf(ask->ids[i], sizeof(ask->ids[i]), "p%zu", i);
		ask->fields[fields++] = (struct pt_field){
		    .id = ask->ids[i],
		    .label = wide ? "Answer" : ask->texts[i],
		    .kind = ask->hidden[i] ? PT_FIELD_PASSWORD : PT_FIELD_TEXT,
		    .max = 1024,
		};
	}
	ask->box.form = pt_form_create(ask->fields, fields, "OK", "Cancel", ask);
	if (ask->count)
		pt_form_focus(ask->box.form, ask->ids[0]);
	pt_app_overlay(ask->asks->app, ask->box.view);
}

/* ---- the asker ---- */

static void show(void *data)
{
	struct ask *ask = data;

	if (ask->question->host_key)
		ask_host(ask, ask->question->host_key);
	else
		ask_prompts(ask, ask->question);
	pt_app_dirty(ask->asks->app);
}

static void on_ask(void *data, struct net_tunnel *tunnel, const struct net_ssh_question *question)
{
	struct pt_tunnel_asks *asks = data;
	struct ask *ask = prism_alloc(sizeof(*ask));

	ask->asks = asks;
	ask->tunnel = tunnel;
	ask->question = question;
	prism_list_append(&asks->open, &ask->node);
	pt_ui_when_quiet(asks->app, &ask->quiet, show, ask);
}

static void on_withdraw(void *data, struct net_tunnel *tunnel)
{
	struct pt_tunnel_asks *asks = data;

	PRISM_LIST_EACH (&asks->open, node, next) {
		struct ask *ask = PRISM_CONTAINER(node, struct ask, node);

		if (ask->tunnel != tunnel)
			continue;
		ask->tunnel = NULL;
		if (ask->box.view)
			pt_app_close(asks->app, ask->box.view);
		else
			ask_free(ask); /* it was never shown */
	}
	pt_app_dirty(asks->app);
}

struct pt_tunnel_asks *pt_tunnel_asks_create(struct pt_app *app, struct core *core)
{
	struct pt_tunnel_asks *asks = prism_alloc(sizeof(*asks));
	const struct core_tunnel_asker asker = {on_ask, on_withdraw, asks};

	asks->app = app;
	asks->core = core;
	prism_list_init(&asks->open);
	core_tunnels_set_asker(core, &asker);
	return asks;
}

void pt_tunnel_asks_destroy(struct pt_tunnel_asks *asks)
{
	if (!asks)
		return;
	core_tunnels_set_asker(asks->core, NULL);
	PRISM_LIST_EACH (&asks->open, node, next)
		ask_free(PRISM_CONTAINER(node, struct ask, node));
	prism_free(asks);
}
