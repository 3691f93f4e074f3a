/*
 * Signing in.  What the server allows decides what is tried, in a fixed order:
 *
 *   methods ─► public keys, one after another ─► keyboard-interactive ─► password
 *      ▲                    └── taken, but not enough ──┘     │
 *      └──────────── what the server still wants ◄────────────┘
 *
 * A key is offered first and signs only when the server would take it, so nobody types a passphrase
 * for nothing.  libssh2 does not say that a method succeeded in part; so after a signature or an
 * answer that did not end it, the server is asked again what it allows: another list is progress.
 *
 * RSA: libssh2 1.10 knows only signatures with SHA-1, which servers have refused since OpenSSH 8.8.
 * It takes the algorithm's name from the front of the key that it is given, so it is given one that
 * says rsa-sha2-512 (RFC 8332); OpenSSH reads that name as the RSA key it is.
 */
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "net/ssh_agent.h"
#include "net/ssh_private.h"
#include "net/ssh_wire.h"

#include <string.h>

#define METHODS_MAX 400 /* bytes of the server's list */

enum stage { GATHER, METHODS, KEYS, KEYBOARD, PASSWORD };

struct identity {
	struct prism_buf blob;
	char *label; /* "agent: ada@home", or the path */
	char *path;  /* NULL: the agent's */
	bool encrypted, tried;
};

enum sign_state { SIGN_IDLE, SIGN_WAIT, SIGN_DONE, SIGN_FAILED };

struct unlock {                /* opens a key on a worker; owned by the queue until done */
	struct net_ssh_auth *auth; /* NULL: nobody waits any more */
	char *path;
	struct prism_buf text;
	struct prism_secret *passphrase;
	struct net_ssh_key *key;
	struct prism_error err;
};

struct net_ssh_auth {
	struct net_ssh *ssh;
	enum stage stage, back; /* back: where to go on when nothing was gained */
	char methods[METHODS_MAX];
	struct net_ssh_agent *agent;
	bool listing; /* the agent is asked for its keys */
	struct identity *identities;
	size_t count, at;
	enum sign_state sign;
	struct prism_buf signature, offered;
	unsigned tries;             /* of the present passphrase, keyboard or password */
	bool offering, signed_once; /* the present key is under way; it was asked to sign */
	struct unlock *unlock;
	char *title, *about;
	const char *prompt;
	struct net_ssh_kbd *kbd;
	struct prism_secret *password;
	bool password_asked, password_refused;
	char note[200]; /* what went wrong on this side, for the final error */
};

/* ---- what was opened before ---- */

struct kept {
	struct prism_list node;
	char *name;
	struct net_ssh_key *key;
	struct prism_secret *password;
};

struct net_ssh_keyring {
	struct prism_list all;
};

struct net_ssh_keyring *net_ssh_keyring_create(void)
{
	struct net_ssh_keyring *keyring = prism_alloc(sizeof(*keyring));

	prism_list_init(&keyring->all);
	return keyring;
}

static void kept_free(struct kept *kept)
{
	prism_list_remove(&kept->node);
	net_ssh_key_destroy(kept->key);
	prism_secret_destroy(kept->password);
	prism_free(kept->name);
	prism_free(kept);
}

void net_ssh_keyring_destroy(struct net_ssh_keyring *keyring)
{
	if (!keyring)
		return;
	PRISM_LIST_EACH (&keyring->all, node, next)
		kept_free(PRISM_CONTAINER(node, struct kept, node));
	prism_free(keyring);
}

static struct kept *kept_find(struct net_ssh_keyring *keyring, const char *name, bool key)
{
	PRISM_LIST_EACH (&keyring->all, node, next) {
		struct kept *kept = PRISM_CONTAINER(node, struct kept, node);

		if (!strcmp(kept->name, name) && (kept->key != NULL) == key)
			return kept;
	}
	return NULL;
}

static struct kept *kept_add(struct net_ssh_keyring *keyring, const char *name)
{
	struct kept *kept = prism_alloc(sizeof(*kept));

	kept->name = prism_strdup(name);
	prism_list_append(&keyring->all, &kept->node);
	return kept;
}

struct net_ssh_key *net_ssh_keyring_key(struct net_ssh_keyring *keyring, const char *path)
{
	struct kept *kept = kept_find(keyring, path, true);

	return kept ? kept->key : NULL;
}

void net_ssh_keyring_add_key(struct net_ssh_keyring *keyring, const char *path,
                             struct net_ssh_key *key)
{
	kept_add(keyring, path)->key = key;
}

const struct prism_secret *net_ssh_keyring_password(struct net_ssh_keyring *keyring,
                                                    const char *label)
{
	struct kept *kept = kept_find(keyring, label, false);

	return kept ? kept->password : NULL;
}

void net_ssh_keyring_set_password(struct net_ssh_keyring *keyring, const char *label,
                                  struct prism_secret *password)
{
	struct kept *kept = kept_find(keyring, label, false);

	if (kept)
		kept_free(kept);
	if (password)
		kept_add(keyring, label)->password = password;
}

/* ---- identities ---- */

static void note(struct net_ssh_auth *auth, const char *what, const struct prism_error *err)
{
	prism_log(PRISM_LOG_INFO, "ssh", "%s: %s", what, err->message);
	snprintf(auth->note, sizeof(auth->note), "%.60s: %.120s", what, err->message);
}

static bool usable_type(const void *blob, size_t len)
{
	static const char *const types[] = {"ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
	                                    "ecdsa-sha2-nistp521", "ssh-rsa"};
	PRISM_AUTO_FREE char *type = net_ssh_blob_type(blob, len);

	for (size_t i = 0; i < PRISM_COUNT(types); i++)
		if (!strcmp(types[i], type))
			return true;
	return false;
}

static struct identity *identity_add(struct net_ssh_auth *auth, const void *blob, size_t len,
                                     const char *label)
{
	struct identity *identity;

	auth->identities =
	    prism_realloc_array(auth->identities, auth->count + 1, sizeof(*auth->identities));
	identity = &auth->identities[auth->count++];
	*identity = (struct identity){.label = prism_strdup(label)};
	prism_buf_init(&identity->blob, NET_SSH_BLOB_MAX);
	if (len <= NET_SSH_BLOB_MAX)
		prism_buf_put(&identity->blob, blob, len);
	return identity;
}

static int read_key_file(const char *path, struct prism_buf *text, struct prism_error *err)
{
	return prism_file_read(path, NET_SSH_KEY_FILE_MAX, text, err);
}

/* The public half beside a PEM key: "type base64 comment". */
static void read_public_file(const char *path, struct prism_buf *blob)
{
	PRISM_AUTO_FREE char *name = prism_asprintf("%s.pub", path);
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(NET_SSH_KEY_FILE_MAX);
	const char *space;

	if (prism_file_read(name, NET_SSH_KEY_FILE_MAX, &text, NULL) < 0)
		return;
	space = strchr(prism_buf_text(&text), ' ');
	if (!space || prism_base64_decode(space + 1, strcspn(space + 1, " \r\n"), blob, NULL) < 0)
		prism_buf_clear(blob);
}

static void add_file(struct net_ssh_auth *auth, const char *path)
{
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(NET_SSH_KEY_FILE_MAX);
	struct net_ssh_key_info info = {0};
	struct prism_error err = PRISM_ERROR_INIT;
	struct identity *identity;

	if (read_key_file(path, &text, &err) < 0 ||
	    net_ssh_key_inspect(prism_buf_text(&text), text.len, &info, &err) < 0) {
		if (err.category != PRISM_ERROR_MISSING)
			note(auth, path, &err);
		return;
	}
	if (!info.blob.len)
		read_public_file(path, &info.blob);
	if (!info.blob.len && !info.encrypted) {
		struct net_ssh_key *key = net_ssh_key_open(prism_buf_text(&text), text.len, NULL, &err);

		if (key)
			prism_buf_put(&info.blob, net_ssh_key_blob(key)->data, net_ssh_key_blob(key)->len);
		net_ssh_key_destroy(key);
	}
	prism_wipe(text.data, text.len);
	if (info.blob.len && usable_type(info.blob.data, info.blob.len)) {
		identity = identity_add(auth, info.blob.data, info.blob.len, path);
		identity->path = prism_strdup(path);
		identity->encrypted = info.encrypted;
	} else {
		snprintf(auth->note, sizeof(auth->note), "%.100s: %s", path,
		         info.blob.len ? "a kind of key that is not supported"
		                       : "an encrypted PEM key needs its public half in FILE.pub");
	}
	net_ssh_key_info_finish(&info);
}

static bool same_blob(const struct identity *identity, const void *blob, size_t len)
{
	return identity->blob.len == len && memcmp(identity->blob.data, blob, len) == 0;
}

/* Files come after the agent's keys; one that the agent holds is used there: no passphrase. */
static void agent_listed(void *data, const struct net_ssh_agent_key *keys, size_t count,
                         const struct prism_error *err)
{
	struct net_ssh_auth *auth = data;
	struct identity *files = auth->identities;
	size_t file_count = auth->count;

	auth->listing = false;
	auth->identities = NULL;
	auth->count = 0;
	if (err)
		note(auth, "ssh-agent", err);
	for (unsigned pass = 0; pass < 2; pass++) { /* those named in the configuration first */
		for (size_t i = 0; i < count; i++) {
			bool named = false;

			for (size_t f = 0; f < file_count; f++)
				named = named || same_blob(&files[f], keys[i].blob, keys[i].len);
			if (named != (pass == 0) || (!named && auth->ssh->host->identities_only) ||
			    !usable_type(keys[i].blob, keys[i].len))
				continue;
			PRISM_AUTO_FREE char *label = prism_asprintf("agent: %s", keys[i].comment);
			identity_add(auth, keys[i].blob, keys[i].len, label);
		}
	}
	for (size_t f = 0; f < file_count; f++) {
		bool held = false;

		for (size_t i = 0; i < auth->count; i++)
			held = held || same_blob(&files[f], auth->identities[i].blob.data,
			                         auth->identities[i].blob.len);
		if (held) {
			prism_buf_finish(&files[f].blob);
			prism_free(files[f].label);
			prism_free(files[f].path);
			continue;
		}
		auth->identities =
		    prism_realloc_array(auth->identities, auth->count + 1, sizeof(*auth->identities));
		auth->identities[auth->count++] = files[f];
	}
	prism_free(files);
	net_ssh_kick(auth->ssh);
}

static void gather(struct net_ssh_auth *auth)
{
	const struct net_ssh_host *host = auth->ssh->host;
	const char *socket = host->agent ? host->agent : getenv("SSH_AUTH_SOCK");
	struct prism_error err = PRISM_ERROR_INIT;

	for (size_t i = 0; i < host->identity_count; i++)
		add_file(auth, host->identity[i]);
	if (!socket || !*socket || !strcmp(socket, "none"))
		return;
	auth->agent = net_ssh_agent_open(auth->ssh->loop, socket, &err);
	if (!auth->agent) {
		note(auth, "ssh-agent", &err);
		return;
	}
	auth->listing = true;
	net_ssh_agent_list(auth->agent, agent_listed, auth);
}

/* ---- signing ---- */

static void sign_finish(struct net_ssh_auth *auth, bool good)
{
	auth->sign = good ? SIGN_DONE : SIGN_FAILED;
	net_ssh_kick(auth->ssh);
}

static void agent_signed(void *data, const void *signature, size_t len,
                         const struct prism_error *err)
{
	struct net_ssh_auth *auth = data;

	prism_buf_clear(&auth->signature);
	if (err)
		note(auth, "ssh-agent", err);
	else if (prism_buf_append(&auth->signature, signature, len, NULL) < 0)
		err = &auth->ssh->lower_error;
	sign_finish(auth, !err);
}

static struct identity *present(struct net_ssh_auth *auth)
{
	return &auth->identities[auth->at];
}

/* title and about are given. */
static void ask_one(struct net_ssh_auth *auth, char *title, char *about, const char *prompt)
{
	static const bool hidden = false;

	prism_free(auth->title);
	prism_free(auth->about);
	auth->title = title;
	auth->about = about;
	auth->prompt = prompt;
	const struct net_ssh_question question = {
	    .title = auth->title,
	    .instruction = auth->about,
	    .count = 1,
	    .prompts = &auth->prompt,
	    .echo = &hidden,
	};
	net_ssh_stage(auth->ssh, "waiting for an answer");
	net_ssh_ask(auth->ssh, &question);
}

static void ask_passphrase(struct net_ssh_auth *auth)
{
	const char *again = auth->tries ? "that passphrase is wrong; " : "";

	ask_one(auth, prism_asprintf("%s%s", again, auth->ssh->label),
	        prism_asprintf("for the key %s", present(auth)->path), "Passphrase");
}

static void unlock_run(void *data)
{
	struct unlock *unlock = data;

	unlock->key = net_ssh_key_open(prism_buf_text(&unlock->text), unlock->text.len,
	                               unlock->passphrase, &unlock->err);
}

static void unlock_free(struct unlock *unlock)
{
	net_ssh_key_destroy(unlock->key);
	prism_secret_destroy(unlock->passphrase);
	prism_buf_wipe(&unlock->text);
	prism_free(unlock->path);
	prism_free(unlock);
}

static void unlock_done(void *data, bool cancelled)
{
	struct unlock *unlock = data;
	struct net_ssh_auth *auth = unlock->auth;

	if (auth) {
		auth->unlock = NULL;
		if (unlock->key && !cancelled) {
			net_ssh_keyring_add_key(auth->ssh->keyring, unlock->path, PRISM_STEAL(unlock->key));
			auth->sign = SIGN_IDLE; /* asked for again, and there it is */
			net_ssh_kick(auth->ssh);
		} else if (unlock->err.category == PRISM_ERROR_AUTH && unlock->passphrase &&
		           ++auth->tries < NET_SSH_TRIES) {
			ask_passphrase(auth);
		} else {
			note(auth, unlock->path, &unlock->err);
			sign_finish(auth, false);
		}
	}
	unlock_free(unlock);
}

static void unlock_begin(struct net_ssh_auth *auth, struct prism_secret *passphrase /* given */)
{
	struct unlock *unlock = prism_alloc(sizeof(*unlock));
	struct prism_error err = PRISM_ERROR_INIT;

	unlock->auth = auth;
	unlock->path = prism_strdup(present(auth)->path);
	unlock->passphrase = passphrase;
	if (read_key_file(unlock->path, &unlock->text, &err) < 0) {
		note(auth, unlock->path, &err);
		unlock_free(unlock);
		sign_finish(auth, false);
		return;
	}
	auth->unlock = unlock;
	prism_work_submit(auth->ssh->work, NULL, unlock_run, unlock_done, unlock);
}

static void sign_begin(struct net_ssh_auth *auth, const void *data, size_t len)
{
	struct identity *identity = present(auth);
	struct net_ssh_key *key;
	struct prism_error err = PRISM_ERROR_INIT;

	auth->sign = SIGN_WAIT;
	auth->signed_once = true;
	if (!identity->path) {
		net_ssh_stage(auth->ssh, "waiting for ssh-agent");
		net_ssh_agent_sign(auth->agent, identity->blob.data, identity->blob.len, data, len,
		                   agent_signed, auth);
		return;
	}
	key = net_ssh_keyring_key(auth->ssh->keyring, identity->path);
	if (!key) {
		if (identity->encrypted)
			ask_passphrase(auth);
		else
			unlock_begin(auth, NULL);
		return;
	}
	prism_buf_clear(&auth->signature);
	if (net_ssh_key_sign(key, data, len, &auth->signature, &err) < 0) {
		note(auth, identity->path, &err);
		auth->sign = SIGN_FAILED;
	} else {
		auth->sign = SIGN_DONE;
	}
}

static LIBSSH2_USERAUTH_PUBLICKEY_SIGN_FUNC(give_signature)
{
	struct net_ssh_auth *auth = *abstract;

	PRISM_UNUSED(session);
	if (auth->sign == SIGN_IDLE)
		sign_begin(auth, data, data_len);
	if (auth->sign == SIGN_WAIT)
		return LIBSSH2_ERROR_EAGAIN;
	if (auth->sign == SIGN_FAILED)
		return LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED;
	struct net_ssh_buffer copy =
	    net_ssh_buffer(auth->ssh, auth->signature.data, auth->signature.len);
	*sig = (unsigned char *)copy.data;
	*sig_len = copy.len;
	return 0;
}

/* The key as it is offered: see the top. */
static void offer_make(struct net_ssh_auth *auth)
{
	const struct identity *identity = present(auth);
	struct net_ssh_reader r = net_ssh_reader(identity->blob.data, identity->blob.len);
	struct net_ssh_string type = net_ssh_read_string(&r);

	prism_buf_clear(&auth->offered);
	if (!net_ssh_string_is(type, "ssh-rsa")) {
		prism_buf_put(&auth->offered, identity->blob.data, identity->blob.len);
		return;
	}
	net_ssh_put_text(&auth->offered, "rsa-sha2-512");
	prism_buf_put(&auth->offered, r.at, (size_t)(r.end - r.at));
}

/* ---- methods ---- */

static bool allows(const struct net_ssh_auth *auth, const char *method)
{
	size_t len = strlen(method);

	for (const char *at = auth->methods; *at;) {
		size_t part = strcspn(at, ",");

		if (part == len && !memcmp(at, method, len))
			return true;
		at += part + (at[part] == ',');
	}
	return false;
}

static int enter(struct net_ssh_auth *auth, enum stage stage)
{
	auth->stage = stage;
	auth->tries = 0;
	auth->at = 0;
	auth->sign = SIGN_IDLE;
	return 1; /* go on at once */
}

/* In the server's own words, when it has said why. */
static int refused(struct net_ssh_auth *auth, struct prism_error *err)
{
	PRISM_AUTO_BUF struct prism_buf tried = PRISM_BUF_INIT(65536);
	const char *goodbye = auth->ssh->goodbye;

	for (size_t i = 0; i < auth->count; i++)
		if (auth->identities[i].tried)
			prism_buf_printf(&tried, "%s%s", tried.len ? ", " : "", auth->identities[i].label);
	prism_error_raise(err, PRISM_ERROR_AUTH, "%s does not let this user in%s%.200s",
	                  auth->ssh->label, goodbye ? ": " : "", goodbye ? goodbye : "");
	prism_error_hint(err, "it allows %s; keys offered: %.120s%s%s", auth->methods,
	                 tried.len ? prism_buf_text(&tried) : "none", *auth->note ? "; " : "",
	                 auth->note);
	return -1;
}

/* The connection went while signing in.  A server that says why has had enough: every look at its
 * methods is one of the failures it counts. */
static int broken(struct net_ssh_auth *auth, struct prism_error *err)
{
	if (auth->ssh->goodbye)
		return refused(auth, err);
	(void)net_ssh_error(auth->ssh, err, "signing in");
	if (auth->stage >= KEYBOARD && !*err->hint) /* sshd goes without a word then */
		prism_error_hint(err,
		                 "after a right answer this means an account that is locked, expired or "
		                 "not let in");
	return -1;
}

/* A person gave up: no other method is tried behind their back, and no empty answer is sent, which
 * would count as a failure there. */
static int unanswered(const struct net_ssh_auth *auth, struct prism_error *err)
{
	prism_error_raise(err, PRISM_ERROR_AUTH, "what %s asks was not answered", auth->ssh->label);
	prism_error_hint(err, "the next use of this way asks again");
	return -1;
}

/* 1: go on; 0: signed in; EAGAIN; else *err */
static int step_methods(struct net_ssh_auth *auth, struct prism_error *err)
{
	struct net_ssh *ssh = auth->ssh;
	char before[METHODS_MAX];
	const char *list =
	    libssh2_userauth_list(ssh->session, ssh->host->user, (unsigned)strlen(ssh->host->user));

	if (!list && libssh2_userauth_authenticated(ssh->session)) {
		prism_free(ssh->method);
		ssh->method = prism_strdup("none");
		return 0;
	}
	if (!list) {
		if (libssh2_session_last_errno(ssh->session) == LIBSSH2_ERROR_EAGAIN)
			return LIBSSH2_ERROR_EAGAIN;
		return broken(auth, err);
	}
	memcpy(before, auth->methods, sizeof(before));
	snprintf(auth->methods, sizeof(auth->methods), "%s", list);
	if (!*before || strcmp(before, auth->methods) != 0) {
		/* The first list, or progress: everything may be tried that was not taken yet. */
		for (size_t i = 0; i < auth->count; i++)
			auth->identities[i].tried = *before && auth->back == KEYS && i == auth->at;
		return enter(auth, KEYS);
	}
	auth->stage = auth->back;
	return 1;
}

/* Not signed in, but perhaps further than before. */
static int look_again(struct net_ssh_auth *auth)
{
	auth->back = auth->stage;
	auth->stage = METHODS;
	return 1;
}

static int step_keys(struct net_ssh_auth *auth, struct prism_error *err)
{
	struct net_ssh *ssh = auth->ssh;
	int rc;

	if (!allows(auth, "publickey"))
		return enter(auth, KEYBOARD);
	while (!auth->offering && auth->at < auth->count && present(auth)->tried)
		auth->at++;
	if (auth->at >= auth->count)
		return enter(auth, KEYBOARD);
	if (!auth->offering) {
		auth->offering = present(auth)->tried = true;
		auth->signed_once = false;
		auth->tries = 0;
		offer_make(auth);
	}
	void *abstract = auth;
	rc = libssh2_userauth_publickey(ssh->session, ssh->host->user,
	                                (const unsigned char *)auth->offered.data, auth->offered.len,
	                                give_signature, &abstract);
	if (rc == LIBSSH2_ERROR_EAGAIN)
		return rc;
	auth->offering = false;
	if (rc == 0) {
		prism_free(ssh->method);
		ssh->method = prism_asprintf("publickey (%s)", present(auth)->label);
		return 0;
	}
	if (ssh->lower_over || net_ssh_fatal(ssh, rc))
		return broken(auth, err);
	bool sent = auth->signed_once && auth->sign == SIGN_DONE;
	auth->sign = SIGN_IDLE;
	if (sent) /* perhaps it was taken, and something else is wanted beside it */
		return look_again(auth);
	auth->at++;
	return 1;
}

static int step_keyboard(struct net_ssh_auth *auth, struct prism_error *err)
{
	struct net_ssh *ssh = auth->ssh;
	int rc;

	if (!auth->kbd && (!allows(auth, "keyboard-interactive") || auth->tries >= NET_SSH_TRIES))
		return enter(auth, PASSWORD);
	if (auth->kbd && net_ssh_kbd_refused(auth->kbd)) {
		net_ssh_kbd_destroy(PRISM_STEAL(auth->kbd));
		return unanswered(auth, err);
	}
	if (!auth->kbd) {
		auth->kbd = net_ssh_kbd_create(ssh);
		auth->tries++;
	}
	rc = net_ssh_kbd_step(auth->kbd);
	if (rc == LIBSSH2_ERROR_EAGAIN)
		return rc;
	if (rc == 0) {
		prism_free(ssh->method);
		ssh->method = prism_strdup("keyboard-interactive");
		return 0;
	}
	if (ssh->lower_over || net_ssh_fatal(ssh, rc))
		return broken(auth, err);
	net_ssh_kbd_destroy(auth->kbd);
	auth->kbd = NULL;
	return look_again(auth);
}

static int step_password(struct net_ssh_auth *auth, struct prism_error *err)
{
	struct net_ssh *ssh = auth->ssh;
	const struct prism_secret *kept = net_ssh_keyring_password(ssh->keyring, ssh->label);
	int rc;

	if (auth->password_refused)
		return unanswered(auth, err);
	if (!allows(auth, "password") || auth->tries >= NET_SSH_TRIES)
		return refused(auth, err);
	if (!auth->password && kept && !auth->password_asked)
		auth->password = prism_secret_create(prism_secret_text(kept), prism_secret_size(kept));
	if (!auth->password) {
		if (!ssh->asking) {
			auth->password_asked = true;
			ask_one(
			    auth,
			    prism_asprintf("%s%s", auth->tries ? "that password is wrong; " : "", ssh->label),
			    prism_strdup(""), "Password");
		}
		return LIBSSH2_ERROR_EAGAIN;
	}
	rc = libssh2_userauth_password_ex(
	    ssh->session, ssh->host->user, (unsigned)strlen(ssh->host->user),
	    prism_secret_text(auth->password), (unsigned)prism_secret_size(auth->password), NULL);
	if (rc == LIBSSH2_ERROR_EAGAIN)
		return rc;
	if (rc == 0) {
		net_ssh_keyring_set_password(ssh->keyring, ssh->label, PRISM_STEAL(auth->password));
		prism_free(ssh->method);
		ssh->method = prism_strdup("password");
		return 0;
	}
	prism_secret_destroy(PRISM_STEAL(auth->password));
	net_ssh_keyring_set_password(ssh->keyring, ssh->label, NULL);
	auth->password_asked = true;
	auth->tries++;
	if (rc == LIBSSH2_ERROR_PASSWORD_EXPIRED) {
		prism_error_raise(err, PRISM_ERROR_AUTH, "the password of %s has expired", ssh->label);
		prism_error_hint(err, "change it with: ssh %s", ssh->label);
		return -1;
	}
	if (ssh->lower_over || net_ssh_fatal(ssh, rc))
		return broken(auth, err);
	return look_again(auth);
}

static int step_gather(struct net_ssh_auth *auth, struct prism_error *err)
{
	PRISM_UNUSED(err);
	return auth->listing ? LIBSSH2_ERROR_EAGAIN : enter(auth, METHODS);
}

int net_ssh_auth_step(struct net_ssh_auth *auth, struct prism_error *err)
{
	static int (*const steps[])(struct net_ssh_auth *, struct prism_error *) = {
	    [GATHER] = step_gather,     [METHODS] = step_methods,   [KEYS] = step_keys,
	    [KEYBOARD] = step_keyboard, [PASSWORD] = step_password,
	};
	int rc;

	if (auth->ssh->asking || auth->unlock)
		return LIBSSH2_ERROR_EAGAIN;
	do
		rc = steps[auth->stage](auth, err);
	while (rc == 1);
	return rc;
}

void net_ssh_auth_answer(struct net_ssh_auth *auth, const struct prism_secret *const *answers,
                         size_t count)
{
	struct prism_secret *copy =
	    answers && count
	        ? prism_secret_create(prism_secret_text(answers[0]), prism_secret_size(answers[0]))
	        : NULL;

	net_ssh_stage(auth->ssh, "signing in");
	if (auth->stage == KEYBOARD && auth->kbd) {
		net_ssh_kbd_answer(auth->kbd, answers, count);
		prism_secret_destroy(copy);
	} else if (auth->stage == PASSWORD) {
		auth->password = copy;
		auth->password_refused = !copy;
	} else if (auth->stage == KEYS && copy) {
		unlock_begin(auth, copy);
	} else {
		prism_secret_destroy(copy);
		auth->sign = SIGN_FAILED;
	}
}

struct net_ssh_auth *net_ssh_auth_create(struct net_ssh *ssh)
{
	struct net_ssh_auth *auth = prism_alloc(sizeof(*auth));

	auth->ssh = ssh;
	prism_buf_init(&auth->signature, NET_SSH_BLOB_MAX);
	prism_buf_init(&auth->offered, NET_SSH_BLOB_MAX + 16);
	gather(auth);
	return auth;
}

void net_ssh_auth_destroy(struct net_ssh_auth *auth)
{
	if (!auth)
		return;
	net_ssh_kbd_destroy(auth->kbd);
	net_ssh_agent_close(auth->agent);
	if (auth->unlock)
		auth->unlock->auth = NULL;
	for (size_t i = 0; i < auth->count; i++) {
		prism_buf_finish(&auth->identities[i].blob);
		prism_free(auth->identities[i].label);
		prism_free(auth->identities[i].path);
	}
	prism_free(auth->identities);
	prism_secret_destroy(auth->password);
	prism_buf_finish(&auth->signature);
	prism_buf_finish(&auth->offered);
	prism_free(auth->title);
	prism_free(auth->about);
	prism_free(auth);
}
