/* core/bundle_file.c, bundle.c, bundle_check.c, bundle_csv.c: what files of computations hold, and
 * what is said about those that are damaged. */
#include "core/bundle_file.h"

#include "base/file.h"
#include "base/mem.h"
#include "tests/lib/tmpdir.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct read {
	char names[512];     /* "One;Two;" , "-;" for what is no computation */
	char problems[8192]; /* "error 3 [0].x: text\n" */
	char error[PRISM_ERROR_TEXT];
	size_t usable;
	cJSON *first;
	char hash[65];
};

static char *directory; /* of this program's files */

static void say_problems(const struct core_problems *problems, struct read *ret)
{
	size_t used = 0;

	for (size_t i = 0; i < problems->count && used < sizeof(ret->problems); i++)
		used +=
		    (size_t)snprintf(ret->problems + used, sizeof(ret->problems) - used,
		                     "%s %" PRIu64 " %s: %s\n", core_problem_word(problems->all[i].level),
		                     problems->all[i].line, problems->all[i].field, problems->all[i].text);
}

static char *file_of(const char *name, const char *text, size_t len)
{
	char *path = prism_asprintf("%s/%s", directory, name);

	assert_int_equal(prism_file_write(path, text, len, 0600, NULL), 0);
	return path;
}

static void look(const char *path, struct read *ret)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_problems problems;
	struct core_bundle_place place;
	cJSON *bundle;
	size_t used = 0;
	int got;

	*ret = (struct read){0};
	core_problems_init(&problems);
	struct core_bundle_file *file = core_bundle_file_open(path, NULL, &err);
	while (file && (got = core_bundle_file_next(file, &problems, &place, &bundle, &err)) > 0) {
		used += (size_t)snprintf(
		    ret->names + used, sizeof(ret->names) - used, "%.20s;",
		    bundle ? prism_json_str(prism_json_get(bundle, "computation"), "name", "?") : "-");
		if (bundle && core_bundle_check(bundle, place.index, &problems) && !place.damaged)
			ret->usable++;
		cJSON *again = core_bundle_file_again(file, &place, NULL);
		assert_int_equal(again != NULL, bundle != NULL);
		char *one = bundle ? prism_json_print(bundle, false) : NULL;
		char *two = again ? prism_json_print(again, false) : NULL;
		if (one)
			assert_string_equal(one, two);
		prism_free(one);
		prism_free(two);
		prism_json_free(again);
		if (!ret->first)
			ret->first = bundle;
		else
			prism_json_free(bundle);
	}
	snprintf(ret->error, sizeof(ret->error), "%s", err.message);
	say_problems(&problems, ret);
	if (file)
		assert_int_equal(core_bundle_file_hash(file, ret->hash, NULL), 0);
	core_bundle_file_close(file);
	core_problems_finish(&problems);
}

static void look_at(const char *name, const char *text, struct read *ret)
{
	PRISM_AUTO_FREE char *path = file_of(name, text, strlen(text));

	look(path, ret);
	unlink(path);
}

#define SUM "a7e107aa899725cc81a137a0d0b61163cf46b4721d459f2b212dbb9f65e7d57c"
#define BUNDLE(name)                                                                          \
	"{\"computation\":{\"name\":\"" name "\",\"description\":\"d\",\"agent_config\":"         \
	"{\"log_level\":\"\",\"attested_tls\":false}},\"roles\":[{\"role_name\":\"owner\","       \
	"\"actions\":[\"view\"],\"members\":null}],\"assets\":[{\"id\":\"i\",\"Checksum\":\"" SUM \
	"\",\"asset\":\"aGk=\"}],\"asset_links\":[{\"asset_id\":\"i\",\"computation_id\":\"\"}]}"

static void arrays_single_ones_and_the_old_form_are_read(void **state)
{
	struct read r;

	look_at("a.json", "[" BUNDLE("One") ",\n" BUNDLE("Two") "]\n", &r);
	assert_string_equal(r.names, "One;Two;");
	assert_string_equal(r.problems, "");
	assert_string_equal(r.error, "");
	assert_int_equal(r.usable, 2);
	assert_int_equal(strlen(r.hash), 64);
	prism_json_free(r.first);
	look_at("b.json", BUNDLE("Alone"), &r);
	assert_string_equal(r.names, "Alone;");
	prism_json_free(r.first);
	look_at("c.json", "[]", &r);
	assert_string_equal(r.names, "");
	assert_string_equal(r.error, "");
	look_at(
	    "d.json",
	    "{\"id\":\"x\",\"name\":\"Old\",\"description\":\"d\",\"datasets\":[{\"provider\":\"u1\","
	    "\"hash\":\"" SUM "\"}],\"algorithm\":{\"provider\":\"u2\",\"hash\":\"" SUM
	    "\"},\"result_consumers\":[\"u1\"],\"backend_id\":\"b\",\"agent_config\":{}}",
	    &r);
	assert_string_equal(r.names, "Old;");
	assert_int_equal(cJSON_GetArraySize(prism_json_get(r.first, "assets")), 2);
	assert_int_equal(cJSON_GetArraySize(prism_json_get(r.first, "roles")), 3);
	assert_null(prism_json_get(prism_json_get(r.first, "computation"), "backend_id"));
	assert_string_equal(r.problems, "warning 1 [0].roles[2].members: u1 has a role already: the "
	                                "first one counts\n");
	prism_json_free(r.first);
}

static void what_came_before_the_damage_is_whole(void **state)
{
	struct read r;

	look_at("a.json", "[" BUNDLE("One") ",\n{\"computation\":{\"name\":\"Tw", &r);
	assert_string_equal(r.names, "One;");
	assert_string_equal(r.error, "line 2, column 24: a string that does not end");
	prism_json_free(r.first);
	look_at("b.json", "[" BUNDLE("One") "]\n]", &r);
	assert_string_equal(r.error, "line 2, column 1: more text behind the document");
	prism_json_free(r.first);
	look_at("c.json", "[{\"computation\":{\"name\":NaN}}]", &r);
	assert_non_null(strstr(r.error, "line 1, column 25: NaN"));
	assert_null(r.first);
}

static void fields_are_reported_by_line_and_path(void **state)
{
	struct read r;

	look_at("a.json",
	        "[\n{\"computation\":{\n\"name\":\"N\",\n\"name\":\"M\",\n\"description\":5,\n"
	        "\"agent_config\":{\n\"attested_tls\":\"yes\"}},\n"
	        "\"roles\":[{\"role_name\":\"viewer\",\"actions\":[\"fly\"],\n\"members\":[7]}],\n"
	        "\"assets\":[{\"id\":\"i\",\n\"Checksum\":\"abc\",\n\"asset\":\"*\",\n"
	        "\"asset_type\":\"x\"}]},\n17,\n{\"x\":1}]",
	        &r);
	assert_string_equal(r.names, "N;-;-;");
	assert_int_equal(r.usable, 0);
	assert_string_equal(
	    r.problems, "error 4 [0].computation.name: given twice: which one is meant is not clear\n"
	                "error 5 [0].computation.description: not a text\n"
	                "error 7 [0].computation.agent_config.attested_tls: neither true nor false\n"
	                "warning 8 [0].roles[0].actions: \"fly\" is not an action: left out\n"
	                "warning 9 [0].roles[0].members: not a user id: left out\n"
	                "warning 11 [0].assets[0].Checksum: not 64 hex digits of SHA3-256\n"
	                "warning 13 [0].assets[0].asset_type: neither \"algorithm\" nor \"dataset\"\n"
	                "warning 12 [0].assets[0].asset: the sample is not base64\n"
	                "error 14 [1]: not a computation: an object is expected\n"
	                "error 15 [2]: neither \"computation\" nor \"name\" is there\n");
	prism_json_free(r.first);
}

static void unknown_fields_are_kept(void **state)
{
	struct read r;

	look_at(
	    "a.json",
	    "{\"computation\":{\"name\":\"N\",\"description\":\"d\",\"agent_config\":{\"ttl\":1.50},"
	    "\"priority\":12345678901234567890}}",
	    &r);
	cJSON *body = core_bundle_create_body(r.first);
	char *text = prism_json_print(body, false);
	assert_string_equal(text,
	                    "{\"name\":\"N\",\"description\":\"d\",\"agent_config\":{\"ttl\":1.50}"
	                    ",\"priority\":12345678901234567890}");
	assert_string_equal(r.problems,
	                    "note 1 [0].computation.priority: unknown field: sent as it is\n");
	prism_free(text);
	prism_json_free(body);
	prism_json_free(r.first);
}

static void sheets_are_read(void **state)
{
	struct read r;

	look_at("a.csv",
	        "Name,DESCRIPTION,attested_tls,viewers,assets,colour\n"
	        "One,\"first,\nreally\",yes,ana; bo ;,i1;" SUM ",red\n"
	        "=SUM(A1),x,maybe,,,\n"
	        "short,row\n",
	        &r);
	assert_string_equal(r.names, "One;=SUM(A1);short;");
	assert_int_equal(r.usable, 1);
	const cJSON *roles = prism_json_get(r.first, "roles");
	const cJSON *assets = prism_json_get(r.first, "assets");
	assert_int_equal(cJSON_GetArraySize(prism_json_get(roles->child, "members")), 2);
	assert_string_equal(prism_json_str(assets->child, "id", ""), "i1");
	assert_string_equal(prism_json_str(assets->child->next, "Checksum", ""), SUM);
	assert_string_equal(prism_json_str(prism_json_get(r.first, "computation"), "description", ""),
	                    "first,\nreally");
	assert_string_equal(
	    r.problems, "warning 1 colour: unknown column: not read\n"
	                "warning 4 [1].name: looks like a spreadsheet formula; it is taken as text\n"
	                "error 4 [1].attested_tls: neither true nor false (also 1, 0, yes, no)\n"
	                "error 5 [2]: 2 cells, and the header has 6\n");
	prism_json_free(r.first);
}

static void sheets_without_names_are_refused(void **state)
{
	struct read r;

	look_at("a.csv", "title,description\nx,y\n", &r);
	assert_string_equal(r.error, "line 1, column 1: the header row has no column \"name\"");
	assert_null(r.first);
	look_at("b.csv", "  \n", &r);
	assert_non_null(strstr(r.error, "is empty"));
	look_at("c.csv", "name,description\n\"a\"b,c\n", &r);
	assert_non_null(strstr(r.error, "line 2, column 4"));
}

static void a_key_in_a_file_is_read(void **state)
{
	struct read r;
	PRISM_AUTO_FREE char *pem = file_of("k.pem", "-----BEGIN X-----\nA\n-----END X-----\n", 36);

	look_at("a.csv", "name,description,server_key,cert_file\na,b,k.pem,gone.pem\n", &r);
	assert_non_null(strstr(r.problems, "error 2 [0].cert_file:"));
	assert_null(strstr(r.problems, "[0].server_key:"));
	prism_json_free(r.first);
	unlink(pem);
}

static void a_file_that_changed_is_not_read_again(void **state)
{
	PRISM_AUTO_FREE char *path = file_of("a.json", BUNDLE("One"), sizeof(BUNDLE("One")) - 1);
	struct core_bundle_file *file = core_bundle_file_open(path, NULL, NULL);
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_problems problems;
	struct core_bundle_place place;
	cJSON *bundle;

	core_problems_init(&problems);
	assert_int_equal(core_bundle_file_next(file, &problems, &place, &bundle, NULL), 1);
	prism_json_free(bundle);
	FILE *more = fopen(path, "a");
	fputs("  ", more);
	fclose(more);
	assert_null(core_bundle_file_again(file, &place, &err));
	assert_non_null(strstr(err.message, "has changed"));
	core_bundle_file_close(file);
	core_problems_finish(&problems);
	unlink(path);
}

static int make_directory(void **state)
{
	PRISM_UNUSED(state);
	directory = tmpdir_create();
	return 0;
}

static int remove_directory(void **state)
{
	PRISM_UNUSED(state);
	tmpdir_remove(directory);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(arrays_single_ones_and_the_old_form_are_read),
	    cmocka_unit_test(what_came_before_the_damage_is_whole),
	    cmocka_unit_test(fields_are_reported_by_line_and_path),
	    cmocka_unit_test(unknown_fields_are_kept),
	    cmocka_unit_test(sheets_are_read),
	    cmocka_unit_test(sheets_without_names_are_refused),
	    cmocka_unit_test(a_key_in_a_file_is_read),
	    cmocka_unit_test(a_file_that_changed_is_not_read_again),
	};
	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
