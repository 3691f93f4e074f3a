/*
 * Internal to core: the doctor's parts.  core/doctor.c owns the order and the lines,
 * core/doctor_look.c what is judged from objects and files, core/doctor_net.c what is asked of the
 * network.
 */
#ifndef PRISM_CORE_DOCTOR_PRIVATE_H
#define PRISM_CORE_DOCTOR_PRIVATE_H

#include "core/certcheck.h"
#include "core/computation.h"
#include "core/doctor.h"
#include "core/internal.h"

struct net_grpc_channel;
struct net_stream;

struct core_doctor {
	struct core *core;
	char *id, *key_file;
	struct core_agent_connection *connection; /* a copy, with the stored mode once known */
	void (*changed)(void *data, bool done);
	void *data;
	struct prism_cancel *cancel;
	struct core_doctor_line *lines; /* strings owned by the arena */
	size_t count;
	struct prism_arena *arena;
	const char *doing;
	size_t step;
	bool busy; /* an answer is on its way to a callback that names this object */
	bool dead; /* destroyed meanwhile: freed with that answer */
	bool done, stopped;
	/* what parts leave for later ones */
	bool computation_known;
	enum core_tls_mode mode;  /* as stored with the computation */
	enum core_tls_mode reach; /* as this person's settings reach it: never weaker */
	char *host, *cvm_id;      /* of the agent; NULL unknown */
	uint16_t port;
	int64_t started_ms;
	struct net_stream *stream;
	struct net_grpc_channel *channel;
	bool asked, serving; /* of the health call */
};

/* One finished line. result WARN or FAIL wants why and remedy. Texts are copied; found is printf's.
 * fix, id and line are static texts or copied as well. */
struct core_doctor_row {
	enum core_doctor_group group;
	enum core_doctor_result result;
	const char *id, *line, *why, *remedy, *fix, *subject; /* NULL: "" */
};
void core_doctor_add(struct core_doctor *d, const struct core_doctor_row *row, const char *fmt, ...)
    PRISM_PRINTF(3, 4);
#define CORE_DOCTOR_ROW(...) (&(const struct core_doctor_row){__VA_ARGS__})

/* The present part is over; the next one begins in a later turn. Last thing a part does. */
void core_doctor_next(struct core_doctor *d);
/* For callbacks of core: the answer is here; true when the doctor was stopped or destroyed
 * meanwhile (it may be freed then: touch nothing). */
bool core_doctor_gone(struct core_doctor *d);

void core_doctor_look_server(struct core_doctor *d, const struct prism_error *err);
void core_doctor_look_ready(struct core_doctor *d, const struct prism_error *err);
void core_doctor_look_cvm(struct core_doctor *d);
void core_doctor_look_files(struct core_doctor *d);
void core_doctor_look_attestation(struct core_doctor *d);
void core_doctor_look_uploads(struct core_doctor *d);
/* These end in core_doctor_next(). */
void core_doctor_resolve(struct core_doctor *d);
void core_doctor_dial(struct core_doctor *d);
void core_doctor_ask_health(struct core_doctor *d);

#endif
