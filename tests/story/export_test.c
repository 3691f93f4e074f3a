/*
 * Exporting by -c against the sandbox: an asset that several computations link is read once and
 * stands in the file with each of them; what cannot be read is left out of each, and said.
 */
#include "tests/lib/client.h"
#include "tests/lib/tmpdir.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define FILE_MAX (8u << 20)
#define SHARED "iris_baseline.py" /* of the oldest computation, so that it is read first */

struct place {
	struct sandbox *sandbox;
	struct cli cli;
	char *dir, *path;
	struct prism_buf text; /* of the file */
};

static struct place *with_fault(const char *fault)
{
	struct place *p = prism_alloc(sizeof(*p));
	const char *const args[] = {"--fault", fault, NULL};

	p->sandbox = sandbox_start(fault ? args : NULL);
	p->cli = (struct cli){.sandbox = p->sandbox, .workspace = "Open Science Lab"};
	p->dir = tmpdir_create();
	p->path = prism_asprintf("%s/all.json", p->dir);
	prism_buf_init(&p->text, FILE_MAX);
	cli_must(&p->cli, "role action add 'Empty draft' owner algo_provider");
	cli_must(&p->cli, "asset link " SHARED " 'Empty draft'");
	return p;
}

static void done(struct place *p)
{
	cli_finish(&p->cli);
	sandbox_stop(p->sandbox);
	tmpdir_remove(p->dir);
	prism_buf_finish(&p->text);
	prism_free(p->path);
	prism_free(p);
}

static const cJSON *export_all(struct place *p)
{
	const cJSON *doc = cli_must(&p->cli, "computation export --replace %s --all", p->path);

	prism_buf_finish(&p->text);
	assert_int_equal(prism_file_read(p->path, FILE_MAX, &p->text, NULL), 0);
	return doc;
}

static size_t count_of(const char *text, const char *word)
{
	size_t count = 0;

	for (; (text = strstr(text, word)); text++)
		count++;
	return count;
}

static int64_t number(const cJSON *doc, const char *key)
{
	return prism_json_int(doc, key, -1);
}

static void a_shared_asset_stands_with_each(void **state)
{
	struct place *p = with_fault(NULL);
	const cJSON *doc = export_all(p);

	PRISM_UNUSED(state);
	assert_int_equal(number(doc, "incomplete"), 0);
	assert_int_equal(count_of(p->text.data, "\"file_name\": \"" SHARED "\""), 2);
	const char *one = strstr(p->text.data, "\"file_name\": \"" SHARED "\"");
	const char *two = strstr(one + 1, "\"file_name\": \"" SHARED "\"");
	const char *end = strstr(one, "\n      }");
	assert_int_equal(strncmp(one, two, (size_t)(end - one)), 0);
	done(p);
}

/* One answer is refused: as it is asked for once, it is missing with both. */
static void it_is_read_once(void **state)
{
	struct place *p = with_fault("5xx=404@GET:/computations/*/assets/*#1");
	const cJSON *doc = export_all(p);

	PRISM_UNUSED(state);
	assert_int_equal(number(doc, "incomplete"), 2);
	assert_int_equal(count_of(p->cli.err, SHARED), 2);
	assert_int_equal(count_of(p->text.data, SHARED), 0);
	assert_int_equal(count_of(p->text.data, "\"iris.csv\""), 1); /* the others are there */
	doc = export_all(p);
	assert_int_equal(number(doc, "incomplete"), 0);
	done(p);
}

/* What was there before is not lost by chance. */
static void a_file_that_is_there_is_refused(void **state)
{
	struct place *p = with_fault(NULL);

	PRISM_UNUSED(state);
	cli_must(&p->cli, "computation export %s 'Empty draft'", p->path);
	p->cli.quiet = true;
	assert_int_equal(cli_run(&p->cli, "computation export %s --all", p->path), 6);
	assert_non_null(strstr(p->cli.err, "exists already"));
	assert_int_equal(prism_file_read(p->path, FILE_MAX, &p->text, NULL), 0);
	assert_int_equal(count_of(p->text.data, "\"computation\": {"), 1);
	export_all(p);
	assert_true(count_of(p->text.data, "\"computation\": {") > 5);
	done(p);
}

static void without_samples_the_rest_is_there(void **state)
{
	struct place *p = with_fault(NULL);

	PRISM_UNUSED(state);
	cli_must(&p->cli, "computation export --replace %s --all --no-samples", p->path);
	assert_int_equal(prism_file_read(p->path, FILE_MAX, &p->text, NULL), 0);
	assert_int_equal(count_of(p->text.data, "\"asset\": \"\""),
	                 count_of(p->text.data, "\"file_name\": "));
	assert_int_equal(count_of(p->text.data, "\"Checksum\": \"\""), 0);
	done(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_shared_asset_stands_with_each),
	    cmocka_unit_test(it_is_read_once),
	    cmocka_unit_test(a_file_that_is_there_is_refused),
	    cmocka_unit_test(without_samples_the_rest_is_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
