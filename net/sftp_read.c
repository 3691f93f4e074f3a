/*
 * What is looked at and read of a host's files, stage by stage: see sftp_private.h.
 */
#include "net/sftp_private.h"

#include "base/mem.h"

#include <string.h>

/* The server's net_sftp_refusal of what was being done to a path. Returns -1. */
int net_sftp_refusal(struct net_sftp_op *op, const char *what, const char *path)
{
	struct net_sftp *sftp = op->sftp;
	unsigned long code = libssh2_sftp_last_error(sftp->lib);
	int ssh_code = libssh2_session_last_errno(sftp->ssh->session);
	const char *host = net_tunnel_info(sftp->tunnel).hop;

	if (op->failed) /* the first one counts */
		return -1;
	op->failed = true;
	if (ssh_code != LIBSSH2_ERROR_SFTP_PROTOCOL) {
		(void)net_ssh_fatal(sftp->ssh, ssh_code);
		return net_ssh_error(sftp->ssh, &op->err, what);
	}
	switch (code) {
	case LIBSSH2_FX_NO_SUCH_FILE:
	case LIBSSH2_FX_NO_SUCH_PATH:
		return prism_error_raise(&op->err, PRISM_ERROR_MISSING,
		                         "%s %s: there is no such file on %s", what, path, host);
	case LIBSSH2_FX_PERMISSION_DENIED:
	case LIBSSH2_FX_WRITE_PROTECT:
		return prism_error_raise(&op->err, PRISM_ERROR_DENIED, "%s %s: %s does not allow it", what,
		                         path, host);
	case LIBSSH2_FX_NO_SPACE_ON_FILESYSTEM:
	case LIBSSH2_FX_QUOTA_EXCEEDED:
		return prism_error_raise(&op->err, PRISM_ERROR_IO, "%s %s: %s has no room left", what, path,
		                         host);
	default:
		return prism_error_raise(&op->err, PRISM_ERROR_IO, "%s %s: %s refused (SFTP status %lu)",
		                         what, path, host, code);
	}
}

static bool again(struct net_sftp_op *op)
{
	return libssh2_session_last_errno(op->sftp->ssh->session) == LIBSSH2_ERROR_EAGAIN;
}

static void entry_fill(struct net_sftp_entry *entry, const LIBSSH2_SFTP_ATTRIBUTES *a)
{
	bool typed = a->flags & LIBSSH2_SFTP_ATTR_PERMISSIONS;

	entry->mode = typed ? (unsigned)(a->permissions & 07777) : 0;
	entry->regular = typed && LIBSSH2_SFTP_S_ISREG(a->permissions);
	entry->directory = typed && LIBSSH2_SFTP_S_ISDIR(a->permissions);
	entry->size = entry->regular && (a->flags & LIBSSH2_SFTP_ATTR_SIZE) ? a->filesize : 0;
	entry->modified_s = a->flags & LIBSSH2_SFTP_ATTR_ACMODTIME ? (int64_t)a->mtime : -1;
}

int net_sftp_open_handle(struct net_sftp_op *op, const char *path, unsigned long flags, long mode,
                         int type, const char *what)
{
	op->handle =
	    libssh2_sftp_open_ex(op->sftp->lib, path, (unsigned)strlen(path), flags, mode, type);
	if (op->handle)
		return 0;
	return again(op) ? SFTP_AGAIN : net_sftp_refusal(op, what, path);
}

int net_sftp_close_handle(struct net_sftp_op *op)
{
	int rc = op->handle ? libssh2_sftp_close_handle(op->handle) : 0;

	if (rc != SFTP_AGAIN)
		op->handle = NULL;
	return rc == SFTP_AGAIN ? SFTP_AGAIN : 0;
}

int net_sftp_real_path(struct net_sftp_op *op, char **ret, const char *what)
{
	char text[4096];
	int n = libssh2_sftp_realpath(op->sftp->lib, op->path, text, sizeof(text) - 1);

	if (n == SFTP_AGAIN)
		return SFTP_AGAIN;
	if (n < 0)
		return net_sftp_refusal(op, what, op->path);
	*ret = prism_strndup(text, (size_t)n);
	return 0;
}

int net_sftp_do_stat(struct net_sftp_op *op, const char *path, struct net_sftp_entry *entry,
                     const char *what)
{
	LIBSSH2_SFTP_ATTRIBUTES a;
	int rc = libssh2_sftp_stat(op->sftp->lib, path, &a);

	if (rc == SFTP_AGAIN)
		return SFTP_AGAIN;
	if (rc < 0)
		return what ? net_sftp_refusal(op, what, path) : -1;
	entry_fill(entry, &a);
	return 0;
}

static int list_read(struct net_sftp_op *op)
{
	struct net_sftp_answer *answer = &op->answer;
	char name[1024];
	LIBSSH2_SFTP_ATTRIBUTES a;
	int n;

	while ((n = libssh2_sftp_readdir_ex(op->handle, name, sizeof(name) - 1, NULL, 0, &a)) > 0) {
		struct net_sftp_entry *entry;

		name[n] = '\0';
		if (!strcmp(name, ".") || !strcmp(name, ".."))
			continue;
		if (answer->count == NET_SFTP_ENTRIES_MAX) {
			answer->cut = true;
			return 0;
		}
		if (answer->count % 64 == 0)
			answer->entries =
			    prism_realloc_array(answer->entries, answer->count + 64, sizeof(*answer->entries));
		entry = &answer->entries[answer->count++];
		*entry = (struct net_sftp_entry){.name = prism_strdup(name)};
		entry_fill(entry, &a);
		entry->link =
		    (a.flags & LIBSSH2_SFTP_ATTR_PERMISSIONS) && LIBSSH2_SFTP_S_ISLNK(a.permissions);
	}
	return n == SFTP_AGAIN ? SFTP_AGAIN : n < 0 ? net_sftp_refusal(op, "read", op->answer.path) : 0;
}

/* What links lead to. */
static int list_links(struct net_sftp_op *op)
{
	unsigned looked = 0;

	for (; op->link < op->answer.count; op->link++) {
		struct net_sftp_entry *entry = &op->answer.entries[op->link];
		int rc;

		if (!entry->link || looked++ >= NET_SFTP_LINKS_MAX)
			continue;
		PRISM_AUTO_FREE char *path = prism_asprintf("%s/%s", op->answer.path, entry->name);
		rc = net_sftp_do_stat(op, path, entry, NULL);
		if (rc == SFTP_AGAIN)
			return SFTP_AGAIN;
		entry->broken = rc < 0;
	}
	return 1;
}

int net_sftp_step_list(struct net_sftp_op *op)
{
	switch (op->stage) {
	case 0: /* libssh2 mistakes the status of a real path that cannot be told: this one is right */
		return net_sftp_do_stat(op, op->path, &op->answer.entry, "list");
	case 1:
		return net_sftp_real_path(op, &op->answer.path, "list");
	case 2:
		return net_sftp_open_handle(op, op->answer.path, 0, 0, LIBSSH2_SFTP_OPENDIR, "list");
	case 3:
		return list_read(op);
	case 4:
		return net_sftp_close_handle(op);
	default:
		return list_links(op);
	}
}

int net_sftp_step_stat(struct net_sftp_op *op)
{
	int rc = net_sftp_do_stat(op, op->path, &op->answer.entry, "look at");

	return rc == 0 ? 1 : rc;
}

static int read_check(struct net_sftp_op *op)
{
	const struct net_sftp_entry *entry = &op->answer.entry;
	int rc = net_sftp_do_stat(op, op->path, &op->answer.entry, "read");

	if (rc)
		return rc;
	op->failed = !entry->regular || entry->size > op->max;
	if (!entry->regular)
		return prism_error_raise(&op->err, PRISM_ERROR_INVALID, "%s is not a file", op->path);
	if (entry->size > op->max)
		return prism_error_raise(&op->err, PRISM_ERROR_LIMIT, "%s is larger than %zu bytes",
		                         op->path, op->max);
	return 0;
}

static int read_bytes(struct net_sftp_op *op)
{
	char chunk[SFTP_CHUNK];
	ssize_t n;

	while ((n = libssh2_sftp_read(op->handle, chunk, sizeof(chunk))) > 0) {
		if (prism_buf_append(&op->answer.bytes, chunk, (size_t)n, &op->err) < 0) {
			op->failed = true;
			return -1;
		}
	}
	return n == SFTP_AGAIN ? SFTP_AGAIN : n < 0 ? net_sftp_refusal(op, "read", op->path) : 0;
}

int net_sftp_step_read(struct net_sftp_op *op)
{
	switch (op->stage) {
	case 0:
		return read_check(op);
	case 1:
		return net_sftp_open_handle(op, op->path, LIBSSH2_FXF_READ, 0, LIBSSH2_SFTP_OPENFILE,
		                            "read");
	case 2:
		return read_bytes(op);
	case 3:
		return net_sftp_close_handle(op);
	default:
		return 1;
	}
}
