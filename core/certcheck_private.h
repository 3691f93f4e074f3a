/*
 * Internal to core/certcheck*.c: the check being made.
 *
 *   certcheck.c        owns the object, its lines, and what is read from them
 *   certcheck_file.c   looks at one file by itself
 *   core_certcheck_pairs.c  looks at files together: key and certificate, chain, CAs, host
 */
#ifndef PRISM_CORE_CERTCHECK_PRIVATE_H
#define PRISM_CORE_CERTCHECK_PRIVATE_H

#include "core/certcheck.h"
#include "net/crypto.h"
#include "net/x509.h"

#define DAY_US 86400000000ll

struct slot {
	bool given;
	char *path; /* NULL: text */
	struct prism_buf data;
	bool unread; /* reading failed: error says why */
	struct prism_error error;
	bool elsewhere; /* a path inside the CVM */
	unsigned mode;  /* permission bits of the path; 0 unknown */

	bool usable;                                /* its own checks left something to compare */
	struct net_cert *certs[NET_CERT_CHAIN_MAX]; /* leaf first */
	size_t count;
	struct net_key *key;
	struct prism_buf opened; /* an encrypted key, opened */
};

struct core_certcheck {
	enum core_tls_mode mode;
	int64_t at_us;
	char *host; /* NULL: not known */
	struct {
		char *name, *host;
	} candidates[CORE_CERTCHECK_CANDIDATES];
	size_t candidate_count;
	struct prism_secret *passphrase;
	struct slot slots[CORE_CERTCHECK_SLOT_COUNT];
	struct core_certcheck_line *lines;
	size_t count, alloc;
	struct prism_arena *arena;
};

struct core_certcheck_slot_info {
	const char *word, *label;
	enum { HOLDS_CERT, HOLDS_KEY, HOLDS_CA } holds;
};
const struct core_certcheck_slot_info *core_certcheck_slot_info(unsigned slot);

/* One line. found is formatted; why and remedy are constant or arena text, NULL for "". */
void core_certcheck_add(struct core_certcheck *check, unsigned slot, enum core_certcheck_id id,
                        enum core_certcheck_result result, const char *why, const char *remedy,
                        const char *found, ...) PRISM_PRINTF(7, 8);

void core_certcheck_one_file(struct core_certcheck *check, unsigned slot);
void core_certcheck_pairs(struct core_certcheck *check);

#endif
