/*
 * The keys that are offered: files that are named or usual, those of an ssh-agent, and how each
 * signs.
 *
 * RSA: libssh2 1.10 knows only signatures with SHA-1, which servers have refused since OpenSSH 8.8.
 * It takes the algorithm's name from the front of the key that it is given, so it is given one that
 * says rsa-sha2-512 (RFC 8332); OpenSSH reads that name as the RSA key it is.
 */
#include "net/ssh_auth_private.h"

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "net/ssh_wire.h"

#include <string.h>

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

static struct auth_identity *identity_add(struct net_ssh_auth *auth, const void *blob, size_t len,
                                          const char *label)
{
	struct auth_identity *identity;

	auth->identities =
	    prism_realloc_array(auth->identities, auth->count + 1, sizeof(*auth->identities));
	identity = &auth->identities[auth->count++];
	*identity = (struct auth_identity){.label = prism_strdup(label)};
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
	struct auth_identity *identity;

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

static bool same_blob(const struct auth_identity *identity, const void *blob, size_t len)
{
	return identity->blob.len == len && memcmp(identity->blob.data, blob, len) == 0;
}

/* Files come after the agent's keys; one that the agent holds is used there: no passphrase. */
static void agent_listed(void *data, const struct net_ssh_agent_key *keys, size_t count,
                         const struct prism_error *err)
{
	struct net_ssh_auth *auth = data;
	struct auth_identity *files = auth->identities;
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

void net_ssh_identity_gather(struct net_ssh_auth *auth)
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
	auth->sign = good ? AUTH_SIGN_DONE : AUTH_SIGN_FAILED;
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

struct auth_identity *net_ssh_identity_present(struct net_ssh_auth *auth)
{
	return &auth->identities[auth->at];
}

static void ask_passphrase(struct net_ssh_auth *auth)
{
	const char *again = auth->tries ? "that passphrase is wrong; " : "";

	net_ssh_auth_ask(auth, prism_asprintf("%s%s", again, auth->ssh->label),
	                 prism_asprintf("for the key %s", net_ssh_identity_present(auth)->path),
	                 "Passphrase");
}

static void unlock_run(void *data)
{
	struct auth_unlock *unlock = data;

	unlock->key = net_ssh_key_open(prism_buf_text(&unlock->text), unlock->text.len,
	                               unlock->passphrase, &unlock->err);
}

static void unlock_free(struct auth_unlock *unlock)
{
	net_ssh_key_destroy(unlock->key);
	prism_secret_destroy(unlock->passphrase);
	prism_buf_wipe(&unlock->text);
	prism_free(unlock->path);
	prism_free(unlock);
}

static void unlock_done(void *data, bool cancelled)
{
	struct auth_unlock *unlock = data;
	struct net_ssh_auth *auth = unlock->auth;

	if (auth) {
		auth->unlock = NULL;
		if (unlock->key && !cancelled) {
			net_ssh_keyring_add_key(auth->ssh->keyring, unlock->path, PRISM_STEAL(unlock->key));
			auth->sign = AUTH_SIGN_IDLE; /* asked for again, and there it is */
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

void net_ssh_identity_unlock(struct net_ssh_auth *auth, struct prism_secret *passphrase /* given */)
{
	struct auth_unlock *unlock = prism_alloc(sizeof(*unlock));
	struct prism_error err = PRISM_ERROR_INIT;

	unlock->auth = auth;
	unlock->path = prism_strdup(net_ssh_identity_present(auth)->path);
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
	struct auth_identity *identity = net_ssh_identity_present(auth);
	struct net_ssh_key *key;
	struct prism_error err = PRISM_ERROR_INIT;

	auth->sign = AUTH_SIGN_WAIT;
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
			net_ssh_identity_unlock(auth, NULL);
		return;
	}
	prism_buf_clear(&auth->signature);
	if (net_ssh_key_sign(key, data, len, &auth->signature, &err) < 0) {
		note(auth, identity->path, &err);
		auth->sign = AUTH_SIGN_FAILED;
	} else {
		auth->sign = AUTH_SIGN_DONE;
	}
}

LIBSSH2_USERAUTH_PUBLICKEY_SIGN_FUNC(net_ssh_identity_sign)
{
	struct net_ssh_auth *auth = *abstract;

	PRISM_UNUSED(session);
	if (auth->sign == AUTH_SIGN_IDLE)
		sign_begin(auth, data, data_len);
	if (auth->sign == AUTH_SIGN_WAIT)
		return LIBSSH2_ERROR_EAGAIN;
	if (auth->sign == AUTH_SIGN_FAILED)
		return LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED;
	struct net_ssh_buffer copy =
	    net_ssh_buffer(auth->ssh, auth->signature.data, auth->signature.len);
	*sig = (unsigned char *)copy.data;
	*sig_len = copy.len;
	return 0;
}

/* The key as it is offered: see the top. */
void net_ssh_identity_offer(struct net_ssh_auth *auth)
{
	const struct auth_identity *identity = net_ssh_identity_present(auth);
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

void net_ssh_identity_finish(struct net_ssh_auth *auth)
{
	net_ssh_agent_close(auth->agent);
	if (auth->unlock)
		auth->unlock->auth = NULL;
	for (size_t i = 0; i < auth->count; i++) {
		prism_buf_finish(&auth->identities[i].blob);
		prism_free(auth->identities[i].label);
		prism_free(auth->identities[i].path);
	}
	prism_free(auth->identities);
}
