/*
 * The doctor of a computation: what the documentation's troubleshooting tables advise to verify,
 * verified, against the real objects.  Every check becomes a line: what was looked at, what came
 * of it, what was found, why it matters, what to do, and the action that goes there.
 *
 * The order is the one in which things depend on each other: the server, what a run needs, the CVM,
 * certificates and keys, attestation, the network to the agent, uploads.  Lines appear as they are
 * finished; a part whose ground is missing is skipped with the reason.
 *
 * It only looks.  The one thing it does to an agent is what cocos-cli does before everything else,
 * a health call over the mode's own connection.  An agent with attested TLS is not connected to:
 * from v0.9 on a handshake that is broken off closes its port (reference agent.md section 11,
 * trap 10 and 11), and a diagnosis must not make the patient worse.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_CORE_DOCTOR_H
#define PRISM_CORE_DOCTOR_H

#include "core/agent.h"
#include "core/core.h"

#define CORE_DOCTOR_CONNECT_MS 8000 /* for name lookup, connection and health call each */
#define CORE_DOCTOR_SKEW_FAIL_US \
	(300 * 1000000LL)             /* certificates and tokens are misjudged beyond */
#define CORE_DOCTOR_LINES_MAX 400 /* stops a thousand certificates from becoming lines */

/* X(ENUM, "id", "title") */
#define CORE_DOCTOR_GROUP_MAP(X)                      \
	X(SERVER, "server", "Prism")                      \
	X(READY, "ready", "What a run needs")             \
	X(CVM, "cvm", "CVM and run")                      \
	X(FILES, "certificates", "Certificates and keys") \
	X(ATTESTATION, "attestation", "Attestation")      \
	X(NETWORK, "network", "Network to the agent")     \
	X(UPLOAD, "upload", "Uploads and results")

enum core_doctor_group {
#define X(id, word, title) CORE_DOCTOR_GROUP_##id,
	CORE_DOCTOR_GROUP_MAP(X)
#undef X
	    CORE_DOCTOR_GROUP_COUNT
};
const char *core_doctor_group_word(enum core_doctor_group group);
const char *core_doctor_group_title(enum core_doctor_group group);

enum core_doctor_result {
	CORE_DOCTOR_PASS,
	CORE_DOCTOR_SKIPPED, /* cannot be judged, or does not apply; found says why */
	CORE_DOCTOR_WARN,
	CORE_DOCTOR_FAIL
};
const char *core_doctor_result_word(enum core_doctor_result result); /* "pass" */

struct core_doctor_line { /* strings lent until destroy, never NULL */
	enum core_doctor_group group;
	enum core_doctor_result result;
	const char *id;   /* "network.connects": stable, for programs; several files repeat one */
	const char *line; /* what holds when it passes: "The agent's port can be reached" */
	const char *found, *why, *remedy; /* why and remedy "" on a pass */
	const char *fix; /* id of the front end's action that goes there: "role member add"; "" none */
	const char *subject; /* of the action, when it is not the computation: a CVM id; "" */
};

struct core_doctor_spec { /* everything is copied */
	const char *computation_id;
	/* How this person reaches agents, as for a transfer.  mode: what settings ask for beyond the
	 * computation's own, CORE_TLS_NONE for nothing. url NULL or "": that of the latest run. */
	struct core_agent_connection connection;
	const char *key_file; /* private key for uploads; NULL: there is none */
};

struct core_doctor;
/* Looks at once; changed is called from the loop after each finished part, at last with done. */
struct core_doctor *core_doctor_start(struct core *core, const struct core_doctor_spec *spec,
                                      void (*changed)(void *data, bool done), void *data);
/* It looks no further; what it found stays. No callback afterwards. */
void core_doctor_stop(struct core_doctor *doctor);
/* Stops and frees it. NULL allowed. */
void core_doctor_destroy(struct core_doctor *doctor);

/* What is being looked at: "connecting to 127.0.0.1:7002"; "" when done. Lent. */
const char *core_doctor_doing(const struct core_doctor *doctor);
bool core_doctor_done(const struct core_doctor *doctor);
size_t core_doctor_count(const struct core_doctor *doctor);
const struct core_doctor_line *core_doctor_line(const struct core_doctor *doctor, size_t index);
enum core_doctor_result core_doctor_worst(const struct core_doctor *doctor);
/* Category conflict with the first failure's words, hint its remedy; 0 without failures. */
PRISM_MUST_USE
int core_doctor_raise(const struct core_doctor *doctor, struct prism_error *err);

#endif
