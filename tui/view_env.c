/*
 * The environment of an agent on the screen: which shell it is for is asked, the text goes to the
 * clipboard and is shown.
 */
#include "base/buf.h"
#include "base/mem.h"
#include "core/options.h"
#include "core/shell.h"
#include "tui/dialog.h"
#include "tui/env.h"
#include "tui/views.h"

#include <string.h>

struct asking {
	struct pt_app *app;
	char *id;
};

static void copy(struct pt_app *app, const char *text)
{
	struct prism_error err = PRISM_ERROR_INIT;

	if (!core_option_bool(pt_ui_world(app)->options, CORE_OPT_CLIPBOARD))
		pt_app_message(app, PT_SLOT_WARN, "copying is switched off (clipboard=no)");
	else if (pt_term_copy(pt_app_term(app), text, strlen(text), &err) < 0)
		pt_app_report(app, &err);
	else
		pt_app_message(app, PT_SLOT_GOOD, "environment copied to the clipboard");
}

static void render(struct pt_app *app, const char *id, enum core_shell shell)
{
	const struct core_computation *computation = core_computation_get(pt_ui_core(app), id);
	const struct pt_env_spec spec = {.shell = core_shell_word(shell)};
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(PT_ENV_MAX);
	PRISM_AUTO_BUF struct prism_buf shown = PRISM_BUF_INIT(2 * PT_ENV_MAX);
	struct prism_error err = PRISM_ERROR_INIT;
	ssize_t open;

	if (!computation || !computation->agent->present) {
		pt_app_message(app, PT_SLOT_WARN, "the computation is not loaded yet: try again");
		return;
	}
	open = pt_env_text(pt_ui_world(app), computation, &spec, &text, &err);
	if (open < 0) {
		pt_app_report(app, &err);
		return;
	}
	copy(app, prism_buf_text(&text));
	prism_buf_puts(&shown, prism_buf_text(&text));
	if (open > 0)
		prism_buf_printf(
		    &shown,
		    "\n%zd value%s in <...> to be filled in: set agent_server_ca and the like, "
		    "or run the computation.\n",
		    open, open == 1 ? "" : "s");
	pt_dialog_text(app, "Environment of the agent", prism_buf_text(&shown));
}

static void chosen(void *data, ptrdiff_t index)
{
	struct asking *asking = data;

	if (index >= 0)
		render(asking->app, asking->id, (enum core_shell)index);
	prism_free(asking->id);
	prism_free(asking);
}

void pt_env_open(struct pt_app *app, const char *computation_id)
{
	static const struct pt_dialog_item items[CORE_SHELL_COUNT] = {
	    [CORE_SHELL_POSIX] = {"sh, bash, zsh", "export NAME=value", false},
	    [CORE_SHELL_FISH] = {"fish", "set -gx NAME value", false},
	    [CORE_SHELL_POWERSHELL] = {"PowerShell", "$env:NAME = 'value'", false},
	    [CORE_SHELL_ENV_FILE] = {"env file", "NAME=value, for systemd and containers", false},
	};
	struct asking *asking = prism_alloc(sizeof(*asking));

	*asking = (struct asking){app, prism_strdup(computation_id)};
	pt_dialog_choose(app, "Environment for which shell?", items, CORE_SHELL_COUNT, 0, chosen,
	                 asking);
}
