/* Policy files: see policy_file.h. */
#include "core/policy_file.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PRINTED_MAX (4u * CORE_POLICY_MAX) /* the official form is indented */
#define VALUE_MAX 4096u                    /* of a file that holds one value */

/* A second name for what the file is now: atomic, and it fails when there is one already. Where the
 * file system knows no such thing, a copy. */
static int keep_original(const char *path, mode_t mode, bool *ret_kept, struct prism_error *err)
{
	PRISM_AUTO_FREE char *original = prism_asprintf("%s.orig", path);
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(CORE_POLICY_MAX);

	*ret_kept = false;
	if (linkat(AT_FDCWD, path, AT_FDCWD, original, AT_SYMLINK_FOLLOW) == 0) {
		*ret_kept = true;
		return 0;
	}
	if (errno == EEXIST || errno == ENOENT)
		return 0;
	if (access(original, F_OK) == 0)
		return 0;
	if (prism_file_read(path, CORE_POLICY_MAX, &bytes, err) < 0 ||
	    prism_file_write(original, prism_buf_text(&bytes), bytes.len, mode, err) < 0)
		return prism_error_wrap(err, "keep the original of %s", path);
	*ret_kept = true;
	return 0;
}

int core_policy_save(const struct core_policy *policy, const char *path, bool *ret_kept,
                     struct prism_error *err)
{
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(PRINTED_MAX);
	struct stat st;
	mode_t mode = stat(path, &st) == 0 ? st.st_mode & 0777 : 0644;
	bool kept;

	if (core_policy_print(policy, &out, err) < 0 || keep_original(path, mode, &kept, err) < 0 ||
	    prism_file_write(path, out.data, out.len, mode, err) < 0)
		return -1;
	if (ret_kept)
		*ret_kept = kept;
	return 0;
}

static char *value_of_file(const char *name, size_t size, struct prism_error *err)
{
	PRISM_AUTO_FREE char *path = prism_path_expand(name);
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(VALUE_MAX);
	uint8_t value[64];

	if (prism_file_read(path, VALUE_MAX, &bytes, err) < 0)
		return NULL;
	if (bytes.len == size)
		return prism_base64_encode(bytes.data, bytes.len);
	while (bytes.len && strchr(" \t\r\n", bytes.data[bytes.len - 1]))
		bytes.data[--bytes.len] = '\0';
	if (core_policy_decode(prism_buf_text(&bytes), size, value, err) < 0) {
		prism_error_wrap(err, "%s", path);
		return NULL;
	}
	return prism_base64_encode(value, size);
}

char *core_policy_value(const char *text, size_t size, struct prism_error *err)
{
	uint8_t value[64];

	if (*text == '@')
		return value_of_file(text + 1, size, err);
	if (core_policy_decode(text, size, value, err) < 0)
		return NULL;
	return prism_base64_encode(value, size);
}
