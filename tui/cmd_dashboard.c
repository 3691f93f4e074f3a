/*
 * The dashboard as a command: its parts are asked for side by side, and a part that fails is named
 * without taking the others with it.
 */
#include "base/json.h"
#include "base/mem.h"
#include "core/asset.h"
#include "core/cert.h"
#include "core/computation.h"
#include "core/dashboard.h"
#include "tui/commands.h"

#include <string.h>

enum part {
	PART_COMPUTATIONS,
	PART_ASSETS,
	PART_CVMS,
	PART_DAYS,
	PART_NEEDS,
	PART_INVITATIONS,
	PART_CERTS,
	PART_COUNT
};

struct asked;
struct waiting { /* one part */
	struct asked *all;
	struct prism_error error; /* category NONE: it came */
};

struct asked {
	struct pt_command *command;
	struct waiting parts[PART_COUNT];
	unsigned open; /* answers still awaited, and one while asking */
};

static const char *const part_names[PART_COUNT] = {"computations", "assets",         "cvms",
                                                   "runs per day", "what needs you", "invitations",
                                                   "certificates"};

static void asked_free(void *state)
{
	prism_free(state);
}

static bool came(const struct asked *a, enum part part)
{
	return a->parts[part].error.category == PRISM_ERROR_NONE;
}

/* ---- JSON ---- */

static void put_number(cJSON *obj, const char *key, uint64_t value)
{
	cJSON_AddNumberToObject(obj, key, (double)value);
}

static cJSON *states_json(const size_t *by_state)
{
	cJSON *obj = cJSON_CreateObject();

	for (int i = 0; i < CORE_COMP_STATE_COUNT; i++)
		put_number(obj, core_comp_state_info((enum core_comp_state)i)->word, by_state[i]);
	return obj;
}

static cJSON *days_json(struct core *core)
{
	struct core_days days = core_days(core);
	cJSON *array = cJSON_CreateArray();

	for (size_t i = 0; i < days.count; i++) {
		cJSON *day = cJSON_CreateObject();

		cJSON_AddStringToObject(day, "day", days.days[i].day);
		for (int s = 0; s < CORE_COMP_STATE_COUNT; s++)
			put_number(day, core_comp_state_info((enum core_comp_state)s)->word,
			           days.days[i].count[s]);
		cJSON_AddItemToArray(array, day);
	}
	return array;
}

static cJSON *needs_json(struct core *core)
{
	struct core_needs needs = core_needs(core);
	cJSON *array = cJSON_CreateArray();

	for (size_t i = 0; i < needs.count; i++) {
		cJSON *need = cJSON_CreateObject();
		char since[PRISM_TIME_TEXT];

		cJSON_AddStringToObject(need, "kind", core_need_word(needs.items[i].kind));
		cJSON_AddStringToObject(need, "computation_id", needs.items[i].computation_id);
		cJSON_AddStringToObject(need, "name", needs.items[i].name);
		if (needs.items[i].since_us != PRISM_TIME_UNSET)
			cJSON_AddStringToObject(need, "since",
			                        prism_time_format(needs.items[i].since_us, 0, since));
		cJSON_AddItemToArray(array, need);
	}
	return array;
}

/* Those that ask for something, soonest or not: with -o json the reader sorts. */
static cJSON *certs_json(struct core *core)
{
	const struct core_list *list = core_workspace_certs(core);
	int64_t now = prism_clock_wall_us(core_clock(core));
	cJSON *array = cJSON_CreateArray();

	for (size_t i = 0; i < core_list_count(list); i++) {
		const struct core_cert *cert = core_cert_at(list, i);
		char expires[PRISM_TIME_TEXT];
		cJSON *entry = cJSON_CreateObject();

		cJSON_AddStringToObject(entry, "serial_number", cert->serial);
		cJSON_AddStringToObject(entry, "entity_id", cert->entity_id);
		cJSON_AddStringToObject(entry, "state",
		                        core_cert_state_info(core_cert_state(cert, now))->word);
		if (cert->expires_us != PRISM_TIME_UNSET)
			cJSON_AddStringToObject(entry, "expiry_time",
			                        prism_time_format(cert->expires_us, 0, expires));
		cJSON_AddItemToArray(array, entry);
	}
	return array;
}

static void add_json(struct asked *a)
{
	struct core *core = a->command->core;
	const struct core_counts *counts = core_counts(core);
	PRISM_AUTO_JSON cJSON *doc = cJSON_CreateObject();
	PRISM_AUTO_FREE char *text = NULL;
	cJSON *part, *errors = cJSON_CreateObject();

	part = cJSON_AddObjectToObject(doc, "computations");
	put_number(part, "total", counts->computations);
	cJSON_AddItemToObject(part, "by_state", states_json(counts->by_state));
	put_number(doc, "assets", counts->assets);
	part = cJSON_AddObjectToObject(doc, "cvms");
	put_number(part, "active", counts->cvms);
	for (int i = 0; i < CORE_CVM_INACTIVE; i++)
		put_number(part, core_cvm_phase_info((enum core_cvm_phase)i)->word, counts->by_phase[i]);
	part = cJSON_AddObjectToObject(doc, "invitations");
	for (int i = 0; i < CORE_INVITE_STATE_COUNT; i++)
		put_number(part, core_invite_state_info((enum core_invite_state)i)->word,
		           counts->by_invite[i]);
	cJSON_AddItemToObject(doc, "certificates", certs_json(core));
	cJSON_AddItemToObject(doc, "runs_per_day", days_json(core));
	cJSON_AddItemToObject(doc, "needs", needs_json(core));
	put_number(doc, "needs_not_looked_at", core_needs(core).left_out);
	for (int i = 0; i < PART_COUNT; i++)
		if (!came(a, (enum part)i))
			cJSON_AddStringToObject(errors, part_names[i], a->parts[i].error.message);
	cJSON_AddItemToObject(doc, "errors", errors);
	text = prism_json_print(doc, true);
	pt_records_json(a->command->records, text);
}

/* ---- table ---- */

static void row(struct pt_records *r, const char *part, const char *what, int64_t count,
                const char *note)
{
	pt_records_text(r, part);
	pt_records_text(r, what);
	pt_records_int(r, count);
	pt_records_text(r, note);
}

static void add_counts(struct asked *a, struct pt_records *r)
{
	const struct core_counts *counts = core_counts(a->command->core);

	if (came(a, PART_COMPUTATIONS)) {
		row(r, "computations", "all", (int64_t)counts->computations, "");
		for (int i = 0; i < CORE_COMP_STATE_COUNT; i++)
			if (counts->by_state[i])
				row(r, "computations", core_comp_state_info((enum core_comp_state)i)->word,
				    (int64_t)counts->by_state[i], "");
	}
	if (came(a, PART_ASSETS))
		row(r, "assets", "all", (int64_t)counts->assets, "");
	for (int i = 0; came(a, PART_INVITATIONS) && i < CORE_INVITE_STATE_COUNT; i++)
		row(r, "invitations", core_invite_state_info((enum core_invite_state)i)->word,
		    (int64_t)counts->by_invite[i], "");
	if (!came(a, PART_CVMS))
		return;
	row(r, "cvms", "active", (int64_t)counts->cvms, "");
	for (int i = 0; i < CORE_CVM_INACTIVE; i++)
		if (counts->by_phase[i])
			row(r, "cvms", core_cvm_phase_info((enum core_cvm_phase)i)->word,
			    (int64_t)counts->by_phase[i], "");
}

static void add_certs(struct pt_records *r, struct core *core)
{
	const struct core_list *list = core_workspace_certs(core);
	int64_t now = prism_clock_wall_us(core_clock(core));
	int64_t by_state[CORE_CERT_STATE_COUNT] = {0};

	for (size_t i = 0; i < core_list_count(list); i++)
		by_state[core_cert_state(core_cert_at(list, i), now)]++;
	for (int i = 0; i < CORE_CERT_STATE_COUNT; i++)
		if (by_state[i])
			row(r, "certificates", core_cert_state_info((enum core_cert_state)i)->word, by_state[i],
			    "");
}

static void add_days(struct pt_records *r, struct core *core)
{
	struct core_days days = core_days(core);

	for (size_t i = 0; i < days.count; i++)
		for (int s = 0; s < CORE_COMP_STATE_COUNT; s++)
			if (days.days[i].count[s])
				row(r, "runs", days.days[i].day, (int64_t)days.days[i].count[s],
				    core_comp_state_info((enum core_comp_state)s)->word);
}

static void print(struct asked *a)
{
	static const struct pt_record_column columns[] = {
	    {"part", "Part"}, {"what", "What"}, {"count", "Count"}, {"note", "Note"}, {NULL, NULL}};
	struct pt_command *command = a->command;
	struct pt_records *r = command->records = pt_records_create(columns, 0);
	struct core_needs needs = core_needs(command->core);
	const struct prism_error *last = NULL;
	unsigned failed = 0;

	add_counts(a, r);
	if (came(a, PART_CERTS))
		add_certs(r, command->core);
	if (came(a, PART_DAYS))
		add_days(r, command->core);
	for (size_t i = 0; came(a, PART_NEEDS) && i < needs.count; i++)
		row(r, "needs you", core_need_word(needs.items[i].kind), 1, needs.items[i].name);
	for (int i = 0; i < PART_COUNT; i++)
		if (!came(a, (enum part)i)) {
			last = &a->parts[i].error;
			failed++;
			pt_command_say(command, "%s: %s", part_names[i], last->message);
		}
	add_json(a);
	pt_command_done(command, failed == PART_COUNT ? last : NULL);
}

/* ---- asking ---- */

static void closed(struct asked *a)
{
	if (--a->open == 0)
		print(a);
}

static void part_here(void *data, const struct prism_error *err)
{
	struct waiting *part = data;

	if (err)
		prism_error_copy(&part->error, err);
	closed(part->all);
}

static int ask(struct asked *a, enum part part, int days, struct prism_error *err)
{
	struct core *core = a->command->core;
	struct prism_cancel *cancel = a->command->cancel;
	struct waiting *to = &a->parts[part];

	switch (part) {
	case PART_COMPUTATIONS:
		return core_list_await(core_computations(core), true, cancel, part_here, to, err);
	case PART_ASSETS:
		return core_list_await(core_assets(core), true, cancel, part_here, to, err);
	case PART_CVMS:
		return core_list_await(core_cvms(core), true, cancel, part_here, to, err);
	case PART_DAYS:
		return core_days_await(core, days, cancel, part_here, to, err);
	case PART_CERTS:
		return core_list_await(core_workspace_certs(core), true, cancel, part_here, to, err);
	case PART_INVITATIONS:
		return core_list_await(core_invitations(core), true, cancel, part_here, to, err);
	default:
		return core_needs_await(core, cancel, part_here, to, err);
	}
}

void pt_cmd_dashboard(struct pt_command *command)
{
	uint64_t days = pt_command_number(command, "days", 7);
	struct prism_error err = PRISM_ERROR_INIT;
	struct asked *a;

	if (days < 1 || days > CORE_DAYS_MAX) {
		prism_error_raise(&err, PRISM_ERROR_INVALID, "--days: 1 to %d, not %llu", CORE_DAYS_MAX,
		                  (unsigned long long)days);
		pt_command_done(command, &err);
		return;
	}
	a = prism_alloc(sizeof(*a));
	a->command = command;
	a->open = 1;
	command->state = a;
	command->state_free = asked_free;
	for (int i = 0; i < PART_COUNT; i++) {
		a->parts[i].all = a;
		a->open++;
		if (ask(a, (enum part)i, (int)days, &a->parts[i].error) < 0)
			a->open--;
	}
	closed(a);
}
