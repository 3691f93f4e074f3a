/* Covers tui/checks_draw.c: words, tallies, what is proposed open, folding, wrapping in 40 columns.
 */
#include "tui/checks_draw.h"

#include "base/mem.h"
#include "tests/lib/grid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define FOLD 7

static const struct pt_check failed = {
    .key = "tcb.minimum",
    .result = PT_CHECK_FAIL,
    .line = "The firmware is at least as new as the policy asks",
    .id = "tcb.minimum",
    .expected = "microcode 115, SNP 8",
    .found = "microcode 1, SNP 1",
    .reason = "REPORTED_TCB is older",
    .remedy = "Update the host's firmware",
};
static const struct pt_check passed = {
    .key = "report.form",
    .result = PT_CHECK_PASS,
    .line = "The report is well formed",
    .id = "report.form",
    .found = "version 3",
    .remedy = "must not be seen",
};

static char *draw(struct pt_lines *lines, int width, int height)
{
	struct pt_canvas *canvas = pt_canvas_create(height, width, false);
	char *text;

	pt_lines_prepare(lines, width, height);
	pt_lines_draw(lines, canvas, (struct pt_rect){0, 0, width, height}, false);
	text = grid_text(canvas);
	pt_canvas_destroy(canvas);
	return text;
}

static char *page(const struct pt_check *check, const struct pt_folds *folds, int width)
{
	struct pt_lines *lines = pt_lines_create();
	/* two columns are the cursor's */
	struct pt_check_draw how = {.width = width - 2, .target = FOLD, .folds = folds};
	char *text;

	pt_lines_begin(lines);
	pt_check_lines(lines, &how, check);
	pt_lines_end(lines);
	text = draw(lines, width, 12);
	pt_lines_destroy(lines);
	return text;
}

static void a_failure_says_what_why_and_what_to_do(void **state)
{
	PRISM_AUTO_FREE char *text = page(&failed, NULL, 80);

	PRISM_UNUSED(state);
	assert_non_null(strstr(text, "v FAIL"));
	assert_non_null(strstr(text, "expected  microcode 115, SNP 8"));
	assert_non_null(strstr(text, "found     microcode 1, SNP 1"));
	assert_non_null(strstr(text, "because   REPORTED_TCB is older"));
	assert_non_null(strstr(text, "remedy    Update the host's firmware"));
	assert_non_null(strstr(text, "rule      tcb.minimum"));
}

static void a_pass_is_one_line_with_what_was_found(void **state)
{
	PRISM_AUTO_FREE char *text = page(&passed, NULL, 80);

	PRISM_UNUSED(state);
	assert_non_null(strstr(text, "pass        The report is well formed  version 3"));
	assert_null(strstr(text, "must not be seen"));
	assert_null(strstr(text, "rule"));
}

static void a_fold_is_turned_by_its_key(void **state)
{
	struct pt_folds *folds = pt_folds_create();

	PRISM_UNUSED(state);
	pt_folds_toggle(folds, failed.key);
	PRISM_AUTO_FREE char *closed = page(&failed, folds, 80);
	assert_null(strstr(closed, "remedy"));
	pt_folds_toggle(folds, failed.key);
	pt_folds_toggle(folds, passed.key);
	PRISM_AUTO_FREE char *open = page(&passed, folds, 80);
	assert_non_null(strstr(open, "found     version 3"));
	assert_null(strstr(open, "must not be seen")); /* a pass has no remedy, opened or not */
	pt_folds_all(folds, false);
	assert_false(pt_folds_open(folds, "anything", true));
	pt_folds_toggle(folds, "anything");
	assert_true(pt_folds_open(folds, "anything", true));
	pt_folds_reset(folds);
	assert_true(pt_folds_open(folds, "anything", true));
	assert_false(pt_folds_open(folds, "anything", false));
	pt_folds_destroy(folds);
	pt_folds_destroy(NULL);
}

static void forty_columns_lose_no_word(void **state)
{
	PRISM_AUTO_FREE char *text = page(&failed, NULL, 40);

	PRISM_UNUSED(state);
	assert_non_null(strstr(text, "v FAIL The firmware is at least as new"));
	assert_non_null(strstr(text, "         as the policy asks"));
	assert_non_null(strstr(text, "    remedy    Update the host's firmware\n"));
	assert_non_null(strstr(text, "    expected  microcode 115, SNP 8\n"));
}

static void what_should_have_been_checked_is_open(void **state)
{
	struct pt_check skipped = {.key = "k",
	                           .result = PT_CHECK_SKIPPED,
	                           .line = "No certificate is revoked",
	                           .reason = "no list was given"};

	PRISM_UNUSED(state);
	assert_true(pt_check_proposed(&skipped));
	PRISM_AUTO_FREE char *text = page(&skipped, NULL, 80);
	assert_non_null(strstr(text, "not checked No certificate is revoked"));
	assert_non_null(strstr(text, "because   no list was given"));
	skipped.optional = true;
	assert_false(pt_check_proposed(&skipped));
}

static void tallies_name_what_is_wrong_first(void **state)
{
	struct pt_check_counts counts = {0};
	struct pt_check skipped = {.result = PT_CHECK_SKIPPED, .optional = true};
	char buf[80];

	PRISM_UNUSED(state);
	assert_string_equal(pt_check_tally(&counts, buf, sizeof(buf)), "");
	assert_int_equal(pt_check_tally_slot(&counts), PT_SLOT_DIM);
	pt_check_count(&counts, &passed);
	pt_check_count(&counts, &passed);
	pt_check_count(&counts, &skipped);
	assert_string_equal(pt_check_tally(&counts, buf, sizeof(buf)), "1 not checked, 2 pass");
	assert_int_equal(pt_check_tally_slot(&counts), PT_SLOT_GOOD);
	skipped.optional = false;
	pt_check_count(&counts, &skipped);
	assert_int_equal(pt_check_tally_slot(&counts), PT_SLOT_WARN);
	pt_check_count(&counts, &failed);
	assert_string_equal(pt_check_tally(&counts, buf, sizeof(buf)), "1 FAIL, 2 not checked, 2 pass");
	assert_int_equal(pt_check_tally_slot(&counts), PT_SLOT_BAD);
	pt_check_tally(&counts, buf, 5); /* too short: cut, not written past */
	assert_int_equal(strlen(buf), 4);
}

static void a_section_folds_and_its_line_names_it(void **state)
{
	struct pt_lines *lines = pt_lines_create();
	struct pt_folds *folds = pt_folds_create();
	struct pt_check_draw how = {.width = 78, .target = FOLD, .folds = folds};
	const char *arg;

	PRISM_UNUSED(state);
	pt_lines_begin(lines);
	assert_true(pt_section_lines(lines, &how, "chain", "Chain", PT_SLOT_GOOD, "5 pass", true));
	pt_folds_toggle(folds, "chain");
	assert_false(pt_section_lines(lines, &how, "chain", "Chain", PT_SLOT_GOOD, NULL, true));
	pt_lines_end(lines);
	assert_int_equal(pt_lines_target(lines, &arg), FOLD);
	assert_string_equal(arg, "chain");
	PRISM_AUTO_FREE char *text = draw(lines, 80, 4);
	assert_non_null(strstr(text, "v Chain  5 pass"));
	assert_non_null(strstr(text, "> Chain\n"));
	pt_folds_destroy(folds);
	pt_lines_destroy(lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_failure_says_what_why_and_what_to_do),
	    cmocka_unit_test(a_pass_is_one_line_with_what_was_found),
	    cmocka_unit_test(a_fold_is_turned_by_its_key),
	    cmocka_unit_test(forty_columns_lose_no_word),
	    cmocka_unit_test(what_should_have_been_checked_is_open),
	    cmocka_unit_test(tallies_name_what_is_wrong_first),
	    cmocka_unit_test(a_section_folds_and_its_line_names_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
