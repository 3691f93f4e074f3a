/*
 * My account: names, e-mail address, tags, password, registering, asking for a new password; and
 * what platform administrators do to the accounts of others.  Reference 3.1.
 *
 * The API has one call for each kind of field.  A change of several is sent one after the other and
 * ends at the first that is refused; the error says what was done before it.
 *
 * Passwords are given as secrets, go into one wiped buffer, and nowhere else.
 */
#ifndef PRISM_CORE_ACCOUNT_H
#define PRISM_CORE_ACCOUNT_H

#include "base/mem.h"
#include "core/user.h"

struct core_account_change { /* NULL: keep */
	const char *first_name, *last_name;
	const char *username; /* reference 3.1: letters, digits, '-', '_', at most 32 */
	const char *email;
	const char *picture; /* URL */
	const char *const *tags;
	size_t tag_count;
	bool set_tags; /* false: tags stay */
};
/* user NULL: me; somebody else's account needs the platform role admin. */
PRISM_MUST_USE
int core_account_update(struct core *core, const char *user,
                        const struct core_account_change *change, struct prism_cancel *cancel,
                        core_done_fn done, void *data, struct prism_error *err);
/* Both secrets are given (destroyed here, also on failure). Ends every session: afterwards the
 * tokens of this one are dead, too, and the state of the session is LOGIN_NEEDED. */
PRISM_MUST_USE
int core_account_password(struct core *core, struct prism_secret *old_password,
                          struct prism_secret *new_password, struct prism_cancel *cancel,
                          core_done_fn done, void *data, struct prism_error *err);

struct core_account_new {
	const char *first_name, *last_name, *username, *email;
};
/* Self-registration; needs no session. password: given. The callback has the new user's id. */
PRISM_MUST_USE
int core_account_register(struct core *core, const struct core_account_new *account,
                          struct prism_secret *password, struct prism_cancel *cancel,
                          core_id_fn done, void *data, struct prism_error *err);
/* Asks the server to send a mail with a way to a new password; needs no session. The answer is the
 * same whether the address is known or not. */
PRISM_MUST_USE
int core_account_reset_request(struct core *core, const char *email, struct prism_cancel *cancel,
                               core_done_fn done, void *data, struct prism_error *err);

/* One's own account may be disabled ("deactivate"); everything else is for platform
 * administrators. user: id. */
enum core_account_act { CORE_ACCOUNT_ENABLE, CORE_ACCOUNT_DISABLE, CORE_ACCOUNT_DELETE };
PRISM_MUST_USE
int core_account_act(struct core *core, const char *user, enum core_account_act act,
                     struct prism_cancel *cancel, core_done_fn done, void *data,
                     struct prism_error *err);
/* role: "admin" or "user" of the platform. */
PRISM_MUST_USE
int core_account_role(struct core *core, const char *user, const char *role,
                      struct prism_cancel *cancel, core_done_fn done, void *data,
                      struct prism_error *err);
/* All accounts of the platform (administrators only): a list of struct core_user. */
struct core_list *core_accounts(struct core *core);

#endif
