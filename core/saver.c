/*
 * Owns: two buffers that change places, one being filled on the loop, one being written on a
 * worker, and the file writer between them.
 */
#include "core/saver.h"

#include "base/mem.h"

struct core_saver {
	struct prism_work *work;
	struct prism_file_writer *writer;
	struct core_saver_owner owner;
	struct prism_buf filling, writing;
	bool busy; /* a worker has `writing` and the writer */
	bool held, draining, dead;
	struct prism_error error; /* of a write; category none: all well */
};

struct core_saver *core_saver_create(struct prism_work *work, struct prism_file_writer *writer,
                                     const struct core_saver_owner *owner)
{
	struct core_saver *saver = prism_alloc(sizeof(*saver));

	saver->work = work;
	saver->writer = writer;
	saver->owner = *owner;
	prism_buf_init(&saver->filling, CORE_SAVER_CAP);
	prism_buf_init(&saver->writing, CORE_SAVER_CAP);
	return saver;
}

static void saver_free(struct core_saver *saver)
{
	prism_file_writer_discard(saver->writer);
	prism_buf_finish(&saver->filling);
	prism_buf_finish(&saver->writing);
	prism_free(saver);
}

void core_saver_destroy(struct core_saver *saver)
{
	if (!saver)
		return;
	saver->dead = true;
	if (!saver->busy)
		saver_free(saver);
}

static void hold(struct core_saver *saver, bool held)
{
	if (saver->held == held)
		return;
	saver->held = held;
	saver->owner.hold(saver->owner.data, held);
}

static void write_out(void *data)
{
	struct core_saver *saver = data;

	if (prism_file_writer_write(saver->writer, saver->writing.data, saver->writing.len,
	                            &saver->error) < 0)
		(void)prism_error_wrap(&saver->error, "the result cannot be saved");
}

static void written(void *data, bool cancelled);

/* Gives the filled buffer to a worker, or says that all is done. */
static void next(struct core_saver *saver)
{
	struct prism_buf full = saver->filling;
	bool failed = saver->error.category != PRISM_ERROR_NONE;

	if (!failed && full.len) {
		saver->filling = saver->writing;
		saver->writing = full;
		prism_buf_clear(&saver->filling);
		saver->busy = true;
		prism_work_submit(saver->work, NULL, write_out, written, saver);
		hold(saver, false);
	} else if (saver->draining) {
		saver->draining = false;
		saver->owner.drained(saver->owner.data, failed ? &saver->error : NULL);
	} else if (failed) {
		hold(saver, false); /* let the next add() report it */
	}
}

static void written(void *data, bool cancelled)
{
	struct core_saver *saver = data;

	saver->busy = false;
	if (cancelled && saver->error.category == PRISM_ERROR_NONE)
		(void)prism_error_raise(&saver->error, PRISM_ERROR_CANCELLED, "cancelled");
	if (saver->dead)
		saver_free(saver);
	else
		next(saver);
}

int core_saver_add(struct core_saver *saver, const void *bytes, size_t size,
                   struct prism_error *err)
{
	/* the worker sets the error; it is looked at only while it has nothing to do */
	if (!saver->busy && saver->error.category != PRISM_ERROR_NONE) {
		prism_error_copy(err, &saver->error);
		return -1;
	}
	if (prism_buf_append(&saver->filling, bytes, size, err) < 0)
		return -1;
	if (!saver->busy)
		next(saver);
	else if (saver->filling.len >= CORE_SAVER_HIGH)
		hold(saver, true);
	return 0;
}

/* The last step of draining comes from the loop even when nothing is left: an empty write. */
static void nothing(void *data)
{
}

void core_saver_drain(struct core_saver *saver)
{
	saver->draining = true;
	if (saver->busy)
		return;
	saver->busy = true;
	prism_work_submit(saver->work, NULL, nothing, written, saver);
}

struct prism_file_writer *core_saver_take(struct core_saver *saver)
{
	struct prism_file_writer *writer = saver->writer;

	saver->writer = NULL;
	return writer;
}
