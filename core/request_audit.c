/* Owns what of a request goes into the trail of changes. */
#include "core/request_private.h"

#include <string.h>

/* "computation 4f3c, cvm=8a1b": ids of the path, then the query without the workspace. */
static char *object_of(const struct core_call *call, const char *path)
{
	static const char *const nouns[CORE_ARG_COUNT] = {
	    [CORE_ARG_D] = "workspace", [CORE_ARG_C] = "computation", [CORE_ARG_A] = "asset",
	    [CORE_ARG_V] = "CVM",       [CORE_ARG_R] = "role",        [CORE_ARG_U] = "user",
	    [CORE_ARG_S] = "serial",    [CORE_ARG_P] = "provider",    [CORE_ARG_N] = "vCPUs",
	    [CORE_ARG_F] = "platform",
	};
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(8192);
	for (int i = 0; i < CORE_ARG_COUNT; i++)
		if (call->arg[i])
			prism_buf_printf(&out, "%s%s %.200s", out.len ? ", " : "", nouns[i], call->arg[i]);
	const char *query = strchr(path, '?');
	while (query && *query) {
		size_t len = strcspn(++query, "&");
		if (len && strncmp(query, "domainID=", 9) != 0)
			prism_buf_printf(&out, "%s%.*s", out.len ? ", " : "", (int)(len > 200 ? 200 : len),
			                 query);
		query += len;
	}
	return prism_strdup(prism_buf_text(&out));
}

void core_request_audit_begin(struct core_request *r, const struct core_call *call)
{
	r->audited = core_request_changes(r->row);
	if (!r->audited)
		return;
	r->object = object_of(call, r->path);
	core_audit_new_id(r->audit_id);
}

/* Only what left this machine is a change. */
void core_request_audit_end(const struct core_request *r, const struct core_reply *reply,
                            const struct prism_error *err)
{
	if (!r->audited || !r->sent || core_dying(r->core))
		return;
	PRISM_AUTO_FREE char *made =
	    reply && *reply->id && !*r->object ? prism_asprintf("made %.200s", reply->id) : NULL;
	struct core_audit_entry entry = {
	    .action = r->row->name,
	    .object = made ? made : r->object,
	    .outcome = core_audit_judge(err),
	    .status = reply ? reply->status : err->status,
	    .error = err,
	    .request_id = r->audit_id,
	};
	core_audit_write(r->core, &entry);
}
