/*
 * Files of the certificate service: the two-step downloads, what is in them, and the status of a
 * certificate by OCSP.
 *
 * States of a download: TOKEN, FILES (by serial number), FILES AGAIN (by the entity's id: the pages
 * of the reference disagree about the path, Q8), done.  Of a status: CA TOKEN, CA, OCSP (DER), OCSP
 * AGAIN (JSON, for responders that read no DER), done.
 */
#include "core/cert.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "core/internal.h"
#include "net/crypto.h"
#include "net/zip.h"

#include <string.h>
#include <unistd.h>

static const struct {
	const char *name, *member, *other;
	mode_t mode;
} infos[CORE_CERT_FILE_COUNT] = {
#define X(id, name, member, other, mode) [CORE_CERT_FILE_##id] = {name, member, other, mode},
    CORE_CERT_FILE_MAP(X)
#undef X
};

const char *core_cert_file_name(enum core_cert_file file)
{
	return infos[file].name;
}

unsigned core_cert_file_mode(enum core_cert_file file)
{
	return (unsigned)infos[file].mode;
}

void core_cert_files_finish(struct core_cert_files *files)
{
	for (size_t i = 0; i < CORE_CERT_FILE_COUNT; i++)
		prism_buf_wipe(&files->pem[i]);
}

/* --- reading --- */

static bool is_zip(const char *data, size_t size)
{
	return size > 4 && memcmp(data, "PK\x03\x04", 4) == 0;
}

static bool is_pem(const char *text, size_t size)
{
	static const char begin[] = "-----BEGIN ";
	size_t skip = 0;
	while (skip < size && (text[skip] == ' ' || text[skip] == '\n' || text[skip] == '\r'))
		skip++;
	return size - skip >= sizeof(begin) - 1 && memcmp(text + skip, begin, sizeof(begin) - 1) == 0;
}

static int read_zip(const void *data, size_t size, struct core_cert_files *files,
                    struct prism_error *err)
{
	for (size_t i = 0; i < CORE_CERT_FILE_COUNT; i++) {
		int rc = net_zip_member(data, size, infos[i].name, &files->pem[i], err);
		if (rc == 0)
			rc = net_zip_member(data, size, infos[i].other, &files->pem[i], err);
		if (rc < 0)
			return -1;
	}
	return 0;
}

/* Base64 of PEM as documented, or PEM as it is. */
static int read_json(const cJSON *doc, struct core_cert_files *files, struct prism_error *err)
{
	for (size_t i = 0; i < CORE_CERT_FILE_COUNT; i++) {
		const char *text = prism_json_str(doc, infos[i].member, "");
		size_t len = strlen(text);
		int rc = is_pem(text, len) ? prism_buf_append(&files->pem[i], text, len, err)
		                           : prism_base64_decode(text, len, &files->pem[i], err);
		if (rc < 0)
			return prism_error_wrap(err, "the %s of the download cannot be read", infos[i].member);
	}
	return 0;
}

static int check_files(const struct core_cert_files *files, struct prism_error *err)
{
	const struct prism_buf *pem = files->pem;
	for (size_t i = 0; i < CORE_CERT_FILE_COUNT; i++)
		if (!is_pem(prism_buf_text(&pem[i]), pem[i].len))
			return prism_error_raise(err, PRISM_ERROR_PROTOCOL, "the download holds no %s",
			                         infos[i].name);
	struct net_cert *cert =
	    net_cert_from_any(pem[CORE_CERT_FILE_CERT].data, pem[CORE_CERT_FILE_CERT].len, err);
	struct net_key *key = cert ? net_key_read_private(pem[CORE_CERT_FILE_KEY].data,
	                                                  pem[CORE_CERT_FILE_KEY].len, NULL, err)
	                           : NULL;
	PRISM_AUTO_BUF struct prism_buf public = PRISM_BUF_INIT(CORE_CERT_FILE_MAX);
	int rc = key ? net_key_public_der(key, &public, err) : -1;
	const uint8_t *spki = NULL;
	size_t size = 0;
	if (rc == 0)
		net_cert_spki(cert, &spki, &size);
	if (rc == 0 && (size != public.len || memcmp(spki, public.data, size) != 0))
		rc = prism_error_raise(err, PRISM_ERROR_TRUST,
		                       "the downloaded key belongs to another certificate");
	net_key_destroy(key);
	net_cert_destroy(cert);
	return rc;
}

int core_cert_files_read(const void *data, size_t size, struct core_cert_files *ret,
                         struct prism_error *err)
{
	struct core_cert_files files;
	for (size_t i = 0; i < CORE_CERT_FILE_COUNT; i++)
		prism_buf_init(&files.pem[i], CORE_CERT_FILE_MAX);
	PRISM_AUTO_JSON cJSON *doc = is_zip(data, size) ? NULL : prism_json_parse(data, size, NULL);
	int rc = is_zip(data, size)    ? read_zip(data, size, &files, err)
	         : cJSON_IsObject(doc) ? read_json(doc, &files, err)
	                               : prism_error_raise(err, PRISM_ERROR_PROTOCOL,
	                                                   "the download is neither zip nor JSON");
	if (rc == 0)
		rc = check_files(&files, err);
	if (rc < 0)
		core_cert_files_finish(&files);
	*ret = files;
	return rc;
}

/* --- writing --- */

static int write_one(struct prism_file_writer **writer, const struct prism_buf *pem,
                     const char *path, mode_t mode, struct prism_error *err)
{
	*writer = prism_file_writer_create(path, mode, err);
	return *writer ? prism_file_writer_write(*writer, pem->data, pem->len, err) : -1;
}

int core_cert_files_save(const struct core_cert_files *files, const char *dir, bool replace,
                         struct prism_error *err)
{
	struct prism_file_writer *writers[CORE_CERT_FILE_COUNT] = {NULL};
	int rc = prism_file_mkdirs(dir, 0700, err);
	for (size_t i = 0; rc == 0 && i < CORE_CERT_FILE_COUNT; i++) {
		PRISM_AUTO_FREE char *path = prism_path_join(dir, infos[i].name);
		if (!replace && access(path, F_OK) == 0) {
			rc = prism_error_raise(err, PRISM_ERROR_CONFLICT, "%s is there already", path);
			prism_error_hint(err, "choose another directory, or give --replace");
		} else {
			rc = write_one(&writers[i], &files->pem[i], path, infos[i].mode, err);
		}
	}
	/* All bytes are on the disk under temporary names; from here only renames can fail. */
	for (size_t i = 0; i < CORE_CERT_FILE_COUNT; i++) {
		if (rc == 0)
			rc = prism_file_writer_commit(writers[i], err);
		else
			prism_file_writer_discard(writers[i]);
	}
	return rc;
}

/* --- the two-step downloads --- */

struct download {
	struct core *core;
	char *serial, *entity; /* NULL: the CA */
	char *token;           /* wiped */
	bool by_entity;
	struct prism_cancel *cancel; /* borrowed */
	core_cert_files_fn files_done;
	core_cert_ca_fn ca_done;
	void *data;
};

static void download_free(struct download *d)
{
	if (d->token)
		prism_wipe(d->token, strlen(d->token));
	prism_free(d->token);
	prism_free(d->serial);
	prism_free(d->entity);
	prism_free(d);
}

static void download_failed(struct download *d, const struct prism_error *err)
{
	if (d->files_done)
		d->files_done(d->data, NULL, err);
	else
		d->ca_done(d->data, "", 0, err);
	download_free(d);
}

static void token_query(struct core_query *query, void *data)
{
	const struct download *d = data;
	if (d->files_done) /* the pages of the reference name it differently */
		core_query_add(query, "downloadToken", d->token);
	core_query_add(query, "token", d->token);
}

/* PEM text of the CA out of a zip or as it came. */
static int read_ca(const struct core_reply *reply, struct prism_buf *out, struct prism_error *err)
{
	static const char *const names[] = {"ca.crt", "ca.pem"};
	struct net_cert *certs[NET_CERT_CHAIN_MAX];
	size_t count = 0;
	int rc = 0;
	if (is_zip(reply->text, reply->text_len)) {
		for (size_t i = 0; rc == 0 && i < PRISM_COUNT(names); i++)
			rc = net_zip_member(reply->text, reply->text_len, names[i], out, err);
	} else if (cJSON_IsObject(reply->json)) {
		const char *text = prism_json_str(reply->json, "ca", "");
		rc = is_pem(text, strlen(text)) ? prism_buf_append(out, text, strlen(text), err)
		                                : prism_base64_decode(text, strlen(text), out, err);
	} else {
		rc = prism_buf_append(out, reply->text, reply->text_len, err);
	}
	if (rc < 0 || net_cert_list_from_pem(prism_buf_text(out), out->len, certs, PRISM_COUNT(certs),
	                                     &count, err) < 0)
		return prism_error_wrap(err, "the CA download cannot be read");
	while (count > 0)
		net_cert_destroy(certs[--count]);
	return 0;
}

static void ca_here(struct download *d, const struct core_reply *reply)
{
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_BUF struct prism_buf pem = PRISM_BUF_INIT(CORE_CERT_FILE_MAX * 4);
	if (read_ca(reply, &pem, &err) < 0) {
		download_failed(d, &err);
		return;
	}
	d->ca_done(d->data, prism_buf_text(&pem), pem.len, NULL);
	download_free(d);
}

static void files_here(struct download *d, const struct core_reply *reply)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_cert_files files;
	if (core_cert_files_read(reply->text, reply->text_len, &files, &err) < 0) {
		download_failed(d, &err);
		return;
	}
	d->files_done(d->data, &files, NULL);
	core_cert_files_finish(&files);
	download_free(d);
}

static void download_answered(void *data, const struct core_reply *reply,
                              const struct prism_error *err);

static int download_send(struct download *d, struct prism_error *err)
{
	struct core_call call = {
	    .endpoint = d->files_done ? CORE_EP_CERT_DOWNLOAD : CORE_EP_CA_DOWNLOAD,
	    .arg = {[CORE_ARG_S] = d->by_entity ? d->entity : d->serial},
	    .query = token_query,
	    .query_data = d,
	    .accept = "application/zip, application/json, application/x-pem-file, */*",
	};
	return core_request_start(d->core, &call, d->cancel, download_answered, d, err) ? 0 : -1;
}

static void download_answered(void *data, const struct core_reply *reply,
                              const struct prism_error *err)
{
	struct download *d = data;
	bool other = err && err->category == PRISM_ERROR_MISSING && !d->by_entity && d->entity;
	if (other) {
		d->by_entity = true;
		if (download_send(d, NULL) == 0)
			return;
	}
	if (err)
		download_failed(d, err);
	else if (d->files_done)
		files_here(d, reply);
	else
		ca_here(d, reply);
}

static void token_here(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct download *d = data;
	struct prism_error failure = PRISM_ERROR_INIT;
	const char *token = err ? "" : prism_json_str(reply->json, "token", "");
	if (!err && !*token) {
		prism_error_raise(&failure, PRISM_ERROR_PROTOCOL, "the answer holds no download token");
		err = &failure;
	}
	if (err) {
		download_failed(d, err);
		return;
	}
	d->token = prism_strdup(token);
	if (download_send(d, &failure) < 0)
		download_failed(d, &failure);
}

static int download_start(struct download *d, struct prism_error *err)
{
	struct core_call call = {
	    .endpoint = d->files_done ? CORE_EP_CERT_TOKEN : CORE_EP_CA_TOKEN,
	    .arg = {[CORE_ARG_S] = d->serial},
	};
	if (core_request_start(d->core, &call, d->cancel, token_here, d, err))
		return 0;
	download_free(d);
	return -1;
}

int core_cert_download(struct core *core, const char *serial, struct prism_cancel *cancel,
                       core_cert_files_fn done, void *data, struct prism_error *err)
{
	const struct core_cert *cert = core_cert_find(core, serial);
	struct download *d = prism_alloc(sizeof(*d));
	*d = (struct download){.core = core, .cancel = cancel, .files_done = done, .data = data};
	d->serial = prism_strdup(serial);
	d->entity = cert && *cert->entity_id ? prism_strdup(cert->entity_id) : NULL;
	return download_start(d, err);
}

int core_cert_ca(struct core *core, struct prism_cancel *cancel, core_cert_ca_fn done, void *data,
                 struct prism_error *err)
{
	struct download *d = prism_alloc(sizeof(*d));
	*d = (struct download){.core = core, .cancel = cancel, .ca_done = done, .data = data};
	return download_start(d, err);
}

/* --- status --- */

struct asking {
	struct core *core;
	char *serial, *pem; /* pem: of the certificate; NULL unknown */
	struct net_ocsp *ocsp;
	bool as_json;
	struct prism_cancel *cancel; /* borrowed */
	core_cert_status_fn done;
	void *data;
};

static void asking_finish(struct asking *a, const struct net_ocsp_answer *answer,
                          const struct prism_error *err)
{
	if (a->done)
		a->done(a->data, answer, err);
	net_ocsp_destroy(a->ocsp);
	prism_free(a->serial);
	prism_free(a->pem);
	prism_free(a);
}

static void status_here(void *data, const struct core_reply *reply, const struct prism_error *err);

static int status_send(struct asking *a, struct prism_error *err)
{
	PRISM_AUTO_BUF struct prism_buf der = PRISM_BUF_INIT(NET_OCSP_MAX);
	PRISM_AUTO_JSON cJSON *body = NULL;
	struct core_call call = {.endpoint = CORE_EP_OCSP, .accept = "application/ocsp-response"};
	if (a->as_json) {
		body = cJSON_CreateObject();
		cJSON_AddStringToObject(body, "serial_number", a->serial);
		call.body = body;
	} else {
		net_ocsp_request(a->ocsp, &der);
		call.bytes = &der;
		call.content_type = "application/ocsp-request";
	}
	return core_request_start(a->core, &call, a->cancel, status_here, a, err) ? 0 : -1;
}

static void status_here(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct asking *a = data;
	struct prism_error failure = PRISM_ERROR_INIT;
	struct net_ocsp_answer answer;
	if (err && (err->status == 400 || err->status == 415 || err->status == 422) && !a->as_json) {
		a->as_json = true;
		if (status_send(a, NULL) == 0)
			return;
	}
	if (!err && net_ocsp_answer(a->ocsp, reply->text, reply->text_len,
	                            prism_clock_wall_us(core_clock(a->core)), &answer, &failure) < 0)
		err = &failure;
	asking_finish(a, err ? NULL : &answer, err);
}

/* The CA that made the certificate; the first when that cannot be told. */
static struct net_ocsp *question(const char *ca_pem, size_t size, const char *cert_pem,
                                 const char *serial, struct prism_error *err)
{
	struct net_cert *cas[NET_CERT_CHAIN_MAX];
	size_t count = 0, chosen = 0;
	if (net_cert_list_from_pem(ca_pem, size, cas, PRISM_COUNT(cas), &count, err) < 0)
		return NULL;
	struct net_cert *cert =
	    cert_pem && *cert_pem ? net_cert_from_any(cert_pem, strlen(cert_pem), NULL) : NULL;
	for (size_t i = count; cert && i > 0; i--)
		if (net_cert_issued_by(cert, cas[i - 1]))
			chosen = i - 1;
	struct net_ocsp *ocsp = net_ocsp_create(cas[chosen], serial, err);
	net_cert_destroy(cert);
	while (count > 0)
		net_cert_destroy(cas[--count]);
	return ocsp;
}

static void status_ca_here(void *data, const char *pem, size_t size, const struct prism_error *err)
{
	struct asking *a = data;
	struct prism_error failure = PRISM_ERROR_INIT;
	if (!err && (!(a->ocsp = question(pem, size, a->pem, a->serial, &failure)) ||
	             status_send(a, &failure) < 0))
		err = &failure;
	if (err)
		asking_finish(a, NULL, err);
}

int core_cert_status(struct core *core, const char *serial, struct prism_cancel *cancel,
                     core_cert_status_fn done, void *data, struct prism_error *err)
{
	const struct core_cert *cert = core_cert_find(core, serial);
	struct asking *a = prism_alloc(sizeof(*a));
	*a = (struct asking){.core = core, .cancel = cancel, .data = data};
	a->serial = prism_strdup(serial);
	a->pem = cert && *cert->pem ? prism_strdup(cert->pem) : NULL;
	if (core_cert_ca(core, cancel, status_ca_here, a, err) < 0) {
		asking_finish(a, NULL, NULL);
		return -1;
	}
	a->done = done;
	return 0;
}
