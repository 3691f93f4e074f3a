/*
 * Misbehaviour on demand: what --fault asks for, matched with requests.
 *
 *   SPEC  = KIND [ "=" ARG ] [ "@" [ METHOD ":" ] PATH-GLOB ] [ "#" COUNT ]
 *
 * The glob is matched against the path without the query ('*' also matches '/'); without one the
 * fault applies to every path.  After COUNT requests it is spent; without one it never is, except
 * that 401 happens once.  All faults that match a request act together.  The kinds are one table
 * in faults.c; --help prints it.
 */
#ifndef PRISM_SANDBOX_FAULTS_H
#define PRISM_SANDBOX_FAULTS_H

#include "base/error.h"
#include "sandbox/faults_json.h"

#include <stdint.h>

struct sb_faults;
struct sb_call;

struct sb_faults *sb_faults_create(void);
void sb_faults_destroy(struct sb_faults *faults); /* NULL allowed */
PRISM_MUST_USE
int sb_faults_add(struct sb_faults *faults, const char *spec, struct prism_error *err);
void sb_faults_help(void (*line)(void *data, const char *text), void *data);

/* What shall go wrong with one request. */
struct sb_fault_plan {
	bool made;
	int64_t delay_ms;
	int status;            /* answer this instead of asking the router; 0: no */
	char text[200];        /* with status: the message */
	bool raw;              /* text is the whole body, not JSON */
	bool html;             /* the web application's page, 200 */
	bool truncate;         /* half of the body, with a length that agrees */
	char content_type[80]; /* "" : as it is */
	bool lost;             /* carried out, and the connection closed without an answer */
	bool cut, reset;       /* stop in the middle of the body; reset: with RST */
	uint64_t cut_at;       /* http.c */
	size_t drip_bytes;     /* so many at a time; 0: at once */
	int64_t drip_ms;
	enum sb_damage damage; /* to JSON that stays JSON */
	size_t damage_amount;
};
struct sb_fault_plan sb_fault_plan_make(struct sb_faults *faults /* may be NULL */,
                                        const char *method, const char *target);
/* Fills the answer in place of the router when the plan says so. */
bool sb_fault_answer(const struct sb_fault_plan *plan, struct sb_call *call);
/* Damages a finished answer as planned. */
void sb_fault_spoil(const struct sb_fault_plan *plan, struct sb_call *call);

#endif
