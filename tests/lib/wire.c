/* See wire.h.  Each direction of a connection is a queue of pieces with the time they are due. */
#include "tests/lib/wire.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define PAIRS_MAX 64
#define PIECE 65536
#define QUEUE_MAX (64 << 20) /* bytes on their way in one direction: more than any window here */
#define STALL_MS 200         /* the shortest retransmission time-out of Linux */

struct piece {
	struct piece *next;
	int64_t due_ms;
	size_t len, sent;
	char data[];
};

struct flow { /* one direction */
	struct piece *first, *last;
	size_t queued;
	bool ended, shut; /* the reader got its end; it was passed on */
};

struct pair {
	int fd[2];           /* client, server; -1: free */
	struct flow flow[2]; /* from fd[0] to fd[1], and back */
};

struct wire {
	pthread_t thread;
	pthread_mutex_t lock;
	int listener, port, target, wake[2];
	bool ending;
	enum wire_state state;
	int delay_ms, stall_percent, last_way;
	struct wire_counts counts;
	struct pair pairs[PAIRS_MAX];
};

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void quick(int fd)
{
	int on = 1;

	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static void flow_drop(struct flow *flow)
{
	while (flow->first) {
		struct piece *piece = flow->first;

		flow->first = piece->next;
		free(piece);
	}
	*flow = (struct flow){0};
}

static void pair_drop(struct pair *pair, bool reset)
{
	struct linger linger = {1, 0};

	for (int i = 0; i < 2; i++) {
		if (reset)
			setsockopt(pair->fd[i], SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
		close(pair->fd[i]);
		pair->fd[i] = -1;
		flow_drop(&pair->flow[i]);
	}
}

static void take_client(struct wire *w)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)w->target)};
	int client = accept(w->listener, NULL, NULL), server;
	struct pair *pair = NULL;

	if (client < 0)
		return;
	for (int i = 0; i < PAIRS_MAX && !pair; i++)
		pair = w->pairs[i].fd[0] < 0 ? &w->pairs[i] : NULL;
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server = socket(AF_INET, SOCK_STREAM, 0);
	if (!pair || w->state == WIRE_CUT || connect(server, (struct sockaddr *)&to, sizeof(to)) != 0) {
		struct linger linger = {1, 0};

		setsockopt(client, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
		close(client);
		close(server);
		return;
	}
	quick(client);
	quick(server);
	pair->fd[0] = client;
	pair->fd[1] = server;
	w->counts.connections++;
}

static void take_bytes(struct wire *w, struct pair *pair, int way)
{
	struct flow *flow = &pair->flow[way];
	struct piece *piece = malloc(sizeof(*piece) + PIECE);
	ssize_t got = read(pair->fd[way], piece->data, PIECE);

	if (got <= 0) {
		flow->ended = flow->ended || got == 0 || (errno != EAGAIN && errno != EINTR);
		free(piece);
		return;
	}
	piece->next = NULL;
	piece->len = (size_t)got;
	piece->sent = 0;
	piece->due_ms = now_ms() + w->delay_ms;
	if (w->stall_percent && rand() % 100 < w->stall_percent)
		piece->due_ms += STALL_MS;
	if (flow->last && flow->first && flow->last->due_ms > piece->due_ms)
		piece->due_ms = flow->last->due_ms; /* order is kept, as TCP keeps it */
	*(flow->first ? &flow->last->next : &flow->first) = piece;
	flow->last = piece;
	flow->queued += piece->len;
	*(way ? &w->counts.down : &w->counts.up) += piece->len;
	w->counts.turns += w->last_way != way;
	w->last_way = way;
}

/* Passes on what is due; false when the connection is over. */
static bool give_bytes(struct pair *pair, int way)
{
	struct flow *flow = &pair->flow[way];

	while (flow->first && flow->first->due_ms <= now_ms()) {
		struct piece *piece = flow->first;
		ssize_t put =
		    send(pair->fd[!way], piece->data + piece->sent, piece->len - piece->sent, MSG_NOSIGNAL);

		if (put < 0)
			return errno == EAGAIN || errno == EINTR;
		piece->sent += (size_t)put;
		if (piece->sent < piece->len)
			return true;
		flow->queued -= piece->len;
		flow->first = piece->next;
		free(piece);
	}
	if (flow->ended && !flow->first && !flow->shut) {
		shutdown(pair->fd[!way], SHUT_WR);
		flow->shut = true;
	}
	return !(pair->flow[0].shut && pair->flow[1].shut);
}

static int wait_ms(struct wire *w)
{
	int64_t now = now_ms(), left = 1000;

	for (int i = 0; w->state == WIRE_UP && i < PAIRS_MAX; i++)
		for (int way = 0; way < 2 && w->pairs[i].fd[0] >= 0; way++) {
			const struct piece *first = w->pairs[i].flow[way].first;

			if (first && first->due_ms - now < left)
				left = first->due_ms > now ? first->due_ms - now : 1;
		}
	return (int)left;
}

static void serve(struct wire *w, const struct pollfd *fds)
{
	if (fds[0].revents)
		take_client(w);
	for (int i = 0; i < PAIRS_MAX; i++) {
		struct pair *pair = &w->pairs[i];
		bool alive = true;

		if (pair->fd[0] < 0)
			continue;
		if (w->state == WIRE_CUT) {
			pair_drop(pair, true);
			continue;
		}
		for (int way = 0; w->state == WIRE_UP && alive && way < 2; way++) {
			if (fds[2 + 2 * i + way].revents)
				take_bytes(w, pair, way);
			alive = give_bytes(pair, way);
		}
		if (!alive)
			pair_drop(pair, false);
	}
}

static void *run(void *data)
{
	struct wire *w = data;
	struct pollfd fds[2 + 2 * PAIRS_MAX];

	for (;;) {
		char byte[64];
		int wait;

		pthread_mutex_lock(&w->lock);
		fds[0] = (struct pollfd){w->state == WIRE_DARK ? -1 : w->listener, POLLIN, 0};
		fds[1] = (struct pollfd){w->wake[0], POLLIN, 0};
		for (int i = 0; i < 2 * PAIRS_MAX; i++) {
			struct pair *pair = &w->pairs[i / 2];
			const struct flow *flow = &pair->flow[i % 2];
			bool reads =
			    w->state == WIRE_UP && pair->fd[0] >= 0 && !flow->ended && flow->queued < QUEUE_MAX;

			fds[2 + i] = (struct pollfd){reads ? pair->fd[i % 2] : -1, POLLIN, 0};
		}
		wait = wait_ms(w);
		pthread_mutex_unlock(&w->lock);
		poll(fds, 2 + 2 * PAIRS_MAX, wait);
		if (fds[1].revents && read(w->wake[0], byte, sizeof(byte)) < 0)
			break;
		pthread_mutex_lock(&w->lock);
		if (!w->ending)
			serve(w, fds);
		pthread_mutex_unlock(&w->lock);
		if (w->ending)
			break;
	}
	return NULL;
}

struct wire *wire_start(int port)
{
	struct wire *w = prism_alloc(sizeof(*w));
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t len = sizeof(at);

	w->target = port;
	w->last_way = -1;
	for (int i = 0; i < PAIRS_MAX; i++)
		w->pairs[i].fd[0] = w->pairs[i].fd[1] = -1;
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	w->listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(w->listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(w->listener, 64), 0);
	assert_int_equal(getsockname(w->listener, (struct sockaddr *)&at, &len), 0);
	w->port = ntohs(at.sin_port);
	assert_int_equal(pipe(w->wake), 0);
	pthread_mutex_init(&w->lock, NULL);
	assert_int_equal(pthread_create(&w->thread, NULL, run, w), 0);
	return w;
}

static void wake(struct wire *w)
{
	ssize_t ignored = write(w->wake[1], "x", 1);

	PRISM_UNUSED(ignored);
}

void wire_stop(struct wire *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->ending = true;
	pthread_mutex_unlock(&w->lock);
	wake(w);
	pthread_join(w->thread, NULL);
	for (int i = 0; i < PAIRS_MAX; i++)
		if (w->pairs[i].fd[0] >= 0)
			pair_drop(&w->pairs[i], false);
	close(w->listener);
	close(w->wake[0]);
	close(w->wake[1]);
	pthread_mutex_destroy(&w->lock);
	prism_free(w);
}

int wire_port(const struct wire *w)
{
	return w->port;
}

void wire_set(struct wire *w, enum wire_state state)
{
	pthread_mutex_lock(&w->lock);
	w->state = state;
	pthread_mutex_unlock(&w->lock);
	wake(w);
}

void wire_delay(struct wire *w, int delay_ms, int stall_percent)
{
	pthread_mutex_lock(&w->lock);
	w->delay_ms = delay_ms;
	w->stall_percent = stall_percent;
	pthread_mutex_unlock(&w->lock);
}

struct wire_counts wire_counts(struct wire *w)
{
	struct wire_counts counts;

	pthread_mutex_lock(&w->lock);
	counts = w->counts;
	pthread_mutex_unlock(&w->lock);
	return counts;
}
