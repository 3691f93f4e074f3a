/*
 * Keyboard-interactive without blocking.  libssh2 asks for the answers in a callback that has to
 * return them; a person needs minutes.  So that one libssh2 call runs on a thread of its own, as a
 * coroutine: either the loop runs or the thread does, never both, and each waits for the other to
 * hand over.  The thread itself never waits for bytes: like everywhere, libssh2 returns EAGAIN.
 *
 *   loop: step ──resume──► thread: libssh2 ──► callback wants answers ──hand over──► loop: asks
 *   loop: answers ──resume──► thread: callback returns ──► EAGAIN or result ──hand over──► loop
 */
#include "net/ssh_private.h"

#include <pthread.h>
#include <string.h>

#define PROMPTS_MAX 8 /* one-time code, PIN, password: real servers ask one or two at a time */

enum turn { LOOP, THREAD };

struct net_ssh_kbd {
	struct net_ssh *ssh;
	pthread_t thread;
	bool started, ended;
	pthread_mutex_t mutex;
	pthread_cond_t handed;
	enum turn turn;
	bool asked;   /* the thread waits for answers */
	bool quit;    /* give empty answers and come to an end */
	bool refused; /* by the person */
	int rc;
	/* The question; borrowed from libssh2 while asked. */
	size_t count;
	char *title, *instruction, *prompts[PROMPTS_MAX];
	bool echo[PROMPTS_MAX];
	char *answers[PROMPTS_MAX];
};

/* Gives the turn away and waits to get it back. */
static void hand_over(struct net_ssh_kbd *kbd, enum turn to)
{
	pthread_mutex_lock(&kbd->mutex);
	kbd->turn = to;
	pthread_cond_broadcast(&kbd->handed);
	while (kbd->turn == to && !(to == LOOP && kbd->ended))
		pthread_cond_wait(&kbd->handed, &kbd->mutex);
	pthread_mutex_unlock(&kbd->mutex);
}

static void question_forget(struct net_ssh_kbd *kbd)
{
	prism_free(kbd->title);
	prism_free(kbd->instruction);
	kbd->title = kbd->instruction = NULL;
	for (size_t i = 0; i < PROMPTS_MAX; i++) {
		prism_free(kbd->prompts[i]);
		if (kbd->answers[i])
			prism_wipe(kbd->answers[i], strlen(kbd->answers[i]));
		prism_free(kbd->answers[i]);
		kbd->prompts[i] = kbd->answers[i] = NULL;
	}
	kbd->count = 0;
}

/* On the thread, inside libssh2. */
static LIBSSH2_USERAUTH_KBDINT_RESPONSE_FUNC(answer_prompts)
{
	struct net_ssh *ssh = *abstract;
	struct net_ssh_kbd *kbd = ssh->kbd;
	size_t count = num_prompts > 0 ? (size_t)num_prompts : 0;

	PRISM_UNUSED(name);
	PRISM_UNUSED(name_len);
	if (!count || kbd->quit)
		return; /* a notice only: nothing to answer */
	kbd->count = count < PROMPTS_MAX ? count : PROMPTS_MAX;
	kbd->instruction =
	    prism_strndup(instruction ? instruction : "", /* NULL: there is none */
	                  instruction && instruction_len > 0 ? (size_t)instruction_len : 0);
	for (size_t i = 0; i < kbd->count; i++) {
		/* char in libssh2 1.10, unsigned char since 1.11; NULL goes with length 0 */
		const char *text = (const char *)prompts[i].text;

		kbd->prompts[i] = prism_strndup(text ? text : "", prompts[i].length);
		kbd->echo[i] = prompts[i].echo != 0;
	}
	kbd->asked = true;
	hand_over(kbd, LOOP);
	kbd->asked = false;
	for (size_t i = 0; i < kbd->count; i++) {
		const char *text = kbd->answers[i] ? kbd->answers[i] : "";
		struct net_ssh_buffer given = net_ssh_buffer(ssh, text, strlen(text));

		responses[i].text = given.data; /* libssh2 frees it, and our allocator wipes */
		responses[i].length = (unsigned)given.len;
	}
	question_forget(kbd);
}

static void *run(void *data)
{
	struct net_ssh_kbd *kbd = data;
	struct net_ssh *ssh = kbd->ssh;

	pthread_mutex_lock(&kbd->mutex);
	while (kbd->turn != THREAD)
		pthread_cond_wait(&kbd->handed, &kbd->mutex);
	pthread_mutex_unlock(&kbd->mutex);
	while ((kbd->rc = libssh2_userauth_keyboard_interactive_ex(
	            ssh->session, ssh->host->user, (unsigned)strlen(ssh->host->user),
	            answer_prompts)) == LIBSSH2_ERROR_EAGAIN &&
	       !kbd->quit)
		hand_over(kbd, LOOP);
	pthread_mutex_lock(&kbd->mutex);
	kbd->ended = true;
	kbd->turn = LOOP;
	pthread_cond_broadcast(&kbd->handed);
	pthread_mutex_unlock(&kbd->mutex);
	return NULL;
}

static void resume(struct net_ssh_kbd *kbd)
{
	pthread_mutex_lock(&kbd->mutex);
	kbd->turn = THREAD;
	pthread_cond_broadcast(&kbd->handed);
	while (kbd->turn != LOOP)
		pthread_cond_wait(&kbd->handed, &kbd->mutex);
	pthread_mutex_unlock(&kbd->mutex);
}

struct net_ssh_kbd *net_ssh_kbd_create(struct net_ssh *ssh)
{
	struct net_ssh_kbd *kbd = prism_alloc(sizeof(*kbd));

	kbd->ssh = ssh;
	ssh->kbd = kbd;
	pthread_mutex_init(&kbd->mutex, NULL);
	pthread_cond_init(&kbd->handed, NULL);
	return kbd;
}

void net_ssh_kbd_destroy(struct net_ssh_kbd *kbd)
{
	if (!kbd)
		return;
	if (kbd->started && !kbd->ended) {
		kbd->quit = true;
		kbd->ssh->lower_over = true; /* what it sends now goes nowhere */
		resume(kbd);
	}
	if (kbd->started)
		pthread_join(kbd->thread, NULL);
	question_forget(kbd);
	pthread_cond_destroy(&kbd->handed);
	pthread_mutex_destroy(&kbd->mutex);
	kbd->ssh->kbd = NULL;
	prism_free(kbd);
}

static void ask(struct net_ssh_kbd *kbd)
{
	kbd->title = prism_asprintf("%s asks", kbd->ssh->label);
	const struct net_ssh_question question = {
	    .title = kbd->title,
	    .instruction = kbd->instruction,
	    .count = kbd->count,
	    .prompts = (const char *const *)kbd->prompts,
	    .echo = kbd->echo,
	};
	net_ssh_ask(kbd->ssh, &question);
}

int net_ssh_kbd_step(struct net_ssh_kbd *kbd)
{
	if (kbd->asked && kbd->ssh->asking)
		return LIBSSH2_ERROR_EAGAIN;
	if (!kbd->started) {
		if (pthread_create(&kbd->thread, NULL, run, kbd) != 0)
			return LIBSSH2_ERROR_ALLOC;
		kbd->started = true;
	}
	resume(kbd);
	if (kbd->ended)
		return kbd->rc;
	if (kbd->asked)
		ask(kbd);
	return LIBSSH2_ERROR_EAGAIN;
}

void net_ssh_kbd_answer(struct net_ssh_kbd *kbd, const struct prism_secret *const *answers,
                        size_t count)
{
	kbd->refused = kbd->refused || !answers;
	for (size_t i = 0; answers && i < count && i < kbd->count; i++)
		kbd->answers[i] = prism_strdup(prism_secret_text(answers[i]));
}

bool net_ssh_kbd_refused(const struct net_ssh_kbd *kbd)
{
	return kbd->refused;
}
