/*
 * What core reads of a server's answers: error bodies, ids in locations, tokens, manifests, runs,
 * events, users, invitations, access tokens, up-time, permissions, TLS settings.  The first byte
 * picks a status.
 */
#include "tests/fuzz/fuzz.h"

#include "base/mem.h"
#include "base/text.h"
#include "core/invitation.h"
#include "core/manifest.h"
#include "core/pat.h"
#include "core/permission.h"
#include "core/request.h"
#include "core/run_private.h"
#include "core/session.h"
#include "core/tlsmode.h"
#include "core/uptime.h"
#include "core/user.h"

#include <string.h>

const struct fuzz_seed fuzz_seeds[] = {
    FUZZ_TEXT("0{\"error\":\"bad limit\",\"message\":\"something went wrong\"}"),
    FUZZ_TEXT("1<!DOCTYPE html><html></html>"),
    FUZZ_TEXT("2{\"path\":\"/computations/abc\"}"),
    FUZZ_TEXT("3https://host/computations/abc/?x=1"),
    FUZZ_TEXT("4aGVhZA.eyJzdWIiOiJ1IiwiaWF0IjoxLCJleHAiOjJ9.c2ln"),
    FUZZ_TEXT("5{\"name\":\"n\",\"algorithm\":{\"hash\":[1,2,3],\"user_key\":\"MIIB\"},"
              "\"datasets\":[{\"hash\":"
              "\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\",\"filename\":\"f\"}]}"),
    FUZZ_TEXT(
        "6{\"id\":\"r\",\"agent_url\":\":7002\",\"status\":\"Running_Failed\",\"index\":3,\"event_"
        "type\":"
        "\"ReceivingData\",\"details\":\"aGVsbG8=\",\"timestamp\":\"2025-01-01T00:00:00.1Z\"}"),
    FUZZ_TEXT("7{\"cert_file\":\"-----BEGIN "
              "X-----\",\"attested_tls\":true,\"actions\":[\"view\",\"run\"]}"),
    FUZZ_TEXT(
        "8{\"domain_id\":\"d\",\"invitee_user_id\":\"u\",\"rejected_at\":\"2025-01-01T00:00:00Z\","
        "\"expires_at\":\"2025-01-01T00:00:00Z\",\"revoked\":true,\"cvm_stats\":[{\"timestamp\":"
        "\"2025-01-02T00:00:00Z\",\"status\":true},{\"timestamp\":\"2025-01-01T00:00:00Z\"}]}"),
};
const size_t fuzz_seed_count = PRISM_COUNT(fuzz_seeds);
const char *const fuzz_words[] = {"\"hash\":",
                                  "[255,256,-1]",
                                  "\"user_key\":",
                                  "null",
                                  "\"message\":{\"error\":",
                                  "\\u0000",
                                  "\\ud800",
                                  "0001-01-01T00:00:00Z",
                                  "\"datasets\":[",
                                  "\"credentials\":{",
                                  "<html",
                                  "StopComputationRun",
                                  NULL};

static void read_people(const cJSON *doc, struct prism_arena *arena)
{
	struct core_invitation invitation = {0};
	struct core_pat pat = {0};
	struct core_uptime uptime = {.from_us = 0, .to_us = INT64_MAX / 2};
	int64_t up, known;
	if (core_invitation_decode(&invitation, doc, arena))
		FUZZ_ASSERT(strchr(invitation.id, '/') && invitation.state < CORE_INVITE_STATE_COUNT);
	if (core_pat_decode(&pat, doc, arena))
		FUZZ_ASSERT(*core_pat_state(&pat, 0));
	uptime.points = core_uptime_decode(prism_json_array(doc, "cvm_stats"), &uptime.count);
	for (size_t i = 1; i < uptime.count; i++)
		FUZZ_ASSERT(uptime.points[i - 1].at_us <= uptime.points[i].at_us);
	core_uptime_sums(&uptime, &up, &known);
	FUZZ_ASSERT(up >= 0 && up <= known);
	union {
		const struct core_uptime_point *in;
		void *out;
	} both = {.in = uptime.points};
	prism_free(both.out);
}

static void read_object(const cJSON *doc, struct prism_arena *arena)
{
	struct core_run run = {0};
	struct core_run_event event = {0};
	struct core_user user = {0};
	struct core_agent_config config;
	char text[64];
	if (core_run_decode(&run, doc, arena))
		FUZZ_ASSERT(*run.id && run.agent_url[0] != ':');
	if (core_run_event_decode(&event, doc, arena)) {
		FUZZ_ASSERT(prism_utf8_valid(event.details, strlen(event.details)));
		core_event_title(event.type, text, sizeof(text));
		(void)core_comp_state_of_event(event.type, event.status, CORE_COMP_RUNNING);
	}
	read_people(doc, arena);
	if (core_user_decode(&user, doc, arena))
		core_user_display(&user, text, sizeof(text));
	core_agent_config_decode(&config, doc);
	for (unsigned i = 0; i < CORE_TLS_FILE_COUNT; i++)
		(void)core_tls_value_kind(config.file[i]);
	(void)core_tls_mode_note(&config);
	FUZZ_ASSERT((core_perm_bits(prism_json_get(doc, "actions")) & ~(unsigned)CORE_PERM_ALL) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int statuses[] = {200, 302, 400, 401, 404, 422, 500, 599};
	if (size == 0)
		return 0;
	char *text = prism_strndup((const char *)data + 1, size - 1);
	size_t len = strlen(text);
	struct prism_error err = PRISM_ERROR_INIT;
	core_reply_error(statuses[data[0] % PRISM_COUNT(statuses)],
	                 data[0] & 16 ? "application/json" : "", text, len,
	                 &core_endpoints[data[0] % CORE_ENDPOINT_COUNT], &err);
	FUZZ_ASSERT(err.category != PRISM_ERROR_NONE && err.message[0]);
	char *id = core_id_from_location(text);
	if (id)
		FUZZ_ASSERT(*id && !strchr(id, '/'));
	prism_free(id);
	struct core_token_claims claims;
	if (core_token_decode(text, len, &claims, NULL) == 0)
		FUZZ_ASSERT(strlen(claims.subject) < sizeof(claims.subject));
	struct prism_arena *arena = prism_arena_create();
	const struct core_manifest *manifest = core_manifest_decode(arena, text, len, NULL);
	if (manifest)
		FUZZ_ASSERT(manifest->raw_len == len && memcmp(manifest->raw, text, len) == 0);
	cJSON *doc = prism_json_parse(text, len, NULL);
	if (doc)
		read_object(doc, arena);
	prism_json_free(doc);
	prism_arena_destroy(arena);
	prism_free(text);
	return 0;
}
