/* Covers sandbox/faults_json.c: each kind of damage, and that it stays JSON. */
#include "sandbox/faults_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#define ANSWER                                                                   \
	"{\"total\":2,\"list\":[{\"id\":\"i1\",\"name\":\"a\",\"ok\":true,\"n\":7}," \
	"{\"id\":\"i2\",\"name\":\"b\",\"ok\":false,\"n\":8}]}"

static struct prism_buf damaged(enum sb_damage damage, size_t amount)
{
	struct prism_buf body = PRISM_BUF_INIT(64u << 20);
	prism_buf_puts(&body, ANSWER);
	sb_damage_json(damage, amount, &body);
	return body;
}

static void expect(enum sb_damage damage, const char *want)
{
	struct prism_buf body = damaged(damage, 0);
	assert_string_equal(body.data, want);
	prism_buf_finish(&body);
}

static void none_changes_nothing(void **state)
{
	expect(SB_DAMAGE_NONE, ANSWER);
}

static void members_go_missing_but_not_ids(void **state)
{
	expect(SB_DAMAGE_MISSING, "{\"total\":2,\"list\":[{\"id\":\"i1\",\"ok\":true},{\"id\":\"i2\","
	                          "\"ok\":false}]}");
}

static void unknown_members_appear(void **state)
{
	struct prism_buf body = damaged(SB_DAMAGE_EXTRA, 0);
	cJSON *doc = cJSON_Parse(body.data);
	const cJSON *list = cJSON_GetObjectItem(doc, "list");
	assert_non_null(cJSON_GetObjectItem(doc, "x_unknown"));
	assert_non_null(cJSON_GetObjectItem(list->child->next, "x_nested"));
	cJSON_Delete(doc);
	prism_buf_finish(&body);
}

static void types_change_except_where_needed(void **state)
{
	expect(SB_DAMAGE_TYPES,
	       "{\"total\":2,\"list\":{\"0\":{\"id\":\"i1\",\"name\":42,\"ok\":null,\"n\":\"7\"},"
	       "\"1\":{\"id\":\"i2\",\"name\":42,\"ok\":null,\"n\":\"8\"}}}");
}

static void everything_is_null(void **state)
{
	expect(SB_DAMAGE_NULL, "{\"total\":null,\"list\":null}");
}

static void texts_turn_hostile_but_not_ids(void **state)
{
	struct prism_buf body = damaged(SB_DAMAGE_HOSTILE, 0);
	cJSON *doc = cJSON_Parse(body.data);
	const cJSON *first = cJSON_GetObjectItem(doc, "list")->child;
	assert_string_equal(cJSON_GetObjectItem(first, "id")->valuestring, "i1");
	const char *name = cJSON_GetObjectItem(first, "name")->valuestring;
	assert_non_null(strstr(name, "\x1b]0;"));
	assert_non_null(strstr(name, "\xe2\x80\xae"));
	assert_int_equal(name[strlen(name) - 1], 'a');
	cJSON_Delete(doc);
	prism_buf_finish(&body);
}

static void one_text_is_huge(void **state)
{
	struct prism_buf body = damaged(SB_DAMAGE_HUGE, 1000);
	assert_int_equal(body.len, strlen(ANSWER) + 999);
	prism_buf_finish(&body);
}

static void lists_flood(void **state)
{
	struct prism_buf body = damaged(SB_DAMAGE_FLOOD, 5000);
	cJSON *doc = cJSON_Parse(body.data);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(doc, "list")), 5000);
	cJSON_Delete(doc);
	prism_buf_finish(&body);
}

static void answers_are_buried(void **state)
{
	struct prism_buf body = damaged(SB_DAMAGE_DEEP, 3);
	assert_string_equal(body.data, "[[[" ANSWER "]]]");
	prism_buf_finish(&body);
}

static void what_is_no_json_stays(void **state)
{
	struct prism_buf body = PRISM_BUF_INIT(100);
	prism_buf_puts(&body, "<html>");
	sb_damage_json(SB_DAMAGE_NULL, 0, &body);
	assert_string_equal(body.data, "<html>");
	prism_buf_finish(&body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(none_changes_nothing),
	    cmocka_unit_test(members_go_missing_but_not_ids),
	    cmocka_unit_test(unknown_members_appear),
	    cmocka_unit_test(types_change_except_where_needed),
	    cmocka_unit_test(everything_is_null),
	    cmocka_unit_test(texts_turn_hostile_but_not_ids),
	    cmocka_unit_test(one_text_is_huge),
	    cmocka_unit_test(lists_flood),
	    cmocka_unit_test(answers_are_buried),
	    cmocka_unit_test(what_is_no_json_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
