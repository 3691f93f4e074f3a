/* Owns construction and teardown of the sandbox; every part is its own file. */
#include "sandbox/sandbox.h"

#include "base/file.h"
#include "net/crypto.h"
#include "net/stream_tcp.h"
#include "sandbox/api.h"
#include "sandbox/auth.h"
#include "sandbox/cvm.h"
#include "sandbox/forge.h"
#include "sandbox/http.h"
#include "sandbox/logsearch.h"
#include "sandbox/pki.h"
#include "sandbox/run.h"
#include "sandbox/seed.h"
#include "sandbox/seed_live.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

int64_t sb_now_us(const struct sb *sb)
{
	return prism_clock_wall_us(prism_loop_clock(sb->loop)) + sb->config.clock_skew_s * 1000000;
}

const char *sb_directory(struct sb *sb, struct prism_error *err)
{
	const char *tmp = getenv("TMPDIR");
	if (sb->directory)
		return sb->directory;
	char *path = prism_asprintf("%s/prism-sandbox-XXXXXX", tmp && tmp[0] ? tmp : "/tmp");
	if (mkdtemp(path)) /* 0700 */
		return sb->directory = path;
	prism_error_errno(err, errno, "private directory %s", path);
	prism_free(path);
	return NULL;
}

struct sb *sb_create(struct prism_loop *loop, const struct sb_config *config,
                     struct prism_error *err)
{
	struct sb *sb = prism_alloc(sizeof(*sb));
	sb->config = *config;
	sb->loop = loop;
	net_uuid4(sb->instance);
	sb->db = sb_db_open(config->store ? config->store : ":memory:", err);
	if (!sb->db || sb_auth_init(sb, err) < 0 ||
	    sb_seed_apply(sb, config->seed ? config->seed : "demo", err) < 0) {
		sb_destroy(sb);
		return NULL;
	}
	sb->work = prism_work_create(loop, 2);
	sb->places = sb_places_create();
	sb->searches = sb_searches_create(sb->db);
	sb_cvms_create(sb);
	sb_runs_create(sb);
	sb->live = sb_seed_live_create(sb);
	return sb;
}

const char *sb_agent_host(const struct sb *sb, char buf[64])
{
	struct in_addr address;
	const char *listen = sb->config.listen ? sb->config.listen : "";
	snprintf(buf, 64, "%.*s", (int)strcspn(listen, ":"), listen);
	if (inet_pton(AF_INET, buf, &address) != 1 || address.s_addr == htonl(INADDR_ANY))
		snprintf(buf, 64, "127.0.0.1");
	return buf;
}

static bool is_loopback(const char *host)
{
	struct in_addr v4;
	return strcmp(host, "::1") == 0 ||
	       (inet_pton(AF_INET, host, &v4) == 1 && (ntohl(v4.s_addr) >> 24) == 127);
}

/* HTTPS has a CA of its own: the one in the store is for certificates of CVMs. */
static int make_identity(struct sb *sb, const char *host, struct sb_cert *ret,
                         struct prism_error *err)
{
	const char *names[] = {"localhost", "127.0.0.1", "::1", host, NULL};
	int64_t now = sb_now_us(sb), day = 86400000000ll;
	const struct sb_cert_request request = {"localhost", names, now - day,
	                                        now + SB_CERT_DAYS * day};
	const char *directory = sb_directory(sb, err);
	struct sb_ca *ca = directory ? sb_ca_create(now, err) : NULL;
	int rc = ca ? sb_ca_issue(ca, &request, ret, err) : -1;
	if (rc == 0) {
		const char *pem = sb_ca_cert_pem(ca);
		sb->ca_file = prism_path_join(directory, "ca.pem");
		rc = prism_file_write(sb->ca_file, pem, strlen(pem), 0644, err);
	}
	sb_ca_destroy(ca);
	return rc;
}

int sb_listen(struct sb *sb, struct prism_error *err)
{
	PRISM_AUTO_FREE char *host = NULL;
	struct sb_cert identity = {0};
	uint16_t port = 0;
	const char *listen = sb->config.listen ? sb->config.listen : "127.0.0.1:0";
	size_t len = strlen(listen);
	bool any_port = len > 2 && strcmp(listen + len - 2, ":0") == 0;
	PRISM_AUTO_FREE char *address = prism_strndup(listen, any_port ? len - 2 : len);
	if (net_address_parse(address, 1, &host, &port, err) < 0)
		return -1;
	if (any_port)
		port = 0;
	if (strcmp(host, "localhost") == 0) {
		prism_free(host);
		host = prism_strdup("127.0.0.1");
	}
	if (!is_loopback(host) && !sb->config.allow_remote) {
		prism_error_raise(err, PRISM_ERROR_INVALID, "%s is not a loopback address", host);
		prism_error_hint(err, "this server has sample passwords and executes what it is sent; add "
		                      "--allow-remote if others shall reach it nevertheless");
		return -1;
	}
	if (sb->config.tls && make_identity(sb, host, &identity, err) < 0) {
		sb_cert_finish(&identity);
		return -1;
	}
	sb->http = sb_http_create(sb, host, port, identity.cert_pem, identity.key_pem, err);
	sb_cert_finish(&identity);
	if (!sb->http)
		return -1;
	sb->host = PRISM_STEAL(host);
	return 0;
}

char *sb_url(const struct sb *sb)
{
	bool v6 = strchr(sb->host, ':') != NULL;
	return prism_asprintf("%s://%s%s%s:%u", sb->config.tls ? "https" : "http", v6 ? "[" : "",
	                      sb->host, v6 ? "]" : "", sb_http_port(sb->http));
}

const char *sb_root_file(struct sb *sb, struct prism_error *err)
{
	const char *directory = sb->root_file ? NULL : sb_directory(sb, err);
	if (directory)
		sb->root_file = prism_path_join(directory, "attestation-root.pem");
	return sb->root_file;
}

struct sb_forge *sb_forge_of(struct sb *sb, struct prism_error *err)
{
	const char *path = sb_root_file(sb, err);
	if (sb->forge || !path)
		return sb->forge;
	struct sb_forge *forge = sb_forge_create(err);
	if (!forge)
		return NULL;
	const char *pem = sb_forge_root_pem(forge);
	if (prism_file_write(path, pem, strlen(pem), 0644, err) < 0) {
		sb_forge_destroy(forge);
		return NULL;
	}
	return sb->forge = forge;
}

void sb_destroy(struct sb *sb)
{
	if (!sb)
		return;
	sb_http_destroy(sb->http);
	sb_seed_live_destroy(sb->live);
	sb_runs_destroy(sb->runs);
	sb_cvms_destroy(sb->cvms);
	sb_places_destroy(sb->places);
	sb_searches_destroy(sb->searches);
	sb_ca_destroy(sb->ca);
	prism_work_destroy(sb->work);
	sb_db_close(sb->db);
	if (sb->ca_file)
		unlink(sb->ca_file);
	if (sb->root_file)
		unlink(sb->root_file);
	if (sb->directory)
		rmdir(sb->directory);
	sb_forge_destroy(sb->forge);
	prism_free(sb->root_file);
	sb_auth_finish(sb);
	prism_free(sb->ca_file);
	prism_free(sb->directory);
	prism_free(sb->host);
	prism_free(sb);
}
