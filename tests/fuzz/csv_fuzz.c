/* base/csv and core/bundle_csv: any bytes are rows or a fault with its place. */
#include "tests/fuzz/fuzz.h"

#include "base/csv.h"
#include "base/mem.h"
#include "core/bundle_csv.h"

#include <string.h>

const struct fuzz_seed fuzz_seeds[] = {
    FUZZ_TEXT("name,description,attested_tls,viewers,assets\nOne,\"a,\n\"\"b\"\"\",yes,u1;u2,i1\n"),
    FUZZ_TEXT("\xef\xbb\xbfname\r\n=SUM(A1)\r\n"),
    FUZZ_TEXT("name,start_time,end_time,cert_file\na,x,y,\"-----BEGIN X-----\n-----END X-----\"\n"),
    FUZZ_TEXT("name;description\na;b\n"),
};
const size_t fuzz_seed_count = PRISM_COUNT(fuzz_seeds);
const char *const fuzz_words[] = {"name", "\"\"", "\"\n", ",,,,,,,,", "\r\n", "owner", ";", NULL};

static void read_row(const struct core_csv_header *header, const struct prism_csv_row *row)
{
	struct core_problems problems;

	core_problems_init(&problems);
	cJSON *bundle = core_csv_bundle(header, row, "/nonexistent", 0, &problems);
	(void)core_bundle_check(bundle, 0, &problems);
	prism_json_free(bundle);
	core_problems_finish(&problems);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct prism_source_memory memory = {(const char *)data, size, 0, size % 5};
	struct prism_csv *csv = prism_csv_create(prism_source_memory, &memory, 4096, 0, 1);
	struct core_csv_header *header = NULL;
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_problems problems;
	struct prism_csv_row row;
	int got;

	core_problems_init(&problems);
	while ((got = prism_csv_next(csv, &row, &err)) > 0) {
		FUZZ_ASSERT(row.count >= 1 && row.count <= PRISM_CSV_COLUMNS);
		if (header)
			read_row(header, &row);
		else if (!(header = core_csv_header_create(&row, &problems, &err)))
			break;
	}
	FUZZ_ASSERT(got >= 0 || !strncmp(err.message, "line ", 5));
	core_csv_header_destroy(header);
	core_problems_finish(&problems);
	prism_csv_destroy(csv);
	return 0;
}
