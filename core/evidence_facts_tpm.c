/*
 * The vTPM's part of evidence as facts: its key, the PCR banks beside the policy, and behind each
 * PCR the events of the log that made it (reference 7).
 *
 * The log is a peer's: the number of events is capped by its parser, and of an event's data only
 * a description of one line is kept.
 */
#include "core/evidence_facts_private.h"

#include "base/mem.h"
#include "base/text.h"
#include "core/policy_facts.h"
#include "net/crypto.h"

#include <stdio.h>
#include <string.h>

#define DATA_SHOWN 24u /* bytes of an event's data that are shown as hex when they are no text */
#define TEXT_SHOWN 160u

/* ---- what an event's data says -------------------------------------------------------------- */

static bool printable(const uint8_t *data, size_t size)
{
	while (size && data[size - 1] == 0)
		size--;
	if (!size)
		return false;
	for (size_t i = 0; i < size; i++)
		if (data[i] < 0x20 || data[i] > 0x7e)
			return false;
	return true;
}

/* UTF-16 as UEFI writes it, as far as it is ASCII. False: it is something else. */
static bool put_wide(const uint8_t *data, size_t size, char *out, size_t room)
{
	size_t used = 0;

	if (size < 2 || size % 2)
		return false;
	for (size_t i = 0; i + 1 < size && used + 1 < room; i += 2) {
		if (!data[i] && !data[i + 1])
			break;
		if (data[i + 1] || data[i] < 0x20 || data[i] > 0x7e)
			return false;
		out[used++] = (char)data[i];
	}
	out[used] = '\0';
	return used > 0;
}

/* UEFI_VARIABLE_DATA: GUID, length of the name in characters, length of the data, name, data. */
static bool put_variable(const struct core_tpm_event *event, char *out, size_t room)
{
	uint64_t length = 0;
	bool variable = event->type == 0x80000001 || event->type == 0x80000002 ||
	                event->type == 0x8000000C || event->type == 0x800000E0;

	if (!variable || event->size < 32)
		return false;
	for (unsigned i = 0; i < 8; i++)
		length |= (uint64_t)event->data[16 + i] << (8 * i);
	if (length > (event->size - 32) / 2)
		return false;
	return put_wide(event->data + 32, (size_t)length * 2, out, room);
}

static void describe(const struct core_tpm_event *event, char *out, size_t room)
{
	char hex[2 * DATA_SHOWN + 1];
	size_t size = event->size < DATA_SHOWN ? event->size : DATA_SHOWN;

	out[0] = '\0';
	if (put_variable(event, out, room) || put_wide(event->data, event->size, out, room))
		return;
	if (event->size && printable(event->data, event->size)) {
		snprintf(out, room, "%.*s", (int)(event->size < room ? event->size : room - 1),
		         (const char *)event->data);
		return;
	}
	prism_hex_encode(event->data, size, hex);
	snprintf(out, room, "%s%s", hex, event->size > size ? "..." : "");
}

static void put_event(struct core_facts *facts, const struct core_tpm_event *event, unsigned index,
                      enum core_pcr_bank bank)
{
	const char *known = core_tpm_event_name(event->type);
	char name[24], text[TEXT_SHOWN];

	snprintf(name, sizeof(name), "event 0x%x", event->type);
	describe(event, text, sizeof(text));
	core_facts_addf(facts, 3, known ? known : name, "tpm.%s.%u.%u", core_pcr_bank_word(bank),
	                event->pcr, index);
	core_facts_value(facts, "%s", text);
	core_facts_meaning(facts, core_tpm_event_matches(event, bank)
	                              ? "the digest is that of the data"
	                              : "the digest is not that of the data: it proves order only");
	core_facts_raw(facts, event->digest[bank], core_pcr_bank_size(bank), -1);
}

/* ---- banks ---------------------------------------------------------------------------------- */

struct bank {
	const struct core_tpm_pcrs *pcrs;
	const struct core_policy_pcrs *policy; /* NULL: none */
	const struct core_tpm_log *log;        /* NULL: none, or unreadable */
	uint8_t replayed[CORE_PCR_COUNT][48];
	bool seen[CORE_PCR_COUNT];
};

static unsigned count_events(const struct core_tpm_log *log, unsigned pcr, enum core_pcr_bank bank)
{
	unsigned count = 0;

	for (unsigned i = 0; log && i < log->count; i++)
		count += log->events[i].pcr == pcr && log->events[i].digest[bank] != NULL;
	return count;
}

static void put_pcr(struct core_facts *facts, const struct bank *b, unsigned pcr)
{
	enum core_pcr_bank bank = b->pcrs->bank;
	bool listed = b->policy && b->policy->listed[pcr];
	unsigned events = count_events(b->log, pcr, bank);
	bool replays = b->seen[pcr] && !memcmp(b->replayed[pcr], b->pcrs->value[pcr], b->pcrs->size);
	char label[16];

	snprintf(label, sizeof(label), "PCR %u", pcr);
	core_facts_addf(facts, 2, label, "tpm.%s.%u", core_pcr_bank_word(bank), pcr);
	core_facts_meaning(facts, core_pcr_meaning(pcr));
	core_facts_fold(facts);
	core_fact_equal(facts, b->pcrs->value[pcr], b->pcrs->size, -1,
	                listed ? b->policy->value[pcr] : NULL);
	if (b->seen[pcr])
		core_facts_value(facts, "%u event%s, %s", events, events == 1 ? "" : "s",
		                 replays ? "replayed to this value" : "REPLAYED TO ANOTHER VALUE");
	for (unsigned i = 0; b->log && i < b->log->count; i++)
		if (b->log->events[i].pcr == pcr && b->log->events[i].digest[bank])
			put_event(facts, &b->log->events[i], i, bank);
}

/* Banks say the same thing in other hashes: the usual one is open where the policy has values for
 * it, the others only where something differs. */
static bool worth_opening(const struct bank *b)
{
	if (b->policy && b->pcrs->bank == CORE_PCR_SHA256)
		return true;
	for (unsigned i = 0; b->policy && i < CORE_PCR_COUNT; i++)
		if (b->policy->listed[i] &&
		    (!b->pcrs->present[i] ||
		     memcmp(b->policy->value[i], b->pcrs->value[i], b->pcrs->size) != 0))
			return true;
	return false;
}

static void put_bank(struct core_facts *facts, const struct core_tpm_pcrs *pcrs,
                     const struct core_policy_snp *policy, const struct core_tpm_log *log)
{
	struct bank b = {.pcrs = pcrs, .log = log};
	char label[32];
	unsigned count = 0;

	for (unsigned i = 0; i < CORE_PCR_COUNT; i++)
		count += pcrs->present[i];
	snprintf(label, sizeof(label), "bank %s",
	         pcrs->known_bank ? core_pcr_bank_word(pcrs->bank) : "sha512");
	core_facts_addf(facts, 1, label, "tpm.%s", label + strlen("bank "));
	core_facts_value(facts, "%u PCRs quoted", count);
	if (!pcrs->known_bank) {
		core_facts_meaning(facts, "carried, but no policy has values for it");
		return;
	}
	if (policy && policy->pcrs[pcrs->bank].count)
		b.policy = &policy->pcrs[pcrs->bank];
	if (!worth_opening(&b))
		core_facts_fold(facts);
	if (log)
		core_tpm_log_replay(log, pcrs->bank, b.replayed, b.seen);
	for (unsigned i = 0; i < CORE_PCR_COUNT; i++)
		if (pcrs->present[i])
			put_pcr(facts, &b, i);
}

/* ---- the section ---------------------------------------------------------------------------- */

static void put_key(struct core_facts *facts, const struct core_tpm_evidence *tpm)
{
	uint8_t digest[32];

	core_facts_add(facts, 1, "tpm.ak", "attestation key");
	core_facts_meaning(facts, "trusted only because the CPU's report covers it");
	core_facts_value(facts, "%s, %zu bytes",
	                 tpm->ak_pub_size > 1 && tpm->ak_pub[1] == 0x23 ? "ECC" : "RSA",
	                 tpm->ak_pub_size);
	core_facts_add(facts, 2, "tpm.ak.sha256", "SHA-256");
	net_digest_bytes(NET_SHA256, tpm->ak_pub, tpm->ak_pub_size, digest);
	core_facts_raw(facts, digest, sizeof(digest), -1);
}

static bool read_log(struct core_facts *facts, const struct core_tpm_evidence *tpm,
                     struct core_tpm_log *log)
{
	struct prism_error err = PRISM_ERROR_INIT;

	core_facts_add(facts, 1, "tpm.log", "event log");
	core_facts_meaning(facts, "explains the PCR values; its order is proven, its meaning is not");
	if (!tpm->log) {
		core_facts_value(facts, "none");
		return false;
	}
	if (core_tpm_log_parse(tpm->log, tpm->log_size, log, &err) < 0) {
		core_facts_value(facts, "%s", err.message);
		return false;
	}
	core_facts_value(facts, "%u events, %zu bytes", log->count, tpm->log_size);
	return true;
}

void core_facts_tpm(struct core_facts *facts, const struct core_evidence_facts_spec *spec)
{
	const struct core_tpm_evidence *tpm = core_evidence_tpm(spec->evidence);
	struct core_tpm_log log = {0};
	bool has_log;

	put_key(facts, tpm);
	has_log = read_log(facts, tpm, &log);
	for (unsigned i = 0; i < tpm->quote_count; i++)
		put_bank(facts, &tpm->quotes[i].pcrs, core_policy_snp(spec->policy), has_log ? &log : NULL);
	core_tpm_log_finish(&log);
}
