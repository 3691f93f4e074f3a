/*
 * The check as an object: files in, lines out.  See certcheck.h and certcheck_private.h.
 */
#include "core/certcheck_private.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PASSPHRASE_MAX 4096 /* bytes of the file whose first line it is */

static const struct {
	const char *word, *line;
	enum prism_error_category category;
	bool blocks;
} checks[CORE_CERTCHECK_ID_COUNT] = {
#define X(id, word, line, category, blocks) \
	[CORE_CERTCHECK_ID_##id] = {word, line, PRISM_ERROR_##category, blocks},
    CORE_CERTCHECK_MAP(X)
#undef X
};

static const char *const results[CORE_CERTCHECK_RESULT_COUNT] = {
    [CORE_CERTCHECK_PASS] = "pass",
    [CORE_CERTCHECK_SKIPPED] = "skipped",
    [CORE_CERTCHECK_WARN] = "warn",
    [CORE_CERTCHECK_FAIL] = "fail",
};

static const struct core_certcheck_slot_info slots[CORE_CERTCHECK_SLOT_COUNT] = {
    [CORE_CERTCHECK_CERT] = {"cert", "Cert File", HOLDS_CERT},
    [CORE_CERTCHECK_KEY] = {"key", "Key File", HOLDS_KEY},
    [CORE_CERTCHECK_SERVER_CA] = {"server-ca", "Server CA File", HOLDS_CA},
    [CORE_CERTCHECK_CLIENT_CA] = {"client-ca", "Client CA File", HOLDS_CA},
    [CORE_CERTCHECK_OWN_CERT] = {"client-cert", "My certificate", HOLDS_CERT},
    [CORE_CERTCHECK_OWN_KEY] = {"client-key", "My key", HOLDS_KEY},
};

const char *core_certcheck_result_word(enum core_certcheck_result result)
{
	return results[result];
}

const struct core_certcheck_slot_info *core_certcheck_slot_info(unsigned slot)
{
	return &slots[slot];
}

/* "host:port", "[::1]:7002", "::1" or a bare name: the host. */
static char *host_part(const char *text)
{
	const char *colon;

	if (!text || !*text)
		return NULL;
	if (*text == '[' && strchr(text, ']'))
		return prism_strndup(text + 1, (size_t)(strchr(text, ']') - text - 1));
	colon = strchr(text, ':');
	if (colon && !strchr(colon + 1, ':'))
		return prism_strndup(text, (size_t)(colon - text));
	return prism_strdup(text);
}

struct core_certcheck *core_certcheck_create(enum core_tls_mode mode, int64_t at_us,
                                             const char *host)
{
	struct core_certcheck *check = prism_alloc(sizeof(*check));

	check->mode = mode;
	check->at_us = at_us;
	check->host = host_part(host);
	check->arena = prism_arena_create();
	for (unsigned i = 0; i < CORE_CERTCHECK_SLOT_COUNT; i++) {
		prism_buf_init(&check->slots[i].data, CORE_CERTCHECK_FILE_MAX);
		prism_buf_init(&check->slots[i].opened, 2 * CORE_CERTCHECK_FILE_MAX);
	}
	return check;
}

void core_certcheck_destroy(struct core_certcheck *check)
{
	if (!check)
		return;
	for (unsigned i = 0; i < CORE_CERTCHECK_SLOT_COUNT; i++) {
		struct slot *slot = &check->slots[i];
		prism_buf_wipe(&slot->data);
		prism_buf_wipe(&slot->opened);
		prism_free(slot->path);
		for (size_t n = 0; n < slot->count; n++)
			net_cert_destroy(slot->certs[n]);
		net_key_destroy(slot->key);
	}
	prism_secret_destroy(check->passphrase);
	prism_arena_destroy(check->arena);
	prism_free(check->lines);
	for (size_t i = 0; i < check->candidate_count; i++) {
		prism_free(check->candidates[i].name);
		prism_free(check->candidates[i].host);
	}
	prism_free(check->host);
	prism_free(check);
}

void core_certcheck_candidate(struct core_certcheck *check, const char *name, const char *host)
{
	char *part = host_part(host);

	if (!part || check->candidate_count == CORE_CERTCHECK_CANDIDATES) {
		prism_free(part);
		return;
	}
	check->candidates[check->candidate_count].name = prism_strdup(name);
	check->candidates[check->candidate_count++].host = part;
}

/* The permissions are those of the opened file, whatever bears the name by now. */
void core_certcheck_file(struct core_certcheck *check, unsigned slot, const char *path)
{
	struct slot *s = &check->slots[slot];
	struct stat info = {0};

	s->given = true;
	s->path = prism_path_expand(path);
	s->unread =
	    prism_file_read_stat(s->path, CORE_CERTCHECK_FILE_MAX, &s->data, &info, &s->error) < 0;
	if (!s->unread)
		s->mode = info.st_mode & 0777;
}

void core_certcheck_bytes(struct core_certcheck *check, unsigned slot, const char *bytes,
                          size_t size, unsigned mode)
{
	core_certcheck_text(check, slot, bytes, size);
	check->slots[slot].given = true; /* an empty file is a file */
	check->slots[slot].mode = mode & 0777;
}

void core_certcheck_unread(struct core_certcheck *check, unsigned slot,
                           const struct prism_error *why)
{
	struct slot *s = &check->slots[slot];

	s->given = s->unread = true;
	s->error = *why;
}

void core_certcheck_text(struct core_certcheck *check, unsigned slot, const char *text, size_t size)
{
	struct slot *s = &check->slots[slot];

	if (size == 0)
		return;
	s->given = true;
	if (prism_buf_append(&s->data, text, size, NULL) < 0) {
		s->unread = true;
		prism_error_raise(&s->error, PRISM_ERROR_LIMIT, "the text is larger than %d bytes",
		                  CORE_CERTCHECK_FILE_MAX);
	}
}

/* Reference 5.2, tolerant reading. */
void core_certcheck_stored(struct core_certcheck *check, unsigned slot, const char *value)
{
	struct slot *s = &check->slots[slot];
	PRISM_AUTO_BUF struct prism_buf decoded = PRISM_BUF_INIT(CORE_CERTCHECK_FILE_MAX);

	switch (core_tls_value_kind(value)) {
	case CORE_TLS_VALUE_EMPTY:
		break;
	case CORE_TLS_VALUE_PATH:
		s->given = s->elsewhere = true;
		break;
	case CORE_TLS_VALUE_PEM:
		core_certcheck_text(check, slot, value, strlen(value));
		break;
	case CORE_TLS_VALUE_PEM_BASE64:
	case CORE_TLS_VALUE_DER_BASE64:
		if (prism_base64_decode(value, strlen(value), &decoded, NULL) == 0)
			core_certcheck_text(check, slot, prism_buf_text(&decoded), decoded.len);
		break;
	}
}

void core_certcheck_passphrase(struct core_certcheck *check, const struct prism_secret *passphrase)
{
	prism_secret_destroy(check->passphrase);
	check->passphrase = passphrase ? prism_secret_create(prism_secret_text(passphrase),
	                                                     prism_secret_size(passphrase))
	                               : NULL;
}

int core_certcheck_passphrase_file(struct core_certcheck *check, const char *name,
                                   struct prism_error *err)
{
	PRISM_AUTO_FREE char *path = prism_path_expand(name);
	struct prism_secret *secret;
	struct prism_buf text;

	if (prism_file_read(path, PASSPHRASE_MAX, &text, err) < 0)
		return -1;
	secret = prism_secret_create(prism_buf_text(&text), strcspn(prism_buf_text(&text), "\r\n"));
	prism_buf_wipe(&text);
	core_certcheck_passphrase(check, secret);
	prism_secret_destroy(secret);
	return 0;
}

bool core_certcheck_blocks(const struct core_certcheck_line *line)
{
	return checks[line->check].blocks;
}

void core_certcheck_run(struct core_certcheck *check)
{
	for (unsigned i = 0; i < CORE_CERTCHECK_SLOT_COUNT; i++)
		core_certcheck_one_file(check, i);
	core_certcheck_pairs(check);
}

void core_certcheck_add(struct core_certcheck *check, unsigned slot, enum core_certcheck_id id,
                        enum core_certcheck_result result, const char *why, const char *remedy,
                        const char *found, ...)
{
	char text[600];
	va_list args;

	va_start(args, found);
	vsnprintf(text, sizeof(text), found, args);
	va_end(args);
	if (check->count == check->alloc) {
		check->alloc = check->alloc ? 2 * check->alloc : 32;
		check->lines = prism_realloc_array(check->lines, check->alloc, sizeof(*check->lines));
	}
	check->lines[check->count++] = (struct core_certcheck_line){
	    .check = id,
	    .slot = slot,
	    .id = prism_arena_printf(check->arena, "%s.%s", slots[slot].word, checks[id].word),
	    .field = slots[slot].label,
	    .line = checks[id].line,
	    .result = result,
	    .found = prism_arena_strdup(check->arena, text),
	    .why = why ? why : "",
	    .remedy = remedy ? remedy : "",
	};
}

/* ---- reading the lines ---- */

size_t core_certcheck_count(const struct core_certcheck *check)
{
	return check->count;
}

const struct core_certcheck_line *core_certcheck_line(const struct core_certcheck *check, size_t i)
{
	return &check->lines[i];
}

enum core_certcheck_result core_certcheck_worst(const struct core_certcheck *check, unsigned slot)
{
	enum core_certcheck_result worst = CORE_CERTCHECK_PASS;

	for (size_t i = 0; i < check->count; i++) {
		const struct core_certcheck_line *line = &check->lines[i];
		if ((slot == CORE_CERTCHECK_SLOT_COUNT || line->slot == slot) && line->result > worst)
			worst = line->result;
	}
	return worst;
}

const struct core_certcheck_line *core_certcheck_problem(const struct core_certcheck *check,
                                                         unsigned slot)
{
	enum core_certcheck_result worst = core_certcheck_worst(check, slot);

	if (worst < CORE_CERTCHECK_WARN)
		return NULL;
	for (size_t i = 0; i < check->count; i++)
		if (check->lines[i].slot == slot && check->lines[i].result == worst)
			return &check->lines[i];
	return NULL;
}

const char *core_certcheck_pem(const struct core_certcheck *check, unsigned slot)
{
	const struct slot *s = &check->slots[slot];
	const char *text = s->opened.len ? prism_buf_text(&s->opened) : prism_buf_text(&s->data);
	const char *begin =
	    strstr(text, "-----BEGIN "); /* behind comments: see core_tls_value_kind() */

	return begin ? begin : text;
}

int core_certcheck_raise(const struct core_certcheck *check, bool upload, struct prism_error *err)
{
	for (size_t i = 0; i < check->count; i++) {
		const struct core_certcheck_line *line = &check->lines[i];
		if (line->result != CORE_CERTCHECK_FAIL || (upload && !checks[line->check].blocks))
			continue;
		prism_error_raise(err, checks[line->check].category, "%s: %s", line->field, line->found);
		prism_error_hint(err, "%s", line->remedy);
		return -1;
	}
	return 0;
}

/* ---- facts ---- */

static char *fingerprint(const struct net_cert *cert)
{
	uint8_t bytes[NET_FINGERPRINT];
	struct prism_buf out = PRISM_BUF_INIT(3 * NET_FINGERPRINT + 1);

	net_cert_fingerprint(cert, bytes);
	for (size_t i = 0; i < NET_FINGERPRINT; i++)
		prism_buf_printf(&out, "%s%02X", i ? ":" : "", bytes[i]);
	return prism_buf_take(&out, NULL);
}

int core_certcheck_facts(const char *pem, size_t size, int64_t at_us,
                         struct core_certcheck_facts *ret, struct prism_error *err)
{
	struct net_cert *cert = net_cert_from_any(pem, size, err);

	*ret = (struct core_certcheck_facts){0};
	if (!cert)
		return -1;
	ret->subject = prism_strdup(net_cert_subject(cert));
	ret->issuer = prism_strdup(net_cert_issuer(cert));
	ret->names = net_cert_alt_names(cert);
	ret->key = prism_strdup(net_cert_key_text(cert));
	ret->fingerprint = fingerprint(cert);
	ret->not_before_us = net_cert_not_before_us(cert);
	ret->not_after_us = net_cert_not_after_us(cert);
	ret->days_left = (ret->not_after_us - at_us) / DAY_US;
	net_cert_destroy(cert);
	return 0;
}

void core_certcheck_facts_finish(struct core_certcheck_facts *facts)
{
	prism_free(facts->subject);
	prism_free(facts->issuer);
	prism_free(facts->names);
	prism_free(facts->key);
	prism_free(facts->fingerprint);
	*facts = (struct core_certcheck_facts){0};
}

char *core_certcheck_summary(const char *pem, size_t size, int64_t at_us)
{
	struct core_certcheck_facts facts;
	char *text;

	if (core_certcheck_facts(pem, size, at_us, &facts, NULL) < 0)
		return prism_strdup("");
	text = prism_asprintf("%s · issued by %s%s%s · %s %lld days", facts.subject, facts.issuer,
	                      *facts.names ? " · " : "", facts.names,
	                      facts.not_after_us < at_us ? "expired since" : "expires in",
	                      (long long)(facts.days_left < 0 ? -facts.days_left : facts.days_left));
	core_certcheck_facts_finish(&facts);
	return text;
}
