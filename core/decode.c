/*
 * Tolerant decoding of what the server sends, and the few body helpers every module needs.
 * Every field may be missing or of the wrong type; texts are capped and copied into an arena.
 */
#include "base/text.h"
#include "core/internal.h"
#include "core/list.h"

#include <string.h>

char *core_text_cut(struct prism_arena *arena, const char *text, size_t max)
{
	size_t len = strlen(text);
	if (len > max) {
		len = max;
		while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80)
			len--;
	}
	return prism_arena_strndup(arena, text, len);
}

static const char *cut_or_empty(struct prism_arena *arena, const char *text, size_t max)
{
	return *text ? core_text_cut(arena, text, max) : "";
}

const char *core_str(struct prism_arena *arena, const cJSON *obj, const char *key)
{
	return cut_or_empty(arena, prism_json_str(obj, key, ""), CORE_TEXT_MAX);
}

const char *core_str_whole(struct prism_arena *arena, const cJSON *obj, const char *key)
{
	return cut_or_empty(arena, prism_json_str(obj, key, ""), CORE_STRING_MAX);
}

const char *core_str_any(struct prism_arena *arena, const cJSON *obj, const char *const *keys)
{
	for (; *keys; keys++) {
		const char *text = prism_json_str(obj, *keys, "");
		if (*text)
			return core_text_cut(arena, text, CORE_TEXT_MAX);
	}
	return "";
}

const char *core_str_shared(struct prism_arena *arena, const cJSON *obj, const char *const *keys)
{
	for (; *keys; keys++) {
		const char *text = prism_json_str(obj, *keys, "");
		if (*text && strlen(text) <= CORE_TEXT_MAX)
			return prism_arena_share(arena, text);
		if (*text)
			return core_text_cut(arena, text, CORE_TEXT_MAX);
	}
	return "";
}

static const char *element_text(const cJSON *element)
{
	if (cJSON_IsString(element) && element->valuestring)
		return element->valuestring;
	if (!cJSON_IsObject(element))
		return "";
	const char *id = prism_json_str(element, "id", "");
	return *id ? id : prism_json_str(element, "name", "");
}

const char *const *core_str_array(struct prism_arena *arena, const cJSON *array, size_t *ret_count)
{
	*ret_count = 0;
	if (!cJSON_IsArray(array))
		return NULL;
	int size = cJSON_GetArraySize(array);
	if (size <= 0)
		return NULL;
	if (size > CORE_LIST_MAX)
		size = CORE_LIST_MAX;
	const char **words = prism_arena_alloc(arena, (size_t)size * sizeof(*words));
	size_t count = 0;
	const cJSON *element;
	cJSON_ArrayForEach(element, array)
	{
		const char *text = element_text(element);
		if (*text && count < (size_t)size)
			words[count++] = core_text_cut(arena, text, CORE_TEXT_MAX);
	}
	*ret_count = count;
	return words;
}

const cJSON *core_items_of(const cJSON *doc, const char *key)
{
	return cJSON_IsArray(doc) ? doc : prism_json_array(doc, key);
}

/* --- bodies --- */

void core_json_put(cJSON *obj, const char *key, const char *value)
{
	cJSON *item = cJSON_CreateString(value);
	if (cJSON_HasObjectItem(obj, key) && cJSON_GetObjectItemCaseSensitive(obj, key))
		cJSON_ReplaceItemInObjectCaseSensitive(obj, key, item);
	else
		cJSON_AddItemToObject(obj, key, item);
}

void core_json_put_any(cJSON *obj, const char *key, const char *value)
{
	cJSON *old = cJSON_GetObjectItemCaseSensitive(obj, key);
	if (!old)
		old = cJSON_GetObjectItem(obj, key);
	if (!old) {
		cJSON_AddItemToObject(obj, key, cJSON_CreateString(value));
		return;
	}
	PRISM_AUTO_FREE char *name = prism_strdup(old->string);
	cJSON_ReplaceItemInObjectCaseSensitive(obj, name, cJSON_CreateString(value));
}

cJSON *core_json_strings(const char *const *words, size_t count)
{
	cJSON *array = cJSON_CreateArray();
	for (size_t i = 0; i < count; i++)
		cJSON_AddItemToArray(array, cJSON_CreateString(words[i]));
	return array;
}

void core_json_text(struct prism_buf *buf, const char *text)
{
	prism_buf_putc(buf, '"');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		if (c == '"' || c == '\\')
			prism_buf_printf(buf, "\\%c", c);
		else if (c < 0x20)
			prism_buf_printf(buf, "\\u%04x", c);
		else
			prism_buf_putc(buf, *text);
	}
	prism_buf_putc(buf, '"');
}

/* --- plain calls --- */

struct plain {
	core_done_fn done;
	void *data;
};

static void plain_done(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct plain plain = *(struct plain *)data;
	prism_free(data);
	plain.done(plain.data, err);
}

int core_call_plain(struct core *core, const struct core_call *call, struct prism_cancel *cancel,
                    core_done_fn done, void *data, struct prism_error *err)
{
	struct plain *plain = prism_alloc(sizeof(*plain));
	*plain = (struct plain){done, data};
	if (core_request_start(core, call, cancel, plain_done, plain, err))
		return 0;
	prism_free(plain);
	return -1;
}

static void write_done(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct core_write write = *(struct core_write *)data;
	struct prism_error failure = PRISM_ERROR_INIT;
	const char *hint = err && write.explain ? write.explain(err) : NULL;
	prism_free(data);
	if (!err && write.after && !core_dying(write.core))
		write.after(write.core, reply);
	if (hint) {
		prism_error_copy(&failure, err);
		prism_error_hint(&failure, "%s", hint);
		err = &failure;
	}
	write.done(write.data, err);
}

int core_call_write(const struct core_write *write, const struct core_call *call,
                    struct prism_cancel *cancel, struct prism_error *err)
{
	struct core_write *copy = prism_memdup(write, sizeof(*write));
	if (core_request_start(write->core, call, cancel, write_done, copy, err))
		return 0;
	prism_free(copy);
	return -1;
}

/* --- words to ids --- */

#define NEAR_MAX 3

/* Nothing is called so: the first names that hold the word, in the order of the list. */
static int no_such(const struct core_list *list, const char *what, const char *word,
                   const char *(*name)(const void *item, int alternative), struct prism_error *err)
{
	PRISM_AUTO_BUF struct prism_buf near = PRISM_BUF_INIT(4096);
	size_t found = 0;
	prism_error_raise(err, PRISM_ERROR_MISSING, "no %s is called \"%s\"", what, word);
	for (size_t i = 0; *word && i < core_list_count(list) && found <= NEAR_MAX; i++) {
		const char *first = name(core_list_at(list, i), 0);
		if (!prism_text_contains(first, word))
			continue;
		if (found++ < NEAR_MAX)
			prism_buf_printf(&near, "%s\"%s\"", near.len ? ", " : "", first);
	}
	if (found)
		prism_error_hint(err, "near: %s%s", prism_buf_text(&near),
		                 found > NEAR_MAX ? " and more" : "");
	else if (core_list_count(list))
		prism_error_hint(err, "none of the %zu there; a list shows their names and ids",
		                 core_list_count(list));
	else
		prism_error_hint(err, "there is no %s yet", what);
	return -1;
}

int core_resolve_in(const struct core_list *list, const char *what, const char *word,
                    const char *(*name)(const void *item, int alternative), const char **ret_id,
                    struct prism_error *err)
{
	const char *const *exact = core_list_find(list, word);
	if (exact) {
		*ret_id = *exact;
		return 0;
	}
	const char *found = NULL;
	size_t matches = 0;
	for (size_t i = 0; i < core_list_count(list); i++) {
		const void *item = core_list_at(list, i);
		const char *first = name(item, 0), *second = name(item, 1);
		if (strcmp(first, word) != 0 && (!second || strcmp(second, word) != 0))
			continue;
		found = *(const char *const *)item;
		matches++;
	}
	if (matches == 1) {
		*ret_id = found;
		return 0;
	}
	if (matches == 0)
		return no_such(list, what, word, name, err);
	prism_error_raise(err, PRISM_ERROR_CONFLICT, "%zu %ss are called \"%s\"", matches, what, word);
	prism_error_hint(err, "name it by its id");
	return -1;
}

struct resolving {
	struct core_list *list;
	const char *what;
	char *word;
	const char *(*name)(const void *item, int alternative);
	core_id_fn done;
	void *data;
};

static void resolve_loaded(void *data, const struct prism_error *err)
{
	struct resolving *r = data;
	struct prism_error failure = PRISM_ERROR_INIT;
	const char *id = "";
	if (!err && core_resolve_in(r->list, r->what, r->word, r->name, &id, &failure) < 0)
		err = &failure;
	PRISM_AUTO_FREE char *copy = prism_strdup(id);
	r->done(r->data, copy, err);
	prism_free(r->word);
	prism_free(r);
}

int core_resolve_later(struct core_list *list, const char *what, const char *word,
                       const char *(*name)(const void *item, int alternative),
                       struct prism_cancel *cancel, core_id_fn done, void *data,
                       struct prism_error *err)
{
	struct resolving *r = prism_alloc(sizeof(*r));
	*r = (struct resolving){list, what, prism_strdup(word), name, done, data};
	if (core_list_await(list, false, cancel, resolve_loaded, r, err) == 0)
		return 0;
	prism_free(r->word);
	prism_free(r);
	return -1;
}
