/*
 * What I may do: actions as bits, and the rules that turn actions into permissions (reference 4.9).
 */
#ifndef PRISM_CORE_PERMISSION_H
#define PRISM_CORE_PERMISSION_H

#include "base/json.h"
#include "core/core.h"

/* Computation actions. X(ENUM, "wire", "label") */
#define CORE_PERM_MAP(X)                                        \
	X(ADMINISTRATOR, "administrator", "Administrator")          \
	X(EDIT, "edit", "Edit")                                     \
	X(RUN, "run", "Run")                                        \
	X(VIEW, "view", "View")                                     \
	X(DATASET_PROVIDER, "dataset_provider", "Dataset provider") \
	X(ALGO_PROVIDER, "algo_provider", "Algorithm provider")     \
	X(RESULT_CONSUMER, "result_consumer", "Result consumer")
/* Workspace actions; holding all twelve is "workspace admin". */
#define CORE_WPERM_MAP(X)                                       \
	X(UPDATE, "update", "Update")                               \
	X(READ, "read", "Read")                                     \
	X(DELETE, "delete", "Delete")                               \
	X(ENABLE, "enable", "Enable")                               \
	X(DISABLE, "disable", "Disable")                            \
	X(MANAGE_ROLE, "manage_role", "Manage roles")               \
	X(ADD_ROLE_USERS, "add_role_users", "Add members")          \
	X(REMOVE_ROLE_USERS, "remove_role_users", "Remove members") \
	X(VIEW_ROLE_USERS, "view_role_users", "View members")       \
	X(CREATE_CVMS, "create_cvms", "Create CVMs")                \
	X(REMOVE_CVMS, "remove_cvms", "Remove CVMs")                \
	X(CREATE_COMPUTATION, "create_computation", "Create computations")

enum {
#define X(id, word, label) CORE_PERM_INDEX_##id,
	CORE_PERM_MAP(X)
#undef X
	    CORE_PERM_COUNT
};
enum core_perm {
#define X(id, word, label) CORE_PERM_##id = 1 << CORE_PERM_INDEX_##id,
	CORE_PERM_MAP(X)
#undef X
	    CORE_PERM_ALL = (1 << CORE_PERM_COUNT) - 1
};
enum {
#define X(id, word, label) CORE_WPERM_INDEX_##id,
	CORE_WPERM_MAP(X)
#undef X
	    CORE_WPERM_COUNT
};
enum core_wperm {
#define X(id, word, label) CORE_WPERM_##id = 1 << CORE_WPERM_INDEX_##id,
	CORE_WPERM_MAP(X)
#undef X
	    CORE_WPERM_ALL = (1 << CORE_WPERM_COUNT) - 1
};

const char *core_perm_word(unsigned index); /* index below CORE_PERM_COUNT */
const char *core_perm_label(unsigned index);
const char *core_wperm_word(unsigned index);
const char *core_wperm_label(unsigned index);
const char *core_wperm_word_of(enum core_wperm bit); /* "?" when it is not exactly one */
unsigned core_perm_bit(const char *word);            /* 0 when unknown */
unsigned core_wperm_bit(const char *word);
unsigned core_perm_bits(const cJSON *array); /* of an array of strings; unknown words ignored */
unsigned core_wperm_bits(const cJSON *array);

/* Mine on one computation, after the rules: administrator or workspace admin imply view, edit, run;
 * providing and consuming are only ever explicit. */
struct core_permissions {
	bool known; /* false: my roles are not loaded or may not be read; nothing is greyed then */
	unsigned explicit_bits, effective;
	unsigned workspace; /* CORE_WPERM_* */
	bool workspace_known;
	bool workspace_admin;
};
struct core_permissions core_permissions(struct core *core,
                                         const char *computation_id /* NULL: workspace only */);
unsigned core_perm_effective(unsigned explicit_bits, bool workspace_admin); /* pure */

/* Whether I may; when not, `reason` is a readable line: "needs the action run (you have view)". */
bool core_may(struct core *core, const char *computation_id, enum core_perm need, char *reason,
              size_t size);
bool core_workspace_may(struct core *core, enum core_wperm need, char *reason, size_t size);

#endif
