/*
 * Checking what was typed against what the session was begun with.  Tokens and states are
 * core/session.c's.
 */
#include "core/unlock.h"

#include "core/internal.h"
#include "core/session.h"
#include "net/crypto.h"

#include <string.h>

struct proof { /* what is kept of a password */
	uint8_t salt[NET_SCRYPT_SALT], hash[NET_SCRYPT_SIZE];
};

struct unlock {
	struct core *core;
	struct prism_secret *proof; /* struct proof; NULL: none yet */
	unsigned generation;        /* of the learning that counts */
};

static void *create(struct core *core)
{
	struct unlock *u = prism_alloc(sizeof(*u));
	u->core = core;
	return u;
}

static void destroy(void *state)
{
	struct unlock *u = state;
	prism_secret_destroy(u->proof);
	prism_free(u);
}

static const struct core_module module = {.name = "unlock", .create = create, .destroy = destroy};

/* ---- on the worker ---- */

struct job {
	struct core *core;
	struct prism_secret *text;
	struct proof proof; /* learning: salt in, hash out; checking: both in */
	bool learn, right;
	unsigned generation;
	core_done_fn done;
	void *data;
};

static void work(void *data)
{
	struct job *job = data;
	uint8_t hash[NET_SCRYPT_SIZE];
	net_scrypt(job->text, job->proof.salt, hash);
	if (job->learn)
		memcpy(job->proof.hash, hash, sizeof(hash));
	else
		job->right = net_equal_const_time(hash, job->proof.hash, sizeof(hash));
	prism_wipe(hash, sizeof(hash));
}

static void job_free(struct job *job)
{
	prism_secret_destroy(job->text);
	prism_wipe(&job->proof, sizeof(job->proof));
	prism_free(job);
}

static void learned(void *data, bool cancelled)
{
	struct job *job = data;
	struct unlock *u = cancelled || core_dying(job->core) ? NULL : core_module(job->core, &module);
	if (u && u->generation == job->generation) {
		prism_secret_destroy(u->proof);
		u->proof = prism_secret_create(&job->proof, sizeof(job->proof));
	}
	job_free(job);
}

static void checked(void *data, bool cancelled)
{
	struct job *job = data;
	core_done_fn done = job->done;
	void *done_data = job->data;
	bool right = job->right;
	struct prism_error err = PRISM_ERROR_INIT;
	job_free(job);
	if (cancelled)
		prism_error_raise(&err, PRISM_ERROR_CANCELLED, "cancelled");
	else if (!right)
		prism_error_raise(&err, PRISM_ERROR_AUTH, "that is not what this session was begun with");
	done(done_data, err.category == PRISM_ERROR_NONE ? NULL : &err);
}

/* ---- what session.c tells ---- */

void core_unlock_learn(struct core *core, const struct prism_secret *password)
{
	struct unlock *u = core_module(core, &module);
	core_unlock_forget(core);
	struct job *job = prism_alloc(sizeof(*job));
	job->core = core;
	job->text = prism_secret_from_text(prism_secret_text(password));
	job->learn = true;
	job->generation = u->generation;
	net_random_bytes(job->proof.salt, sizeof(job->proof.salt));
	prism_work_submit(core_work(core), core_cancel(core), work, learned, job);
}

void core_unlock_forget(struct core *core)
{
	struct unlock *u = core_module(core, &module);
	u->generation++;
	prism_secret_destroy(u->proof);
	u->proof = NULL;
}

/* ---- asking ---- */

enum core_unlock_kind core_unlock_kind(struct core *core)
{
	const struct unlock *u = core_module(core, &module);
	if (!core_session_known(core))
		return CORE_UNLOCK_NOBODY;
	if (core_session_uses_pat(core))
		return CORE_UNLOCK_TOKEN;
	return u->proof ? CORE_UNLOCK_PASSWORD : CORE_UNLOCK_SERVER;
}

static int ask_worker(struct core *core, struct prism_secret *text, struct prism_cancel *cancel,
                      core_done_fn done, void *data)
{
	const struct unlock *u = core_module(core, &module);
	struct job *job = prism_alloc(sizeof(*job));
	*job = (struct job){.core = core, .text = text, .done = done, .data = data};
	memcpy(&job->proof, prism_secret_text(u->proof), sizeof(job->proof));
	prism_work_submit(core_work(core), cancel, work, checked, job);
	return 0;
}

static void compared(void *data)
{
	PRISM_UNUSED(data); /* nothing is left to do: the answer only has to come later */
}

static int ask_token(struct core *core, struct prism_secret *text, struct prism_cancel *cancel,
                     core_done_fn done, void *data)
{
	const struct prism_secret *token = core_session_bearer(core, false);
	struct job *job = prism_alloc(sizeof(*job));
	*job = (struct job){.core = core, .text = text, .done = done, .data = data};
	job->right = token && prism_secret_equal(token, text);
	prism_work_submit(core_work(core), cancel, compared, checked, job);
	return 0;
}

int core_unlock(struct core *core, struct prism_secret *text, struct prism_cancel *cancel,
                core_done_fn done, void *data, struct prism_error *err)
{
	switch (core_unlock_kind(core)) {
	case CORE_UNLOCK_PASSWORD:
		return ask_worker(core, text, cancel, done, data);
	case CORE_UNLOCK_TOKEN:
		return ask_token(core, text, cancel, done, data);
	case CORE_UNLOCK_SERVER:
		return core_session_login(core, core_session_login_name(core), text, cancel, done, data,
		                          err);
	case CORE_UNLOCK_NOBODY:
	default:
		prism_secret_destroy(text);
		return prism_error_raise(err, PRISM_ERROR_AUTH, "nobody is signed in");
	}
}
