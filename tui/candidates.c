/* Candidates for arguments, fuzzy matching, completion of command lines; see candidates.h. */
#include "tui/candidates.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/asset.h"
#include "core/cert.h"
#include "core/computation.h"
#include "core/cvm.h"
#include "core/invitation.h"
#include "core/options.h"
#include "core/pat.h"
#include "core/role.h"
#include "core/run.h"
#include "core/session.h"
#include "core/user.h"
#include "core/workspace.h"
#include "tui/args.h"
#include "tui/ui.h"

#include <string.h>

/* ---- fuzzy ---- */

#define SCORE_LETTER 4
#define SCORE_RUN 6    /* follows the letter before */
#define SCORE_START 12 /* begins a word */

static char folded(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Greedy from each possible first letter, the best of them; names are short. */
int pt_fuzzy(const char *pattern, const char *text)
{
	int best = 0;

	if (!*pattern)
		return 1;
	for (const char *from = text; *from; from++) {
		const char *p = pattern, *last = NULL;
		int score = 0;

		if (folded(*from) != folded(*p))
			continue;
		for (const char *t = from; *t && *p; t++) {
			if (folded(*t) != folded(*p))
				continue;
			score += SCORE_LETTER;
			if (last && t == last + 1)
				score += SCORE_RUN;
			if (t == text || t[-1] == ' ' || t[-1] == '-' || t[-1] == '_')
				score += SCORE_START;
			last = t;
			p++;
		}
		if (!*p && score * 4 - (int)strlen(text) / 2 > best)
			best = score * 4 - (int)strlen(text) / 2;
	}
	return best;
}

/* ---- values ---- */

static void from_choices(const char *choices, pt_candidate_fn fn, void *data)
{
	for (const char *c = choices; c && *c;) {
		size_t n = strcspn(c, " ");
		PRISM_AUTO_FREE char *word = prism_strndup(c, n);

		fn(data, word, NULL);
		c += n + strspn(c + n, " ");
	}
}

static void from_list(struct core *core, enum pt_arg_kind kind, pt_candidate_fn fn, void *data)
{
	struct core_list *list = kind == PT_ARG_COMPUTATION ? core_computations(core)
	                         : kind == PT_ARG_ASSET     ? core_assets(core)
	                         : kind == PT_ARG_CVM       ? core_cvms(core)
	                                                    : core_workspaces(core);

	for (size_t i = 0; i < core_list_count(list) && i < 1000; i++) {
		if (kind == PT_ARG_COMPUTATION) {
			const struct core_computation *c = core_computation_at(list, i);

			fn(data, c->name, core_computation_state_label(core, c->id));
		} else if (kind == PT_ARG_ASSET) {
			const struct core_asset *a = core_asset_at(list, i);

			fn(data, *a->file_name ? a->file_name : a->id, a->description);
		} else if (kind == PT_ARG_CVM) {
			const struct core_cvm *v = core_cvm_at(list, i);

			if (v->phase != CORE_CVM_INACTIVE)
				fn(data, v->name, core_cvm_phase_info(v->phase)->label);
		} else {
			fn(data, core_workspace_at(list, i)->name, NULL);
		}
	}
}

/* Serial numbers, each with the CVM it is for. */
static void from_certs(struct core *core, pt_candidate_fn fn, void *data)
{
	struct core_list *list = core_workspace_certs(core);

	for (size_t i = 0; i < core_list_count(list) && i < 1000; i++) {
		const struct core_cert *cert = core_cert_at(list, i);
		const struct core_cvm *cvm = core_cvm_get(core, cert->entity_id);

		fn(data, cert->serial, cvm ? cvm->name : NULL);
	}
}

/* A computation by its id or its name. */
static const char *computation_id(struct core *core, const char *word)
{
	struct core_list *list = core_computations(core);

	for (size_t i = 0; i < core_list_count(list); i++)
		if (!strcmp(core_computation_at(list, i)->name, word))
			return core_computation_at(list, i)->id;
	return word;
}

/* Of the computation, or of the workspace when none was named. */
static void from_roles(struct core *core, const char *computation, pt_candidate_fn fn, void *data)
{
	struct core_roles roles =
	    core_roles(core, computation ? computation_id(core, computation) : NULL);

	for (size_t i = 0; i < roles.count; i++)
		fn(data, roles.roles[i].name, NULL);
}

static void from_runs(struct core *core, const char *computation, pt_candidate_fn fn, void *data)
{
	struct core_timeline timeline = core_timeline(core, computation_id(core, computation));

	for (size_t i = 0; i < timeline.count; i++)
		fn(data, timeline.cards[i].run.id, core_comp_state_info(timeline.cards[i].state)->label);
}

/* Ids, because names of people are not unique. */
static void from_members(struct core *core, pt_candidate_fn fn, void *data)
{
	struct core_roles roles = core_roles(core, NULL);

	for (size_t i = 0; i < roles.count; i++)
		for (size_t k = 0; k < roles.roles[i].member_count; k++)
			fn(data, roles.roles[i].members[k], core_user_name(core, roles.roles[i].members[k]));
}

static void from_invitations(struct core *core, pt_candidate_fn fn, void *data)
{
	struct core_list *list = core_my_invitations(core);

	for (size_t i = 0; i < core_list_count(list); i++)
		if (core_invitation_at(list, i)->state == CORE_INVITE_PENDING)
			fn(data, core_invitation_at(list, i)->workspace_name,
			   core_invitation_at(list, i)->role_name);
}

void pt_candidates(struct pt_app *app, const struct pt_arg *arg, const char *computation,
                   pt_candidate_fn fn, void *data)
{
	struct core *core = pt_ui_core(app);
	const struct core_options *options = pt_ui_world(app)->options;

	switch (arg->kind) {
	case PT_ARG_CHOICE:
		from_choices(arg->choices, fn, data);
		break;
	case PT_ARG_COMPUTATION:
	case PT_ARG_ASSET:
	case PT_ARG_CVM:
	case PT_ARG_WORKSPACE:
		from_list(core, arg->kind, fn, data);
		break;
	case PT_ARG_CERT:
		from_certs(core, fn, data);
		break;
	case PT_ARG_ROLE:
		from_roles(core, computation, fn, data);
		break;
	case PT_ARG_RUN:
		if (computation)
			from_runs(core, computation, fn, data);
		break;
	case PT_ARG_USER:
		fn(data, "me", core_session_login_name(core));
		from_members(core, fn, data);
		break;
	case PT_ARG_PAT:
		for (size_t i = 0; i < core_list_count(core_pats(core)); i++)
			fn(data, core_pat_at(core_pats(core), i)->name, NULL);
		break;
	case PT_ARG_INVITATION:
		from_invitations(core, fn, data);
		break;
	case PT_ARG_THEME:
		for (size_t i = 0; i < pt_theme_builtin_count(); i++)
			fn(data, pt_theme_builtin_name(i), NULL);
		break;
	case PT_ARG_PROFILE:
		for (size_t i = 0; i < core_options_profile_count(options); i++)
			fn(data, core_options_profile_at(options, i), NULL);
		break;
	case PT_ARG_COMMAND:
		for (int id = PT_ACTION_NONE + 1; id < PT_ACTION_COUNT; id++)
			fn(data, pt_action((enum pt_action_id)id)->name, NULL);
		break;
	default:
		break;
	}
}

/* ---- lines ---- */

struct adding {
	struct pt_completion *completion;
	const char *word;
};

static void add_value(void *data, const char *value, const char *note)
{
	struct adding *adding = data;
	PRISM_AUTO_BUF struct prism_buf quoted = PRISM_BUF_INIT(1 << 20);

	PRISM_UNUSED(note);
	if (*adding->word && !prism_text_contains(value, adding->word))
		return;
	pt_words_quote(&quoted, value);
	pt_completion_add(adding->completion, prism_buf_text(&quoted));
}

static void add_names(const struct pt_line_place *place, struct pt_completion *completion)
{
	const char *typed = place->word[0] == '-' ? place->word + 1 + (place->word[1] == '-') : "";

	for (const struct pt_arg *arg = place->action->args; arg && arg->name; arg++) {
		PRISM_AUTO_FREE char *name = prism_asprintf("--%s", arg->name);

		if ((arg->flags & PT_ARG_POSITIONAL) || strncmp(arg->name, typed, strlen(typed)) != 0 ||
		    (pt_values_get(place->values, arg->name) && !(arg->flags & PT_ARG_REPEAT)))
			continue;
		pt_completion_add(completion, name);
	}
}

void pt_complete_line(void *data, const char *text, size_t cursor,
                      struct pt_completion *ret_completion)
{
	struct pt_app *app = data;
	struct pt_line_place place;
	struct adding adding = {ret_completion, NULL};

	pt_line_place(text, cursor, &place);
	ret_completion->start = place.start;
	ret_completion->end = cursor;
	adding.word = place.word;
	if (!place.action) {
		for (int id = PT_ACTION_NONE + 1; id < PT_ACTION_COUNT; id++) {
			const char *name = pt_action((enum pt_action_id)id)->name;

			if (!strncmp(name, text + place.start, cursor - place.start))
				pt_completion_add(ret_completion, name);
		}
	} else if (place.arg &&
	           (place.arg->kind == PT_ARG_FILE || place.arg->kind == PT_ARG_NEW_FILE)) {
		pt_complete_path(NULL, text, cursor, ret_completion);
	} else {
		if (place.arg)
			pt_candidates(app, place.arg, pt_values_get(place.values, "computation"), add_value,
			              &adding);
		if (place.name)
			add_names(&place, ret_completion);
	}
	pt_line_place_finish(&place);
}
