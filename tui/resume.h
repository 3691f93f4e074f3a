/*
 * Going on after the terminal went away: where the person was, and what was cut off, is remembered
 * when the program ends by SIGHUP, SIGTERM or a vanished terminal, and offered at the next start in
 * that workspace.  Leaving in the ordinary way forgets it.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_TUI_RESUME_H
#define PRISM_TUI_RESUME_H

struct pt_app;

void pt_resume_save(struct pt_app *app);   /* while views and transfers are still there */
void pt_resume_forget(struct pt_app *app); /* left in the ordinary way, or answered */
void pt_resume_offer(struct pt_app *app);  /* a workspace was entered; asks once at most */

#endif
