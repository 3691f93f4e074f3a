/*
 * sandbox/router: any method, target and body get exactly one answer.  Input: a line "METHOD
 * target", then the body.  Every call comes with the token of a user who may nearly everything;
 * the sandbox is made anew now and then, because calls leave rows behind.
 */
#include "tests/fuzz/fuzz.h"

#include "base/mem.h"
#include "sandbox/auth.h"
#include "sandbox/router.h"

#include <string.h>

const struct fuzz_seed fuzz_seeds[] = {
    FUZZ_TEXT("GET /workspaces/domains?limit=3&offset=1&dir=asc\n"),
    FUZZ_TEXT("POST /users/tokens/issue\n{\"username\":\"ada\",\"password\":\"ada-sample-1\"}"),
    FUZZ_TEXT(
        "POST "
        "/computations/{W}/computations\n{\"name\":\"n\",\"description\":\"d\",\"agent_config\":"
        "{\"log_level\":\"info\"}}"),
    FUZZ_TEXT("GET /computations/{W}/computations/{C}/logs?level=warn&from=2026-01-01T00:00:00Z\n"),
    FUZZ_TEXT("POST /computations/{W}/computations/{C}/key\n{\"key\":\"MCowBQYDK2VwAyEA\"}"),
    FUZZ_TEXT(
        "POST "
        "/computations/{W}/assets\n{\"asset\":{\"description\":\"d\",\"asset_type\":\"dataset\","
        "\"asset\":\"aGVsbG8=\",\"Checksum\":\"00\"}}"),
    FUZZ_TEXT("POST /backends/{W}/cvms/azure/4/sev-snp\n{\"name\":\"x\"}"),
    FUZZ_TEXT(
        "POST /computations/{W}/computations/{C}/roles\n{\"role_name\":\"r\",\"optional_actions\":"
        "[\"view\"],\"optional_members\":[]}"),
    FUZZ_TEXT("POST /certs/ocsp\n{\"serial_number\":\"12\"}"),
    FUZZ_TEXT("DELETE /workspaces/domains/{W}/invitations\n{\"user_id\":\"u\"}"),
};
const size_t fuzz_seed_count = PRISM_COUNT(fuzz_seeds);
const char *const fuzz_words[] = {
    "GET ", "POST ",   "PUT ",     "PATCH ", "DELETE ", "{W}", "{C}",     "/roles", "%2f",
    "%00",  "?limit=", "&offset=", "null",   "[]",      "{}",  "\"id\":", NULL};

static struct {
	struct prism_clock_manual clock;
	struct prism_loop *loop;
	struct sb *sb;
	char *token, *refresh, *workspace, *computation;
	unsigned calls;
} world;

static void finish(void)
{
	sb_destroy(world.sb);
	prism_loop_destroy(world.loop);
	prism_free(world.token);
	prism_free(world.refresh);
	prism_free(world.workspace);
	prism_free(world.computation);
	memset(&world, 0, sizeof(world));
}

static void start(void)
{
	prism_clock_manual_init(&world.clock, 1767225600000000ll);
	world.loop = prism_loop_create(&world.clock.clock);
	world.sb = sb_create(world.loop, &(struct sb_config){0}, NULL);
	sb_auth_issue(world.sb, 1, &world.token, &world.refresh);
	world.workspace = sb_db_text(world.sb->db, "SELECT id FROM workspaces ORDER BY n", SB_NOARGS);
	world.computation =
	    sb_db_text(world.sb->db, "SELECT id FROM computations ORDER BY n", SB_NOARGS);
}

static char *expand(const char *text, size_t len)
{
	struct prism_buf out = PRISM_BUF_INIT(64 * 65536);
	for (size_t i = 0; i < len; i++) {
		bool braces = i + 2 < len && text[i] == '{' && text[i + 2] == '}';
		const char *id = braces && text[i + 1] == 'W'   ? world.workspace
		                 : braces && text[i + 1] == 'C' ? world.computation
		                                                : NULL;
		if (id)
			prism_buf_puts(&out, id);
		else
			prism_buf_putc(&out, text[i] ? text[i] : '?');
		i += id ? 2 : 0;
	}
	return prism_buf_take(&out, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *line_end = memchr(text, '\n', size);
	size_t line = line_end ? (size_t)(line_end - text) : size;
	const char *space = memchr(text, ' ', line);
	if (size > 65536 || !space || space - text > 7)
		return 0;
	if (!world.sb)
		atexit(finish);
	if (world.calls % 2000 == 0) {
		finish();
		start();
	}
	world.calls++;
	char word[8] = "";
	memcpy(word, text, (size_t)(space - text));
	int method = sb_method_parse(word);
	PRISM_AUTO_FREE char *target = expand(space + 1, line - (size_t)(space + 1 - text));
	PRISM_AUTO_FREE char *body =
	    prism_strndup(line_end ? line_end + 1 : "", line_end ? size - line - 1 : 0);
	struct sb_call call = {.sb = world.sb,
	                       .method = method < 0 ? SB_GET : (enum sb_method)method,
	                       .target = target,
	                       .bearer = world.token,
	                       .content_type = "application/json",
	                       .body = body,
	                       .body_len = strlen(body)};
	sb_router_answer(&call);
	FUZZ_ASSERT(call.status >= 200 && call.status <= 500);
	FUZZ_ASSERT(!call.answer_type || call.out.depth == 0);
	sb_call_finish(&call);
	return 0;
}
