/*
 * Places over SFTP: a job for each operation, tied to one request of net/sftp.h.
 *
 *   open ─► answered, cancelled, or the place is gone: the callback, once, and the job is freed
 */
#include "core/place_sftp.h"

#include "base/list.h"
#include "base/mem.h"
#include "net/sftp.h"

#include <string.h>

struct sftp_place {
	struct core_place place;
	struct prism_loop *loop;
	struct net_sftp *sftp;
	struct prism_list jobs;
	unsigned pending;
};

struct job {
	struct prism_list node;
	struct sftp_place *place;
	enum net_sftp_kind kind;
	char *path;
	struct net_sftp_op *op; /* NULL once it has answered */
	struct prism_cancel_hook hook;
	bool stops;                /* cancelled, it removes what it wrote before it answers */
	struct prism_timer *limit; /* of that */
	void (*progress)(void *data, const char *what, uint64_t done, uint64_t total);
	core_place_listing_fn listed;
	core_place_entry_fn seen;
	core_place_bytes_fn was_read;
	core_place_done_fn written;
	core_place_kept_fn replaced;
	void *data;
};

static struct sftp_place *place_of(struct core_place *place)
{
	return PRISM_CONTAINER(place, struct sftp_place, place);
}

static void cancelled(void *data);

static struct job *job_detach(struct job *job)
{
	prism_list_remove(&job->node);
	prism_cancel_remove(&job->hook);
	prism_loop_undefer(job->place->loop, cancelled, job);
	prism_timer_remove(job->limit);
	job->limit = NULL;
	job->place->pending--;
	return job;
}

static void job_free(struct job *job)
{
	prism_free(job->path);
	prism_free(job);
}

/* ---- answers ---- */

static struct core_place_entry entry_of(const struct net_sftp_entry *from, const char *name)
{
	return (struct core_place_entry){
	    .name = name,
	    .kind = from->regular     ? CORE_PLACE_FILE
	            : from->directory ? CORE_PLACE_DIRECTORY
	                              : CORE_PLACE_SPECIAL,
	    .link = from->link,
	    .broken = from->broken,
	    .size = from->size,
	    .modified_us = from->modified_s >= 0 ? from->modified_s * 1000000 : PRISM_TIME_UNSET,
	    .mode = from->mode,
	};
}

static void tell_list(struct job *job, struct net_sftp_answer *answer,
                      const struct prism_error *err)
{
	struct core_place_listing listing;

	if (err) {
		job->listed(job->data, NULL, err);
		return;
	}
	core_place_listing_init(&listing, PRISM_STEAL(answer->path));
	for (size_t i = 0; i < answer->count; i++) {
		struct core_place_entry entry = entry_of(&answer->entries[i], answer->entries[i].name);

		(void)core_place_listing_add(&listing, &entry);
	}
	listing.cut = listing.cut || answer->cut;
	job->listed(job->data, &listing, NULL);
	core_place_listing_finish(&listing);
}

/* The last path component, which the server was asked for. */
static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

static void tell(struct job *job, struct net_sftp_answer *answer, const struct prism_error *err)
{
	struct core_place_entry entry =
	    err ? (struct core_place_entry){0} : entry_of(&answer->entry, base_of(job->path));

	switch (job->kind) {
	case NET_SFTP_LIST:
		tell_list(job, answer, err);
		break;
	case NET_SFTP_STAT:
		job->seen(job->data, err ? NULL : &entry, err);
		break;
	case NET_SFTP_READ:
		job->was_read(job->data, err ? NULL : &answer->bytes, err ? NULL : &entry, err);
		break;
	case NET_SFTP_WRITE:
		if (job->replaced)
			job->replaced(job->data, err ? NULL : answer->kept, err ? NULL : answer->sha256, err);
		else
			job->written(job->data, err);
	}
	job_free(job);
}

static void answered(void *data, struct net_sftp_answer *answer, const struct prism_error *err)
{
	tell(job_detach(data), answer, err);
}

static void cancelled(void *data)
{
	struct job *job = job_detach(data);
	struct prism_error err = PRISM_ERROR_INIT;

	prism_error_raise(&err, PRISM_ERROR_CANCELLED, "cancelled");
	tell(job, NULL, &err);
}

static void too_long(void *data)
{
	struct job *job = data;

	net_sftp_abandon(job->op);
	job->op = NULL;
	cancelled(job);
}

/* What was begun at the far end is finished or taken back there, and nobody hears of it. */
static void on_cancel(void *data)
{
	struct job *job = data;
	struct prism_loop *loop = job->place->loop;

	if (job->op && job->stops) {
		net_sftp_stop(job->op);
		job->limit = prism_loop_add_timer(loop, CORE_PLACE_STOP_MS, 0, too_long, job);
		return;
	}
	if (job->op)
		net_sftp_abandon(job->op);
	job->op = NULL;
	prism_loop_defer(loop, cancelled, job);
}

/* ---- operations ---- */

static struct job *job_start(struct core_place *place, const struct net_sftp_request *request,
                             struct prism_cancel *cancel, void *data)
{
	struct sftp_place *p = place_of(place);
	struct job *job = prism_alloc(sizeof(*job));

	job->place = p;
	job->kind = request->kind;
	job->path = prism_strdup(request->path);
	job->data = data;
	job->hook = (struct prism_cancel_hook){.fire = on_cancel, .data = job};
	prism_list_append(&p->jobs, &job->node);
	p->pending++;
	job->op = net_sftp_start(p->sftp, request, answered, job);
	if (cancel)
		prism_cancel_add(cancel, &job->hook);
	return job;
}

static int op_list(struct core_place *place, const char *path, struct prism_cancel *cancel,
                   core_place_listing_fn done, void *data, struct prism_error *err)
{
	const struct net_sftp_request request = {.kind = NET_SFTP_LIST, .path = path};

	PRISM_UNUSED(err);
	job_start(place, &request, cancel, data)->listed = done;
	return 0;
}

static int op_stat(struct core_place *place, const char *path, struct prism_cancel *cancel,
                   core_place_entry_fn done, void *data, struct prism_error *err)
{
	const struct net_sftp_request request = {.kind = NET_SFTP_STAT, .path = path};

	PRISM_UNUSED(err);
	job_start(place, &request, cancel, data)->seen = done;
	return 0;
}

static int op_read(struct core_place *place, const char *path, size_t max,
                   struct prism_cancel *cancel, core_place_bytes_fn done, void *data,
                   struct prism_error *err)
{
	const struct net_sftp_request request = {.kind = NET_SFTP_READ, .path = path, .max = max};

	PRISM_UNUSED(err);
	job_start(place, &request, cancel, data)->was_read = done;
	return 0;
}

static int op_write(struct core_place *place, const char *path, const void *bytes, size_t size,
                    unsigned mode, struct prism_cancel *cancel, core_place_done_fn done, void *data,
                    struct prism_error *err)
{
	const struct net_sftp_request request = {
	    .kind = NET_SFTP_WRITE, .path = path, .bytes = bytes, .size = size, .mode = mode};

	PRISM_UNUSED(err);
	job_start(place, &request, cancel, data)->written = done;
	return 0;
}

int core_place_sftp_replace(struct core_place *place, const char *path, const void *bytes,
                            size_t size, unsigned mode, struct prism_cancel *cancel,
                            core_place_kept_fn done, void *data, struct prism_error *err)
{
	const struct net_sftp_request request = {.kind = NET_SFTP_WRITE,
	                                         .path = path,
	                                         .bytes = bytes,
	                                         .size = size,
	                                         .mode = mode,
	                                         .keep = true};

	PRISM_UNUSED(err);
	job_start(place, &request, cancel, data)->replaced = done;
	return 0;
}

static void went_on(void *data, const char *what, uint64_t done, uint64_t total)
{
	struct job *job = data;

	if (job->progress)
		job->progress(job->data, what, done, total);
}

int core_place_sftp_put(struct core_place *place, const struct core_place_put *what,
                        struct prism_cancel *cancel, core_place_kept_fn done, void *data,
                        struct prism_error *err)
{
	const struct net_sftp_request request = {.kind = NET_SFTP_WRITE,
	                                         .path = what->path,
	                                         .file = what->file,
	                                         .mode = what->mode,
	                                         .keep = true,
	                                         .fresh = what->fresh,
	                                         .progress = went_on};
	struct job *job = job_start(place, &request, NULL, data);

	PRISM_UNUSED(err);
	job->replaced = done;
	job->progress = what->progress;
	job->stops = true;
	if (cancel)
		prism_cancel_add(cancel, &job->hook);
	return 0;
}

static unsigned op_pending(struct core_place *place)
{
	return place_of(place)->pending;
}

static void op_destroy(struct core_place *place)
{
	struct sftp_place *p = place_of(place);

	while (!prism_list_empty(&p->jobs)) {
		struct job *job = PRISM_CONTAINER(p->jobs.next, struct job, node);

		if (job->op)
			net_sftp_abandon(job->op);
		cancelled(job);
	}
	net_sftp_destroy(p->sftp);
	prism_free(place->name);
	prism_free(p);
}

static const struct core_place_ops ops = {
    .list = op_list,
    .stat = op_stat,
    .read = op_read,
    .write = op_write,
    .pending = op_pending,
    .destroy = op_destroy,
};

struct core_place *core_place_sftp_create(struct prism_loop *loop, struct net_tunnel *tunnel,
                                          int64_t patience_ms)
{
	struct sftp_place *p = prism_alloc(sizeof(*p));

	p->place.ops = &ops;
	p->place.name = prism_strdup(net_tunnel_info(tunnel).hop);
	p->loop = loop;
	p->sftp = net_sftp_create(tunnel, patience_ms);
	prism_list_init(&p->jobs);
	return &p->place;
}

/* ---- names ---- */

/* The host of one hop, as in "ada@bastion" or "[2001:db8::1]". Returns its end. */
static const char *host_end(const char *at)
{
	if (*at == '[' && strchr(at, ']'))
		at = strchr(at, ']') + 1;
	return at + strcspn(at, ":,/");
}

/* Where the way ends, and *ret_path begins after it; NULL: it is a name of this machine. */
static const char *way_end(const char *text, const char **ret_path)
{
	const char *at = text + strcspn(text, "@:,/"), *end;

	if (at == text || *at != '@')
		return NULL;
	for (at++;; at = end + 1) {
		size_t digits;

		if (strchr(at, '@') &&
		    strcspn(at, "@") < strcspn(at, ":,/")) /* the user of a further hop */
			at += strcspn(at, "@") + 1;
		end = host_end(at);
		if (end == at || !*end || *end == '/')
			return NULL;
		if (*end == ',')
			continue;
		digits = strspn(end + 1, "0123456789");
		if (digits && end[1 + digits] == ',') {
			end += 1 + digits;
			continue;
		}
		if (digits && end[1 + digits] == ':')
			end += 1 + digits;
		*ret_path = end + 1;
		return end;
	}
}

int core_place_sftp_split(const char *text, char **ret_via, char **ret_path,
                          struct prism_error *err)
{
	const char *path, *end = way_end(text, &path);
	PRISM_AUTO_FREE char *via = end ? prism_strndup(text, (size_t)(end - text)) : NULL;
	size_t digits = end ? strspn(path, "0123456789") : 0;

	if (!end)
		return 0;
	if (net_tunnel_via_check(via, err) < 0)
		return -1;
	if (digits && (!path[digits] || path[digits] == '/')) {
		prism_error_raise(err, PRISM_ERROR_INVALID,
		                  "%s: is %.*s a port, or does the name begin so?", text, (int)digits,
		                  path);
		prism_error_hint(err, "write %s:%.*s:PATH, or %s:./%s", via, (int)digits, path, via, path);
		return -1;
	}
	if (!*path || path[strlen(path) - 1] == '/') {
		prism_error_raise(err, PRISM_ERROR_INVALID, "%s names no file", text);
		prism_error_hint(err, "name the file too: %sNAME", text);
		return -1;
	}
	*ret_via = PRISM_STEAL(via);
	*ret_path = prism_strdup(path);
	return 1;
}
