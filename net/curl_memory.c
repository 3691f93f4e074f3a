/*
 * Allocation with the size kept in front, so that freeing knows how much to wipe.  libcurl's small
 * blocks make this cheap; its receive buffers are wiped once a transfer.
 */
#include "net/curl_memory.h"

#include "base/mem.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

union head {
	size_t size;
	max_align_t align;
};

static void *give(size_t size, bool zero)
{
	union head *head;

	if (size > SIZE_MAX - sizeof(*head))
		return NULL;
	head = zero ? calloc(1, sizeof(*head) + size) : malloc(sizeof(*head) + size);
	if (!head)
		return NULL;
	head->size = size;
	return head + 1;
}

static void *take_malloc(size_t size)
{
	return give(size, false);
}

static void *take_calloc(size_t count, size_t size)
{
	return size && count > SIZE_MAX / size ? NULL : give(count * size, true);
}

static void put_free(void *data)
{
	union head *head = data;

	if (!head)
		return;
	head--;
	prism_wipe(data, head->size);
	free(head);
}

/* Never in place: growing there would be fine, moving would leave the old bytes behind. */
static void *take_realloc(void *data, size_t size)
{
	const union head *head = data;
	void *longer = give(size, false);

	if (!data || !longer)
		return longer;
	head--;
	memcpy(longer, data, head->size < size ? head->size : size);
	put_free(data);
	return longer;
}

static char *take_strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = give(size, false);

	return copy ? memcpy(copy, text, size) : NULL;
}

CURLcode net_curl_init(void)
{
	return curl_global_init_mem(CURL_GLOBAL_DEFAULT, take_malloc, put_free, take_realloc,
	                            take_strdup, take_calloc);
}
