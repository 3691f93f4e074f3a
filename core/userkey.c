/*
 * Owns: key pairs on disk and which computation uses which.  What a key is, and its forms, is
 * net/key.c's business; registering its public half with a computation is core/key.c's.
 *
 * Making a pair: the final names are reserved first (O_EXCL, empty), so that two programs cannot
 * both win; then each file is written beside it and renamed over the reservation.  A failure
 * takes the reservations back.
 */
#include "core/userkey.h"

#include "base/file.h"
#include "base/list.h"
#include "base/text.h"
#include "core/pem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_FILE_CAP 65536
#define BINDINGS_CAP (1u << 20)
#define BINDINGS_FILE "bindings"

struct binding {
	struct prism_list node;
	char *scope, *id, *path;
};

struct core_userkeys {
	struct prism_loop *loop;
	struct prism_work *work;
	char *dir;
	struct prism_list bindings, jobs;
	bool bindings_loaded;
};

struct generation {
	struct prism_list node;
	struct core_userkeys *keys; /* NULL once they are destroyed: nobody is told */
	enum net_key_kind kind;
	char *private_path, *public_path;
	struct prism_secret *passphrase;
	bool overwrite, ok;
	struct prism_cancel *cancel;
	struct core_userkey_info info;
	struct prism_error error;
	core_userkey_done_fn done;
	void *data;
};

/* ---- describing key files ---- */

static bool ends_with(const char *text, const char *end)
{
	size_t a = strlen(text), b = strlen(end);

	return a >= b && !strcmp(text + a - b, end);
}

/* NAME.pub.pem beside NAME.pem; public.pem beside private.pem (cocos-cli). Yours. */
static char *public_path_of(const char *private_path)
{
	size_t len = strlen(private_path);

	if (!strcmp(prism_path_base(private_path), "private.pem"))
		return prism_asprintf("%.*spublic.pem", (int)(len - strlen("private.pem")), private_path);
	if (ends_with(private_path, ".pem"))
		return prism_asprintf("%.*s.pub.pem", (int)(len - strlen(".pem")), private_path);
	return prism_asprintf("%s.pub.pem", private_path);
}

void core_userkey_info_finish(struct core_userkey_info *info)
{
	if (!info)
		return;
	prism_free(info->name);
	prism_free(info->private_path);
	prism_free(info->public_path);
	prism_free(info->description);
	*info = (struct core_userkey_info){0};
}

/* Fingerprint and kind from the public file, for a private one that a passphrase protects. */
static void describe_by_public(struct core_userkey_info *info)
{
	struct prism_error ignored = PRISM_ERROR_INIT;
	struct prism_buf text = PRISM_BUF_INIT(KEY_FILE_CAP);
	struct net_key *key = NULL;

	info->description = NULL;
	if (info->public_path && prism_file_read(info->public_path, KEY_FILE_CAP, &text, &ignored) == 0)
		key = net_key_read_public(prism_buf_text(&text), text.len, &ignored);
	if (key) {
		PRISM_AUTO_FREE char *kind = net_key_describe(key);

		info->description = prism_asprintf("%s, encrypted", kind);
		if (net_key_fingerprint(key, info->fingerprint, &ignored) < 0)
			info->fingerprint[0] = 0;
	} else {
		info->description = prism_strdup("encrypted");
	}
	net_key_destroy(key);
	prism_buf_finish(&text);
}

int core_userkey_inspect(const char *path, struct core_userkey_info *ret, struct prism_error *err)
{
	struct core_userkey_info info = {0};
	struct prism_error why = PRISM_ERROR_INIT;
	struct net_key *key;
	struct stat st;
	const char *base = prism_path_base(path);

	if (stat(path, &st) < 0)
		return prism_error_errno(err, errno, "key file %s", path);
	key = net_key_read_private_file(path, NULL, &why);
	if (!key && why.category != PRISM_ERROR_AUTH) {
		prism_error_copy(err, &why);
		return -1;
	}
	info.name = prism_strndup(base, strlen(base) - (ends_with(base, ".pem") ? 4 : 0));
	info.private_path = prism_strdup(path);
	info.public_path = public_path_of(path);
	info.mode = st.st_mode & 07777;
	info.mtime_us = (int64_t)st.st_mtim.tv_sec * 1000000 + st.st_mtim.tv_nsec / 1000;
	if (access(info.public_path, R_OK) < 0) {
		prism_free(info.public_path);
		info.public_path = NULL;
	}
	if (key) {
		info.description = net_key_describe(key);
		if (net_key_fingerprint(key, info.fingerprint, &why) < 0)
			info.fingerprint[0] = 0;
	} else {
		describe_by_public(&info);
	}
	net_key_destroy(key);
	*ret = info;
	return 0;
}

void core_userkey_list_finish(struct core_userkey_list *list)
{
	if (!list)
		return;
	for (size_t i = 0; i < list->count; i++)
		core_userkey_info_finish(&list->keys[i]);
	prism_free(list->keys);
	*list = (struct core_userkey_list){0};
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct core_userkey_info *)a)->name,
	              ((const struct core_userkey_info *)b)->name);
}

int core_userkeys_list(const struct core_userkeys *keys, struct core_userkey_list *ret,
                       struct prism_error *err)
{
	struct core_userkey_list list = {0};
	DIR *dir = opendir(keys->dir);
	struct dirent *entry;

	if (!dir && errno != ENOENT)
		return prism_error_errno(err, errno, "key directory %s", keys->dir);
	while (dir && (entry = readdir(dir))) {
		PRISM_AUTO_FREE char *path = prism_path_join(keys->dir, entry->d_name);
		struct core_userkey_info info;
		struct prism_error ignored = PRISM_ERROR_INIT;

		if (entry->d_name[0] == '.' || !ends_with(entry->d_name, ".pem") ||
		    ends_with(entry->d_name, ".pub.pem") || !strcmp(entry->d_name, "public.pem") ||
		    core_userkey_inspect(path, &info, &ignored) < 0)
			continue; /* other files may lie there */
		list.keys = prism_realloc_array(list.keys, list.count + 1, sizeof(*list.keys));
		list.keys[list.count++] = info;
	}
	if (dir)
		closedir(dir);
	if (list.count)
		qsort(list.keys, list.count, sizeof(*list.keys), by_name);
	*ret = list;
	return 0;
}

char *core_userkey_public_base64(const char *path, const struct prism_secret *passphrase,
                                 struct prism_error *err)
{
	struct prism_buf text = PRISM_BUF_INIT(KEY_FILE_CAP), der = PRISM_BUF_INIT(KEY_FILE_CAP);
	struct prism_error why = PRISM_ERROR_INIT;
	struct net_key *key = NULL;
	char *out = NULL;

	if (prism_file_read(path, KEY_FILE_CAP, &text, err) < 0)
		return NULL;
	if (strstr(prism_buf_text(&text), "PRIVATE KEY"))
		key = net_key_read_private(prism_buf_text(&text), text.len, passphrase, &why);
	else
		key = net_key_read_public(prism_buf_text(&text), text.len, &why);
	prism_buf_wipe(&text);
	if (!key) {
		prism_error_copy(err, &why);
		(void)prism_error_wrap(err, "key file %s: %.200s", path, why.message);
	} else if (net_key_public_der(key, &der, err) == 0) {
		out = prism_base64_encode(der.data, der.len);
	}
	net_key_destroy(key);
	prism_buf_finish(&der);
	return out;
}

/* First PEM block only, two labels, no passphrase (reference agent.md section 5). */
static const char *official_fault(const struct core_pem *pem, bool is_private, bool encrypted)
{
	static const char *const taken[] = {"PRIVATE KEY", "EC PRIVATE KEY"};

	if (!is_private)
		return "";
	if (encrypted)
		return "it knows no passphrases";
	if (!pem->kept)
		return "it is no PEM text";
	for (size_t i = 0; i < PRISM_COUNT(taken); i++)
		if (!strcmp(pem->block[0].label, taken[i]))
			return "";
	return pem->block[0].kind == CORE_PEM_PARAMETERS
	           ? "it reads the first block only, which holds parameters"
	           : "it knows the labels PRIVATE KEY and EC PRIVATE KEY only";
}

static void add_public(struct core_userkey_facts *facts, const struct net_key *key)
{
	PRISM_AUTO_BUF struct prism_buf pem = PRISM_BUF_INIT(KEY_FILE_CAP);
	PRISM_AUTO_BUF struct prism_buf der = PRISM_BUF_INIT(KEY_FILE_CAP);
	struct prism_error ignored = PRISM_ERROR_INIT;

	facts->description = net_key_describe(key);
	if (net_key_fingerprint(key, facts->fingerprint, &ignored) < 0)
		facts->fingerprint[0] = 0;
	if (net_key_public_pem(key, &pem, &ignored) == 0)
		facts->public_pem = prism_strdup(prism_buf_text(&pem));
	if (net_key_public_der(key, &der, &ignored) == 0)
		facts->public_base64 = prism_base64_encode(der.data, der.len);
}

/* The public file beside an encrypted one, when there is one. */
static struct net_key *public_beside(const char *path)
{
	PRISM_AUTO_FREE char *beside = public_path_of(path);
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(KEY_FILE_CAP);

	if (prism_file_read(beside, KEY_FILE_CAP, &text, NULL) < 0)
		return NULL;
	return net_key_read_public(prism_buf_text(&text), text.len, NULL);
}

static int read_facts(const char *path, const struct prism_buf *text,
                      const struct prism_secret *passphrase, struct core_userkey_facts *facts,
                      struct prism_error *err)
{
	struct core_pem pem;
	struct prism_error why = PRISM_ERROR_INIT;
	struct net_key *key;

	core_pem_scan(prism_buf_text(text), text->len, &pem);
	facts->is_private = strstr(prism_buf_text(text), "PRIVATE KEY") != NULL;
	if (!facts->is_private) {
		key = net_key_read_public(prism_buf_text(text), text->len, err);
	} else {
		key = net_key_read_private(prism_buf_text(text), text->len, passphrase, &why);
		facts->opened = key != NULL;
		facts->encrypted = pem.of_kind[CORE_PEM_ENCRYPTED_KEY] > 0;
		if (!key && (why.category != PRISM_ERROR_AUTH || passphrase))
			prism_error_copy(err, &why);
		else if (!key)
			key = public_beside(path);
	}
	facts->official = official_fault(&pem, facts->is_private, facts->encrypted);
	if (key)
		add_public(facts, key);
	net_key_destroy(key);
	return key || (facts->encrypted && !passphrase) ? 0 : -1;
}

int core_userkey_facts(const char *path, const struct prism_secret *passphrase,
                       struct core_userkey_facts *ret, struct prism_error *err)
{
	struct core_userkey_facts facts = {0};
	struct prism_buf text = PRISM_BUF_INIT(KEY_FILE_CAP);
	struct stat st;
	int rc = prism_file_read(path, KEY_FILE_CAP, &text, err);

	if (rc == 0 && stat(path, &st) == 0)
		facts.mode = st.st_mode & 07777;
	if (rc == 0 && read_facts(path, &text, passphrase, &facts, err) < 0)
		rc = prism_error_wrap(err, "key file %s cannot be read", path);
	prism_buf_wipe(&text);
	char **texts[] = {&facts.description, &facts.public_pem, &facts.public_base64};
	for (size_t i = 0; i < PRISM_COUNT(texts); i++)
		if (!*texts[i])
			*texts[i] = prism_strdup("");
	if (rc == 0)
		*ret = facts;
	else
		core_userkey_facts_finish(&facts);
	return rc;
}

void core_userkey_facts_finish(struct core_userkey_facts *facts)
{
	prism_free(facts->description);
	prism_free(facts->public_pem);
	prism_free(facts->public_base64);
	*facts = (struct core_userkey_facts){0};
}

bool core_userkey_same(const char *public_base64, const char *registered)
{
	struct prism_error ignored = PRISM_ERROR_INIT;
	char a[64], b[64];
	struct net_key *ours, *theirs;
	bool same;

	if (!public_base64 || !registered || !*registered)
		return false;
	ours = net_key_read_public(public_base64, strlen(public_base64), &ignored);
	theirs = net_key_read_public(registered, strlen(registered), &ignored);
	same = ours && theirs && net_key_fingerprint(ours, a, &ignored) == 0 &&
	       net_key_fingerprint(theirs, b, &ignored) == 0 && !strcmp(a, b);
	net_key_destroy(ours);
	net_key_destroy(theirs);
	return same;
}

/* ---- making a pair, on a worker ---- */

static int reserve(const char *path, bool overwrite, bool *ret_reserved, struct prism_error *err)
{
	int fd;

	*ret_reserved = false;
	if (overwrite)
		return 0;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0) {
		close(fd);
		*ret_reserved = true;
		return 0;
	}
	if (errno != EEXIST)
		return prism_error_errno(err, errno, "create %s", path);
	prism_error_raise(err, PRISM_ERROR_CONFLICT, "%s exists already", path);
	prism_error_hint(err, "choose another name; a key that is in use should not be replaced");
	return -1;
}

static int save_pair(struct generation *g, const struct net_key *key, struct prism_error *err)
{
	struct prism_buf secret = PRISM_BUF_INIT(KEY_FILE_CAP),
	                 open_half = PRISM_BUF_INIT(KEY_FILE_CAP);
	bool private_reserved = false, public_reserved = false;
	int rc = -1;

	if (net_key_private_pem(key, g->passphrase, &secret, err) < 0 ||
	    net_key_public_pem(key, &open_half, err) < 0 ||
	    reserve(g->private_path, g->overwrite, &private_reserved, err) < 0 ||
	    reserve(g->public_path, g->overwrite, &public_reserved, err) < 0)
		goto out;
	rc = prism_file_write(g->private_path, secret.data, secret.len, 0600, err);
	if (rc == 0) {
		private_reserved = false;
		rc = prism_file_write(g->public_path, open_half.data, open_half.len, 0644, err);
		public_reserved = public_reserved && rc < 0;
	}
out:
	if (private_reserved)
		(void)unlink(g->private_path);
	if (public_reserved)
		(void)unlink(g->public_path);
	prism_buf_wipe(&secret);
	prism_buf_finish(&open_half);
	return rc;
}

static int make_parent(const char *path, struct prism_error *err)
{
	const char *base = prism_path_base(path);
	PRISM_AUTO_FREE char *dir = prism_strndup(path, (size_t)(base - path));

	return *dir ? prism_file_mkdirs(dir, 0700, err) : 0;
}

static void run_generation(void *data)
{
	struct generation *g = data;
	struct net_key *key;

	if (make_parent(g->private_path, &g->error) < 0 || make_parent(g->public_path, &g->error) < 0)
		return;
	key = net_key_generate(g->kind, &g->error);
	if (!key)
		return;
	if (prism_cancel_fired(g->cancel))
		(void)prism_error_raise(&g->error, PRISM_ERROR_CANCELLED, "cancelled");
	else
		g->ok = save_pair(g, key, &g->error) == 0;
	if (g->ok) {
		struct core_userkey_info *info = &g->info;

		info->name = prism_strndup(prism_path_base(g->private_path),
		                           strlen(prism_path_base(g->private_path)) -
		                               (ends_with(g->private_path, ".pem") ? 4 : 0));
		info->private_path = prism_strdup(g->private_path);
		info->public_path = prism_strdup(g->public_path);
		info->description = net_key_describe(key);
		info->mode = 0600;
		info->mtime_us = prism_clock_wall_us(prism_clock_system());
		g->ok = net_key_fingerprint(key, info->fingerprint, &g->error) == 0;
	}
	net_key_destroy(key);
}

static void end_generation(void *data, bool cancelled)
{
	struct generation *g = data;

	/* A pair that is on disk is told of, even when the wish came too late. */
	if (!g->ok && g->error.category == PRISM_ERROR_NONE)
		(void)prism_error_raise(&g->error, cancelled ? PRISM_ERROR_CANCELLED : PRISM_ERROR_INTERNAL,
		                        "cancelled");
	prism_list_remove(&g->node);
	if (g->keys)
		g->done(g->data, g->ok ? &g->info : NULL, g->ok ? NULL : &g->error);
	core_userkey_info_finish(&g->info);
	prism_secret_destroy(g->passphrase);
	prism_cancel_unref(g->cancel);
	prism_free(g->private_path);
	prism_free(g->public_path);
	prism_free(g);
}

static int choose_paths(const struct core_userkeys *keys, const struct core_userkey_spec *spec,
                        struct generation *g, struct prism_error *err)
{
	PRISM_AUTO_FREE char *private_name = NULL, *public_name = NULL;

	if (spec->private_path) {
		if (!*spec->private_path || !spec->public_path || !*spec->public_path ||
		    !strcmp(spec->private_path, spec->public_path))
			return prism_error_raise(err, PRISM_ERROR_INVALID, "a key pair needs two file names");
		g->private_path = prism_path_expand(spec->private_path);
		g->public_path = prism_path_expand(spec->public_path);
		return 0;
	}
	if (!spec->name || !prism_path_safe_name(spec->name) || spec->name[0] == '.' ||
	    strlen(spec->name) > 100 || strpbrk(spec->name, " \t") || ends_with(spec->name, ".pub")) {
		prism_error_raise(err, PRISM_ERROR_INVALID, "the name of a key cannot be \"%.100s\"",
		                  spec->name ? spec->name : "");
		prism_error_hint(err, "up to 100 letters, digits, dots and dashes, without spaces");
		return -1;
	}
	private_name = prism_asprintf("%s.pem", spec->name);
	public_name = prism_asprintf("%s.pub.pem", spec->name);
	g->private_path = prism_path_join(keys->dir, private_name);
	g->public_path = prism_path_join(keys->dir, public_name);
	return 0;
}

int core_userkeys_generate(struct core_userkeys *keys, const struct core_userkey_spec *spec,
                           struct prism_cancel *cancel, core_userkey_done_fn done, void *data,
                           struct prism_error *err)
{
	struct generation *g = prism_alloc(sizeof(*g));

	if (choose_paths(keys, spec, g, err) < 0) {
		prism_free(g);
		return -1;
	}
	g->keys = keys;
	g->kind = spec->kind;
	g->overwrite = spec->overwrite;
	if (spec->passphrase)
		g->passphrase = prism_secret_create(prism_secret_text(spec->passphrase),
		                                    prism_secret_size(spec->passphrase));
	g->cancel = cancel ? prism_cancel_ref(cancel) : NULL;
	g->done = done;
	g->data = data;
	prism_list_append(&keys->jobs, &g->node);
	prism_work_submit(keys->work, cancel, run_generation, end_generation, g);
	return 0;
}

/* ---- bindings ---- */

static void binding_free(struct binding *b)
{
	prism_list_remove(&b->node);
	prism_free(b->scope);
	prism_free(b->id);
	prism_free(b->path);
	prism_free(b);
}

static void binding_add(struct core_userkeys *keys, const char *scope, const char *id,
                        const char *path)
{
	struct binding *b = prism_alloc(sizeof(*b));

	b->scope = prism_strdup(scope);
	b->id = prism_strdup(id);
	b->path = prism_strdup(path);
	prism_list_append(&keys->bindings, &b->node);
}

static struct binding *binding_find(const struct core_userkeys *keys, const char *scope,
                                    const char *id)
{
	PRISM_LIST_EACH (&keys->bindings, node, next) {
		struct binding *b = PRISM_CONTAINER(node, struct binding, node);

		if (!strcmp(b->scope, scope) && !strcmp(b->id, id))
			return b;
	}
	return NULL;
}

/* A line that is not "scope id path" is dropped: the file is ours, and only a convenience. */
static void load_line(struct core_userkeys *keys, char *line)
{
	char *id = strchr(line, ' '), *path = id ? strchr(id + 1, ' ') : NULL;

	if (!path || id == line || path == id + 1 || !path[1])
		return;
	*id++ = 0;
	*path++ = 0;
	if (!binding_find(keys, line, id))
		binding_add(keys, line, id, path);
}

static void load_bindings(struct core_userkeys *keys)
{
	PRISM_AUTO_FREE char *path = prism_path_join(keys->dir, BINDINGS_FILE);
	struct prism_buf text = PRISM_BUF_INIT(BINDINGS_CAP);
	struct prism_error ignored = PRISM_ERROR_INIT;
	char *line, *end;

	if (keys->bindings_loaded)
		return;
	keys->bindings_loaded = true;
	if (prism_file_read(path, BINDINGS_CAP, &text, &ignored) == 0 && text.len) {
		for (line = text.data; (end = strchr(line, '\n')); line = end + 1) {
			*end = 0;
			load_line(keys, line);
		}
	}
	prism_buf_finish(&text);
}

static int save_bindings(const struct core_userkeys *keys, struct prism_error *err)
{
	PRISM_AUTO_FREE char *path = prism_path_join(keys->dir, BINDINGS_FILE);
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(BINDINGS_CAP);

	PRISM_LIST_EACH (&keys->bindings, node, next) {
		struct binding *b = PRISM_CONTAINER(node, struct binding, node);
		PRISM_AUTO_FREE char *line = prism_asprintf("%s %s %s\n", b->scope, b->id, b->path);

		if (prism_buf_append(&text, line, strlen(line), err) < 0)
			return -1;
	}
	if (prism_file_mkdirs(keys->dir, 0700, err) < 0)
		return -1;
	return prism_file_write(path, prism_buf_text(&text), text.len, 0600, err);
}

const char *core_userkeys_bound(const struct core_userkeys *keys, const char *scope, const char *id)
{
	struct binding *b;

	/* reading the file is not a change anybody could see */
	load_bindings((struct core_userkeys *)(uintptr_t)keys);
	b = binding_find(keys, scope, id);
	return b ? b->path : NULL;
}

static bool same_key(const char *a, const char *b)
{
	struct core_userkey_facts x = {0}, y = {0};
	bool same = !strcmp(a, b);

	if (!same && core_userkey_facts(a, NULL, &x, NULL) == 0 &&
	    core_userkey_facts(b, NULL, &y, NULL) == 0)
		same = *x.fingerprint && !strcmp(x.fingerprint, y.fingerprint);
	core_userkey_facts_finish(&x);
	core_userkey_facts_finish(&y);
	return same;
}

const char *core_userkeys_used(struct core_userkeys *keys, const char *workspace_id,
                               const char *private_path)
{
	struct prism_error ignored = PRISM_ERROR_INIT;
	const char *other = NULL;

	load_bindings(keys);
	PRISM_LIST_EACH (&keys->bindings, node, next) {
		const struct binding *b = PRISM_CONTAINER(node, struct binding, node);

		if (!other && !strcmp(b->scope, "used") && strcmp(b->id, workspace_id) != 0 &&
		    same_key(b->path, private_path))
			other = b->id;
	}
	/* Not being able to remember is no reason to refuse a registration that has happened. */
	if (core_userkeys_bind(keys, "used", workspace_id, private_path, &ignored) < 0)
		prism_error_clear(&ignored);
	return other;
}

int core_userkeys_bind(struct core_userkeys *keys, const char *scope, const char *id,
                       const char *private_path, struct prism_error *err)
{
	struct binding *old;

	if (!*scope || !*id || strpbrk(scope, " \n") || strpbrk(id, " \n") ||
	    (private_path && (!*private_path || strchr(private_path, '\n'))))
		return prism_error_raise(err, PRISM_ERROR_INVALID, "this key cannot be remembered");
	load_bindings(keys);
	old = binding_find(keys, scope, id);
	if (old)
		binding_free(old);
	if (private_path)
		binding_add(keys, scope, id, private_path);
	return save_bindings(keys, err);
}

/* ---- life ---- */

struct core_userkeys *core_userkeys_create(struct prism_loop *loop, struct prism_work *work,
                                           const char *dir)
{
	struct core_userkeys *keys = prism_alloc(sizeof(*keys));

	keys->loop = loop;
	keys->work = work;
	keys->dir = dir ? prism_path_expand(dir) : prism_path_state("keys");
	if (!keys->dir)
		keys->dir = prism_strdup("prism-tui-keys"); /* no home at all: where the program runs */
	prism_list_init(&keys->bindings);
	prism_list_init(&keys->jobs);
	return keys;
}

void core_userkeys_destroy(struct core_userkeys *keys)
{
	if (!keys)
		return;
	PRISM_LIST_EACH (&keys->jobs, node, next) {
		struct generation *g = PRISM_CONTAINER(node, struct generation, node);

		g->keys = NULL;
		prism_list_remove(&g->node);
	}
	PRISM_LIST_EACH (&keys->bindings, node, next)
		binding_free(PRISM_CONTAINER(node, struct binding, node));
	prism_free(keys->dir);
	prism_free(keys);
}

const char *core_userkeys_dir(const struct core_userkeys *keys)
{
	return keys->dir;
}
