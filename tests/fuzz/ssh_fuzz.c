/* What the SSH parts read: key files, known_hosts, client configuration, hops, names of files on
 * hosts; the first byte chooses.  Any text is read or refused, and says why. */
#include "tests/fuzz/fuzz.h"

#include "base/mem.h"
#include "core/place_sftp.h"
#include "net/known_hosts.h"
#include "net/ssh_config.h"
#include "net/ssh_key.h"
#include "net/tunnel.h"

#include <string.h>

#define KEY "AAAAC3NzaC1lZDI1NTE5AAAAIDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEy"

const struct fuzz_seed fuzz_seeds[] = {
    FUZZ_TEXT("chost,*.org,!b.org ssh-ed25519 " KEY " comment\n"),
    FUZZ_TEXT("c[host]:2222 ssh-ed25519 " KEY "\n@revoked * ssh-ed25519 " KEY "\n"),
    FUZZ_TEXT("c|1|AAAAAAAAAAAAAAAAAAAAAAAAAAA=|AAAAAAAAAAAAAAAAAAAAAAAAAAA= ssh-ed25519 " KEY
              "\n"),
    FUZZ_TEXT("dHost * !bad\n  HostName %h.org\n  Port=22\nIdentityFile \"~/.ssh/%r %%\"\nMatch "
              "all\nInclude x\nProxyJump a@b:22,c\n"),
    FUZZ_TEXT("eada@bastion:2222"),
    FUZZ_TEXT("essh://ada@[::1]:22"),
    FUZZ_TEXT("Pada@bastion:2222:/srv/results.zip"),
    FUZZ_TEXT("Pada@a:22,bo@[::1]:~/x:y,z"),
    FUZZ_TEXT("f-----BEGIN "
              "OPENSSH PRIVATE KEY-----\n"
              "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZWQyNTUxOQ"
              "AAACAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMgAAAAAAAAA=\n-----END "
              "OPENSSH PRIVATE KEY-----\n"),
};
const size_t fuzz_seed_count = PRISM_COUNT(fuzz_seeds);
const char *const fuzz_words[] = {"Host ",     "HostName ",        "Match ", "Include ", "\n",
                                  "@revoked ", "@cert-authority ", "|1|",    "%h",       "!",
                                  "*",         "ssh-ed25519 ",     NULL};

static void known(const char *text, size_t len)
{
	struct net_known_hosts *hosts = net_known_hosts_parse(text, len);
	struct net_known_result result;

	net_known_hosts_check(hosts, "host", 22, KEY, 40, &result);
	net_known_hosts_check(hosts, "a.org", 2222, KEY, 40, &result);
	(void)net_known_hosts_has(hosts, "host", 22, "ssh-ed25519");
	net_known_hosts_destroy(hosts);
}

static void config(const char *text, size_t len)
{
	struct net_ssh_config *read = net_ssh_config_parse(text, len);
	struct net_ssh_host *host = net_ssh_config_host(read, "host", NULL, 0);

	FUZZ_ASSERT(host->user && host->hostname && host->key_name && host->port);
	FUZZ_ASSERT(host->identity_count <= NET_SSH_FILES_MAX &&
	            host->known_count <= NET_SSH_FILES_MAX);
	net_ssh_host_destroy(host);
	net_ssh_config_destroy(read);
}

static void hop(const char *text, size_t len)
{
	char *user = NULL, *host = NULL;
	uint16_t port;
	struct prism_error err = PRISM_ERROR_INIT;

	if (net_ssh_hop_parse(text, len, &user, &host, &port, &err) == 0) {
		FUZZ_ASSERT(*host && *host != '-');
		prism_free(user);
		prism_free(host);
	} else {
		FUZZ_ASSERT(err.category != PRISM_ERROR_NONE);
	}
}

static void key(const char *text, size_t len)
{
	struct net_ssh_key_info info;
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_ssh_key *opened;

	if (net_ssh_key_inspect(text, len, &info, &err) < 0)
		FUZZ_ASSERT(err.category != PRISM_ERROR_NONE);
	net_ssh_key_info_finish(&info);
	err = (struct prism_error)PRISM_ERROR_INIT;
	opened = net_ssh_key_open(text, len, NULL, &err);
	FUZZ_ASSERT(opened || err.category != PRISM_ERROR_NONE);
	net_ssh_key_destroy(opened);
}

/* A file on a host: what is taken is a way that can be gone, and a path. */
static void place(const char *text, size_t len)
{
	PRISM_AUTO_FREE char *copy = prism_strndup(text, len);
	char *via = NULL, *path = NULL;
	struct prism_error err = PRISM_ERROR_INIT;
	int on_host = core_place_sftp_split(copy, &via, &path, &err);

	FUZZ_ASSERT((on_host < 0) == (err.category != PRISM_ERROR_NONE));
	if (on_host <= 0)
		return;
	FUZZ_ASSERT(*path && net_tunnel_via_check(via, &err) == 0);
	FUZZ_ASSERT(!strncmp(copy, via, strlen(via)) && strlen(via) + strlen(path) < strlen(copy));
	prism_free(via);
	prism_free(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data + 1;

	if (size == 0)
		return 0;
	if (data[0] == 'P') {
		place(text, size - 1);
		return 0;
	}
	switch (data[0] & 3) {
	case 3:
		known(text, size - 1);
		break;
	case 0:
		config(text, size - 1);
		break;
	case 1:
		hop(text, size - 1);
		break;
	default:
		key(text, size - 1);
	}
	return 0;
}
