/*
 * An array that grows at both ends: inserting moves the shorter side.  For indices that mostly
 * grow at the end, sometimes at the front, rarely in the middle.
 *
 * Large ones grow by realloc(), which for such sizes moves pages instead of bytes.
 */
#ifndef PRISM_CORE_GAPVEC_H
#define PRISM_CORE_GAPVEC_H

#include <stdbool.h>
#include <stddef.h>

struct core_gapvec {
	char *data;
	size_t item;                /* bytes of one */
	size_t start, count, alloc; /* in items; start: free room in front */
};

void core_gapvec_init(struct core_gapvec *vec, size_t item);
void core_gapvec_finish(struct core_gapvec *vec); /* usable again as empty */
static inline void *core_gapvec_at(const struct core_gapvec *vec, size_t index)
{
	return vec->data + (vec->start + index) * vec->item;
}
/* Makes room for `count` items at pos <= vec->count and lends it, unset. *ret_front tells that the
 * items before pos moved. */
void *core_gapvec_insert(struct core_gapvec *vec, size_t pos, size_t count, bool *ret_front);
void core_gapvec_drop_front(struct core_gapvec *vec, size_t count);

#endif
