/*
 * Owns: the ring of pieces between the disk and the call.  A slot goes
 *
 *     empty → loading (a worker reads and frames it) → ready → (handed out) → empty
 *
 * and slots are loaded and handed out in the same order.  Handing out swaps buffers, so a piece is
 * copied once: from the file into the message that is sent.
 */
#include "core/upload.h"

#include "base/mem.h"
#include "net/grpc.h"

#include <assert.h>
#include <string.h>

#define HEAD_MAX 16 /* a tag and a length, both varints */

enum slot_state { EMPTY, LOADING, READY };

struct slot {
	struct core_upload *upload;
	enum slot_state state;
	bool failed;
	const struct core_upload_part *part;
	uint64_t offset;
	size_t size; /* payload bytes */
	struct prism_buf message;
	struct prism_error error;
};

struct core_upload {
	struct prism_work *work;
	struct core_upload_spec spec;
	char *name;
	uint64_t total;
	struct slot ring[CORE_UPLOAD_AHEAD];
	unsigned first, loading; /* first: the slot handed out next */
	size_t part;             /* next to load, and from where */
	uint64_t offset;
	bool waiting, dead;
};

/* Protocol buffers encoding, "Base 128 Varints". */
static size_t put_varint(char *at, uint64_t value)
{
	size_t len = 0;

	for (; value > 127; value >>= 7)
		at[len++] = (char)(value | 128);
	at[len++] = (char)value;
	return len;
}

/* Tag and length of a field of wire type 2 (length-delimited). */
static size_t put_head(char *at, unsigned field, uint64_t len)
{
	size_t used = put_varint(at, (uint64_t)field << 3 | 2);

	return used + put_varint(at + used, len);
}

/* On a worker: checks, reads and frames one piece. */
static void load(void *data)
{
	struct slot *slot = data;
	const struct core_upload *upload = slot->upload;
	size_t name_len = upload->name ? strlen(upload->name) : 0;
	struct prism_buf *out = &slot->message;
	struct prism_error *err = &slot->error;
	int64_t got;

	prism_buf_clear(out);
	slot->failed = true;
	if (core_payload_unchanged(slot->part->payload, err) < 0 ||
	    prism_buf_reserve(out, slot->size + name_len + 2 * HEAD_MAX, err) < 0)
		return;
	out->len = put_head(out->data, slot->part->field, slot->size);
	got =
	    core_payload_read(slot->part->payload, slot->offset, out->data + out->len, slot->size, err);
	if (got < 0)
		return;
	assert((size_t)got == slot->size);
	out->len += slot->size;
	if (upload->name) {
		out->len += put_head(out->data + out->len, upload->spec.name_field, name_len);
		memcpy(out->data + out->len, upload->name, name_len);
		out->len += name_len;
	}
	out->data[out->len] = 0;
	slot->failed = false;
}

static void upload_free(struct core_upload *upload)
{
	for (size_t i = 0; i < CORE_UPLOAD_AHEAD; i++)
		prism_buf_finish(&upload->ring[i].message);
	for (size_t i = 0; i < upload->spec.part_count; i++)
		core_payload_destroy(upload->spec.parts[i].payload);
	prism_free(upload->name);
	prism_free(upload);
}

static void loaded(void *data, bool cancelled)
{
	struct slot *slot = data;
	struct core_upload *upload = slot->upload;

	upload->loading--;
	if (upload->dead) {
		if (!upload->loading)
			upload_free(upload);
		return;
	}
	if (cancelled) { /* the workers are going away */
		slot->failed = true;
		(void)prism_error_raise(&slot->error, PRISM_ERROR_CANCELLED, "cancelled");
	}
	slot->state = READY;
	if (slot == &upload->ring[upload->first] && upload->waiting) {
		upload->waiting = false;
		upload->spec.ready(upload->spec.data);
	}
}

static void load_into(struct core_upload *upload, struct slot *slot)
{
	const struct core_upload_part *part;
	uint64_t left;

	while (upload->part < upload->spec.part_count &&
	       upload->offset >= core_payload_size(upload->spec.parts[upload->part].payload)) {
		upload->part++;
		upload->offset = 0;
	}
	if (upload->part == upload->spec.part_count)
		return;
	part = &upload->spec.parts[upload->part];
	left = core_payload_size(part->payload) - upload->offset;
	slot->state = LOADING;
	slot->part = part;
	slot->offset = upload->offset;
	slot->size = left < CORE_PAYLOAD_PIECE ? (size_t)left : CORE_PAYLOAD_PIECE;
	upload->offset += slot->size;
	upload->loading++;
	prism_work_submit(upload->work, NULL, load, loaded, slot);
}

struct core_upload *core_upload_create(struct prism_work *work, const struct core_upload_spec *spec)
{
	struct core_upload *upload = prism_alloc(sizeof(*upload));

	assert(spec->part_count <= CORE_UPLOAD_PARTS);
	upload->work = work;
	upload->spec = *spec;
	upload->name = prism_strdup(spec->name);
	for (size_t i = 0; i < spec->part_count; i++) {
		(void)core_payload_ref(spec->parts[i].payload);
		upload->total += core_payload_size(spec->parts[i].payload);
	}
	for (size_t i = 0; i < CORE_UPLOAD_AHEAD; i++) {
		upload->ring[i].upload = upload;
		prism_buf_init(&upload->ring[i].message, NET_GRPC_MESSAGE_MAX);
		load_into(upload, &upload->ring[i]);
	}
	return upload;
}

void core_upload_destroy(struct core_upload *upload)
{
	if (!upload)
		return;
	upload->dead = true;
	if (!upload->loading)
		upload_free(upload);
}

uint64_t core_upload_total(const struct core_upload *upload)
{
	return upload->total;
}

int core_upload_next(struct core_upload *upload, struct prism_buf *out, struct prism_error *err)
{
	struct slot *slot = &upload->ring[upload->first];
	struct prism_buf empty;

	if (slot->state == EMPTY)
		return 0; /* the ring is filled ahead: nothing loading here means nothing left */
	if (slot->state == LOADING) {
		upload->waiting = true;
		return NET_STREAM_AGAIN;
	}
	if (slot->failed) {
		prism_error_copy(err, &slot->error);
		return -1;
	}
	empty = *out;
	*out = slot->message;
	slot->message = empty;
	slot->state = EMPTY;
	load_into(upload, slot);
	upload->first = (upload->first + 1) % CORE_UPLOAD_AHEAD;
	return 1;
}
