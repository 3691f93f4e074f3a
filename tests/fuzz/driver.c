/*
 * The short run: seeds, every prefix of every seed, then a fixed number of mutations by a
 * generator with a fixed start, so that a failure comes again.  The input that was being tried
 * is written to build/test-logs when the target crashes or takes longer than HANG_SECONDS.
 *
 *   x_fuzz                 the short run
 *   x_fuzz FILE...         these inputs only
 *   x_fuzz --seeds DIR     writes the seeds as files, for libFuzzer
 *   FUZZ_ROUNDS=n          mutations (default 20000), at most FUZZ_MS (default 2500) milliseconds
 */
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define INPUT_MAX 65536
#define HANG_SECONDS 10

static uint8_t input[INPUT_MAX];
static size_t input_size;
static char crash_path[512];
static uint64_t seed_state = 0x9e3779b97f4a7c15u;

static uint64_t next_random(void) /* splitmix64 */
{
	uint64_t z = seed_state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static size_t below(size_t limit)
{
	return limit ? (size_t)(next_random() % limit) : 0;
}

static void on_fault(int signum)
{
	static const char text[] = "the input is kept in ";
	int fd = open(crash_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd >= 0) {
		(void)!write(fd, input, input_size);
		close(fd);
	}
	(void)!write(2, text, sizeof(text) - 1);
	(void)!write(2, crash_path, strlen(crash_path));
	(void)!write(2, "\n", 1);
	signal(signum, SIG_DFL);
	raise(signum);
}

static void try(const void *data, size_t size)
{
	uint8_t *exact;

	/* A copy of exactly this size, so that reading one byte too far is seen by the sanitizers. */
	exact = malloc(size ? size : 1);
	if (!exact)
		abort();
	if (data != input)
		memcpy(input, data, size);
	input_size = size;
	memcpy(exact, input, size);
	alarm(HANG_SECONDS);
	LLVMFuzzerTestOneInput(exact, size);
	alarm(0);
	free(exact);
}

static void replace(size_t at, size_t drop, const void *data, size_t size)
{
	if (at > input_size)
		at = input_size;
	if (drop > input_size - at)
		drop = input_size - at;
	if (input_size - drop + size > INPUT_MAX)
		return;
	memmove(input + at + size, input + at + drop, input_size - at - drop);
	memcpy(input + at, data, size);
	input_size = input_size - drop + size;
}

static void mutate_once(size_t words)
{
	static const uint8_t corners[] = {0x00, 0xff, 0x7f, 0x80, 0x1b, '"', '\\', '{', '[', '\n'};
	size_t at = below(input_size + 1);
	uint8_t byte = (uint8_t)next_random();

	switch (below(7)) {
	case 0:
		if (input_size)
			input[below(input_size)] ^= (uint8_t)(1u << below(8));
		break;
	case 1:
		byte = corners[below(sizeof(corners))];
		replace(at, below(2), &byte, 1);
		break;
	case 2:
		replace(at, 0, &byte, 1);
		break;
	case 3:
		replace(at, below(16), "", 0);
		break;
	case 4:
		if (words) {
			const char *word = fuzz_words[below(words)];

			replace(at, below(4), word, strlen(word));
		}
		break;
	case 5: { /* a piece of another seed */
		const struct fuzz_seed *other = &fuzz_seeds[below(fuzz_seed_count)];
		size_t from = below(other->size), len = below(other->size - from + 1);

		replace(at, below(len + 1), other->data + from, len);
		break;
	}
	default: { /* a piece of itself, again */
		uint8_t copy[256];
		size_t len = below(sizeof(copy)), from = below(input_size + 1);

		if (len > input_size - from)
			len = input_size - from;
		memcpy(copy, input + from, len);
		replace(at, 0, copy, len);
		break;
	}
	}
}

static long setting(const char *name, long fallback)
{
	const char *text = getenv(name);

	return text ? strtol(text, NULL, 10) : fallback;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void short_run(const char *name)
{
	long rounds = setting("FUZZ_ROUNDS", 20000), done = 0;
	int64_t end = now_ms() + setting("FUZZ_MS", 2500);
	size_t words = 0;

	while (fuzz_words[words])
		words++;
	try("", 0);
	for (size_t i = 0; i < fuzz_seed_count; i++) {
		size_t step = fuzz_seeds[i].size / 512 + 1;

		for (size_t cut = 0; cut < fuzz_seeds[i].size; cut += step)
			try(fuzz_seeds[i].data, cut);
		try(fuzz_seeds[i].data, fuzz_seeds[i].size);
	}
	for (; done < rounds && ((done & 63) || now_ms() < end); done++) {
		const struct fuzz_seed *seed = &fuzz_seeds[below(fuzz_seed_count)];

		memcpy(input, seed->data, seed->size);
		input_size = seed->size;
		for (size_t n = 1 + below(6); n > 0; n--)
			mutate_once(words);
		try(input, input_size);
	}
	printf("%s: %zu seeds, %ld mutations\n", name, fuzz_seed_count, done);
}

static int run_file(const char *path)
{
	FILE *f = fopen(path, "rb");

	if (!f) {
		fprintf(stderr, "cannot open %s\n", path);
		return 1;
	}
	input_size = fread(input, 1, sizeof(input), f);
	fclose(f);
	try(input, input_size);
	return 0;
}

static int write_seeds(const char *dir)
{
	mkdir(dir, 0755);
	for (size_t i = 0; i < fuzz_seed_count; i++) {
		char path[600];
		FILE *f;

		snprintf(path, sizeof(path), "%s/seed%zu", dir, i);
		f = fopen(path, "wb");
		if (!f || fwrite(fuzz_seeds[i].data, 1, fuzz_seeds[i].size, f) != fuzz_seeds[i].size)
			return 1;
		fclose(f);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
	const char *build = getenv("PRISM_BUILD");
	const int faults[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGTRAP, SIGALRM};

	if (argc == 3 && strcmp(argv[1], "--seeds") == 0)
		return write_seeds(argv[2]);
	snprintf(crash_path, sizeof(crash_path), "%s/test-logs/%s.crash", build ? build : "build",
	         name);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		signal(faults[i], on_fault);
	if (argc > 1) {
		int bad = 0;

		for (int i = 1; i < argc; i++)
			bad |= run_file(argv[i]);
		return bad;
	}
	short_run(name);
	return 0;
}
