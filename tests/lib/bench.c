/* See bench.h: the table, the JSON, and what /proc knows about a process. */
#include "tests/lib/bench.h"

#include "base/mem.h"

#include <dirent.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cjson/cJSON.h>

static struct {
	const char *name;
	cJSON *rows;
	int missed;
} bench;

void bench_begin(const char *name)
{
	bench.name = name;
	bench.rows = cJSON_CreateArray();
	bench.missed = 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("\n%s\n", name);
}

void bench_section(const char *title)
{
	printf("  %s\n", title);
}

static void row(const char *name, double value, const char *unit, double target, bool at_most,
                const char *others)
{
	bool met = isnan(target) || (at_most ? value <= target : value >= target);
	cJSON *obj = cJSON_CreateObject();
	char limit[40] = "";

	if (!isnan(target))
		snprintf(limit, sizeof(limit), "%s %.6g", at_most ? "<=" : ">=", target);
	printf("    %-46s %10.*f %-8s %-12s %-6s %s\n", name, value < 10 ? 2 : 1, value, unit, limit,
	       isnan(target) ? ""
	       : met         ? "met"
	                     : "MISSED",
	       others ? others : "");
	cJSON_AddStringToObject(obj, "name", name);
	cJSON_AddNumberToObject(obj, "value", value);
	cJSON_AddStringToObject(obj, "unit", unit);
	if (!isnan(target)) {
		cJSON_AddNumberToObject(obj, "target", target);
		cJSON_AddBoolToObject(obj, "met", met);
	}
	if (others)
		cJSON_AddStringToObject(obj, "others", others);
	cJSON_AddItemToArray(bench.rows, obj);
	bench.missed += !met;
}

void bench_at_most(const char *name, double value, const char *unit, double target,
                   const char *others)
{
	row(name, value, unit, target, true, others);
}

void bench_at_least(const char *name, double value, const char *unit, double target,
                    const char *others)
{
	row(name, value, unit, target, false, others);
}

void bench_skip(const char *name, const char *why)
{
	cJSON *obj = cJSON_CreateObject();

	printf("    %-46s skipped: %s\n", name, why);
	cJSON_AddStringToObject(obj, "name", name);
	cJSON_AddStringToObject(obj, "skipped", why);
	cJSON_AddItemToArray(bench.rows, obj);
}

int bench_end(void)
{
	const char *path = getenv("PRISM_BENCH_JSON");
	char *text = cJSON_Print(bench.rows);

	if (path) {
		FILE *f = fopen(path, "w");

		if (f) {
			fprintf(f, "\"%s\": %s\n", bench.name, text);
			fclose(f);
		}
	}
	cJSON_free(text);
	cJSON_Delete(bench.rows);
	return bench.missed;
}

int64_t bench_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double bench_percentile(double *values, size_t count, double percent)
{
	size_t at;

	if (count == 0)
		return 0;
	qsort(values, count, sizeof(*values), by_value);
	at = (size_t)ceil(percent / 100 * (double)count);
	return values[at ? at - 1 : 0];
}

double bench_median(double *values, size_t count)
{
	return bench_percentile(values, count, 50);
}

/* The number after a label in a file of /proc; -1 when it is not there. */
static double labelled(const char *path, const char *label)
{
	FILE *f = fopen(path, "r");
	char line[256];
	double value = -1;

	if (!f)
		return -1;
	while (value < 0 && fgets(line, sizeof(line), f)) {
		if (strncmp(line, label, strlen(label)) == 0)
			value = strtod(line + strlen(label), NULL);
	}
	fclose(f);
	return value;
}

double bench_rss_mib(int pid)
{
	char path[64];
	double kib;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	kib = labelled(path, "VmRSS:");
	return kib < 0 ? -1 : kib / 1024;
}

/* Adds up one number over the threads of a process. */
static double over_threads(int pid, double (*of_thread)(int pid, const char *tid))
{
	char path[64];
	struct dirent *entry;
	double sum = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		return -1;
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] != '.')
			sum += of_thread(pid, entry->d_name);
	}
	closedir(dir);
	return sum;
}

static double thread_cpu_us(int pid, const char *tid)
{
	char path[400];

	snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", pid, tid);
	return labelled(path, "") / 1000;
}

static double thread_switches(int pid, const char *tid)
{
	char path[400];

	snprintf(path, sizeof(path), "/proc/%d/task/%s/status", pid, tid);
	return labelled(path, "voluntary_ctxt_switches:");
}

double bench_cpu_us(int pid)
{
	return over_threads(pid, thread_cpu_us);
}

double bench_switches(int pid)
{
	return over_threads(pid, thread_switches);
}
