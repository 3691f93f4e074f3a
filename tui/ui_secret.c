/*
 * Passphrases of commands on the screen: asked for before the command begins, and attached to its
 * arguments, because a command cannot wait for a key.  A new key is protected by one that is typed
 * twice; an encrypted key is opened by one that is typed once.  Nothing is kept.
 */
#include "tui/ui_private.h"

#include "base/mem.h"
#include "core/userkey.h"
#include "tui/args.h"
#include "tui/dialog.h"

struct asking {
	struct pt_app *app;
	struct pt_values *values;
	bool quiet;
	const char *arg; /* what the passphrase is attached to; static */
	void (*done)(void *data, const char *id, const struct prism_error *err);
	void *data;
};

static void typed(void *data, struct prism_secret *secret)
{
	struct asking asking = *(struct asking *)data;
	struct prism_error err = PRISM_ERROR_INIT;

	prism_free(data);
	if (!secret) {
		pt_values_destroy(asking.values);
		prism_error_raise(&err, PRISM_ERROR_CANCELLED, "cancelled");
		if (asking.done)
			asking.done(asking.data, "", &err);
		return;
	}
	pt_values_attach(asking.values, asking.arg, secret);
	pt_ui_run_now(asking.app, asking.values, asking.quiet, asking.done, asking.data);
}

/* The key that the command will use is protected. */
static bool locked(struct pt_app *app, const struct pt_values *values)
{
	PRISM_AUTO_FREE char *path = pt_world_key_file(pt_ui_world(app), pt_values_get(values, "key"),
	                                               pt_values_get(values, "computation"), NULL);
	struct core_userkey_facts facts = {0};
	bool encrypted = path && core_userkey_facts(path, NULL, &facts, NULL) == 0 && facts.encrypted;

	core_userkey_facts_finish(&facts);
	return encrypted;
}

void pt_ui_run_unlocked(struct pt_app *app, struct pt_values *values, bool quiet,
                        void (*done)(void *data, const char *id, const struct prism_error *err),
                        void *data)
{
	const struct pt_action *action = pt_values_action(values);
	bool moves = action->group == PT_GROUP_RUN && pt_action_arg(action, "passphrase-file");
	bool makes = pt_action_id(action) == PT_ACTION_KEY_GENERATE && pt_values_get(values, "protect");
	struct asking *asking;

	if ((!moves && !makes) || pt_values_get(values, "passphrase-file") ||
	    pt_values_attached(values, makes ? "protect" : "passphrase-file") ||
	    (moves && !locked(app, values))) {
		pt_ui_run_now(app, values, quiet, done, data);
		return;
	}
	asking = prism_alloc(sizeof(*asking));
	*asking =
	    (struct asking){app, values, quiet, makes ? "protect" : "passphrase-file", done, data};
	pt_dialog_passphrase(app, makes ? "Protect the new key" : "Open the key",
	                     makes ? "The private file can be used with this passphrase only. It "
	                             "cannot be recovered; cocos-cli cannot use such a key."
	                           : "Your private key is protected. The passphrase is used for this "
	                             "transfer and not kept.",
	                     makes, typed, asking);
}
