/*
 * Owns worker threads and the queue in front of them.
 *
 * A job is in one of these states, changed under the lock:
 *   queued    in `queue`; a cancel takes it straight to finished, run() is skipped
 *   running   on a worker; a cancel is only seen by run() itself
 *   finished  in `finished`; waits for deliver() on the loop thread, which calls done()
 */
#include "base/work.h"

#include "base/mem.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>

struct job {
	struct prism_list node; /* in queue or finished; under lock */
	struct prism_work *work;
	struct prism_cancel *cancel; /* a reference, or NULL */
	struct prism_cancel_hook hook;
	void (*run)(void *data);
	void (*done)(void *data, bool cancelled);
	void *data;
	bool queued;  /* under lock */
	bool skipped; /* run() was never called */
};

struct prism_work {
	struct prism_loop *loop;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct prism_list queue, finished;
	pthread_t *threads;
	unsigned thread_count, max_threads, idle;
	unsigned pending; /* loop thread only */
	bool stopping, posted;
};

static void deliver(void *data);

struct prism_work *prism_work_create(struct prism_loop *loop, unsigned max_threads)
{
	struct prism_work *work = prism_alloc(sizeof(*work));

	work->loop = loop;
	work->max_threads = max_threads ? max_threads : 1;
	work->threads = prism_alloc_array(work->max_threads, sizeof(*work->threads));
	prism_list_init(&work->queue);
	prism_list_init(&work->finished);
	pthread_mutex_init(&work->lock, NULL);
	pthread_cond_init(&work->wake, NULL);
	return work;
}

/* Under lock. */
static void finish_job(struct prism_work *work, struct job *job)
{
	prism_list_append(&work->finished, &job->node);
	if (!work->posted) {
		work->posted = true;
		prism_loop_post(work->loop, deliver, work);
	}
}

/* Under lock. The next job that is worth running; cancelled ones go straight on. */
static struct job *next_job(struct prism_work *work)
{
	while (!prism_list_empty(&work->queue)) {
		struct job *job = PRISM_CONTAINER(work->queue.next, struct job, node);
		prism_list_remove(&job->node);
		job->queued = false;
		if (!prism_cancel_fired(job->cancel))
			return job;
		job->skipped = true;
		finish_job(work, job);
	}
	return NULL;
}

static void *worker(void *data)
{
	struct prism_work *work = data;

	pthread_mutex_lock(&work->lock);
	for (;;) {
		struct job *job = work->stopping ? NULL : next_job(work);
		if (work->stopping)
			break;
		if (!job) {
			work->idle++;
			pthread_cond_wait(&work->wake, &work->lock);
			work->idle--;
			continue;
		}
		pthread_mutex_unlock(&work->lock);
		job->run(job->data);
		pthread_mutex_lock(&work->lock);
		finish_job(work, job);
	}
	pthread_mutex_unlock(&work->lock);
	return NULL;
}

/* Under lock. Signals belong to the loop thread, so workers block them all. */
static void start_thread(struct prism_work *work)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int failed = pthread_create(&work->threads[work->thread_count], NULL, worker, work);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!failed) {
		work->thread_count++;
	} else if (work->thread_count == 0) {
		fprintf(stderr, "prism: cannot start a worker thread (error %d)\n", failed);
		abort();
	}
}

static void on_cancel(void *data)
{
	struct job *job = data;
	struct prism_work *work = job->work;

	pthread_mutex_lock(&work->lock);
	if (job->queued) {
		prism_list_remove(&job->node);
		job->queued = false;
		job->skipped = true;
		finish_job(work, job);
	}
	pthread_mutex_unlock(&work->lock);
}

void prism_work_submit(struct prism_work *work, struct prism_cancel *cancel,
                       void (*run)(void *data), void (*done)(void *data, bool cancelled),
                       void *data)
{
	struct job *job = prism_alloc(sizeof(*job));

	*job = (struct job){.work = work, .run = run, .done = done, .data = data, .queued = true};
	job->cancel = prism_cancel_ref(cancel);
	job->hook.fire = on_cancel;
	job->hook.data = job;
	work->pending++;

	pthread_mutex_lock(&work->lock);
	prism_list_append(&work->queue, &job->node);
	if (work->idle > 0)
		pthread_cond_signal(&work->wake);
	else if (work->thread_count < work->max_threads)
		start_thread(work);
	pthread_mutex_unlock(&work->lock);
	prism_cancel_add(cancel, &job->hook); /* fires at once on a token that already fired */
}

static void complete(struct prism_work *work, struct job *job)
{
	bool cancelled = job->skipped || prism_cancel_fired(job->cancel);

	work->pending--;
	prism_cancel_remove(&job->hook);
	prism_cancel_unref(job->cancel);
	job->done(job->data, cancelled);
	free(job);
}

/* Loop thread. done() may submit or even cancel, so the list is emptied one at a time. */
static void deliver(void *data)
{
	struct prism_work *work = data;

	pthread_mutex_lock(&work->lock);
	work->posted = false;
	struct prism_list ready = PRISM_LIST_INIT(ready);
	while (!prism_list_empty(&work->finished)) {
		struct prism_list *node = work->finished.next;
		prism_list_remove(node);
		prism_list_append(&ready, node);
	}
	pthread_mutex_unlock(&work->lock);
	while (!prism_list_empty(&ready)) {
		struct job *job = PRISM_CONTAINER(ready.next, struct job, node);
		prism_list_remove(&job->node);
		complete(work, job);
	}
}

void prism_work_destroy(struct prism_work *work)
{
	if (!work)
		return;
	pthread_mutex_lock(&work->lock);
	work->stopping = true;
	pthread_cond_broadcast(&work->wake);
	pthread_mutex_unlock(&work->lock);
	for (unsigned i = 0; i < work->thread_count; i++)
		pthread_join(work->threads[i], NULL);
	work->thread_count = 0;
	work->max_threads = 0; /* what a done() submits now is completed as cancelled below */
	do {
		pthread_mutex_lock(&work->lock);
		while (!prism_list_empty(&work->queue)) {
			struct job *job = PRISM_CONTAINER(work->queue.next, struct job, node);
			prism_list_remove(&job->node);
			job->queued = false;
			job->skipped = true;
			prism_list_append(&work->finished, &job->node);
		}
		pthread_mutex_unlock(&work->lock);
		deliver(work);
	} while (work->pending > 0);
	prism_loop_undefer(work->loop, deliver, work);
	pthread_cond_destroy(&work->wake);
	pthread_mutex_destroy(&work->lock);
	free(work->threads);
	free(work);
}

unsigned prism_work_pending(const struct prism_work *work)
{
	return work->pending;
}
