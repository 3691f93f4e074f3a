/*
 * Probing the server.
 */
#include "core/health.h"

#include "core/internal.h"

struct probing {
	struct core *core;
	int64_t from_ms;
	core_health_fn done;
	void *data;
};

static void answered(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct probing p = *(struct probing *)data;
	prism_free(data);
	/* A refusal in the services' own words comes from a service that lives. */
	bool alive =
	    !err || (err->status >= 400 && err->status < 500 && err->category != PRISM_ERROR_PROTOCOL);
	if (!alive) {
		p.done(p.data, NULL, err);
		return;
	}
	struct prism_arena *arena = prism_arena_create();
	const cJSON *json = err ? NULL : reply->json;
	const struct core_health health = {
	    .status = core_str(arena, json, "status"),
	    .version = core_str(arena, json, "version"),
	    .commit = core_str(arena, json, "commit"),
	    .description = core_str(arena, json, "description"),
	    .took_ms = prism_clock_mono_ms(core_clock(p.core)) - p.from_ms,
	};
	p.done(p.data, &health, NULL);
	prism_arena_destroy(arena);
}

int core_health_probe(struct core *core, struct prism_cancel *cancel, core_health_fn done,
                      void *data, struct prism_error *err)
{
	struct probing *p = prism_alloc(sizeof(*p));
	*p = (struct probing){core, prism_clock_mono_ms(core_clock(core)), done, data};
	struct core_call call = {.endpoint = CORE_EP_HEALTH, .once = true};
	if (core_request_start(core, &call, cancel, answered, p, err))
		return 0;
	prism_free(p);
	return -1;
}
