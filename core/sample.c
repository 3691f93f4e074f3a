/*
 * Samples of assets, and the computations an asset is linked to.
 */
#include "core/sample.h"

#include "base/text.h"
#include "core/internal.h"

#include <string.h>
#include <strings.h>

const char *core_sample_kind_word(enum core_sample_kind kind)
{
	static const char *const words[CORE_SAMPLE_KIND_COUNT] = {"none", "text", "csv", "binary"};
	return words[kind];
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), tail = strlen(end);
	return len >= tail && strcasecmp(text + len - tail, end) == 0;
}

enum core_sample_kind core_sample_kind_of(const char *mime_type, const char *file_name,
                                          const char *bytes, size_t size)
{
	if (size == 0)
		return CORE_SAMPLE_NONE;
	if (memchr(bytes, '\0', size) || !prism_utf8_valid(bytes, size))
		return CORE_SAMPLE_BINARY;
	bool csv = strncasecmp(mime_type, "text/csv", 8) == 0 || ends_with(file_name, ".csv");
	return csv ? CORE_SAMPLE_CSV : CORE_SAMPLE_TEXT;
}

/* --- reading --- */

struct fetching {
	core_sample_fn done;
	void *data;
};

static void fetched(void *data, const struct core_asset *asset, const cJSON *raw,
                    const struct prism_error *err)
{
	struct fetching f = *(struct fetching *)data;
	struct prism_error failure = PRISM_ERROR_INIT;
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(CORE_SAMPLE_MAX + 1);
	prism_free(data);
	if (!err) {
		const cJSON *inner = prism_json_get(raw, "asset");
		const char *base64 = cJSON_IsObject(inner) ? prism_json_str(inner, "asset", "")
		                                           : prism_json_str(raw, "asset", "");
		if (prism_base64_decode(base64, strlen(base64), &bytes, &failure) < 0) {
			prism_error_wrap(&failure, "the sample cannot be decoded");
			if (failure.category == PRISM_ERROR_INVALID) /* not what the user typed */
				failure.category = PRISM_ERROR_PROTOCOL;
			err = &failure;
		}
	}
	if (err) {
		f.done(f.data, NULL, err);
		return;
	}
	const struct core_sample sample = {
	    .bytes = prism_buf_text(&bytes),
	    .size = bytes.len,
	    .kind = core_sample_kind_of(asset->mime_type, asset->file_name, prism_buf_text(&bytes),
	                                bytes.len),
	    .asset = asset,
	};
	f.done(f.data, &sample, NULL);
}

int core_sample_fetch(struct core *core, const char *asset_id, struct prism_cancel *cancel,
                      core_sample_fn done, void *data, struct prism_error *err)
{
	struct fetching *f = prism_alloc(sizeof(*f));
	*f = (struct fetching){done, data};
	if (core_asset_fetch(core, asset_id, cancel, fetched, f, err) == 0)
		return 0;
	prism_free(f);
	return -1;
}

/* --- linked computations: one page is more than anybody links --- */

struct listing {
	core_asset_words_fn done;
	void *data;
};

static void page_query(struct core_query *query, void *data)
{
	core_query_add_int(query, "limit", CORE_LIST_PAGE);
}

static void listed(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct listing l = *(struct listing *)data;
	struct prism_arena *arena = prism_arena_create();
	size_t count = 0;
	prism_free(data);
	const char *const *words =
	    err ? NULL : core_str_array(arena, core_items_of(reply->json, "computations"), &count);
	l.done(l.data, words, count, err);
	prism_arena_destroy(arena);
}

int core_asset_computations(struct core *core, const char *asset_id, struct prism_cancel *cancel,
                            core_asset_words_fn done, void *data, struct prism_error *err)
{
	struct listing *l = prism_alloc(sizeof(*l));
	*l = (struct listing){done, data};
	struct core_call call = {
	    .endpoint = CORE_EP_ASSET_COMPS, .arg = {[CORE_ARG_A] = asset_id}, .query = page_query};
	if (core_request_start(core, &call, cancel, listed, l, err))
		return 0;
	prism_free(l);
	return -1;
}
