/*
 * The kernel's list of measured files (IMA), as an agent delivers it, replayed against PCR 10.
 *
 * One line an entry: PCR, digest of the entry (SHA-1), template, then the template's fields:
 * "10 <40 hex> ima-ng sha256:<hex> /path".  The list explains PCR 10 when folding the digests one
 * after the other gives its value; a digest of zeros stands for a violation and is folded as ones,
 * as the kernel does.
 *
 * PCR 10 itself comes from the agent without a signature: it is worth as much as the connection.
 *
 * Source: reference agent.md sections 1 and 10; the kernel's security/IMA-templates.
 * Thread rules: no state.
 */
#ifndef PRISM_CORE_IMA_H
#define PRISM_CORE_IMA_H

#include "core/facts.h"

#define CORE_IMA_MAX (16u << 20) /* bytes of a list; real ones are some MiB */
#define CORE_IMA_ENTRIES 200000u /* stops a list of empty lines from filling memory */
#define CORE_IMA_SHOWN 5000u     /* entries told as facts */

struct core_ima {
	size_t entries, violations, malformed;
	uint8_t replayed[20];
	bool has_pcr10, matches;
};
/* pcr10: 20 bytes, or NULL: not known. Entries of other PCRs are counted, not folded. */
void core_ima_replay(const char *list, size_t size, const uint8_t *pcr10, struct core_ima *ret);
/* The result and the entries, section "ima" and "entries"; yours. */
struct core_facts *core_ima_facts(const char *list, size_t size, const uint8_t *pcr10);

#endif
