/*
 * Owns the commas and brackets between the pieces of an export.
 */
#include "core/bundle_write.h"

#include "core/bundle.h"

#include <string.h>

void core_bundle_writer_init(struct core_bundle_writer *writer, core_bundle_sink sink, void *data)
{
	*writer = (struct core_bundle_writer){.sink = sink, .data = data};
	prism_buf_init(&writer->out, SIZE_MAX / 2); /* one piece; whoever fetched it capped it */
}

void core_bundle_writer_finish(struct core_bundle_writer *writer)
{
	cJSON_Delete(writer->links);
	writer->links = NULL;
	prism_buf_wipe(&writer->out);
}

static int put(struct core_bundle_writer *w, struct prism_error *err)
{
	int result = w->sink(w->data, prism_buf_text(&w->out), w->out.len, err);

	w->bytes += w->out.len;
	prism_buf_clear(&w->out);
	return result;
}

int core_bundle_write_computation(struct core_bundle_writer *w, cJSON *computation,
                                  struct prism_error *err)
{
	prism_buf_puts(&w->out, w->bundles++ ? ",\n  {\n    " : "[\n  {\n    ");
	prism_buf_puts(&w->out, "\"computation\": ");
	prism_json_print_part(computation, 2, &w->out);
	prism_buf_puts(&w->out, ",\n    \"roles\": [");
	w->roles = w->assets = 0;
	cJSON_Delete(w->links);
	w->links = cJSON_CreateArray();
	cJSON_Delete(computation);
	return put(w, err);
}

int core_bundle_write_role(struct core_bundle_writer *w, cJSON *role, struct prism_error *err)
{
	prism_buf_puts(&w->out, w->roles++ ? ",\n      " : "\n      ");
	prism_json_print_part(role, 3, &w->out);
	cJSON_Delete(role);
	return put(w, err);
}

void core_bundle_print_asset(const cJSON *asset, struct prism_buf *out)
{
	prism_json_print_part(asset, 3, out);
}

int core_bundle_write_asset_text(struct core_bundle_writer *w, const char *text, size_t len,
                                 const char *id, struct prism_error *err)
{
	if (w->assets == 0)
		prism_buf_puts(&w->out, w->roles ? "\n    ],\n    \"assets\": [" : "],\n    \"assets\": [");
	prism_buf_puts(&w->out, w->assets++ ? ",\n      " : "\n      ");
	prism_buf_put(&w->out, text, len);
	cJSON_AddItemToArray(w->links, core_bundle_link(id));
	return put(w, err);
}

int core_bundle_write_asset(struct core_bundle_writer *w, cJSON *asset, struct prism_error *err)
{
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(SIZE_MAX / 2);
	int result;

	core_bundle_print_asset(asset, &text);
	result = core_bundle_write_asset_text(w, prism_buf_text(&text), text.len,
	                                      prism_json_str(asset, "id", ""), err);
	cJSON_Delete(asset);
	return result;
}

int core_bundle_write_close(struct core_bundle_writer *w, struct prism_error *err)
{
	if (w->assets == 0)
		prism_buf_puts(&w->out, w->roles ? "\n    ],\n    \"assets\": [" : "],\n    \"assets\": [");
	prism_buf_puts(&w->out, w->assets ? "\n    ],\n" : "],\n");
	prism_buf_puts(&w->out, "    \"asset_links\": ");
	prism_json_print_part(w->links, 2, &w->out);
	prism_buf_puts(&w->out, "\n  }");
	return put(w, err);
}

int core_bundle_write_end(struct core_bundle_writer *w, struct prism_error *err)
{
	prism_buf_puts(&w->out, w->bundles ? "\n]\n" : "[]\n");
	return put(w, err);
}
