/*
 * Owns allocation that aborts instead of failing, arenas, and secrets.
 * Buffers whose size a peer decides are in base/buf.c.
 */
#include "base/mem.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static _Noreturn void out_of_memory(size_t size)
{
	fprintf(stderr, "prism: out of memory (%zu bytes)\n", size);
	abort();
}

void *prism_alloc(size_t size)
{
	void *ptr = calloc(1, size ? size : 1);

	if (!ptr)
		out_of_memory(size);
	return ptr;
}

void *prism_alloc_array(size_t count, size_t size)
{
	void *ptr = calloc(count ? count : 1, size ? size : 1);

	if (!ptr)
		out_of_memory(count);
	return ptr;
}

void *prism_realloc_array(void *ptr, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		out_of_memory(count);
	void *moved = realloc(ptr, total ? total : 1);
	if (!moved)
		out_of_memory(total);
	return moved;
}

char *prism_strdup(const char *s)
{
	return s ? prism_memdup(s, strlen(s) + 1) : NULL;
}

char *prism_strndup(const char *s, size_t max)
{
	if (!s)
		return NULL;
	size_t len = strnlen(s, max);
	char *copy = prism_alloc(len + 1);
	memcpy(copy, s, len);
	return copy;
}

static char *format_alloc(char *(*alloc)(void *data, size_t size), void *data, const char *fmt,
                          va_list args)
{
	char quick[256]; /* most texts are short: printed once, not twice */
	va_list again;

	va_copy(again, args);
	int len = vsnprintf(quick, sizeof(quick), fmt, args);
	if (len < 0)
		len = 0;
	char *text = alloc(data, (size_t)len + 1);
	text[len] = '\0';
	if ((size_t)len < sizeof(quick))
		memcpy(text, quick, (size_t)len);
	else
		vsnprintf(text, (size_t)len + 1, fmt, again);
	va_end(again);
	prism_wipe(quick, sizeof(quick)); /* it may have been a secret */
	return text;
}

static char *alloc_heap(void *data, size_t size)
{
	PRISM_UNUSED(data);
	return prism_alloc(size);
}

static char *arena_text(struct prism_arena *arena, size_t size);

static char *alloc_arena(void *data, size_t size)
{
	return arena_text(data, size);
}

char *prism_asprintf(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	char *text = format_alloc(alloc_heap, NULL, fmt, args);
	va_end(args);
	return text;
}

void *prism_memdup(const void *data, size_t size)
{
	void *copy = prism_alloc(size);

	if (size)
		memcpy(copy, data, size);
	return copy;
}

void prism_free(void *ptr)
{
	free(ptr);
}

void prism_trim(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

void prism_wipe(void *data, size_t size)
{
	if (!data || size == 0)
		return;
	memset(data, 0, size);
	/* Tells the compiler that the zeroes are looked at. */
	__asm__ volatile("" : : "r"(data) : "memory");
}

void prism_cleanup_free(void *slot)
{
	void *ptr;

	memcpy(&ptr, slot, sizeof(ptr));
	free(ptr);
}

void prism_cleanup_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* ---- arena ---- */

/* Objects grow from the front of a block and texts, which need no alignment, from its back. */
struct arena_block {
	struct arena_block *next;
	size_t size, front, back; /* front + back <= size */
	max_align_t data[];
};

enum {
	ARENA_FIRST = 1024,
	ARENA_MOST = 8192, /* half of a block is lost at the end of an arena: little of many rows */
	ARENA_SHARED = 8,  /* as many as a few rows have between them: CVM, its name, state, owner */
};

struct prism_arena {
	struct arena_block *blocks; /* the first one is being filled */
	size_t total;
	const char *shared[ARENA_SHARED]; /* latest texts of prism_arena_share() */
	unsigned next_shared;
};

struct prism_arena *prism_arena_create(void)
{
	return prism_alloc(sizeof(struct prism_arena));
}

void prism_arena_destroy(struct prism_arena *arena)
{
	if (!arena)
		return;
	for (struct arena_block *block = arena->blocks, *next; block; block = next) {
		next = block->next;
		free(block);
	}
	free(arena);
}

static struct arena_block *add_block(struct prism_arena *arena, size_t size, bool alone)
{
	struct arena_block *block = prism_alloc(sizeof(*block) + size);

	block->size = size;
	arena->total += sizeof(*block) + size;
	if (alone && arena->blocks) {
		/* Behind the current block, whose free space stays in use. */
		block->next = arena->blocks->next;
		arena->blocks->next = block;
	} else {
		block->next = arena->blocks;
		arena->blocks = block;
	}
	return block;
}

static size_t next_block_size(const struct prism_arena *arena)
{
	size_t size = arena->total / 4;

	return size < ARENA_FIRST ? ARENA_FIRST : size < ARENA_MOST ? size : ARENA_MOST;
}

/* A block with so many bytes between front and back. */
static struct arena_block *block_with(struct prism_arena *arena, size_t size)
{
	struct arena_block *block = arena->blocks;

	if (block && block->size - block->front - block->back >= size)
		return block;
	size_t wanted = next_block_size(arena);
	bool alone = size > wanted / 4;
	return add_block(arena, alone ? size : wanted, alone);
}

static size_t round_up(size_t size, size_t align)
{
	return (size + align - 1) / align * align;
}

/* A type whose alignment is 16 has a size that 16 divides; all others are content with 8. */
void *prism_arena_alloc(struct prism_arena *arena, size_t size)
{
	if (size > SIZE_MAX / 2)
		out_of_memory(size);
	size = round_up(size, sizeof(void *));
	size_t align = size % _Alignof(max_align_t) ? sizeof(void *) : _Alignof(max_align_t);
	struct arena_block *block = block_with(arena, size + align - sizeof(void *));
	block->front = round_up(block->front, align);
	void *ptr = (char *)block->data + block->front;
	block->front += size;
	return ptr;
}

static char *arena_text(struct prism_arena *arena, size_t size)
{
	if (size > SIZE_MAX / 2)
		out_of_memory(size);
	struct arena_block *block = block_with(arena, size);
	block->back += size;
	return (char *)block->data + block->size - block->back;
}

char *prism_arena_strdup(struct prism_arena *arena, const char *s)
{
	return s ? prism_arena_strndup(arena, s, strlen(s)) : NULL;
}

char *prism_arena_strndup(struct prism_arena *arena, const char *s, size_t len)
{
	if (!s)
		return NULL;
	len = strnlen(s, len);
	char *copy = arena_text(arena, len + 1);
	memcpy(copy, s, len);
	return copy;
}

const char *prism_arena_share(struct prism_arena *arena, const char *s)
{
	for (unsigned i = 0; s && i < ARENA_SHARED; i++)
		if (arena->shared[i] && strcmp(arena->shared[i], s) == 0)
			return arena->shared[i];
	const char *copy = prism_arena_strdup(arena, s);
	if (copy)
		arena->shared[arena->next_shared++ % ARENA_SHARED] = copy;
	return copy;
}

char *prism_arena_printf(struct prism_arena *arena, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	char *text = format_alloc(alloc_arena, arena, fmt, args);
	va_end(args);
	return text;
}

size_t prism_arena_size(const struct prism_arena *arena)
{
	return arena->total;
}

/* ---- secret ---- */

/* The bytes have pages of their own, because locking and dump rules go by the page. */
struct prism_secret {
	char *data;
	size_t size;   /* without the NUL */
	size_t mapped; /* whole pages */
};

struct prism_secret *prism_secret_create(const void *data, size_t size)
{
	struct prism_secret *secret = prism_alloc(sizeof(*secret));
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (size > SIZE_MAX / 2)
		out_of_memory(size);
	secret->size = size;
	secret->mapped = (size + 1 + page - 1) / page * page;
	secret->data =
	    mmap(NULL, secret->mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (secret->data == MAP_FAILED)
		out_of_memory(secret->mapped);
	/* Both may be refused (RLIMIT_MEMLOCK, kernel); wiping below does not depend on them. */
	(void)mlock(secret->data, secret->mapped);
#ifdef MADV_DONTDUMP
	(void)madvise(secret->data, secret->mapped, MADV_DONTDUMP);
#endif
	if (data && size)
		memcpy(secret->data, data, size);
	return secret;
}

struct prism_secret *prism_secret_from_text(const char *text)
{
	return prism_secret_create(text, text ? strlen(text) : 0);
}

void prism_secret_destroy(struct prism_secret *secret)
{
	if (!secret)
		return;
	prism_wipe(secret->data, secret->mapped);
	munmap(secret->data, secret->mapped);
	free(secret);
}

const char *prism_secret_text(const struct prism_secret *secret)
{
	return secret ? secret->data : "";
}

size_t prism_secret_size(const struct prism_secret *secret)
{
	return secret ? secret->size : 0;
}

bool prism_secret_equal(const struct prism_secret *a, const struct prism_secret *b)
{
	if (prism_secret_size(a) != prism_secret_size(b))
		return false;
	unsigned char diff = 0;
	for (size_t i = 0; i < prism_secret_size(a); i++)
		diff |= (unsigned char)(a->data[i] ^ b->data[i]);
	return diff == 0;
}
