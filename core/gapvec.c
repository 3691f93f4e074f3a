/* Owns the array that grows at both ends; see core/gapvec.h. */
#include "core/gapvec.h"

#include "base/mem.h"

#include <string.h>

enum { FIRST_ROOM = 64 };

void core_gapvec_init(struct core_gapvec *vec, size_t item)
{
	*vec = (struct core_gapvec){.item = item};
}

void core_gapvec_finish(struct core_gapvec *vec)
{
	free(vec->data);
	core_gapvec_init(vec, vec->item);
}

static void *slot(const struct core_gapvec *vec, size_t index)
{
	return vec->data + index * vec->item;
}

/* Moves everything to a new place that leaves `front` free items before it. */
static void rebase(struct core_gapvec *vec, size_t front, size_t alloc)
{
	char *data = alloc == vec->alloc ? vec->data : prism_realloc_array(NULL, alloc, vec->item);

	if (vec->count)
		memmove(data + front * vec->item, slot(vec, vec->start), vec->count * vec->item);
	if (data != vec->data)
		free(vec->data);
	vec->data = data;
	vec->start = front;
	vec->alloc = alloc;
}

static void room_at_end(struct core_gapvec *vec, size_t count)
{
	size_t used = vec->start + vec->count;

	if (vec->alloc - used >= count)
		return;
	if (vec->start > vec->alloc / 2 && vec->start >= count) {
		rebase(vec, 0, vec->alloc); /* the front was dropped: use it again */
		return;
	}
	size_t alloc = vec->alloc ? vec->alloc * 2 : FIRST_ROOM;
	if (alloc < used + count)
		alloc = used + count;
	vec->data = prism_realloc_array(vec->data, alloc, vec->item);
	vec->alloc = alloc;
}

static void room_at_front(struct core_gapvec *vec, size_t count)
{
	if (vec->start >= count)
		return;
	size_t front = vec->count / 2 + count + FIRST_ROOM;
	rebase(vec, front, front + vec->count + vec->count / 4 + FIRST_ROOM);
}

void *core_gapvec_insert(struct core_gapvec *vec, size_t pos, size_t count, bool *ret_front)
{
	bool front = pos < vec->count - pos;

	if (front) {
		room_at_front(vec, count);
		if (pos)
			memmove(slot(vec, vec->start - count), slot(vec, vec->start), pos * vec->item);
		vec->start -= count;
	} else {
		room_at_end(vec, count);
		if (pos < vec->count)
			memmove(slot(vec, vec->start + pos + count), slot(vec, vec->start + pos),
			        (vec->count - pos) * vec->item);
	}
	vec->count += count;
	if (ret_front)
		*ret_front = front;
	return slot(vec, vec->start + pos);
}

void core_gapvec_drop_front(struct core_gapvec *vec, size_t count)
{
	if (count > vec->count)
		count = vec->count;
	vec->start += count;
	vec->count -= count;
	if (vec->count == 0)
		vec->start = 0;
}
