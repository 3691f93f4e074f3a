/*
 * A second network beside the test's own: a namespace whose only way out is a pair of virtual
 * interfaces to here.  The test itself steps into it and back; what it starts meanwhile stays
 * there.
 *
 * Needs root and the kernel's permission; a test is skipped with the reason otherwise.
 */
#ifndef PRISM_TESTS_NETNS_H
#define PRISM_TESTS_NETNS_H

#define NETNS_HERE "10.77.77.1" /* this side, seen from there */

struct netns;
/* NULL: *why says why not. */
struct netns *netns_create(const char **why);
void netns_destroy(struct netns *netns); /* NULL allowed; steps back first */
void netns_enter(struct netns *netns);   /* what is started now is there */
void netns_leave(struct netns *netns);
/* Both ends as netem's words say, "delay 100ms loss 1%": each way. NULL: done; else why not. */
const char *netns_shape(struct netns *netns, const char *how);

#endif
