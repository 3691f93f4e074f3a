/*
 * The sandbox as one object: our own stand-in for a Prism server, for demonstrations and tests.
 * It is NOT a TEE and keeps no real secret.
 *
 * The struct is plain data, known to every file of this folder; each field belongs to the file
 * that its comment names.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_SANDBOX_SANDBOX_H
#define PRISM_SANDBOX_SANDBOX_H

#include "base/loop.h"
#include "base/work.h"
#include "sandbox/agent.h"
#include "sandbox/agent_faults.h"
#include "sandbox/db.h"
#include "sandbox/plan.h"

#define SB_NOTICE "not a TEE: sandbox for demonstrations and tests"
#define SB_ACCESS_TTL_S 3600 /* prism-api.md section 2.2 */
#define SB_REFRESH_TTL_S 86400

struct sb_ca;
struct sb_faults;
struct sb_http;
struct sb_runs;
struct sb_places;
struct sb_searches;
struct sb_seed_live;
struct sb_forge;
struct sb_cvms;

struct sb_config {
	const char *listen;  /* "127.0.0.1:0" */
	bool allow_remote;   /* a listen address that is not loopback is refused without it */
	const char *store;   /* file or ":memory:" */
	const char *seed;    /* "demo", "empty", "scale=N[,logs=M]" */
	int64_t token_ttl_s; /* of access tokens; refresh tokens live 24 times as long */
	int64_t latency_min_ms, latency_max_ms;
	int64_t clock_skew_s;           /* added to every time the server tells */
	int64_t cvm_step_ms;            /* creating -> starting -> online; 0: 2 s */
	int64_t linger_s;               /* a finished run's agent is released after so long; 0: 300 */
	unsigned port_first, port_last; /* of agents; 0: chosen by the system */
	struct sb_runner_limits run_limits; /* zeros: the defaults of runner.h */
	struct sb_agent_fault_rules agent_faults;
	enum sb_agent_rule agent_rule;
	struct sb_plan plan;
	unsigned agent_generation; /* of attested TLS: 1 (0 too) or 2 */
	bool tls, html_fallback;
	bool cert_zip;            /* certificate downloads are zip archives, not JSON */
	struct sb_faults *faults; /* lent; NULL: none */
};

struct sb {
	struct sb_config config;
	struct prism_loop *loop; /* lent */
	struct prism_work *work;
	struct sb_db *db;
	char instance[37];       /* id of this process, for health */
	uint8_t signing_key[64]; /* auth.c */
	struct sb_auth_memo {    /* auth.c: the last token that was found to be ours */
		char *token;         /* NULL: none yet */
		int64_t type, exp_s, issued_us;
		char id[40], jti[40];
	} auth_memo;
	struct sb_http *http;         /* http.c; NULL when calls are made in process only */
	struct sb_ca *ca;             /* certs.c; NULL until needed */
	struct sb_places *places;     /* api_logs.c */
	struct sb_searches *searches; /* logsearch.c */
	struct sb_seed_live *live;    /* seed_live.c */
	struct sb_runs *runs;         /* run.c */
	struct sb_cvms *cvms;         /* cvm.c */
	struct sb_forge *forge;       /* see sb_forge_of() */
	char *root_file;              /* where the forge's root is written; see sb_root_file() */
	char *directory;              /* see sb_directory() */
	char *ca_file;                /* NULL without TLS */
	char *host;                   /* listening address; NULL: not listening */
};

/* Opens the store, seeds it when it is empty. Listening is separate: sb_listen(). */
struct sb *sb_create(struct prism_loop *loop, const struct sb_config *config,
                     struct prism_error *err);
PRISM_MUST_USE
int sb_listen(struct sb *sb, struct prism_error *err);
void sb_destroy(struct sb *sb); /* NULL allowed */
/* The private directory (0700), made when first asked for, removed at the end. Lent; NULL on
 * failure. */
const char *sb_directory(struct sb *sb, struct prism_error *err);
/* Where agents listen: the address of --listen, or loopback when that one is a wildcard, a name
 * or IPv6. Returns buf. */
const char *sb_agent_host(const struct sb *sb, char buf[64]);
/* The maker of evidence, made when first asked for; from then on its root stands in the root file.
 */
struct sb_forge *sb_forge_of(struct sb *sb, struct prism_error *err);
/* Path of the attestation root (PEM) that clients have to be told to accept; the file appears with
 * the first attested agent or policy. Lent; NULL on failure. */
const char *sb_root_file(struct sb *sb, struct prism_error *err);
char *sb_url(const struct sb *sb);      /* "http://127.0.0.1:41233"; yours */
int64_t sb_now_us(const struct sb *sb); /* wall time as this server sees it */

#endif
