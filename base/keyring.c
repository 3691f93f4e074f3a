/* Owns the keyring system calls; there is no libc wrapper and the library adds nothing here. */
#include "base/keyring.h"

#include <errno.h>
#include <string.h>

#ifdef __linux__

#include <sys/syscall.h>
#include <unistd.h>

#include <linux/keyctl.h>

#define TYPE "user"
/* Permission bits, keyctl_setperm(3): the possessor may do everything. Other processes of the user
 * possess the user keyring only where the login program linked it, so for that one the user may do
 * the same; that is what a file of mode 0600 would allow. */
#define POSSESSOR_ALL 0x3f000000u
#define USER_ALL 0x003f0000u

static long ring_id(enum prism_keyring ring)
{
	return ring == PRISM_KEYRING_USER ? KEY_SPEC_USER_KEYRING : KEY_SPEC_SESSION_KEYRING;
}

static int fail(struct prism_error *err, const char *what)
{
	bool none = errno == ENOKEY || errno == EKEYEXPIRED || errno == EKEYREVOKED;
	enum prism_error_category category =
	    none || errno == ENOSYS || errno == EPERM ? PRISM_ERROR_MISSING : PRISM_ERROR_IO;

	return prism_error_raise(err, category, "the kernel keyring: %s: %s", what, strerror(errno));
}

static long find(enum prism_keyring ring, const char *name)
{
	return syscall(SYS_keyctl, KEYCTL_SEARCH, ring_id(ring), TYPE, name, 0L);
}

/* Made in the keyring of this process, which always possesses it and may therefore set its rights,
 * and linked from there: the user keyring is possessed only where the login program linked it. */
int prism_keyring_put(enum prism_keyring ring, const char *name, const struct prism_secret *secret,
                      unsigned lifetime_s, struct prism_error *err)
{
	unsigned perm = POSSESSOR_ALL | (ring == PRISM_KEYRING_USER ? USER_ALL : 0);
	long id = syscall(SYS_add_key, TYPE, name, prism_secret_text(secret), prism_secret_size(secret),
	                  (long)KEY_SPEC_PROCESS_KEYRING);
	int result = 0;

	if (id < 0)
		return fail(err, "nothing can be put there");
	if ((lifetime_s && syscall(SYS_keyctl, KEYCTL_SET_TIMEOUT, id, (long)lifetime_s) < 0) ||
	    syscall(SYS_keyctl, KEYCTL_SETPERM, id, (long)perm) < 0)
		result = fail(err, "its rights cannot be set");
	else if (syscall(SYS_keyctl, KEYCTL_LINK, id, ring_id(ring)) < 0)
		result = fail(err, "nothing can be put there");
	(void)syscall(SYS_keyctl, KEYCTL_UNLINK, id, (long)KEY_SPEC_PROCESS_KEYRING);
	return result;
}

struct prism_secret *prism_keyring_get(enum prism_keyring ring, const char *name,
                                       struct prism_error *err)
{
	struct prism_secret *buffer, *secret;
	long id = find(ring, name), size;

	if (id < 0) {
		fail(err, "nothing is kept");
		return NULL;
	}
	buffer = prism_secret_create(NULL, PRISM_KEYRING_MAX);
	size = syscall(SYS_keyctl, KEYCTL_READ, id, prism_secret_text(buffer), (long)PRISM_KEYRING_MAX);
	if (size < 0 || size > PRISM_KEYRING_MAX) {
		fail(err, "it cannot be read");
		prism_secret_destroy(buffer);
		return NULL;
	}
	secret = prism_secret_create(prism_secret_text(buffer), (size_t)size);
	prism_secret_destroy(buffer);
	return secret;
}

void prism_keyring_forget(enum prism_keyring ring, const char *name)
{
	long id = find(ring, name);

	if (id >= 0)
		(void)syscall(SYS_keyctl, KEYCTL_UNLINK, id, ring_id(ring));
}

#else

static int none(struct prism_error *err)
{
	return prism_error_raise(err, PRISM_ERROR_MISSING, "this system has no kernel keyring");
}

int prism_keyring_put(enum prism_keyring ring, const char *name, const struct prism_secret *secret,
                      unsigned lifetime_s, struct prism_error *err)
{
	return none(err);
}

struct prism_secret *prism_keyring_get(enum prism_keyring ring, const char *name,
                                       struct prism_error *err)
{
	none(err);
	return NULL;
}

void prism_keyring_forget(enum prism_keyring ring, const char *name)
{
}

#endif
