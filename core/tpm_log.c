/*
 * The TCG event log: parsing and replay.  See tpm.h.
 *
 * The first event always has the old form (SHA-1 only); if it carries the Spec ID header, all
 * later events have the crypto-agile form whose digest sizes that header states.  Every length
 * is checked against what is left before it is used (reference attestation.md 7.4).
 */
#include "core/tpm.h"

#include "base/mem.h"
#include "net/crypto.h"

#include <string.h>

#define EV_NO_ACTION 3u

struct cursor {
	const uint8_t *at, *end;
	bool bad;
};

static uint64_t take_le(struct cursor *c, unsigned bytes)
{
	uint64_t value = 0;

	if (c->bad || (size_t)(c->end - c->at) < bytes) {
		c->bad = true;
		return 0;
	}
	for (unsigned i = 0; i < bytes; i++)
		value |= (uint64_t)c->at[i] << (8 * i);
	c->at += bytes;
	return value;
}

static const uint8_t *take(struct cursor *c, size_t size)
{
	if (c->bad || (size_t)(c->end - c->at) < size) {
		c->bad = true;
		return NULL;
	}
	const uint8_t *data = c->at;
	c->at += size;
	return data;
}

struct algorithm { /* TPM_ALG_ID and the size the header states for it */
	uint16_t id, size;
};

struct format {
	struct algorithm algorithms[CORE_TPM_DIGESTS_MAX];
	unsigned count; /* 0: old form */
};

static int bank_of(uint16_t algorithm)
{
	switch (algorithm) { /* TPM 2.0 part 2, table 9 */
	case 0x0004:
		return CORE_PCR_SHA1;
	case 0x000B:
		return CORE_PCR_SHA256;
	case 0x000C:
		return CORE_PCR_SHA384;
	default:
		return -1;
	}
}

static bool parse_header(const uint8_t *data, uint32_t size, struct format *format)
{
	static const char signature[16] = "Spec ID Event03";
	struct cursor c = {data, data + size, false};

	if (size < 28 || memcmp(data, signature, sizeof(signature)) != 0)
		return true; /* old form throughout */
	c.at += 24;
	uint64_t count = take_le(&c, 4);
	if (c.bad || count == 0 || count > CORE_TPM_DIGESTS_MAX)
		return false;
	for (unsigned i = 0; i < count; i++) {
		format->algorithms[i].id = (uint16_t)take_le(&c, 2);
		format->algorithms[i].size = (uint16_t)take_le(&c, 2);
		int bank = bank_of(format->algorithms[i].id);
		if (bank >= 0 && format->algorithms[i].size != core_pcr_bank_size((enum core_pcr_bank)bank))
			return false;
	}
	format->count = (unsigned)count;
	return !c.bad;
}

static size_t digest_size(const struct format *format, uint16_t algorithm)
{
	for (unsigned i = 0; i < format->count; i++)
		if (format->algorithms[i].id == algorithm)
			return format->algorithms[i].size;
	return 0;
}

static void take_digests(struct cursor *c, const struct format *format,
                         struct core_tpm_event *event)
{
	uint64_t count = take_le(c, 4);

	if (count > CORE_TPM_DIGESTS_MAX)
		c->bad = true;
	for (uint64_t i = 0; i < count && !c->bad; i++) {
		uint16_t algorithm = (uint16_t)take_le(c, 2);
		size_t size = digest_size(format, algorithm);
		int bank = bank_of(algorithm);
		if (size == 0) {
			c->bad = true;
			return;
		}
		const uint8_t *digest = take(c, size);
		if (bank >= 0)
			event->digest[bank] = digest;
	}
}

static bool take_event(struct cursor *c, const struct format *format, struct core_tpm_event *event)
{
	memset(event, 0, sizeof(*event));
	event->pcr = (uint32_t)take_le(c, 4);
	event->type = (uint32_t)take_le(c, 4);
	if (format->count)
		take_digests(c, format, event);
	else
		event->digest[CORE_PCR_SHA1] = take(c, 20);
	event->size = (uint32_t)take_le(c, 4);
	if (event->size > CORE_TPM_EVENT_MAX)
		c->bad = true;
	event->data = take(c, event->size);
	return !c->bad;
}

static void note_locality(struct core_tpm_log *log, const struct core_tpm_event *event)
{
	static const char signature[16] = "StartupLocality";

	if (event->type == EV_NO_ACTION && event->pcr == 0 && event->size == 17 &&
	    memcmp(event->data, signature, sizeof(signature)) == 0) {
		log->has_locality = true;
		log->locality = event->data[16];
	}
}

static void keep_event(struct core_tpm_log *log, const struct core_tpm_event *event,
                       unsigned *capacity)
{
	if (log->count == *capacity) {
		*capacity = *capacity ? 2 * *capacity : 128;
		log->events = prism_realloc_array(log->events, *capacity, sizeof(*log->events));
	}
	log->events[log->count++] = *event;
	for (int bank = 0; bank < CORE_PCR_BANK_COUNT; bank++)
		if (event->digest[bank] && event->type != EV_NO_ACTION)
			log->has_bank[bank] = true;
	note_locality(log, event);
}

int core_tpm_log_parse(const uint8_t *data, size_t size, struct core_tpm_log *ret,
                       struct prism_error *err)
{
	struct cursor c = {data, data + size, false};
	struct format format = {.count = 0};
	struct core_tpm_event event;
	unsigned capacity = 0;

	memset(ret, 0, sizeof(*ret));
	if (size > CORE_TPM_LOG_MAX)
		return prism_error_raise(err, PRISM_ERROR_LIMIT, "an event log of %zu bytes is not read",
		                         size);
	while (c.at < c.end) {
		bool first = ret->count == 0;
		if (ret->count == CORE_TPM_EVENTS_MAX || !take_event(&c, &format, &event)) {
			int rc = prism_error_raise(err, PRISM_ERROR_INVALID,
			                           "event %u of the event log is malformed or cut off",
			                           ret->count + 1);
			core_tpm_log_finish(ret);
			return rc;
		}
		keep_event(ret, &event, &capacity);
		if (first && event.type == EV_NO_ACTION && !parse_header(event.data, event.size, &format)) {
			core_tpm_log_finish(ret);
			return prism_error_raise(err, PRISM_ERROR_INVALID,
			                         "the header of the event log is malformed");
		}
	}
	return 0;
}

void core_tpm_log_finish(struct core_tpm_log *log)
{
	prism_free(log->events);
	memset(log, 0, sizeof(*log));
}

static const enum net_digest_kind bank_digests[CORE_PCR_BANK_COUNT] = {
    [CORE_PCR_SHA1] = NET_SHA1, [CORE_PCR_SHA256] = NET_SHA256, [CORE_PCR_SHA384] = NET_SHA384};

void core_tpm_log_replay(const struct core_tpm_log *log, enum core_pcr_bank bank,
                         uint8_t values[CORE_PCR_COUNT][48], bool seen[CORE_PCR_COUNT])
{
	size_t size = core_pcr_bank_size(bank);
	uint8_t input[96];

	memset(values, 0, CORE_PCR_COUNT * 48);
	memset(seen, 0, CORE_PCR_COUNT * sizeof(*seen));
	if (log->has_locality)
		values[0][size - 1] = log->locality;
	for (unsigned i = 0; i < log->count; i++) {
		const struct core_tpm_event *event = &log->events[i];
		if (event->type == EV_NO_ACTION || event->pcr >= CORE_PCR_COUNT || !event->digest[bank])
			continue;
		memcpy(input, values[event->pcr], size);
		memcpy(input + size, event->digest[bank], size);
		net_digest_bytes(bank_digests[bank], input, 2 * size, values[event->pcr]);
		seen[event->pcr] = true;
	}
}

bool core_tpm_event_matches(const struct core_tpm_event *event, enum core_pcr_bank bank)
{
	uint8_t digest[NET_DIGEST_MAX];

	if (!event->digest[bank])
		return false;
	net_digest_bytes(bank_digests[bank], event->data, event->size, digest);
	return memcmp(digest, event->digest[bank], core_pcr_bank_size(bank)) == 0;
}

/* TCG PC Client Platform Firmware Profile, "Event Types". Ordered by value. */
static const struct {
	uint32_t type;
	const char *name;
} event_names[] = {
    {0x00000000, "EV_PREBOOT_CERT"},
    {0x00000001, "EV_POST_CODE"},
    {0x00000003, "EV_NO_ACTION"},
    {0x00000004, "EV_SEPARATOR"},
    {0x00000005, "EV_ACTION"},
    {0x00000006, "EV_EVENT_TAG"},
    {0x00000007, "EV_S_CRTM_CONTENTS"},
    {0x00000008, "EV_S_CRTM_VERSION"},
    {0x00000009, "EV_CPU_MICROCODE"},
    {0x0000000A, "EV_PLATFORM_CONFIG_FLAGS"},
    {0x0000000B, "EV_TABLE_OF_DEVICES"},
    {0x0000000C, "EV_COMPACT_HASH"},
    {0x0000000D, "EV_IPL"},
    {0x0000000E, "EV_IPL_PARTITION_DATA"},
    {0x0000000F, "EV_NONHOST_CODE"},
    {0x00000010, "EV_NONHOST_CONFIG"},
    {0x00000011, "EV_NONHOST_INFO"},
    {0x00000012, "EV_OMIT_BOOT_DEVICE_EVENTS"},
    {0x80000001, "EV_EFI_VARIABLE_DRIVER_CONFIG"},
    {0x80000002, "EV_EFI_VARIABLE_BOOT"},
    {0x80000003, "EV_EFI_BOOT_SERVICES_APPLICATION"},
    {0x80000004, "EV_EFI_BOOT_SERVICES_DRIVER"},
    {0x80000005, "EV_EFI_RUNTIME_SERVICES_DRIVER"},
    {0x80000006, "EV_EFI_GPT_EVENT"},
    {0x80000007, "EV_EFI_ACTION"},
    {0x80000008, "EV_EFI_PLATFORM_FIRMWARE_BLOB"},
    {0x80000009, "EV_EFI_HANDOFF_TABLES"},
    {0x8000000A, "EV_EFI_PLATFORM_FIRMWARE_BLOB2"},
    {0x8000000B, "EV_EFI_HANDOFF_TABLES2"},
    {0x8000000C, "EV_EFI_VARIABLE_BOOT2"},
    {0x80000010, "EV_EFI_HCRTM_EVENT"},
    {0x800000E0, "EV_EFI_VARIABLE_AUTHORITY"},
    {0x800000E1, "EV_EFI_SPDM_FIRMWARE_BLOB"},
    {0x800000E2, "EV_EFI_SPDM_FIRMWARE_CONFIG"},
};

const char *core_tpm_event_name(uint32_t type)
{
	for (size_t i = 0; i < PRISM_COUNT(event_names); i++)
		if (event_names[i].type == type)
			return event_names[i].name;
	return NULL;
}
