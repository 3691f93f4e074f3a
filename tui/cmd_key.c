/*
 * Commands about the user's own keys: pairs on this machine, and their registration.
 */
#include "base/file.h"
#include "base/mem.h"
#include "core/key.h"
#include "core/manifest.h"
#include "core/userkey.h"
#include "core/workspace.h"
#include "tui/commands.h"

#include <string.h>
#include <unistd.h>

static const struct pt_record_column key_columns[] = {
    {"name", "Name"},
    {"kind", "Kind"},
    {"fingerprint", "Fingerprint"},
    {"private", "Private key"},
    {"public", "Public key"},
    {"mode_ok", NULL},
    {NULL, NULL},
};

static void add_key(struct pt_records *r, const struct core_userkey_info *info)
{
	pt_records_text(r, info->name);
	pt_records_text(r, info->description);
	pt_records_text(r, info->fingerprint);
	pt_records_text(r, info->private_path);
	pt_records_text(r, info->public_path);
	pt_records_bool(r, (info->mode & 077) == 0);
}

void pt_cmd_key_list(struct pt_command *command)
{
	struct core_userkey_list list;
	struct prism_error err = PRISM_ERROR_INIT;

	if (core_userkeys_list(pt_world_keys(command->world), &list, &err) < 0) {
		pt_command_done(command, &err);
		return;
	}
	command->records = pt_records_create(key_columns, 0);
	for (size_t i = 0; i < list.count; i++)
		add_key(command->records, &list.keys[i]);
	core_userkey_list_finish(&list);
	pt_command_done(command, NULL);
}

static void generated(void *data, const struct core_userkey_info *info,
                      const struct prism_error *err)
{
	struct pt_command *command = data;

	if (!err) {
		command->records = pt_records_create(key_columns, PT_RECORD_SINGLE);
		add_key(command->records, info);
		command->id = prism_strdup(info->private_path);
		core_emit(command->core, CORE_EVENT_KEYS, NULL);
		pt_command_message(command, "key pair %s written to %s", info->name, info->private_path);
	}
	pt_command_done(command, err);
}

/* ---- show ---- */

/* A path, or the name of a pair in the key directory. Yours. */
static char *key_path(struct pt_command *command)
{
	const char *word = pt_command_get(command, "key");
	char *path = prism_path_expand(word);

	if (access(path, F_OK) != 0 && !strchr(word, '/')) {
		PRISM_AUTO_FREE char *name = prism_asprintf("%s.pem", word);
		PRISM_AUTO_FREE char *pair =
		    prism_path_join(core_userkeys_dir(pt_world_keys(command->world)), name);

		if (access(pair, F_OK) == 0) {
			prism_free(path);
			path = PRISM_STEAL(pair);
		}
	}
	return path;
}

void pt_cmd_key_show(struct pt_command *command)
{
	static const struct pt_record_column columns[] = {
	    {"path", "File"},
	    {"half", "Half"},
	    {"kind", "Kind"},
	    {"fingerprint", "Fingerprint"},
	    {"encrypted", "Encrypted"},
	    {"opened", NULL},
	    {"mode", "Mode"},
	    {"mode_ok", NULL},
	    {"cocos_cli", "For cocos-cli"},
	    {"public_key", "Public key"},
	    {"public_pem", NULL},
	    {NULL, NULL},
	};
	PRISM_AUTO_FREE char *path = key_path(command);
	struct core_userkey_facts facts = {0};
	struct prism_error err = PRISM_ERROR_INIT;
	struct prism_secret *passphrase = NULL;
	char mode[64];

	if (pt_command_get(command, "passphrase-file") &&
	    !(passphrase = pt_command_secret(command, "passphrase-file", "Passphrase: ", &err))) {
		pt_command_done(command, &err);
		return;
	}
	int rc = core_userkey_facts(path, passphrase, &facts, &err);
	prism_secret_destroy(passphrase);
	if (rc < 0) {
		pt_command_done(command, &err);
		return;
	}
	bool readable = facts.is_private && (facts.mode & 077) != 0;
	snprintf(mode, sizeof(mode), "%03o%s", facts.mode,
	         readable ? ": others may read it, chmod 600 it" : "");
	command->records = pt_records_create(columns, PT_RECORD_SINGLE);
	pt_records_text(command->records, path);
	pt_records_text(command->records, facts.is_private ? "private" : "public");
	pt_records_text(command->records, *facts.description ? facts.description : NULL);
	pt_records_text(command->records, *facts.fingerprint ? facts.fingerprint : NULL);
	pt_records_bool(command->records, facts.encrypted);
	pt_records_bool(command->records, !facts.is_private || facts.opened);
	pt_records_text(command->records, mode);
	pt_records_bool(command->records, !readable);
	pt_records_text(command->records, *facts.official ? facts.official : "usable");
	pt_records_text(command->records, *facts.public_base64 ? facts.public_base64 : NULL);
	pt_records_text(command->records, *facts.public_pem ? facts.public_pem : NULL);
	if (facts.encrypted && !facts.opened)
		pt_command_say(command, "%s",
		               *facts.public_base64
		                   ? "the public half is that of the file beside it"
		                   : "a passphrase is needed to see more: --passphrase-file");
	core_userkey_facts_finish(&facts);
	pt_command_done(command, NULL);
}

/* ---- generate ---- */

/* 0: none wanted, or *ret holds it. Typed twice where there is a terminal; the screen asks before,
 * and attaches it. */
static int take_passphrase(struct pt_command *command, struct prism_secret **ret,
                           struct prism_error *err)
{
	const struct prism_secret *attached = pt_command_attached(command, "protect");
	struct prism_secret *again;
	bool same;

	*ret = NULL;
	if (attached) {
		*ret = prism_secret_create(prism_secret_text(attached), prism_secret_size(attached));
		return 0;
	}
	if (!pt_command_flag(command, "protect") && !pt_command_get(command, "passphrase-file"))
		return 0;
	*ret = pt_command_secret(command, "passphrase-file", "Passphrase for the new key: ", err);
	if (!*ret || pt_command_get(command, "passphrase-file"))
		return *ret ? 0 : -1;
	again = pt_command_secret(command, "passphrase-file", "Again: ", err);
	same = again && prism_secret_equal(*ret, again);
	if (again && !same)
		prism_error_raise(err, PRISM_ERROR_INVALID, "the two passphrases differ");
	prism_secret_destroy(again);
	if (!same) {
		prism_secret_destroy(*ret);
		*ret = NULL;
	}
	return same ? 0 : -1;
}

void pt_cmd_key_generate(struct pt_command *command)
{
	const char *type = pt_command_get(command, "type");
	const char *name = pt_command_get(command, "name");
	const char *dir = pt_command_get(command, "directory");
	PRISM_AUTO_FREE char *base = dir ? prism_path_expand(dir) : NULL;
	PRISM_AUTO_FREE char *private_path = base ? prism_path_join(base, "private.pem") : NULL;
	PRISM_AUTO_FREE char *public_path = base ? prism_path_join(base, "public.pem") : NULL;
	struct core_userkey_spec spec = {
	    .kind = NET_KEY_ED25519,
	    .name = name ? name : "default",
	    .private_path = private_path,
	    .public_path = public_path,
	};
	struct prism_error err = PRISM_ERROR_INIT;

	struct prism_secret *passphrase = NULL;

	if ((type && net_key_kind_parse(type, &spec.kind, &err) < 0) ||
	    take_passphrase(command, &passphrase, &err) < 0 ||
	    (base && prism_file_mkdirs(base, 0700, &err) < 0)) {
		prism_secret_destroy(passphrase);
		pt_command_done(command, &err);
		return;
	}
	if (passphrase && !prism_secret_size(passphrase)) {
		prism_secret_destroy(passphrase);
		prism_error_raise(&err, PRISM_ERROR_INVALID, "an empty passphrase protects nothing");
		pt_command_done(command, &err);
		return;
	}
	spec.passphrase = passphrase;
	if (spec.passphrase)
		pt_command_say(command, "cocos-cli cannot use a key with a passphrase; this program can");
	if (spec.kind == NET_KEY_RSA4096)
		pt_command_say(command, "making an RSA key takes some seconds");
	pt_command_try(command,
	               core_userkeys_generate(pt_world_keys(command->world), &spec, command->cancel,
	                                      generated, command, &err),
	               &err);
	prism_secret_destroy(passphrase);
}

/* ---- registration ---- */

/* "x.pub.pem" or "public.pem" beside "x.pem" or "private.pem": the private half; yours or NULL. */
static char *private_half(const char *path)
{
	static const struct {
		const char *public_end, *private_end;
	} ends[] = {{".pub.pem", ".pem"}, {"public.pem", "private.pem"}};
	size_t len = strlen(path);

	for (size_t i = 0; i < PRISM_COUNT(ends); i++) {
		size_t n = strlen(ends[i].public_end);

		if (len >= n && !strcmp(path + len - n, ends[i].public_end)) {
			PRISM_AUTO_FREE char *stem = prism_strndup(path, len - n);
			PRISM_AUTO_FREE char *half = prism_asprintf("%s%s", stem, ends[i].private_end);

			return access(half, R_OK) == 0 ? PRISM_STEAL(half) : NULL;
		}
	}
	return prism_strdup(path);
}

/* One key in two workspaces: what is signed for one is good for the other. */
static void warn_shared(struct pt_command *command, const char *private_path)
{
	const char *other = core_userkeys_used(pt_world_keys(command->world),
	                                       core_workspace_id(command->core), private_path);
	const struct core_workspace *workspace =
	    other ? core_list_find(core_workspaces(command->core), other) : NULL;

	if (other)
		pt_command_say(command,
		               "this key is used in the workspace %s, too: make another one for each "
		               "workspace",
		               workspace ? workspace->name : other);
}

static void registered(void *data, const struct prism_error *err)
{
	struct pt_command *command = data;
	const char *computation = pt_command_get(command, "computation");
	PRISM_AUTO_FREE char *private_path = NULL;
	struct prism_error ignored = PRISM_ERROR_INIT;

	if (!err) {
		private_path = private_half(command->state);
		if (private_path && core_userkeys_bind(pt_world_keys(command->world), "computation",
		                                       computation, private_path, &ignored) < 0)
			pt_command_say(command, "registered, but not remembered: %s", ignored.message);
		if (private_path)
			warn_shared(command, private_path);
		core_manifest_load(command->core, computation, true);
		pt_command_message(command, "public key registered");
	}
	pt_command_done(command, err);
}

void pt_cmd_key_register(struct pt_command *command)
{
	const char *computation = pt_command_get(command, "computation");
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_FREE char *path =
	    pt_world_key_file(command->world, pt_command_get(command, "key"), computation, &err);
	PRISM_AUTO_FREE char *text = path ? core_userkey_public_base64(path, NULL, &err) : NULL;
	struct core_userkey_facts facts = {0};

	/* Registering takes the public half, which lies beside an encrypted private one. */
	if (path && !text && err.category == PRISM_ERROR_AUTH &&
	    core_userkey_facts(path, NULL, &facts, NULL) == 0 && *facts.public_base64)
		text = prism_strdup(facts.public_base64);
	core_userkey_facts_finish(&facts);
	if (!text) {
		pt_command_done(command, &err);
		return;
	}
	command->state = PRISM_STEAL(path);
	command->state_free = prism_free;
	pt_command_try(command,
	               core_key_register(command->core, computation, text, strlen(text),
	                                 command->cancel, registered, command, &err),
	               &err);
}

/* ---- status ---- */

static void manifest_here(void *data, const struct prism_error *err)
{
	static const struct pt_record_column columns[] = {{"registered", "Registered"},
	                                                  {"key", "My key"},
	                                                  {"used_for", "In the manifest as"},
	                                                  {NULL, NULL}};
	struct pt_command *command = data;
	const char *computation = pt_command_get(command, "computation");
	const struct core_manifest *m = err ? NULL : core_manifest(command->core, computation);
	PRISM_AUTO_FREE char *path = pt_world_key_file(command->world, NULL, computation, NULL);
	PRISM_AUTO_FREE char *mine = path ? core_userkey_public_base64(path, NULL, NULL) : NULL;
	PRISM_AUTO_BUF struct prism_buf uses = PRISM_BUF_INIT(1 << 20);
	enum core_key_state state = core_key_state(command->core, computation);

	if (m && mine && m->has_algorithm && core_userkey_same(mine, m->algorithm.user_key))
		prism_buf_puts(&uses, "algorithm");
	for (size_t i = 0; m && mine && i < m->dataset_count; i++)
		if (core_userkey_same(mine, m->datasets[i].user_key))
			prism_buf_printf(&uses, "%sdataset %s", uses.len ? "\n" : "", m->datasets[i].file_name);
	for (size_t i = 0; m && mine && i < m->consumer_count; i++)
		if (core_userkey_same(mine, m->consumers[i].user_key))
			prism_buf_printf(&uses, "%sresult consumer", uses.len ? "\n" : "");
	command->records = pt_records_create(columns, PT_RECORD_SINGLE);
	pt_records_text(command->records, state == CORE_KEY_REGISTERED ? "yes"
	                                  : state == CORE_KEY_MISSING  ? "no"
	                                                               : "unknown");
	pt_records_text(command->records, path);
	pt_records_list(command->records, prism_buf_text(&uses));
	pt_command_done(command, NULL);
}

static void checked(void *data, enum core_key_state state, const struct prism_error *err)
{
	struct pt_command *command = data;
	struct prism_error failed = PRISM_ERROR_INIT;

	if (err)
		pt_command_done(command, err);
	else
		pt_command_try(command,
		               core_manifest_await(command->core, pt_command_get(command, "computation"),
		                                   true, command->cancel, manifest_here, command, &failed),
		               &failed);
}

void pt_cmd_key_status(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(command,
	               core_key_check_now(command->core, pt_command_get(command, "computation"),
	                                  command->cancel, checked, command, &err),
	               &err);
}
