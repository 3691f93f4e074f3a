/* Owns the rows of CVMs and their timer; api_cvms.c owns the endpoints, run.c what runs on them. */
#include "sandbox/cvm.h"

#include "base/log.h"
#include "base/mem.h"
#include "net/crypto.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

struct sb_cvms {
	struct sb *sb;
	struct prism_timer *timer;
};

static int64_t step_us(const struct sb *sb)
{
	return 1000 * (sb->config.cvm_step_ms > 0 ? sb->config.cvm_step_ms : SB_CVM_STEP_MS);
}

/* The timer waits for the CVM that is due first. */
static void arm(struct sb *sb)
{
	int64_t due =
	    sb_db_int(sb->db, 0, "SELECT min(next_at) FROM cvms WHERE next_at IS NOT NULL", SB_NOARGS);
	if (!sb->cvms || !due)
		return;
	int64_t wait = (due - sb_now_us(sb) + 999) / 1000;
	prism_timer_rearm(sb->cvms->timer, wait > 0 ? wait : 0);
}

static bool bind_probe(const char *host, uint16_t port, uint16_t *ret_port)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port)};
	socklen_t len = sizeof(addr);
	PRISM_AUTO_FD int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || inet_pton(AF_INET, host, &addr.sin_addr) != 1 ||
	    bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    getsockname(fd, (struct sockaddr *)&addr, &len) < 0)
		return false;
	*ret_port = ntohs(addr.sin_port);
	return true;
}

static bool port_spoken_for(struct sb *sb, unsigned port)
{
	char suffix[16];
	snprintf(suffix, sizeof(suffix), "%%:%u", port);
	return sb_db_int(sb->db, 0, "SELECT 1 FROM cvms WHERE deleted_at IS NULL AND agent_url LIKE ?",
	                 SB_ARGS(SB_T(suffix)));
}

uint16_t sb_free_port(struct sb *sb)
{
	uint16_t port = 0;
	char host[64];
	sb_agent_host(sb, host);
	if (!sb->config.port_first)
		return bind_probe(host, 0, &port) ? port : 0;
	for (unsigned p = sb->config.port_first; p <= sb->config.port_last; p++)
		if (!port_spoken_for(sb, p) && bind_probe(host, (uint16_t)p, &port))
			return port;
	return 0;
}

void sb_free_agent_url(struct sb *sb, char buf[SB_AGENT_URL])
{
	char host[64];
	uint16_t port = sb_free_port(sb);
	snprintf(buf, SB_AGENT_URL, ":");
	if (port)
		snprintf(buf, SB_AGENT_URL, "%s:%u", sb_agent_host(sb, host), port);
}

void sb_cvm_record(struct sb *sb, int64_t cvm, int64_t at_us, bool online)
{
	char id[37];
	net_uuid4(id);
	sb_db_run(sb->db, "INSERT INTO cvm_stats(id, cvm, at, online) VALUES (?, ?, ?, ?)",
	          SB_ARGS(SB_T(id), SB_I(cvm), SB_I(at_us), SB_I(online)));
}

void sb_cvm_set_state(struct sb *sb, int64_t cvm, const char *state)
{
	prism_log(PRISM_LOG_DEBUG, "cvm", "cvm %lld: state %s", (long long)cvm, state);
	sb_db_run(sb->db, "UPDATE cvms SET state = ? WHERE n = ? AND deleted_at IS NULL",
	          SB_ARGS(SB_T(state), SB_I(cvm)));
}

void sb_cvm_set_agent_url(struct sb *sb, int64_t cvm, const char *url)
{
	sb_db_run(sb->db, "UPDATE cvms SET agent_url = ? WHERE n = ?", SB_ARGS(SB_T(url), SB_I(cvm)));
}

bool sb_cvm_ready(struct sb *sb, int64_t cvm)
{
	return sb_db_int(
	    sb->db, 0,
	    "SELECT 1 FROM cvms WHERE n = ? AND deleted_at IS NULL AND status = 'online' AND state ="
	    " '" SB_STATE_READY "'",
	    SB_ARGS(SB_I(cvm)));
}

static void set_status(struct sb *sb, int64_t cvm, const char *status, const char *state,
                       int64_t next)
{
	struct sb_arg due = next ? (struct sb_arg)SB_I(next) : (struct sb_arg){.type = SB_ARG_NULL};
	prism_log(PRISM_LOG_DEBUG, "cvm", "cvm %lld: %s", (long long)cvm, status);
	sb_db_run(sb->db, "UPDATE cvms SET status = ?, state = ?, next_at = ? WHERE n = ?",
	          SB_ARGS(SB_T(status), SB_T(state), due, SB_I(cvm)));
}

static void go_online(struct sb *sb, int64_t cvm)
{
	char url[SB_AGENT_URL];
	sb_free_agent_url(sb, url);
	set_status(sb, cvm, "online", SB_STATE_READY, 0);
	sb_cvm_set_agent_url(sb, cvm, url);
	sb_cvm_record(sb, cvm, sb_now_us(sb), true);
}

static void on_timer(void *data)
{
	struct sb *sb = ((struct sb_cvms *)data)->sb;
	int64_t now = sb_now_us(sb);
	for (;;) { /* one row at a time: each step writes the table that is read */
		SB_AUTO_ROWS struct sb_rows *rows = sb_db_query(
		    sb->db, "SELECT n, status FROM cvms WHERE next_at <= ? ORDER BY next_at LIMIT 1",
		    SB_ARGS(SB_I(now)));
		if (!sb_rows_next(&rows))
			break;
		int64_t cvm = sb_rows_int(rows, 0);
		bool creating = strcmp(sb_rows_text(rows, 1), "creating") == 0;
		sb_rows_close(&rows);
		if (creating)
			set_status(sb, cvm, "starting", "", now + step_us(sb));
		else
			go_online(sb, cvm);
	}
	arm(sb);
}

int64_t sb_cvm_insert(struct sb *sb, const struct sb_cvm_row *row)
{
	char id[37], cvm_id[37];
	int64_t now = sb_now_us(sb);
	bool external = strcmp(row->provider, "external") == 0;
	net_uuid4(id);
	net_uuid4(cvm_id);
	const char *own_id = row->id ? row->id : id;
	PRISM_AUTO_FREE char *name = strstr(row->name, SB_NOT_A_TEE)
	                                 ? prism_strdup(row->name)
	                                 : prism_asprintf("%s (" SB_NOT_A_TEE ")", row->name);
	struct sb_arg next =
	    external ? (struct sb_arg){.type = SB_ARG_NULL} : (struct sb_arg)SB_I(now + step_us(sb));
	if (sb_db_run(
	        sb->db,
	        "INSERT INTO cvms(id, workspace, name, cvm_id, status, provider, vcpus, cc_platform,"
	        " log_level, cost, created_by, created_at, next_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?,"
	        " ?, ?, ?, ?, ?)",
	        SB_ARGS(SB_T(own_id), SB_I(row->workspace), SB_T(name),
	                SB_T(external ? own_id : cvm_id), SB_T(external ? "offline" : "creating"),
	                SB_T(row->provider), SB_I(row->vcpus), SB_T(row->platform),
	                SB_T(row->log_level), SB_T(row->cost), SB_T(row->created_by), SB_I(now),
	                next)) != 1)
		return 0;
	int64_t cvm = sb_db_last_id(sb->db);
	arm(sb);
	return cvm;
}

void sb_cvm_delete(struct sb *sb, int64_t cvm)
{
	int64_t now = sb_now_us(sb);
	sb_db_run(sb->db,
	          "UPDATE cvms SET status = 'offline', state = '', next_at = NULL, deleted_at = ?"
	          " WHERE n = ?",
	          SB_ARGS(SB_I(now), SB_I(cvm)));
	sb_cvm_record(sb, cvm, now, false);
}

struct sb_cvms *sb_cvms_create(struct sb *sb)
{
	struct sb_cvms *cvms = prism_alloc(sizeof(*cvms));
	cvms->sb = sb;
	cvms->timer = prism_loop_add_timer(sb->loop, 3600000, 0, on_timer, cvms);
	sb->cvms = cvms;
	arm(sb);
	return cvms;
}

void sb_cvms_destroy(struct sb_cvms *cvms)
{
	if (!cvms)
		return;
	prism_timer_remove(cvms->timer);
	prism_free(cvms);
}
