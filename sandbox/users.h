/* What more than one file needs to know about users. */
#ifndef PRISM_SANDBOX_USERS_H
#define PRISM_SANDBOX_USERS_H

#include "sandbox/router.h"

#define SB_PASSWORD_MIN 8

/* The user as a JSON object into call->out; full: with what only the user and platform
 * administrators see. */
void sb_user_write(struct sb_call *call, int64_t user, bool full);
/* "first last", else the username. From the call's arena. */
const char *sb_user_name(struct sb_call *call, int64_t user);
int64_t sb_user_find(struct sb *sb, const char *id); /* row number; 0: no such user */

struct sb_user_row {
	const char *id, *username, *email, *first_name, *last_name, *password;
	bool admin, unverified;
};
/* Row number, or 0 when the username or e-mail is taken. */
int64_t sb_user_insert(struct sb *sb, const struct sb_user_row *row, int64_t created_us);

#endif
