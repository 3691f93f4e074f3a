/* The kernel's list of measured files: see ima.h. */
#include "core/ima.h"

#include "base/mem.h"
#include "base/text.h"
#include "net/crypto.h"

#include <stdio.h>
#include <string.h>

#define PCR_IMA 10u
#define SHA1 20u

struct entry { /* one line; lent */
	unsigned pcr;
	uint8_t digest[SHA1];
	const char *template_name, *rest; /* fields of the template */
	size_t template_len, rest_len;
};

/* "10 hex template rest"; false: it is no entry. */
static bool read_entry(const char *line, size_t len, struct entry *ret)
{
	const char *end = line + len, *at = line;
	size_t digits = 0, size;

	while (at < end && *at == ' ')
		at++;
	for (ret->pcr = 0; at < end && *at >= '0' && *at <= '9' && digits < 2; at++, digits++)
		ret->pcr = ret->pcr * 10 + (unsigned)(*at - '0');
	if (!digits || at == end || *at++ != ' ' || (size_t)(end - at) < 2 * SHA1 ||
	    prism_hex_decode(at, 2 * SHA1, ret->digest, SHA1, &size, NULL) < 0)
		return false;
	at += 2 * SHA1;
	if (at == end || *at++ != ' ')
		return false;
	ret->template_name = at;
	while (at < end && *at != ' ')
		at++;
	ret->template_len = (size_t)(at - ret->template_name);
	ret->rest = at < end ? at + 1 : end;
	ret->rest_len = (size_t)(end - ret->rest);
	return ret->template_len > 0;
}

static void fold(uint8_t pcr[SHA1], const uint8_t digest[SHA1], bool violation)
{
	uint8_t both[2 * SHA1];

	memcpy(both, pcr, SHA1);
	if (violation)
		memset(both + SHA1, 0xff, SHA1);
	else
		memcpy(both + SHA1, digest, SHA1);
	net_digest_bytes(NET_SHA1, both, sizeof(both), pcr);
}

static bool is_violation(const struct entry *entry)
{
	static const uint8_t zeros[SHA1];

	return memcmp(entry->digest, zeros, SHA1) == 0;
}

typedef void (*entry_fn)(void *data, const struct entry *entry /* NULL: malformed */);

static void walk(const char *list, size_t size, entry_fn fn, void *data)
{
	const char *end = list + size;
	size_t count = 0;

	for (const char *line = list; line < end && count < CORE_IMA_ENTRIES; count++) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		size_t len = (size_t)((newline ? newline : end) - line);
		struct entry entry;

		if (len)
			fn(data, read_entry(line, len, &entry) ? &entry : NULL);
		line += len + 1;
	}
}

static void replay_one(void *data, const struct entry *entry)
{
	struct core_ima *ima = data;

	if (!entry) {
		ima->malformed++;
		return;
	}
	ima->entries++;
	if (entry->pcr != PCR_IMA)
		return;
	ima->violations += is_violation(entry);
	fold(ima->replayed, entry->digest, is_violation(entry));
}

void core_ima_replay(const char *list, size_t size, const uint8_t *pcr10, struct core_ima *ret)
{
	*ret = (struct core_ima){.has_pcr10 = pcr10 != NULL};
	walk(list, size, replay_one, ret);
	ret->matches = pcr10 && !ret->malformed && memcmp(ret->replayed, pcr10, SHA1) == 0;
}

/* ---- told ----------------------------------------------------------------------------------- */

struct telling {
	struct core_facts *facts;
	size_t count;
};

static void tell_one(void *data, const struct entry *entry)
{
	struct telling *t = data;
	char label[24];

	if (!entry || t->count++ >= CORE_IMA_SHOWN)
		return;
	snprintf(label, sizeof(label), "%zu %.*s", t->count,
	         (int)(entry->template_len < 12 ? entry->template_len : 12), entry->template_name);
	core_facts_addf(t->facts, 1, label, "entries.%zu", t->count);
	core_facts_value(t->facts, "%.*s", (int)(entry->rest_len < 400 ? entry->rest_len : 400),
	                 entry->rest);
	core_facts_raw(t->facts, entry->digest, SHA1, -1);
	if (is_violation(entry))
		core_facts_meaning(t->facts, "a violation: the file was open for writing when it was read");
	else
		core_facts_meaning(t->facts, "digest of the entry; the file's own stands in its text");
}

struct core_facts *core_ima_facts(const char *list, size_t size, const uint8_t *pcr10)
{
	struct core_facts *facts = core_facts_create();
	struct telling t = {facts, 0};
	struct core_ima ima;
	char hex[2 * SHA1 + 1];

	core_ima_replay(list, size, pcr10, &ima);
	core_facts_add(facts, 0, "ima", "Measured files (IMA)");
	core_facts_add(facts, 1, "ima.replayed", "replayed");
	core_facts_meaning(facts, "what PCR 10 must be if this list is all that was measured");
	core_facts_raw(facts, ima.replayed, SHA1, -1);
	if (pcr10) {
		prism_hex_encode(pcr10, SHA1, hex);
		core_facts_compare(facts, ima.matches ? CORE_FACT_SAME : CORE_FACT_DIFFERS, hex);
	} else {
		core_facts_compare(facts, CORE_FACT_OPEN, "");
	}
	core_facts_add(facts, 1, "ima.entries", "entries");
	core_facts_value(facts, "%zu%s", ima.entries,
	                 ima.entries > CORE_IMA_SHOWN ? ", the first 5000 are shown" : "");
	core_facts_add(facts, 1, "ima.violations", "violations");
	core_facts_value(facts, "%zu", ima.violations);
	core_facts_meaning(facts, "files that were changed while they were measured");
	if (ima.malformed) {
		core_facts_add(facts, 1, "ima.malformed", "lines that are no entries");
		core_facts_value(facts, "%zu", ima.malformed);
	}
	core_facts_add(facts, 0, "entries", "Entries");
	core_facts_value(facts, "%zu", ima.entries);
	walk(list, size, tell_one, &t);
	return facts;
}
