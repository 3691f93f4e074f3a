/* Owns the kinds of damage; faults.c owns when they happen. */
#include "sandbox/faults_json.h"

#include "base/json.h"
#include "base/mem.h"
#include "sandbox/json_out.h"

#include <cjson/cJSON.h>

/* OSC with a bell, CSI, C1, right-to-left override, a NUL, and a line that breaks. */
#define HOSTILE                               \
	"\x1b]0;owned\x07\x1b[2J\x1b[31m\xc2\x9b" \
	"1m\xe2\x80\xae\r\n"

struct writer {
	struct sb_json out;
	enum sb_damage damage;
	size_t amount;
	bool spent; /* what happens once has happened */
};

/* Members without which a client cannot even ask the next question. */
static bool is_structural(const char *key)
{
	static const char *const keys[] = {"access_token", "refresh_token", "total", "offset", "limit"};
	size_t len = key ? strlen(key) : 0;
	for (size_t i = 0; key && i < PRISM_COUNT(keys); i++)
		if (strcmp(keys[i], key) == 0)
			return true;
	return len >= 2 && (strcmp(key + len - 2, "id") == 0 || strcmp(key + len - 2, "ID") == 0);
}

static bool is_prose(const char *key)
{
	return key && (strcmp(key, "name") == 0 || strcmp(key, "description") == 0 ||
	               strcmp(key, "message") == 0);
}

static void write_value(struct writer *w, const char *key, const cJSON *value);

static void write_text(struct writer *w, const char *key, const char *text)
{
	if (w->damage == SB_DAMAGE_TYPES && !is_structural(key)) {
		sb_json_int(&w->out, key, 42);
	} else if (w->damage == SB_DAMAGE_HOSTILE && !is_structural(key)) {
		PRISM_AUTO_FREE char *hostile = prism_asprintf(HOSTILE "%s", text);
		sb_json_str(&w->out, key, hostile);
	} else if (w->damage == SB_DAMAGE_HUGE && !w->spent && is_prose(key)) {
		char *huge = prism_alloc(w->amount + 1);
		memset(huge, 'x', w->amount);
		sb_json_strn(&w->out, key, huge, w->amount);
		prism_free(huge);
		w->spent = true;
	} else {
		sb_json_str(&w->out, key, text);
	}
}

static void write_number(struct writer *w, const char *key, const cJSON *value)
{
	char text[64];
	if (value->valuedouble > -9e15 && value->valuedouble < 9e15)
		snprintf(text, sizeof(text), "%.0f", value->valuedouble);
	else
		snprintf(text, sizeof(text), "%g", value->valuedouble);
	if (w->damage == SB_DAMAGE_TYPES && !is_structural(key))
		sb_json_str(&w->out, key, text);
	else
		sb_json_raw(&w->out, key, text);
}

static void write_object(struct writer *w, const char *key, const cJSON *value)
{
	unsigned index = 0;
	const cJSON *member;
	sb_json_object(&w->out, key);
	for (member = prism_json_members(value); member; member = member->next) {
		bool gone = w->damage == SB_DAMAGE_MISSING && index++ % 2 == 1 &&
		            !is_structural(member->string) && !cJSON_IsArray(member);
		if (!gone)
			write_value(w, member->string, member);
	}
	if (w->damage == SB_DAMAGE_EXTRA) {
		sb_json_str(&w->out, "x_unknown", "later version");
		sb_json_object(&w->out, "x_nested");
		sb_json_array(&w->out, "list");
		sb_json_null(&w->out, NULL);
		sb_json_bool(&w->out, NULL, true);
		sb_json_end(&w->out);
		sb_json_end(&w->out);
	}
	sb_json_end(&w->out);
}

static void write_list(struct writer *w, const char *key, const cJSON *value)
{
	size_t have = (size_t)cJSON_GetArraySize(value), count = have;
	bool as_object = w->damage == SB_DAMAGE_TYPES && key;
	if (w->damage == SB_DAMAGE_FLOOD && !w->spent && have > 0) {
		count = w->amount;
		w->spent = true;
	}
	if (as_object)
		sb_json_object(&w->out, key);
	else
		sb_json_array(&w->out, key);
	const cJSON *item = value->child;
	for (size_t i = 0; i < count; i++) {
		char index[24];
		snprintf(index, sizeof(index), "%zu", i);
		write_value(w, as_object ? index : NULL, item);
		item = item->next ? item->next : value->child;
	}
	sb_json_end(&w->out);
}

static void write_value(struct writer *w, const char *key, const cJSON *value)
{
	if (w->damage == SB_DAMAGE_NULL && key)
		sb_json_null(&w->out, key);
	else if (cJSON_IsObject(value))
		write_object(w, key, value);
	else if (cJSON_IsArray(value))
		write_list(w, key, value);
	else if (cJSON_IsString(value))
		write_text(w, key, value->valuestring);
	else if (cJSON_IsNumber(value))
		write_number(w, key, value);
	else if (cJSON_IsBool(value) && w->damage != SB_DAMAGE_TYPES)
		sb_json_bool(&w->out, key, cJSON_IsTrue(value));
	else
		sb_json_null(&w->out, key);
}

static void bury(struct prism_buf *body, size_t depth)
{
	char *inside = prism_buf_take(body, NULL);
	for (size_t i = 0; i < depth; i++)
		prism_buf_putc(body, '[');
	prism_buf_puts(body, inside);
	for (size_t i = 0; i < depth; i++)
		prism_buf_putc(body, ']');
	prism_free(inside);
}

void sb_damage_json(enum sb_damage damage, size_t amount, struct prism_buf *body)
{
	struct writer w = {.damage = damage, .amount = amount};
	cJSON *doc = cJSON_ParseWithLength(prism_buf_text(body), body->len);
	if (!doc)
		return;
	if (damage == SB_DAMAGE_DEEP) {
		bury(body, amount);
	} else if (damage != SB_DAMAGE_NONE) {
		sb_json_init(&w.out);
		write_value(&w, NULL, doc);
		prism_buf_finish(body);
		*body = w.out.buf;
	}
	cJSON_Delete(doc);
}
