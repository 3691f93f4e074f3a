/*
 * Owns the origins and their lines of waiting requests.  An origin stays for the life of the
 * engine: there are as many as there are services.
 */
#include "net/http_queue.h"

#include "base/mem.h"

#include <string.h>

struct net_http_origin {
	struct prism_list node;
	char *key;
	unsigned inside;
	bool many; /* at once on a connection */
	struct prism_list waiting;
};

void net_http_queue_init(struct net_http_queue *queue, unsigned limit)
{
	prism_list_init(&queue->origins);
	queue->limit = limit;
}

void net_http_queue_finish(struct net_http_queue *queue)
{
	PRISM_LIST_EACH (&queue->origins, node, next) {
		struct net_http_origin *origin = PRISM_CONTAINER(node, struct net_http_origin, node);
		prism_list_remove(node);
		prism_free(origin->key);
		prism_free(origin);
	}
}

/* Up to the path. */
static size_t origin_len(const char *url)
{
	const char *host = strstr(url, "://");
	size_t skip = host ? (size_t)(host - url) + 3 : 0;

	return skip + strcspn(url + skip, "/?#");
}

static struct net_http_origin *origin_of(struct net_http_queue *queue, const char *url,
                                         const char *way)
{
	size_t len = origin_len(url), way_len = way ? strlen(way) : 0;

	PRISM_LIST_EACH (&queue->origins, node, next) {
		struct net_http_origin *origin = PRISM_CONTAINER(node, struct net_http_origin, node);
		if (strncmp(origin->key, url, len) == 0 && origin->key[len] == ' ' &&
		    strcmp(origin->key + len + 1, way ? way : "") == 0)
			return origin;
	}
	struct net_http_origin *origin = prism_alloc(sizeof(*origin));
	origin->key = prism_alloc(len + way_len + 2);
	memcpy(origin->key, url, len);
	origin->key[len] = ' ';
	memcpy(origin->key + len + 1, way ? way : "", way_len);
	prism_list_init(&origin->waiting);
	prism_list_append(&queue->origins, &origin->node);
	return origin;
}

static bool has_room(const struct net_http_queue *queue, const struct net_http_origin *origin)
{
	return origin->many || origin->inside < queue->limit;
}

bool net_http_queue_enter(struct net_http_queue *queue, struct net_http_place *place,
                          const char *url, const char *way)
{
	struct net_http_origin *origin = origin_of(queue, url, way);

	place->origin = origin;
	place->waiting = !has_room(queue, origin) || !prism_list_empty(&origin->waiting);
	if (place->waiting)
		prism_list_append(&origin->waiting, &place->node);
	else
		origin->inside++;
	return !place->waiting;
}

static void let_in(struct net_http_queue *queue, struct net_http_origin *origin)
{
	while (!prism_list_empty(&origin->waiting) && has_room(queue, origin)) {
		struct net_http_place *place =
		    PRISM_CONTAINER(origin->waiting.next, struct net_http_place, node);
		prism_list_remove(&place->node);
		place->waiting = false;
		origin->inside++;
		place->turn(place);
	}
}

void net_http_queue_leave(struct net_http_queue *queue, struct net_http_place *place)
{
	struct net_http_origin *origin = place->origin;

	if (!origin)
		return;
	place->origin = NULL;
	if (place->waiting)
		prism_list_remove(&place->node);
	else
		origin->inside--;
	place->waiting = false;
	let_in(queue, origin);
}

void net_http_queue_open(struct net_http_queue *queue, struct net_http_place *place)
{
	if (!place->origin || place->origin->many)
		return;
	place->origin->many = true;
	let_in(queue, place->origin);
}
