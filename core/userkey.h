/*
 * The user's own key pairs: made, saved, found again, and remembered per computation.
 *
 * A key directory (config `keys_dir`, else $XDG_STATE_HOME/prism-tui/keys, mode 0700) holds one
 * pair per name: NAME.pem (private, 0600) and NAME.pub.pem.  Files that cocos-cli made
 * (private.pem, public.pem anywhere) are read as well.  Nothing is overwritten unless told.
 *
 * Bindings ("this computation, or this workspace, uses that key") live in `bindings` beside the
 * keys, one line `scope id path`; they hold no secret.
 *
 * Thread rules: loop thread, except functions marked "blocks", which are for workers too.
 */
#ifndef PRISM_CORE_USERKEY_H
#define PRISM_CORE_USERKEY_H

#include "base/cancel.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/work.h"
#include "net/crypto.h"

struct core_userkey_info { /* what a list shows */
	char *name;            /* file name without ".pem" */
	char *private_path;    /* absolute */
	char *public_path;     /* NULL when there is none beside it */
	char *description;     /* "RSA 4096"; "encrypted" when a passphrase is needed to know */
	char fingerprint[64];  /* "SHA256:…"; "" when unknown */
	unsigned mode; /* permission bits of the private file; more than 0600 deserves a warning */
	int64_t mtime_us;
};
struct core_userkey_list {
	struct core_userkey_info *keys; /* sorted by name */
	size_t count;
};

struct core_userkeys;
struct core_userkeys *core_userkeys_create(struct prism_loop *loop, struct prism_work *work,
                                           const char *dir /* NULL: the default */);
void core_userkeys_destroy(struct core_userkeys *keys); /* NULL allowed; no callback afterwards */
const char *core_userkeys_dir(const struct core_userkeys *keys); /* lent */

/* Blocks: reads the directory. A missing directory is an empty list. */
PRISM_MUST_USE
int core_userkeys_list(const struct core_userkeys *keys, struct core_userkey_list *ret,
                       struct prism_error *err);
void core_userkey_list_finish(struct core_userkey_list *list);

/* Makes a pair on a worker and saves it. private_path NULL: NAME.pem in the key directory;
 * otherwise public_path must be given too. Existing files: category conflict, nothing written,
 * unless overwrite. info is lent during done, NULL on failure. */
struct core_userkey_spec {
	enum net_key_kind kind;
	const char *name;
	const char *private_path, *public_path;
	const struct prism_secret *passphrase; /* NULL: the private file is not encrypted */
	bool overwrite;
};
typedef void (*core_userkey_done_fn)(void *data, const struct core_userkey_info *info,
                                     const struct prism_error *err);
PRISM_MUST_USE
int core_userkeys_generate(struct core_userkeys *keys, const struct core_userkey_spec *spec,
                           struct prism_cancel *cancel, core_userkey_done_fn done, void *data,
                           struct prism_error *err);

/* Describes any private key file without opening the secret part for longer than needed. Blocks. */
PRISM_MUST_USE
int core_userkey_inspect(const char *path, struct core_userkey_info *ret, struct prism_error *err);
void core_userkey_info_finish(struct core_userkey_info *info);

/* Everything about one key file, private or public. Blocks. Strings yours. */
struct core_userkey_facts {
	bool is_private, encrypted;
	bool opened;       /* the private half could be read (with the passphrase) */
	char *description; /* "ECDSA P-256"; "" when it is not known without the passphrase */
	char fingerprint[64];
	char *public_pem, *public_base64; /* of the file itself, or of the public file beside it; "" */
	unsigned mode;                    /* permission bits */
	const char *official; /* why cocos-cli cannot use it (agent.md section 5); "" when it can.
	                         Static */
};
/* An encrypted file is no failure without a passphrase; with a wrong one it is, category auth. */
PRISM_MUST_USE
int core_userkey_facts(const char *path, const struct prism_secret *passphrase,
                       struct core_userkey_facts *ret, struct prism_error *err);
void core_userkey_facts_finish(struct core_userkey_facts *facts);

/* The public half for registration: base64 of the DER SubjectPublicKeyInfo (what the manifest
 * carries), from a private or a public key file. Blocks. Yours. */
char *core_userkey_public_base64(const char *path, const struct prism_secret *passphrase,
                                 struct prism_error *err);
/* True when `registered` (base64 DER, or PEM, as the server gives it) is this key. */
bool core_userkey_same(const char *public_base64, const char *registered);

/* Bindings. scope: "computation" or "workspace". Lent until the next bind; NULL: none. */
const char *core_userkeys_bound(const struct core_userkeys *keys, const char *scope,
                                const char *id);
PRISM_MUST_USE
int core_userkeys_bind(struct core_userkeys *keys, const char *scope, const char *id,
                       const char *private_path /* NULL: forget */, struct prism_error *err);

/* Remembers that the key was registered in a workspace, and says whether it was before in another
 * one (whose id is lent until the next call), by file or by fingerprint; NULL: no. Keys of
 * different workspaces should differ: a signature made for one is good for the other. */
const char *core_userkeys_used(struct core_userkeys *keys, const char *workspace_id,
                               const char *private_path);

#endif
