/*
 * The sandbox with 100,000 computations and a million log lines: what requests take alone, and what
 * others wait while texts are looked for in all the lines.  A process of its own searches; this one
 * asks for other things meanwhile, one after the other.
 */
#include "base/mem.h"
#include "tests/lib/api.h"
#include "tests/lib/bench.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define LIST "/computations/%w/computations"

enum { SEARCHES = 12, MOST = 100000 };

static double timed(struct api *api, const char *path)
{
	int64_t start = bench_now_ns();

	cJSON_Delete(api_must(api, "GET", path, NULL));
	return (double)(bench_now_ns() - start) / 1e6;
}

/* The log that has the lines: the first computation of the demo. */
static char *log_path(struct api *api)
{
	cJSON *doc = api_must(api, "GET", LIST "?name=Iris%20classification%20baseline", NULL);
	const cJSON *first =
	    cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(doc, "computations"), 0);
	char *path = prism_asprintf("%s/%s/logs?limit=100", LIST, api_text(first, "id"));

	cJSON_Delete(doc);
	return path;
}

static pid_t start_searches(const struct sandbox *sb, const char *log, int out)
{
	fflush(NULL);
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	struct api api;
	api_init(&api, sb);
	api_login(&api, 0, "Open Science Lab");
	for (int i = 0; i < SEARCHES; i++) {
		PRISM_AUTO_FREE char *path = prism_asprintf("%s&message=nowhere%d", log, i);
		double ms = timed(&api, path);
		if (write(out, &ms, sizeof(ms)) != sizeof(ms))
			_exit(1);
	}
	_exit(0);
}

static void report(const char *what, double *values, size_t count, double target)
{
	char name[96];

	snprintf(name, sizeof(name), "%s, median", what);
	bench_at_most(name, bench_median(values, count), "ms", NAN, NULL);
	snprintf(name, sizeof(name), "%s, p95", what);
	bench_at_most(name, bench_percentile(values, count, 95), "ms", target, NULL);
}

static void measure_searches(const struct sandbox *sb, struct api *api, const char *log)
{
	double *others = prism_alloc_array(MOST, sizeof(*others)), searches[SEARCHES];
	size_t count = 0, searched = 0;
	int ends[2], status = 0;

	assert_int_equal(pipe(ends), 0);
	pid_t pid = start_searches(sb, log, ends[1]);
	assert_true(pid > 0);
	close(ends[1]);
	while (waitpid(pid, &status, WNOHANG) == 0 && count < MOST)
		others[count] = timed(api, count % 2 ? LIST "?limit=10" : "/health"), count++;
	assert_int_equal(status, 0);
	while (searched < SEARCHES && read(ends[0], &searches[searched], sizeof(double)) > 0)
		searched++;
	close(ends[0]);
	assert_int_equal(searched, SEARCHES);
	bench_section("a text looked for in a million lines");
	report("the search", searches, searched, NAN);
	report("another request meanwhile", others, count, 50);
	prism_free(others);
}

static void measure_lists(struct api *api, const char *log)
{
	static const struct {
		const char *name, *query;
	} rows[] = {
	    {"the first page", "?limit=100"},
	    {"the last page", "?limit=100&offset=99900"},
	    {"by description", "?limit=100&order=description"},
	    {"by owner", "?limit=100&order=owner"},
	    {"with a text in the name, none", "?limit=100&name=nowhere"},
	    {"of one state, the last page", "?limit=100&status=completed&offset=37000"},
	    {"runs, the last page", "/runs?limit=100&offset=62000"},
	};

	bench_section("100,000 computations, first call");
	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		PRISM_AUTO_FREE char *path = prism_asprintf("%s%s", LIST, rows[i].query);
		bench_at_most(rows[i].name, timed(api, path), "ms", 100, NULL);
	}
	bench_at_most("statistics of ten years, in steps", timed(api, LIST "/statistics?days=3650"),
	              "ms", NAN, NULL);
	bench_section("a million log lines, first call");
	PRISM_AUTO_FREE char *deep = prism_asprintf("%s&offset=900000", log);
	PRISM_AUTO_FREE char *level = prism_asprintf("%s&level=debug", log);
	bench_at_most("900,000 lines in", timed(api, deep), "ms", 100, NULL);
	bench_at_most("of one level", timed(api, level), "ms", 100, NULL);
}

int main(void)
{
	struct api api;

	bench_begin("sandbox");
	struct sandbox *sb =
	    sandbox_start((const char *const[]){"--seed", "scale=100000,logs=1000000", NULL});
	api_init(&api, sb);
	api_login(&api, 0, "Open Science Lab");
	PRISM_AUTO_FREE char *log = log_path(&api);
	measure_lists(&api, log);
	measure_searches(sb, &api, log);
	api_finish(&api);
	sandbox_stop(sb);
	return bench_end() < 0;
}
