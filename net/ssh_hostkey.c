/*
 * The host's key: known, changed, revoked, or a person is asked.
 */
#include "net/known_hosts.h"
#include "net/ssh_private.h"
#include "net/ssh_wire.h"

#include <string.h>

/* The types that libssh2 may check; known ones first, so that a host is asked for the key that it
 * is known by. An RSA key signs with SHA-2 where libssh2 can (since 1.11). */
static void prefer_known_types(struct net_ssh *ssh, const struct net_known_hosts *known)
{
	static const struct {
		const char *type, *algorithms;
	} rows[] = {{"ssh-ed25519", "ssh-ed25519"},
	            {"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"},
	            {"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384"},
	            {"ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521"},
	            {"ssh-rsa", "rsa-sha2-512,rsa-sha2-256,ssh-rsa"}};
	PRISM_AUTO_BUF struct prism_buf list = PRISM_BUF_INIT(1024);

	for (unsigned pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < PRISM_COUNT(rows); i++)
			if (net_known_hosts_has(known, ssh->host->key_name, ssh->host->key_port,
			                        rows[i].type) == (pass == 0))
				prism_buf_printf(&list, "%s%s", list.len ? "," : "", rows[i].algorithms);
	net_ssh_prefer(ssh, LIBSSH2_METHOD_HOSTKEY, prism_buf_text(&list));
}

static struct net_known_hosts *load_known(struct net_ssh *ssh, struct prism_error *err)
{
	return net_known_hosts_load((const char *const *)ssh->host->known, ssh->host->known_count, err);
}

static int refuse_changed(struct net_ssh *ssh, const struct net_known_result *result,
                          struct prism_error *err)
{
	prism_error_raise(err, PRISM_ERROR_TRUST,
	                  "THE HOST KEY OF %s HAS CHANGED: it shows %s, but %s holds another one",
	                  ssh->host_name, ssh->fingerprint, result->where);
	prism_error_hint(err,
	                 "somebody may be listening in between, or the host was set up anew. Ask its "
	                 "administrator for the new fingerprint; only then remove the old line with: "
	                 "ssh-keygen -R '%s'",
	                 ssh->host_name);
	return -1;
}

static int refuse_unknown(struct net_ssh *ssh, const struct net_known_result *result,
                          struct prism_error *err)
{
	bool other = result->verdict == NET_KNOWN_OTHER_TYPE;

	prism_error_raise(err, PRISM_ERROR_TRUST, "the host key of %s is not known: %s%s",
	                  ssh->host_name, ssh->fingerprint, other ? "; a key of another kind is" : "");
	prism_error_hint(
	    err,
	    other ? "somebody in between would offer a kind that is not known%s; compare the "
	            "fingerprint with its administrator and connect once from the screen"
	    : *result->authority
	        ? "%s names a certificate authority for it (@cert-authority), which is not "
	          "supported; compare the fingerprint and connect once with ssh, or set "
	          "ssh_strict=accept-new"
	        : "%scompare the fingerprint with its administrator and connect once from "
	          "the screen, or set ssh_strict=accept-new",
	    other ? "" : result->authority);
	return -1;
}

/* The line that lets it in next time. */
static int remember(struct net_ssh *ssh, const char *key, size_t len, struct prism_error *err)
{
	if (!ssh->host->known_count)
		return 0;
	return net_known_hosts_add(ssh->host->known[0], ssh->host->key_name, ssh->host->key_port, key,
	                           len, ssh->host->hash_names, err);
}

/* A new host is let in without a question: what nobody was shown is at least said. */
static void tell_authority(struct net_ssh *ssh, const struct net_known_result *result)
{
	PRISM_AUTO_FREE char *text = prism_asprintf(
	    "%s: @cert-authority is not supported; the key of %s was taken as that of a new host",
	    result->authority, ssh->host_name);

	if (*result->authority && ssh->events.problem)
		ssh->events.problem(ssh->events.data, text);
}

static void ask_host(struct net_ssh *ssh, const struct net_known_result *result, int type)
{
	static const char *const names[] = {"unknown",     "RSA",         "DSA",    "ECDSA P-256",
	                                    "ECDSA P-384", "ECDSA P-521", "Ed25519"};
	struct net_ssh_question question = {.host_key = &ssh->host_key, .title = ssh->label};

	memcpy(ssh->authority, result->authority, sizeof(ssh->authority));
	ssh->host_key = (struct net_ssh_host_key){
	    .host = ssh->host_name,
	    .type = type >= 0 && (size_t)type < PRISM_COUNT(names) ? names[type] : names[0],
	    .fingerprint = ssh->fingerprint,
	    .other_type = result->verdict == NET_KNOWN_OTHER_TYPE,
	    .authority = ssh->authority,
	};
	net_ssh_stage(ssh, "waiting for an answer");
	net_ssh_ask(ssh, &question);
}

/* 1: wait, 0: trusted, -1 */
static int judge_host(struct net_ssh *ssh, const struct net_known_hosts *known,
                      struct prism_error *err)
{
	struct net_known_result result;
	size_t len = 0;
	int type = 0;
	const char *key = libssh2_session_hostkey(ssh->session, &len, &type);

	if (!key)
		return net_ssh_error(ssh, err, "host key");
	net_ssh_blob_fingerprint(key, len, ssh->fingerprint);
	net_known_hosts_check(known, ssh->host->key_name, ssh->host->key_port, key, len, &result);
	switch (result.verdict) {
	case NET_KNOWN_MATCH:
		return 0;
	case NET_KNOWN_CHANGED:
		return refuse_changed(ssh, &result, err);
	case NET_KNOWN_REVOKED:
		prism_error_raise(err, PRISM_ERROR_TRUST, "the host key of %s was revoked: %s, by %s",
		                  ssh->host_name, ssh->fingerprint, result.where);
		prism_error_hint(err, "do not use this host before its administrator has explained it");
		return -1;
	default:
		break;
	}
	/* A host of which another kind of key is known is no new one: somebody in between would offer
	 * just that. */
	if (ssh->host->strict == NET_SSH_STRICT_ACCEPT_NEW && result.verdict == NET_KNOWN_UNKNOWN) {
		tell_authority(ssh, &result);
		return remember(ssh, key, len, err);
	}
	if (ssh->host_accepted)
		return remember(ssh, key, len, err);
	if (ssh->host->strict == NET_SSH_STRICT_YES || !ssh->events.ask || ssh->host_answered)
		return refuse_unknown(ssh, &result, err);
	ask_host(ssh, &result, type);
	return 1;
}

int net_ssh_hostkey_judge(struct net_ssh *ssh, struct prism_error *err)
{
	struct net_known_hosts *known = load_known(ssh, err);
	int result = known ? judge_host(ssh, known, err) : -1;

	net_known_hosts_destroy(known);
	return result;
}

int net_ssh_hostkey_prefer(struct net_ssh *ssh, struct prism_error *err)
{
	struct net_known_hosts *known = load_known(ssh, err);

	if (!known)
		return -1;
	prefer_known_types(ssh, known);
	net_known_hosts_destroy(known);
	return 0;
}
