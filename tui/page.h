/*
 * Pages: answers of commands that are looked at rather than printed: a policy, two policies beside
 * each other, a launch measurement.  After -c the command's records are printed instead.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_TUI_PAGE_H
#define PRISM_TUI_PAGE_H

#include "core/facts.h"
#include "core/policy.h"
#include "tui/theme.h"

enum pt_page_kind { PT_PAGE_POLICY, PT_PAGE_COMPARISON, PT_PAGE_MEASUREMENT, PT_PAGE_REPORT };

struct pt_page {
	enum pt_page_kind kind;
	char *title;                /* owned */
	struct core_facts *facts;   /* owned */
	struct core_policy *policy; /* PT_PAGE_POLICY: owned */
	char *path;                 /* of the policy's file; NULL: it is none yet; owned */
	char *value;                /* PT_PAGE_MEASUREMENT: in hex; owned */
	char *outcome;              /* PT_PAGE_REPORT: in words; owned */
	enum pt_slot tone;          /* of the outcome */
};
/* policy and facts are given, texts copied. */
struct pt_page *pt_page_policy(struct core_policy *policy, struct core_facts *facts,
                               const char *path, const char *source);
struct pt_page *pt_page_comparison(struct core_facts *facts, const char *title);
struct pt_page *pt_page_measurement(struct core_facts *facts, const char *hex);
/* Something that was read and looked at: an IMA list, a token. */
struct pt_page *pt_page_report(struct core_facts *facts, const char *title, enum pt_slot tone,
                               const char *outcome);
void pt_page_destroy(struct pt_page *page); /* NULL allowed */

#endif
