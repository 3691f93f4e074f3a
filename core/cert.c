/*
 * Certificates of CVMs: the lists, and what changes them.  Downloads and status are in
 * core/cert_files.c.
 *
 * There is one list for each CVM that was looked at, asked for with its id, and one of the whole
 * workspace, which a server may refuse without harm: it only feeds flags and completion.
 */
#include "core/cert.h"

#include "base/clock.h"
#include "core/cvm.h"
#include "core/internal.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#define DAY_US 86400000000LL

static const struct core_cert_state_info states[CORE_CERT_STATE_COUNT] = {
    [CORE_CERT_VALID] = {"valid", "Valid", CORE_TONE_GOOD},
    [CORE_CERT_EXPIRING] = {"expiring", "Expires soon", CORE_TONE_WARN},
    [CORE_CERT_EXPIRED] = {"expired", "Expired", CORE_TONE_BAD},
    [CORE_CERT_REVOKED] = {"revoked", "Revoked", CORE_TONE_MUTED},
};

const struct core_cert_state_info *core_cert_state_info(enum core_cert_state state)
{
	return &states[state];
}

enum core_cert_state core_cert_state(const struct core_cert *cert, int64_t now_us)
{
	if (cert->revoked)
		return CORE_CERT_REVOKED;
	if (cert->expires_us == PRISM_TIME_UNSET)
		return CORE_CERT_VALID;
	if (cert->expires_us <= now_us)
		return CORE_CERT_EXPIRED;
	return cert->expires_us - now_us < CORE_CERT_SOON_DAYS * DAY_US ? CORE_CERT_EXPIRING
	                                                                : CORE_CERT_VALID;
}

/* --- decoding --- */

/* Both generations of field names (4.10); a serial number may be a JSON number. */
static const char *decode_serial(struct prism_arena *arena, const cJSON *entry)
{
	static const char *const keys[] = {"serial_number", "SerialNumber", "serial"};
	for (size_t i = 0; i < PRISM_COUNT(keys); i++) {
		PRISM_AUTO_FREE char *text = prism_json_digits(entry, keys[i]);
		if (*text)
			return core_text_cut(arena, text, CORE_TEXT_MAX);
	}
	return "";
}

static bool decode(void *item, const cJSON *entry, struct prism_arena *arena)
{
	struct core_cert *cert = item;
	if (!cJSON_IsObject(entry))
		return false;
	cert->serial = decode_serial(arena, entry);
	cert->entity_id = CORE_STR_ANY(arena, entry, "entity_id", "EntityID", "backend_id");
	cert->pem = core_str(arena, entry, "certificate");
	cert->revoked = prism_json_bool(entry, "revoked", false);
	cert->expires_us = prism_json_time(entry, "expiry_time");
	if (cert->expires_us == PRISM_TIME_UNSET)
		cert->expires_us = prism_json_time(entry, "ExpiryDate");
	return *cert->serial != '\0';
}

/* --- lists --- */

struct certs { /* the list of one CVM */
	struct prism_list node;
	char *cvm;
	struct core_list *list;
};

static void cvm_query(struct core_query *query, void *data)
{
	const struct certs *certs = data;
	core_query_add(query, "entity_id", certs->cvm);
}

#define LIST_TYPE                                                                                \
	.endpoint = CORE_EP_CERT_LIST, .key = "certificates", .item_size = sizeof(struct core_cert), \
	.event = CORE_EVENT_CERTS, .decode = decode

static const struct core_list_type cvm_type = {LIST_TYPE, .query = cvm_query};
static const struct core_list_type workspace_type = {LIST_TYPE};

static const struct core_module workspace_module = {.name = "certificates",
                                                    .list = &workspace_type};

struct core_list *core_workspace_certs(struct core *core)
{
	return core_module(core, &workspace_module);
}

static void *create(struct core *core)
{
	struct prism_list *all = prism_alloc(sizeof(*all));
	prism_list_init(all);
	return all;
}

static void destroy(void *state)
{
	struct prism_list *all = state;
	PRISM_LIST_EACH (all, node, next) {
		struct certs *certs = PRISM_CONTAINER(node, struct certs, node);
		prism_list_remove(node);
		core_list_destroy(certs->list);
		prism_free(certs->cvm);
		prism_free(certs);
	}
	prism_free(all);
}

/* Only emptied: somebody may hold one. */
static void reset(void *state)
{
	struct prism_list *all = state;
	PRISM_LIST_EACH (all, node, next)
		core_list_clear(PRISM_CONTAINER(node, struct certs, node)->list);
}

static const struct core_module module = {
    .name = "certificates of CVMs", .create = create, .destroy = destroy, .reset = reset};

struct core_list *core_certs(struct core *core, const char *cvm_id)
{
	struct prism_list *all = core_module(core, &module);
	PRISM_LIST_EACH (all, node, next) {
		struct certs *certs = PRISM_CONTAINER(node, struct certs, node);
		if (strcmp(certs->cvm, cvm_id) == 0)
			return certs->list;
	}
	struct certs *certs = prism_alloc(sizeof(*certs));
	certs->cvm = prism_strdup(cvm_id);
	certs->list = core_list_create(core, &cvm_type, cvm_id, certs);
	prism_list_prepend(all, &certs->node);
	return certs->list;
}

static const struct core_cert *find_in(const struct core_list *list, const char *serial)
{
	const struct core_cert *cert = core_list_find(list, serial);
	for (size_t i = 0; !cert && i < core_list_count(list); i++)
		if (net_serial_same(core_cert_at(list, i)->serial, serial))
			cert = core_cert_at(list, i);
	return cert;
}

const struct core_cert *core_cert_find(struct core *core, const char *serial)
{
	struct prism_list *all = core_module(core, &module);
	const struct core_cert *cert = NULL;
	PRISM_LIST_EACH (all, node, next) {
		cert = find_in(PRISM_CONTAINER(node, struct certs, node)->list, serial);
		if (cert)
			return cert;
	}
	return find_in(core_workspace_certs(core), serial);
}

/* entity NULL: any. Unknown dates count least. */
static const struct core_cert *latest(const struct core_list *list, const char *entity)
{
	const struct core_cert *best = NULL;
	for (size_t i = 0; i < core_list_count(list); i++) {
		const struct core_cert *cert = core_cert_at(list, i);
		if (cert->revoked || (entity && strcmp(cert->entity_id, entity) != 0))
			continue;
		if (!best || cert->expires_us > best->expires_us)
			best = cert;
	}
	return best;
}

const struct core_cert *core_cert_of_cvm(struct core *core, const char *cvm_id)
{
	struct core_list *own = core_certs(core, cvm_id);
	if (core_list_status(own)->freshness >= CORE_READY && core_list_count(own) > 0)
		return latest(own, NULL);
	return latest(core_workspace_certs(core), cvm_id);
}

/* --- a word to a serial number --- */

struct resolving {
	struct core *core;
	char *word, *cvm;
	struct prism_cancel *cancel; /* borrowed */
	core_id_fn done;
	void *data;
};

static void resolving_finish(struct resolving *r, const char *serial, const struct prism_error *err)
{
	PRISM_AUTO_FREE char *copy = prism_strdup(serial);
	r->done(r->data, copy, err);
	prism_free(r->word);
	prism_free(r->cvm);
	prism_free(r);
}

/* Digits, at least so many that no CVM is called like that by accident. */
static bool looks_like_serial(const char *word)
{
	size_t digits = 0;
	for (const char *c = word; *c; c++) {
		if (!isxdigit((unsigned char)*c) && *c != ':')
			return false;
		digits += *c != ':';
	}
	return digits >= 8;
}

static void resolve_listed(void *data, const struct prism_error *err)
{
	struct resolving *r = data;
	struct prism_error none = PRISM_ERROR_INIT;
	const struct core_cert *cert = err ? NULL : latest(core_certs(r->core, r->cvm), NULL);
	if (err || cert) {
		resolving_finish(r, cert ? cert->serial : "", err);
		return;
	}
	prism_error_raise(&none, PRISM_ERROR_MISSING, "CVM %s has no certificate that is not revoked",
	                  r->word);
	prism_error_hint(&none, "cert issue %s makes one", r->word);
	resolving_finish(r, "", &none);
}

static void resolve_cvm(void *data, const char *id, const struct prism_error *err)
{
	struct resolving *r = data;
	struct prism_error failure = PRISM_ERROR_INIT;
	if (err && looks_like_serial(r->word)) {
		resolving_finish(r, r->word, NULL);
	} else if (err) {
		failure = *err;
		if (err->category == PRISM_ERROR_MISSING)
			prism_error_hint(&failure, "a serial number, or the id or name of a CVM");
		resolving_finish(r, "", &failure);
	} else {
		r->cvm = prism_strdup(id);
		if (core_list_await(core_certs(r->core, id), true, r->cancel, resolve_listed, r, &failure) <
		    0)
			resolving_finish(r, "", &failure);
	}
}

static void resolve_known(void *data, const struct prism_error *err)
{
	struct resolving *r = data;
	struct prism_error failure = PRISM_ERROR_INIT;
	const struct core_cert *cert = core_cert_find(r->core, r->word);
	if (err && err->category == PRISM_ERROR_CANCELLED)
		resolving_finish(r, "", err);
	else if (cert)
		resolving_finish(r, cert->serial, NULL);
	else if (core_cvm_resolve(r->core, r->word, r->cancel, resolve_cvm, r, &failure) < 0)
		resolving_finish(r, "", &failure);
}

int core_cert_resolve(struct core *core, const char *word, struct prism_cancel *cancel,
                      core_id_fn done, void *data, struct prism_error *err)
{
	struct resolving *r = prism_alloc(sizeof(*r));
	*r = (struct resolving){core, prism_strdup(word), NULL, cancel, done, data};
	if (core_list_await(core_workspace_certs(core), false, cancel, resolve_known, r, err) == 0)
		return 0;
	prism_free(r->word);
	prism_free(r);
	return -1;
}

/* --- changes --- */

struct changing {
	struct core *core;
	char *cvm;    /* whose list is read again; NULL: only the workspace's */
	char *serial; /* what the answer said is new; "" nothing */
	core_id_fn done;
	core_done_fn plain; /* instead of done */
	void *data;
};

static void changing_finish(struct changing *c, const struct prism_error *err)
{
	if (c->plain)
		c->plain(c->data, err);
	else if (c->done)
		c->done(c->data, err ? "" : c->serial, err);
	prism_free(c->cvm);
	prism_free(c->serial);
	prism_free(c);
}

/* The write has happened: a list that fails now is no failure of it. */
static void relisted(void *data, const struct prism_error *err)
{
	struct changing *c = data;
	const struct core_cert *newest = c->cvm ? latest(core_certs(c->core, c->cvm), NULL) : NULL;
	if (!err && !*c->serial && newest) {
		prism_free(c->serial);
		c->serial = prism_strdup(newest->serial);
	}
	changing_finish(c, NULL);
}

static char *serial_in(const cJSON *doc)
{
	struct prism_arena *arena = prism_arena_create();
	const cJSON *inner = prism_json_get(doc, "certificate");
	char *serial = prism_strdup(decode_serial(arena, cJSON_IsObject(inner) ? inner : doc));
	prism_arena_destroy(arena);
	return serial;
}

static void changed(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct changing *c = data;
	if (err) {
		changing_finish(c, err);
		return;
	}
	c->serial = serial_in(reply->json);
	if (c->cvm)
		core_list_refresh(core_workspace_certs(c->core));
	struct core_list *list = c->cvm ? core_certs(c->core, c->cvm) : core_workspace_certs(c->core);
	if (core_list_await(list, true, core_cancel(c->core), relisted, c, NULL) < 0)
		changing_finish(c, NULL);
}

static int change(struct core *core, const struct core_call *call, const char *cvm,
                  struct prism_cancel *cancel, core_id_fn done, core_done_fn plain, void *data,
                  struct prism_error *err)
{
	struct changing *c = prism_alloc(sizeof(*c));
	*c = (struct changing){core, cvm && *cvm ? prism_strdup(cvm) : NULL, NULL, done, plain, data};
	if (core_request_start(core, call, cancel, changed, c, err))
		return 0;
	c->done = NULL;
	c->plain = NULL;
	changing_finish(c, NULL);
	return -1;
}

static int check_addresses(const char *const *addresses, size_t count, struct prism_error *err)
{
	unsigned char binary[16];
	if (count > CORE_CERT_ADDRESSES_MAX)
		return prism_error_raise(err, PRISM_ERROR_LIMIT, "more than %d addresses",
		                         CORE_CERT_ADDRESSES_MAX);
	for (size_t i = 0; i < count; i++) {
		if (inet_pton(AF_INET, addresses[i], binary) == 1 ||
		    inet_pton(AF_INET6, addresses[i], binary) == 1)
			continue;
		prism_error_raise(err, PRISM_ERROR_INVALID, "\"%s\" is not an IP address", addresses[i]);
		prism_error_hint(err, "the service takes addresses only, such as 192.0.2.7 or 2001:db8::7");
		return -1;
	}
	return 0;
}

int core_cert_issue(struct core *core, const char *cvm_id, const char *const *addresses,
                    size_t count, struct prism_cancel *cancel, core_id_fn done, void *data,
                    struct prism_error *err)
{
	if (check_addresses(addresses, count, err) < 0)
		return -1;
	PRISM_AUTO_JSON cJSON *body = cJSON_CreateObject();
	cJSON_AddItemToObject(body, "ip_addresses", core_json_strings(addresses, count));
	struct core_call call = {
	    .endpoint = CORE_EP_CERT_ISSUE, .arg = {[CORE_ARG_V] = cvm_id}, .body = body};
	return change(core, &call, cvm_id, cancel, done, NULL, data, err);
}

static const char *entity_of(struct core *core, const char *serial)
{
	const struct core_cert *cert = core_cert_find(core, serial);
	return cert ? cert->entity_id : NULL;
}

int core_cert_renew(struct core *core, const char *serial, struct prism_cancel *cancel,
                    core_id_fn done, void *data, struct prism_error *err)
{
	struct core_call call = {.endpoint = CORE_EP_CERT_RENEW, .arg = {[CORE_ARG_S] = serial}};
	return change(core, &call, entity_of(core, serial), cancel, done, NULL, data, err);
}

int core_cert_revoke(struct core *core, const char *serial, struct prism_cancel *cancel,
                     core_done_fn done, void *data, struct prism_error *err)
{
	struct core_call call = {.endpoint = CORE_EP_CERT_REVOKE, .arg = {[CORE_ARG_S] = serial}};
	return change(core, &call, entity_of(core, serial), cancel, NULL, done, data, err);
}

static void entity_query(struct core_query *query, void *data)
{
	core_query_add(query, "entity_id", data);
}

int core_cert_delete(struct core *core, const char *cvm_id, struct prism_cancel *cancel,
                     core_done_fn done, void *data, struct prism_error *err)
{
	struct core_call call = {.endpoint = CORE_EP_CERT_DELETE,
	                         .query = entity_query,
	                         .query_data = (void *)(uintptr_t)cvm_id};
	return change(core, &call, cvm_id, cancel, NULL, done, data, err);
}
