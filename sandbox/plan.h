/*
 * Limits of a billing plan per workspace (prism-api.md sections 2.4 and 3.12).  The real service
 * asks its billing service before some operations and hands its refusal through: a status of its
 * own (here 402) and raw text.
 */
#ifndef PRISM_SANDBOX_PLAN_H
#define PRISM_SANDBOX_PLAN_H

#include "base/error.h"

#include <stdint.h>

#define SB_PLAN_STATUS 402

enum sb_plan_item {
	SB_PLAN_COMPUTATIONS,
	SB_PLAN_RUNS,
	SB_PLAN_CVMS,
	SB_PLAN_MEMBERS,
	SB_PLAN_COUNT
};

struct sb_plan {
	bool limited;                 /* false: no plan at all */
	int64_t limit[SB_PLAN_COUNT]; /* how many a workspace may have; -1: any number */
};

/* "free" (section 3.12: 10 computations, 5 runs, 5 CVMs, 3 members), or a list such as
 * "computations=2,cvms=1". */
PRISM_MUST_USE
int sb_plan_parse(const char *text, struct sb_plan *ret, struct prism_error *err);

struct sb_call;
/* May the call's workspace have one more? Answers the refusal otherwise. workspace: row number. */
bool sb_plan_allows(struct sb_call *call, enum sb_plan_item item, int64_t workspace);

#endif
