/*
 * Owns the two system calls behind restricted mode and the list of allowed directories.
 */
#include "base/confine.h"

#include "base/file.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct { /* set once at the start, read ever after */
	struct prism_confine_rule *rules;
	size_t count;
	unsigned parts;
} confined;

unsigned prism_confined(void)
{
	return confined.parts;
}

/* ---- the question ---- */

static bool below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	while (len > 1 && dir[len - 1] == '/')
		len--;
	return len == 1 || (!strncmp(path, dir, len) && (path[len] == '/' || !path[len]));
}

/* The path with links resolved; of one that does not exist yet, its directory's. */
static char *resolved(const char *path)
{
	char *whole = realpath(path, NULL);
	const char *slash = strrchr(path, '/');
	PRISM_AUTO_FREE char *dir = NULL, *real_dir = NULL;
	struct stat st;

	if (whole)
		return whole;
	if (lstat(path, &st) == 0)
		return NULL; /* a link that leads nowhere, and perhaps out */
	dir =
	    slash ? prism_strndup(path, slash > path ? (size_t)(slash - path) : 1) : prism_strdup(".");
	real_dir = realpath(dir, NULL);
	return real_dir ? prism_path_join(real_dir, slash ? slash + 1 : path) : NULL;
}

static bool allowed(const char *path, bool write)
{
	for (size_t i = 0; i < confined.count; i++) {
		const struct prism_confine_rule *rule = &confined.rules[i];

		if (rule->access != PRISM_CONFINE_ASIDE && rule->access != PRISM_CONFINE_KEPT &&
		    (!write || rule->access == PRISM_CONFINE_WRITE) && below(path, rule->path))
			return true;
	}
	return false;
}

int prism_confine_allows(const char *path, bool write, struct prism_error *err)
{
	PRISM_AUTO_FREE char *real = confined.parts ? resolved(path) : NULL;
	PRISM_AUTO_BUF struct prism_buf list = PRISM_BUF_INIT(4096);

	if (!confined.parts || (real && allowed(real, write)))
		return 0;
	for (size_t i = 0; i < confined.count; i++)
		if (confined.rules[i].access == PRISM_CONFINE_WRITE)
			prism_buf_printf(&list, "%s%s", list.len ? ", " : "", confined.rules[i].path);
	prism_error_raise(err, PRISM_ERROR_DENIED, "%s: restricted mode does not go there", path);
	prism_error_hint(err, "allowed: %s; restricted_dirs names others", prism_buf_text(&list));
	return -1;
}

static void remember(const struct prism_confine_rule *rules, size_t count)
{
	confined.rules = prism_alloc_array(count ? count : 1, sizeof(*rules));
	for (size_t i = 0; i < count; i++) {
		char *real = realpath(rules[i].path, NULL);

		if (real)
			confined.rules[confined.count++] = (struct prism_confine_rule){real, rules[i].access};
	}
	confined.parts = PRISM_CONFINED;
}

#ifdef __linux__

#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>

#ifndef O_PATH /* declared with _GNU_SOURCE only; the value of asm-generic/fcntl.h */
#define O_PATH 010000000
#endif

/* ---- files: landlock(7) ---- */

#define READ_FILE LANDLOCK_ACCESS_FS_READ_FILE
#define READ_DIR (READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITE_FILE (READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE)
#define WRITE_DIR                                                                               \
	(READ_DIR | WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |   \
	 LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | \
	 LANDLOCK_ACCESS_FS_MAKE_SYM)
/* Rights of the first version; later ones are added when the kernel knows them. */
#define HANDLED                                                              \
	(WRITE_DIR | LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR | \
	 LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK)
/* Not in the headers of older systems: version 2, moving between directories; version 3,
 * truncating. */
#define ACCESS_REFER (1ull << 13)
#define ACCESS_TRUNCATE (1ull << 14)

static uint64_t later_rights(long version)
{
	return (version >= 2 ? ACCESS_REFER : 0) | (version >= 3 ? ACCESS_TRUNCATE : 0);
}

static int add_rule(int ruleset, const struct prism_confine_rule *rule, long version,
                    struct prism_error *err)
{
	PRISM_AUTO_FD int fd = open(rule->path, O_PATH | O_CLOEXEC);
	struct landlock_path_beneath_attr beneath = {.parent_fd = fd};
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		return 0; /* it does not exist: nothing to allow */
	if (rule->access == PRISM_CONFINE_WRITE || rule->access == PRISM_CONFINE_KEPT)
		beneath.allowed_access = S_ISDIR(st.st_mode)
		                             ? WRITE_DIR | later_rights(version)
		                             : WRITE_FILE | (later_rights(version) & ACCESS_TRUNCATE);
	else
		beneath.allowed_access = S_ISDIR(st.st_mode) ? READ_DIR : READ_FILE;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) == 0)
		return 0;
	return prism_error_raise(err, PRISM_ERROR_IO, "restricted mode: %s: %s", rule->path,
	                         strerror(errno));
}

static int confine_files(struct prism_error *err)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct landlock_ruleset_attr attr = {.handled_access_fs = HANDLED | later_rights(version)};

	if (version < 1)
		return 0; /* a kernel without it, or one that was started without it */
	/* The structure may be longer than this kernel's; it takes what is not zero beyond as refusal.
	 */
	PRISM_AUTO_FD int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (ruleset < 0)
		return prism_error_raise(err, PRISM_ERROR_IO, "restricted mode: Landlock: %s",
		                         strerror(errno));
	for (size_t i = 0; i < confined.count; i++)
		if (add_rule(ruleset, &confined.rules[i], version, err) < 0)
			return -1;
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		return prism_error_raise(err, PRISM_ERROR_IO, "restricted mode: Landlock: %s",
		                         strerror(errno));
	confined.parts |= PRISM_CONFINED_FILES;
	return 0;
}

/* ---- system calls: seccomp(2) ---- */

#if defined(__x86_64__)
#define THIS_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define THIS_ARCH AUDIT_ARCH_AARCH64
#endif

/* Newer than the headers of some systems; the numbers are the same everywhere since Linux 5.1. */
#ifndef SYS_open_tree
#define SYS_open_tree 428
#define SYS_move_mount 429
#define SYS_fsopen 430
#define SYS_fsconfig 431
#define SYS_fsmount 432
#define SYS_fspick 433
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif

#ifdef THIS_ARCH

#define REFUSE BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define NUMBER_IS(call) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##call, 0, 1), REFUSE

static int confine_calls(struct prism_error *err)
{
	static struct sock_filter filter[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
	    /* Another calling convention has other numbers: all of it is refused. */
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, THIS_ARCH, 1, 0),
	    REFUSE,
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
#ifdef __x86_64__
	    /* x32 shares the architecture and sets this bit of the number. */
	    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000u, 0, 1),
	    REFUSE,
#endif
	    NUMBER_IS(execve),
	    NUMBER_IS(execveat),
	    NUMBER_IS(ptrace),
	    NUMBER_IS(process_vm_readv),
	    NUMBER_IS(process_vm_writev),
	    NUMBER_IS(pidfd_getfd),
	    NUMBER_IS(mount),
	    NUMBER_IS(umount2),
	    NUMBER_IS(open_tree),
	    NUMBER_IS(move_mount),
	    NUMBER_IS(fsopen),
	    NUMBER_IS(fsconfig),
	    NUMBER_IS(fsmount),
	    NUMBER_IS(fspick),
	    NUMBER_IS(mount_setattr),
	    NUMBER_IS(pivot_root),
	    NUMBER_IS(chroot),
	    NUMBER_IS(unshare),
	    NUMBER_IS(setns),
	    NUMBER_IS(bpf),
	    NUMBER_IS(perf_event_open),
	    NUMBER_IS(kexec_load),
	    NUMBER_IS(kexec_file_load),
	    NUMBER_IS(init_module),
	    NUMBER_IS(finit_module),
	    NUMBER_IS(delete_module),
	    NUMBER_IS(reboot),
	    NUMBER_IS(swapon),
	    NUMBER_IS(swapoff),
	    ALLOW,
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0) {
		confined.parts |= PRISM_CONFINED_CALLS;
		return 0;
	}
	if (errno == EINVAL || errno == ENOSYS)
		return 0; /* a kernel without filters */
	return prism_error_raise(err, PRISM_ERROR_IO, "restricted mode: seccomp: %s", strerror(errno));
}

#else

static int confine_calls(struct prism_error *err)
{
	return 0;
}

#endif

static int confine_now(bool calls, struct prism_error *err)
{
	/* Asked for by both: without it, a set-user-ID program would get out. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return prism_error_raise(err, PRISM_ERROR_IO, "restricted mode: %s", strerror(errno));
	if (confine_files(err) < 0)
		return -1;
	return calls ? confine_calls(err) : 0;
}

#else

static int confine_now(bool calls, struct prism_error *err)
{
	return 0;
}

#endif

int prism_confine(const struct prism_confine_rule *rules, size_t count, bool calls,
                  struct prism_error *err)
{
	remember(rules, count);
	return confine_now(calls, err);
}
