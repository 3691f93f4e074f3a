/*
 * Intrusive doubly linked list.  No allocation; a node is in at most one list.
 * A head is a node that points to itself when empty.
 */
#ifndef PRISM_BASE_LIST_H
#define PRISM_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct prism_list {
	struct prism_list *prev, *next;
};

#define PRISM_LIST_INIT(head) \
	{                         \
		&(head), &(head)      \
	}

static inline void prism_list_init(struct prism_list *head)
{
	head->prev = head->next = head;
}

static inline bool prism_list_empty(const struct prism_list *head)
{
	return head->next == head || head->next == NULL;
}

static inline void prism_list_insert_after(struct prism_list *pos, struct prism_list *node)
{
	node->prev = pos;
	node->next = pos->next;
	pos->next->prev = node;
	pos->next = node;
}

static inline void prism_list_append(struct prism_list *head, struct prism_list *node)
{
	prism_list_insert_after(head->prev, node);
}

static inline void prism_list_prepend(struct prism_list *head, struct prism_list *node)
{
	prism_list_insert_after(head, node);
}

/* Safe on a node that is in no list (after init, or after an earlier remove). */
static inline void prism_list_remove(struct prism_list *node)
{
	if (!node->next)
		return;
	node->prev->next = node->next;
	node->next->prev = node->prev;
	node->prev = node->next = node;
}

#define PRISM_CONTAINER(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

/* `entry` may be removed and freed in the body. */
#define PRISM_LIST_EACH(head, node, tmp)                                            \
	for (struct prism_list *node = (head)->next, *tmp = node->next; node != (head); \
	     node = tmp, tmp = node->next)

#endif
