/* GET …/health (prism-api.md section 3.13). */
#include "sandbox/api.h"

void sb_api_health(struct sb_call *call)
{
	struct sb_json *out = &call->out;
	call->answer_type = "application/health+json";
	sb_json_object(out, NULL);
	sb_json_str(out, "status", "pass");
	sb_json_str(out, "version", PRISM_VERSION);
	sb_json_str(out, "commit", "");
	sb_json_str(out, "description", "sandbox service, NOT A TEE");
	sb_json_str(out, "build_time", "");
	sb_json_str(out, "instance_id", call->sb->instance);
	sb_json_end(out);
	sb_ok(call, 200);
}
