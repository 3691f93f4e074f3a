/* Result archives: any file lists or is refused, and what is not refused stays inside. */
#include "tests/fuzz/fuzz.h"

#include "base/mem.h"
#include "net/zip.h"

#include <fcntl.h>
#include <unistd.h>

/* One stored file "a.txt" with the byte 'x'; the same with the name "../a"; an empty archive. */
#define STORED(name, len)                                                                        \
	"PK\003\004\024\0\0\0\0\0\0\0\0\0\x83\x16\xdc\x8c\001\0\0\0\001\0\0\0" len "\0\0\0" name "x" \
	"PK\001\002\024\003\024\0\0\0\0\0\0\0\0\0\x83\x16\xdc\x8c\001\0\0\0\001\0\0\0" len           \
	"\0\0\0\0\0\0\0\0\0\0\0\xa4\x81\0\0\0\0" name
const struct fuzz_seed fuzz_seeds[] = {
    FUZZ_TEXT(STORED("a.txt", "\005") "PK\005\006\0\0\0\0\001\0\001\0\063\0\0\0\044\0\0\0\0\0"),
    FUZZ_TEXT(STORED("../a", "\004") "PK\005\006\0\0\0\0\001\0\001\0\062\0\0\0\043\0\0\0\0\0"),
    FUZZ_TEXT("PK\005\006\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
    FUZZ_TEXT("not a zip at all"),
};
const size_t fuzz_seed_count = PRISM_COUNT(fuzz_seeds);
const char *const fuzz_words[] = {"PK\001\002", "PK\003\004", "PK\005\006",       "../",
                                  "/",          "\\",         "\xff\xff\xff\xff", NULL};

static bool stays_inside(const char *name)
{
	if (!name[0] || name[0] == '/' || strchr(name, '\\'))
		return false;
	for (const char *part = name; *part; part += strcspn(part, "/"), part += *part == '/') {
		if (strcspn(part, "/") == 2 && part[0] == '.' && part[1] == '.')
			return false;
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char path[64];
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_zip_list list = {0};
	int fd;

	if (!path[0])
		snprintf(path, sizeof(path), "/dev/shm/prism-zip-fuzz-%ld", (long)getpid());
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0)
		return 0;
	FUZZ_ASSERT(write(fd, data, size) == (ssize_t)size);
	close(fd);
	if (net_zip_list(path, &list, &err) == 0) {
		for (size_t i = 0; i < list.count; i++) {
			const char *name = list.entries[i].name;

			FUZZ_ASSERT(name != NULL);
			FUZZ_ASSERT(list.entries[i].refused || stays_inside(name));
		}
		net_zip_list_finish(&list);
	} else {
		FUZZ_ASSERT(err.category != PRISM_ERROR_NONE);
	}
	unlink(path);
	return 0;
}
