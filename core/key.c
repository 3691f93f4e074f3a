/*
 * Registration of my public key on a computation (reference 3.5, Q4, Q21).
 */
#include "core/key.h"

#include "base/text.h"
#include "core/internal.h"
#include "net/crypto.h"

#include <string.h>

#define KEY_MAX 65536

struct known {
	struct prism_list node;
	char *computation;
	enum core_key_state state;
	bool checking;
};

struct keys {
	struct core *core;
	struct prism_list known;
};

static void *create(struct core *core)
{
	struct keys *keys = prism_alloc(sizeof(*keys));
	keys->core = core;
	prism_list_init(&keys->known);
	return keys;
}

static void forget(void *state)
{
	struct keys *keys = state;
	PRISM_LIST_EACH (&keys->known, node, next) {
		struct known *known = PRISM_CONTAINER(node, struct known, node);
		prism_list_remove(node);
		prism_free(known->computation);
		prism_free(known);
	}
}

static void destroy(void *state)
{
	forget(state);
	prism_free(state);
}

static const struct core_module module = {
    .name = "keys", .create = create, .destroy = destroy, .reset = forget};

static struct known *known_of(struct core *core, const char *computation)
{
	struct keys *keys = core_module(core, &module);
	PRISM_LIST_EACH (&keys->known, node, next) {
		struct known *known = PRISM_CONTAINER(node, struct known, node);
		if (strcmp(known->computation, computation) == 0)
			return known;
	}
	struct known *known = prism_alloc(sizeof(*known));
	known->computation = prism_strdup(computation);
	prism_list_prepend(&keys->known, &known->node);
	return known;
}

enum core_key_state core_key_state(struct core *core, const char *computation_id)
{
	return known_of(core, computation_id)->state;
}

static void set_state(struct core *core, const char *computation, enum core_key_state state)
{
	struct known *known = known_of(core, computation);
	enum core_key_state before = known->state;
	known->state = state;
	if (before == state)
		return;
	core_emit(core, CORE_EVENT_KEYS, computation);
	if (before != CORE_KEY_UNKNOWN || state == CORE_KEY_REGISTERED)
		core_emit(core, CORE_EVENT_CHECKLIST, computation);
}

/* --- checking --- */

/* Q21: a bool; an object with one of some bools; a key that is not empty; otherwise any 2xx is yes.
 */
static enum core_key_state read_answer(const cJSON *doc)
{
	static const char *const words[] = {"uploaded", "exists", "key_uploaded"};
	if (cJSON_IsBool(doc))
		return cJSON_IsTrue(doc) ? CORE_KEY_REGISTERED : CORE_KEY_MISSING;
	for (size_t i = 0; i < PRISM_COUNT(words); i++)
		if (cJSON_IsBool(prism_json_get(doc, words[i])))
			return prism_json_bool(doc, words[i], false) ? CORE_KEY_REGISTERED : CORE_KEY_MISSING;
	const cJSON *key = prism_json_get(doc, "key");
	if (cJSON_IsString(key))
		return *key->valuestring ? CORE_KEY_REGISTERED : CORE_KEY_MISSING;
	return CORE_KEY_REGISTERED;
}

struct checking {
	struct core *core;
	char *computation;
	core_key_fn done; /* may be NULL */
	void *data;
};

static void checked(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct checking *c = data;
	enum core_key_state state = CORE_KEY_UNKNOWN;
	if (!err)
		state = read_answer(reply->json);
	else if (err->category == PRISM_ERROR_MISSING) {
		state = CORE_KEY_MISSING;
		err = NULL;
	}
	if (!core_dying(c->core)) {
		known_of(c->core, c->computation)->checking = false;
		if (!err)
			set_state(c->core, c->computation, state);
	}
	if (c->done)
		c->done(c->data, state, err);
	prism_free(c->computation);
	prism_free(c);
}

int core_key_check_now(struct core *core, const char *computation_id, struct prism_cancel *cancel,
                       core_key_fn done, void *data, struct prism_error *err)
{
	struct checking *c = prism_alloc(sizeof(*c));
	*c = (struct checking){core, prism_strdup(computation_id), done, data};
	struct core_call call = {.endpoint = CORE_EP_COMP_KEY_GET,
	                         .arg = {[CORE_ARG_C] = computation_id}};
	if (core_request_start(core, &call, cancel, checked, c, err))
		return 0;
	prism_free(c->computation);
	prism_free(c);
	return -1;
}

void core_key_check(struct core *core, const char *computation_id)
{
	struct known *known = known_of(core, computation_id);
	if (known->checking)
		return;
	known->checking =
	    core_key_check_now(core, computation_id, core_cancel(core), NULL, NULL, NULL) == 0;
}

/* --- registering --- */

struct registering {
	struct core *core;
	char *computation;
	char *other;                 /* second encoding, NULL once tried */
	struct prism_cancel *cancel; /* borrowed */
	core_done_fn done;
	void *data;
};

static void registered(void *data, const struct core_reply *reply, const struct prism_error *err);

static int send_key(struct registering *r, const char *encoded, struct prism_error *err)
{
	PRISM_AUTO_JSON cJSON *body = cJSON_CreateObject();
	cJSON_AddStringToObject(body, "key", encoded);
	struct core_call call = {
	    .endpoint = CORE_EP_COMP_KEY_PUT, .arg = {[CORE_ARG_C] = r->computation}, .body = body};
	return core_request_start(r->core, &call, r->cancel, registered, r, err) ? 0 : -1;
}

static void registering_free(struct registering *r)
{
	prism_free(r->computation);
	prism_free(r->other);
	prism_free(r);
}

static void registered(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct registering *r = data;
	if (err && err->status == 400 && r->other) {
		PRISM_AUTO_FREE char *other = PRISM_STEAL(r->other);
		if (send_key(r, other, NULL) == 0)
			return;
	}
	if (!err && !core_dying(r->core)) {
		set_state(r->core, r->computation, CORE_KEY_REGISTERED);
		core_checklist_stale(r->core, r->computation);
		core_emit(r->core, CORE_EVENT_MANIFEST, r->computation);
	}
	r->done(r->data, err);
	registering_free(r);
}

int core_key_register(struct core *core, const char *computation_id, const char *text, size_t len,
                      struct prism_cancel *cancel, core_done_fn done, void *data,
                      struct prism_error *err)
{
	if (len > KEY_MAX)
		return prism_error_raise(err, PRISM_ERROR_LIMIT,
		                         "the key is larger than 64 KiB: not a public key");
	struct net_key *key = net_key_read_public(text, len, err);
	if (!key)
		return -1;
	PRISM_AUTO_BUF struct prism_buf der = PRISM_BUF_INIT(KEY_MAX);
	PRISM_AUTO_BUF struct prism_buf pem = PRISM_BUF_INIT(KEY_MAX);
	int result = net_key_public_der(key, &der, err);
	if (result == 0)
		result = net_key_public_pem(key, &pem, err);
	net_key_destroy(key);
	if (result < 0)
		return -1;
	struct registering *r = prism_alloc(sizeof(*r));
	*r = (struct registering){.core = core,
	                          .computation = prism_strdup(computation_id),
	                          .cancel = cancel,
	                          .done = done,
	                          .data = data};
	r->other = prism_base64_encode(pem.data, pem.len);
	PRISM_AUTO_FREE char *encoded = prism_base64_encode(der.data, der.len);
	if (send_key(r, encoded, err) == 0)
		return 0;
	registering_free(r);
	return -1;
}
