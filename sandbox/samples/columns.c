/*
 * Sample algorithm, compiled: mean and range of each column of numbers.  Reads every regular file
 * in datasets/ as CSV with a heading, writes results/columns.csv.  Columns that are not numbers
 * are counted and left out.
 */
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define COLUMNS_MAX 64
#define LINE_MAX_BYTES 65536

struct column {
	char name[64];
	double sum, squares, low, high;
	unsigned long count, odd;
};

static struct column columns[COLUMNS_MAX];
static size_t column_count;

static void take_heading(char *line)
{
	char *rest = line, *word;

	column_count = 0;
	while ((word = strsep(&rest, ",\r\n")) != NULL && column_count < COLUMNS_MAX) {
		if (!word[0] && !rest)
			break;
		memset(&columns[column_count], 0, sizeof(columns[0]));
		snprintf(columns[column_count++].name, sizeof(columns[0].name), "%s", word);
	}
}

static void take_row(char *line)
{
	char *rest = line, *word, *end;

	for (size_t i = 0; i < column_count && (word = strsep(&rest, ",\r\n")) != NULL; i++) {
		struct column *c = &columns[i];
		double value = strtod(word, &end);

		if (end == word || *end) {
			c->odd++;
			continue;
		}
		c->low = c->count && c->low < value ? c->low : value;
		c->high = c->count && c->high > value ? c->high : value;
		c->sum += value;
		c->squares += value * value;
		c->count++;
	}
}

static int take_file(const char *path, const char *name, FILE *out)
{
	static char line[LINE_MAX_BYTES];
	unsigned long rows = 0;
	FILE *in = fopen(path, "r");

	if (!in) {
		fprintf(stderr, "%s: %s\n", name, strerror(errno));
		return -1;
	}
	if (fgets(line, sizeof(line), in))
		take_heading(line);
	while (fgets(line, sizeof(line), in)) {
		take_row(line);
		rows++;
	}
	fclose(in);
	printf("%s: %lu rows, %zu columns\n", name, rows, column_count);
	fflush(stdout);
	for (size_t i = 0; i < column_count; i++) {
		const struct column *c = &columns[i];
		double mean = c->count ? c->sum / (double)c->count : 0;
		double spread = c->count ? sqrt(fabs(c->squares / (double)c->count - mean * mean)) : 0;

		if (c->count)
			fprintf(out, "%s,%s,%lu,%.4f,%.4f,%.4f,%.4f\n", name, c->name, c->count, mean, spread,
			        c->low, c->high);
		else
			fprintf(stderr, "%s: column %s holds no numbers\n", name, c->name);
	}
	return 0;
}

int main(void)
{
	struct dirent *entry;
	int files = 0, bad = 0;
	FILE *out;
	DIR *dir = opendir("datasets");

	mkdir("results", 0755);
	out = fopen("results/columns.csv", "w");
	if (!dir || !out) {
		fprintf(stderr, "no datasets, or results cannot be written\n");
		return 2;
	}
	fprintf(out, "file,column,count,mean,spread,low,high\n");
	while ((entry = readdir(dir)) != NULL) {
		char path[512];
		struct stat st;

		snprintf(path, sizeof(path), "datasets/%s", entry->d_name);
		if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
			continue;
		files++;
		bad |= take_file(path, entry->d_name, out);
	}
	closedir(dir);
	if (fclose(out) != 0 || files == 0)
		bad = -1;
	return bad ? 1 : 0;
}
