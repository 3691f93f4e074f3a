/*
 * Files of ten thousand computations: writing one, what the client itself needs for its preview,
 * the preview by the real program against a sandbox, and exports from one end to the other: over
 * HTTP, both processes on this machine.  Without samples a computation is ten requests for less
 * than two kilobytes (its document, its roles, its members, its assets, and the actions of six
 * roles without members), and the requests are the limit, two thirds of them libcurl's own work;
 * the target is for the writer alone.
 *
 * A computation is as large as the sample of the web console's documentation: seven roles, two
 * assets with a kilobyte of sample each.  Memory is the peak of this process over what it was
 * before: it must not grow with the file.
 */
#include "core/bundle_file.h"
#include "core/bundle_write.h"
#include "core/export.h"
#include "core/workspace.h"
#include "tests/lib/bench.h"
#include "tests/lib/client.h"
#include "tests/lib/corerun.h"
#include "tests/lib/tmpdir.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { BUNDLES = 10000, SAMPLE = 1024 };

static double peak_mib(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)usage.ru_maxrss / 1024;
}

static double seconds_since(int64_t start)
{
	return (double)(bench_now_ns() - start) / 1e9;
}

/* ---- the file ---- */

static int to_file(void *data, const char *bytes, size_t size, struct prism_error *err)
{
	return prism_file_writer_write(data, bytes, size, err);
}

static cJSON *parsed(const char *text)
{
	cJSON *doc = cJSON_Parse(text);

	assert_non_null(doc);
	return doc;
}

static void write_one(struct core_bundle_writer *w, int n, const char *sample)
{
	static const char *const roles[] = {"owner",           "algo_provider", "dataset_provider",
	                                    "result_consumer", "viewer",        "editor",
	                                    "runner"};

	PRISM_AUTO_FREE char *computation = prism_asprintf(
	    "{\"name\":\"computation %d\",\"description\":\"one of many\",\"start_time\":"
	    "\"0001-01-01T00:00:00Z\",\"end_time\":\"0001-01-01T00:00:00Z\",\"agent_config\":{"
	    "\"log_level\":\"\",\"cert_file\":\"\",\"server_key\":\"\",\"server_ca_file\":\"\","
	    "\"client_ca_file\":\"\",\"attested_tls\":false},\"created_at\":"
	    "\"2025-11-12T14:00:01.654562Z\"}",
	    n);
	assert_int_equal(core_bundle_write_computation(w, parsed(computation), NULL), 0);
	for (size_t i = 0; i < PRISM_COUNT(roles); i++) {
		PRISM_AUTO_FREE char *role = prism_asprintf(
		    "{\"role_name\":\"%s\",\"actions\":[\"view\",\"edit\",\"run\"],\"members\":null}",
		    roles[i]);
		assert_int_equal(core_bundle_write_role(w, parsed(role), NULL), 0);
	}
	for (int i = 0; i < 2; i++) {
		PRISM_AUTO_FREE char *asset = prism_asprintf(
		    "{\"file_name\":\"file-%d-%d\",\"id\":\"%08d-f400-4288-9753-f44cb708fc1%d\",\"UserID\":"
		    "\"u\",\"description\":\"d\",\"asset_type\":\"%s\",\"asset\":\"%s\",\"created_at\":"
		    "\"2025-11-12T14:04:34.735495Z\",\"Checksum\":\"a7e107aa899725cc81a137a0d0b61163cf46b47"
		    "21d459f2b212dbb9f65e7d57c\",\"mime_type\":\"text/plain\",\"Computations\":null,"
		    "\"UserKey\":\"\"}",
		    n, i, n, i, i ? "dataset" : "algorithm", sample);
		assert_int_equal(core_bundle_write_asset(w, parsed(asset), NULL), 0);
	}
	assert_int_equal(core_bundle_write_close(w, NULL), 0);
}

static double bench_writing(const char *path)
{
	uint8_t bytes[SAMPLE];
	struct core_bundle_writer w;
	struct prism_file_writer *file = prism_file_writer_create(path, 0600, NULL);
	double before = peak_mib();

	memset(bytes, 0x5a, sizeof(bytes));
	PRISM_AUTO_FREE char *sample = prism_base64_encode(bytes, sizeof(bytes));
	assert_non_null(file);
	core_bundle_writer_init(&w, to_file, file);
	int64_t start = bench_now_ns();
	for (int n = 0; n < BUNDLES; n++)
		write_one(&w, n, sample);
	assert_int_equal(core_bundle_write_end(&w, NULL), 0);
	assert_int_equal(prism_file_writer_commit(file, NULL), 0);
	double seconds = seconds_since(start), mb = (double)w.bytes / 1e6;
	core_bundle_writer_finish(&w);
	bench_at_least("the writer alone, with the disk's sync", mb / seconds, "MB/s", 20, NULL);
	bench_at_most("memory for it", peak_mib() - before, "MiB", 8, NULL);
	return mb;
}

static void bench_reading(const char *path, double mb)
{
	struct core_problems problems;
	struct core_bundle_place place;
	double before = peak_mib();
	cJSON *bundle;
	size_t usable = 0;
	char hash[65];

	core_problems_init(&problems);
	int64_t start = bench_now_ns();
	struct core_bundle_file *file = core_bundle_file_open(path, NULL, NULL);
	while (core_bundle_file_next(file, &problems, &place, &bundle, NULL) > 0) {
		usable += core_bundle_check(bundle, place.index, &problems);
		prism_json_free(bundle);
	}
	assert_int_equal(core_bundle_file_hash(file, hash, NULL), 0);
	double seconds = seconds_since(start);
	core_bundle_file_close(file);
	core_problems_finish(&problems);
	assert_int_equal(usable, BUNDLES);
	bench_at_least("read, checked and summed", mb / seconds, "MB/s", NAN, NULL);
	bench_at_most("memory for it", peak_mib() - before, "MiB", 8, NULL);
}

/* ---- against a sandbox ---- */

/* Of a process, user and kernel. */
static double cpu_ms(pid_t pid)
{
	PRISM_AUTO_FREE char *path = prism_asprintf("/proc/%d/stat", (int)pid);
	char text[1024] = "";
	FILE *f = fopen(path, "r");
	unsigned long user = 0, sys = 0;

	if (f) {
		size_t got = fread(text, 1, sizeof(text) - 1, f);
		text[got] = '\0';
		fclose(f);
	}
	const char *rest = strrchr(text, ')'); /* the name may hold anything */
	if (rest)
		(void)sscanf(rest + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &sys);
	return (double)(user + sys) * 1000 / (double)sysconf(_SC_CLK_TCK);
}

static void bench_preview(const char *path, struct sandbox *sandbox)
{
	struct cli cli = {.sandbox = sandbox, .workspace = "Hospital Pilot"};
	double values[3];

	for (size_t i = 0; i < PRISM_COUNT(values); i++) {
		int64_t start = bench_now_ns();
		cli_run(&cli, "computation import %s --dry-run", path);
		values[i] = seconds_since(start);
		assert_int_equal(cli.status, 0);
	}
	cli_finish(&cli);
	bench_at_most("preview, the whole program", bench_median(values, 3), "s", 2, NULL);
}

struct exported {
	struct corerun *run;
	struct core_export_result result;
};

static void export_done(void *data, const struct core_export_result *result,
                        const struct prism_error *err)
{
	struct exported *e = data;

	e->result = *result;
	corerun_done(e->run, err);
}

static void bench_export(const char *path, struct sandbox *sandbox, const char *workspace,
                         double wanted, const char *requests)
{
	struct exported e = {.run = corerun_open(sandbox->url, NULL)};
	const struct core_export_spec spec = {
	    .path = path, .replace = true, .private_keys = true, .samples = true};

	corerun_login(e.run, sandbox->users[0].email, sandbox->users[0].password);
	assert_int_equal(core_workspace_enter(e.run->core, workspace, NULL, corerun_done, e.run, NULL),
	                 0);
	assert_int_equal(corerun_wait(e.run), PRISM_ERROR_NONE);
	e.run->calls = 0;
	double before = bench_rss_mib(getpid());
	double mine = cpu_ms(getpid()), theirs = cpu_ms(sandbox->pid);
	int64_t start = bench_now_ns();
	assert_int_equal(core_export_start(e.run->core, &spec, NULL, export_done, &e, NULL), 0);
	while (!e.run->calls)
		prism_loop_turn(e.run->loop, 1000);
	e.run->calls = 0;
	double seconds = seconds_since(start);
	bench_at_least("computations a second, over HTTP", (double)e.result.computations / seconds,
	               "/s", NAN, requests);
	bench_at_least("which makes", (double)e.result.bytes / 1e6 / seconds, "MB/s", wanted, NULL);
	double thousands = (double)e.result.computations / 1000;
	bench_at_most("processor of the client, a thousand", (cpu_ms(getpid()) - mine) / thousands,
	              "ms", NAN, NULL);
	bench_at_most("processor of the sandbox, a thousand",
	              (cpu_ms(sandbox->pid) - theirs) / thousands, "ms", NAN, NULL);
	bench_at_most("memory for it", bench_rss_mib(getpid()) - before, "MiB", 24, NULL);
	corerun_close(e.run);
}

/* A workspace made from a file: each computation has two assets of its own with a sample. */
static void bench_samples(const char *dir, const char *out)
{
	enum { COMPUTATIONS = 200, BYTES = 65536 };
	struct sandbox *sandbox = sandbox_start((const char *const[]){"--seed", "demo", NULL});
	struct cli cli = {.sandbox = sandbox, .workspace = "Hospital Pilot"};
	PRISM_AUTO_FREE char *path = prism_asprintf("%s/samples.json", dir);
	PRISM_AUTO_FREE uint8_t *bytes = prism_alloc(BYTES);
	struct prism_file_writer *file = prism_file_writer_create(path, 0600, NULL);
	struct core_bundle_writer w;

	memset(bytes, 0x5a, BYTES);
	PRISM_AUTO_FREE char *sample = prism_base64_encode(bytes, BYTES);
	assert_non_null(file);
	core_bundle_writer_init(&w, to_file, file);
	for (int n = 0; n < COMPUTATIONS; n++)
		write_one(&w, n, sample);
	assert_int_equal(core_bundle_write_end(&w, NULL), 0);
	assert_int_equal(prism_file_writer_commit(file, NULL), 0);
	core_bundle_writer_finish(&w);
	cli_must(&cli, "computation import %s --create-assets --no-members", path);
	cli_finish(&cli);
	bench_export(out, sandbox, "Hospital Pilot", 20, "12 requests each");
	sandbox_stop(sandbox);
}

static void bench_bundles(void **state)
{
	char *dir = tmpdir_create();
	PRISM_AUTO_FREE char *path = prism_asprintf("%s/many.json", dir);
	PRISM_AUTO_FREE char *out = prism_asprintf("%s/out.json", dir);

	bench_section("a file of ten thousand computations");
	double mb = bench_writing(path);
	bench_at_most("its size", mb, "MB", NAN, NULL);
	bench_reading(path, mb);
	struct sandbox *sandbox = sandbox_start((const char *const[]){"--seed", "demo", NULL});
	bench_preview(path, sandbox);
	sandbox_stop(sandbox);
	bench_section("end to end: two thousand computations without samples, exported");
	sandbox = sandbox_start((const char *const[]){"--seed", "scale=2000", NULL});
	bench_export(out, sandbox, "Open Science Lab", NAN, "10 requests each");
	sandbox_stop(sandbox);
	bench_section("end to end: two hundred computations with two samples of 64 KiB, exported");
	bench_samples(dir, out);
	tmpdir_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(bench_bundles)};

	bench_begin("bundles");
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	bench_end();
	return failed;
}
