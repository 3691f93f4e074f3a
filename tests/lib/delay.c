/* See delay.h.  Chunks are stamped as they are read and written when they are due. */
#include "tests/lib/delay.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LINES 64
#define CHUNK 65536
#define HELD_MAX (64u << 20) /* bytes under way in one direction: more than any window here */

struct chunk {
	struct chunk *next;
	int64_t due;
	size_t len, at;
	char data[];
};

struct way {
	int from, to;
	struct chunk *first, **last;
	size_t held;
	int ended; /* 1: the source has; 2: passed on */
};

struct line {
	struct way ways[2];
	int used;
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int make_socket(uint16_t port, int listening)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
	int rc = listening ? bind(fd, (struct sockaddr *)&address, sizeof(address))
	                   : connect(fd, (struct sockaddr *)&address, sizeof(address));

	if (rc == 0 && listening)
		rc = listen(fd, 16);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (rc == 0)
		return fd;
	close(fd);
	return -1;
}

static void line_open(struct line *lines, int listener, uint16_t to)
{
	int a = accept(listener, NULL, NULL), b = make_socket(to, 0), on = 1;

	for (int i = 0; i < LINES && a >= 0 && b >= 0; i++) {
		if (lines[i].used)
			continue;
		(void)setsockopt(a, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		(void)fcntl(a, F_SETFL, O_NONBLOCK);
		(void)fcntl(b, F_SETFL, O_NONBLOCK);
		lines[i] = (struct line){.ways = {{.from = a, .to = b}, {.from = b, .to = a}}, .used = 1};
		lines[i].ways[0].last = &lines[i].ways[0].first;
		lines[i].ways[1].last = &lines[i].ways[1].first;
		return;
	}
	close(a);
	close(b);
}

static void take(struct way *w, int ms)
{
	while (w->held < HELD_MAX && !w->ended) {
		struct chunk *c = prism_alloc(sizeof(*c) + CHUNK);
		ssize_t n = read(w->from, c->data, CHUNK);

		if (n <= 0) {
			prism_free(c);
			w->ended = n == 0 || (errno != EAGAIN && errno != EINTR);
			return;
		}
		c->len = (size_t)n;
		c->due = now_ms() + ms;
		*w->last = c;
		w->last = &c->next;
		w->held += c->len;
	}
}

static void give(struct way *w)
{
	while (w->first && w->first->due <= now_ms()) {
		struct chunk *c = w->first;
		ssize_t n = send(w->to, c->data + c->at, c->len - c->at, MSG_NOSIGNAL);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		c->at += n > 0 ? (size_t)n : c->len - c->at; /* nobody there: forgotten */
		if (c->at < c->len)
			return;
		w->held -= c->len;
		w->first = c->next;
		if (!w->first)
			w->last = &w->first;
		prism_free(c);
	}
	if (w->ended == 1 && !w->first) {
		(void)shutdown(w->to, SHUT_WR);
		w->ended = 2;
	}
}

static int wait_ms(const struct line *lines)
{
	int64_t now = now_ms(), least = 1000;

	for (int i = 0; i < LINES; i++)
		for (int j = 0; j < 2 && lines[i].used; j++)
			if (lines[i].ways[j].first && lines[i].ways[j].first->due - now < least)
				least = lines[i].ways[j].first->due - now;
	return least < 0 ? 1 : (int)least;
}

static void relay(int listener, uint16_t to, int ms)
{
	static struct line lines[LINES];

	for (;;) {
		struct pollfd fds[1 + 2 * LINES] = {{.fd = listener, .events = POLLIN}};

		for (int i = 0; i < LINES; i++)
			for (int j = 0; j < 2; j++) {
				const struct way *w = &lines[i].ways[j];
				int open = lines[i].used && !w->ended && w->held < HELD_MAX;

				fds[1 + 2 * i + j] = (struct pollfd){.fd = open ? w->from : -1, .events = POLLIN};
			}
		(void)poll(fds, 1 + 2 * LINES, wait_ms(lines));
		if (fds[0].revents)
			line_open(lines, listener, to);
		for (int i = 0; i < LINES; i++) {
			struct line *line = &lines[i];

			for (int j = 0; j < 2 && line->used; j++) {
				take(&line->ways[j], ms);
				give(&line->ways[j]);
			}
			if (line->used && line->ways[0].ended == 2 && line->ways[1].ended == 2) {
				close(line->ways[0].from);
				close(line->ways[0].to);
				line->used = 0;
			}
		}
	}
}

struct delay *delay_start(uint16_t to, int ms)
{
	struct delay *delay = prism_alloc(sizeof(*delay));
	struct sockaddr_in address;
	socklen_t len = sizeof(address);
	int listener = make_socket(0, 1);

	if (listener < 0 || getsockname(listener, (struct sockaddr *)&address, &len) < 0)
		abort();
	delay->port = ntohs(address.sin_port);
	delay->pid = fork();
	if (delay->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		relay(listener, to, ms);
	}
	close(listener);
	return delay;
}

void delay_stop(struct delay *delay)
{
	if (!delay)
		return;
	kill(delay->pid, SIGKILL);
	(void)waitpid(delay->pid, NULL, 0);
	prism_free(delay);
}
