/*
 * The verdict: what was proven about a peer, check by check.
 *
 * Every rule has one row in the rule table (core/verdict.c): id, group, a line a person can
 * read, what to do when it fails.  A verdict is a list of rules with a result each; it is the
 * conjunction of them and fails closed:
 *
 *   - any FAIL                                      → CORE_VERDICT_FAILED
 *   - a required rule that is NOT CHECKED, or that
 *     nobody reported on at all                     → CORE_VERDICT_UNPROVEN
 *   - only optional rules not checked               → CORE_VERDICT_ATTESTED with warnings
 *   - everything passed                             → CORE_VERDICT_ATTESTED
 *
 * A verdict is written while evidence is judged, then concluded; afterwards it is read-only.
 *
 * Ownership: one arena; strings handed in are copied, strings handed out are lent.
 * Thread rules: one thread at a time.
 */
#ifndef PRISM_CORE_VERDICT_H
#define PRISM_CORE_VERDICT_H

#include "base/error.h"
#include "base/json.h"

#include <stdint.h>

enum core_verdict_group {
	CORE_GROUP_CHANNEL,     /* the connection itself, and evidence bound to it */
	CORE_GROUP_CHAIN,       /* certificates from the hardware key to a pinned root */
	CORE_GROUP_REPORT,      /* the report is well formed and signed */
	CORE_GROUP_TCB,         /* firmware versions */
	CORE_GROUP_POLICY,      /* the guest's own policy bits and identity fields */
	CORE_GROUP_MEASUREMENT, /* what was launched */
	CORE_GROUP_TPM,         /* quote, PCRs, event log */
	CORE_GROUP_COUNT
};
const char *core_verdict_group_title(enum core_verdict_group group);

/* X(ENUM, group, "id", "line when it holds", "remedy when it does not") */
#define CORE_RULE_MAP(X)                                                                          \
	X(TLS13, CHANNEL, "channel.tls13", "The channel is TLS 1.3, newly negotiated",                \
	  "The agent is too old or something in between terminates TLS")                              \
	X(ALPN, CHANNEL, "channel.alpn", "The peer speaks HTTP/2",                                    \
	  "The port is not an agent's gRPC port")                                                     \
	X(LEAF, CHANNEL, "channel.leaf", "The TLS certificate is consistent and in date",             \
	  "Run the computation again so that the agent makes a new certificate; check both clocks")   \
	X(SERVER_CA, CHANNEL, "channel.server-ca", "The TLS certificate was issued by the given CA",  \
	  "Check that the server CA file belongs to this agent")                                      \
	X(EVIDENCE, CHANNEL, "channel.evidence", "The peer presented attestation evidence",           \
	  "The agent does not run attested TLS: check the computation's TLS mode")                    \
	X(AUTHENTICATOR, CHANNEL, "channel.authenticator",                                            \
	  "The authenticator belongs to this connection",                                             \
	  "Somebody may be relaying the connection; do not send anything to this address")            \
	X(BINDER, CHANNEL, "channel.binder", "The evidence was made for this connection's key",       \
	  "Somebody may be relaying the connection; do not send anything to this address")            \
	X(FRESH, CHANNEL, "channel.fresh", "The evidence contains this connection's nonce",           \
	  "The evidence is a replay or was made for somebody else; do not send anything")             \
	X(EAT, CHANNEL, "channel.eat", "The evidence token is well formed",                           \
	  "The agent's version does not match: try the other generation")                             \
	X(CLOCK, CHANNEL, "channel.clock", "The evidence token is in date",                           \
	  "Check the clocks of this machine and of the CVM")                                          \
	X(CHAIN_ROOT, CHAIN, "chain.root", "The root certificate is a pinned one",                    \
	  "The evidence ends in an unknown root; a sandbox's root is trusted only when told")         \
	X(CHAIN_SIGNED, CHAIN, "chain.signed", "The hardware key's certificate leads to the root",    \
	  "Fetch the certificates again from the vendor, or check the clock")                         \
	X(CHAIN_CRL, CHAIN, "chain.crl", "No certificate of the chain is revoked",                    \
	  "Give the revocation list as a file, or allow fetching it")                                 \
	X(CHAIN_TCB, CHAIN, "chain.tcb", "The certificate is for the reported firmware versions",     \
	  "The certificate belongs to another firmware level of the chip")                            \
	X(CHAIN_CHIP, CHAIN, "chain.chip", "The certificate is for the chip of the report",           \
	  "The certificate belongs to another chip")                                                  \
	X(CHAIN_PRODUCT, CHAIN, "chain.product", "The certificate is for the expected product line",  \
	  "Set the product line to the one of the host's CPU")                                        \
	X(REPORT_FORM, REPORT, "report.form", "The report is well formed",                            \
	  "The report is damaged or of a version not known here")                                     \
	X(REPORT_SIGNED, REPORT, "report.signed", "The report is signed by the hardware key",         \
	  "The report was altered or belongs to another machine")                                     \
	X(REPORT_QE, REPORT, "report.qe", "Intel's quoting enclave signed the attestation key",       \
	  "The quote was not made by a genuine quoting enclave")                                      \
	X(TCB_MIN, TCB, "tcb.minimum", "The firmware is at least as new as the policy asks",          \
	  "Update the host's firmware, or lower the minimum in the policy")                           \
	X(TCB_LAUNCH, TCB, "tcb.launch", "The firmware at launch was at least as new as asked",       \
	  "Start the CVM again on updated firmware")                                                  \
	X(TCB_COMMITTED, TCB, "tcb.committed", "The firmware in use is committed",                    \
	  "Provisional firmware runs: commit it, or permit it in the policy")                         \
	X(TCB_BUILD, TCB, "tcb.build", "The firmware build is at least the one asked for",            \
	  "Update the host's firmware")                                                               \
	X(TCB_COLLATERAL, TCB, "tcb.collateral", "The vendor lists this firmware as up to date",      \
	  "Collateral is not fetched by this program")                                                \
	X(GUEST_DEBUG, POLICY, "policy.debug", "The guest cannot be debugged by its host",            \
	  "The CVM runs in debug mode: its memory can be read; start one without it")                 \
	X(GUEST_POLICY, POLICY, "policy.bits", "The guest's policy is within what is allowed",        \
	  "Compare the policy bits shown with the policy file")                                       \
	X(GUEST_PLATFORM, POLICY, "policy.platform",                                                  \
	  "The platform's settings are within what is allowed",                                       \
	  "Compare the platform information with the policy file")                                    \
	X(GUEST_VMPL, POLICY, "policy.vmpl", "The report comes from the expected privilege level",    \
	  "The policy expects another VMPL than the agent runs at")                                   \
	X(GUEST_SVN, POLICY, "policy.svn", "The guest's security version is high enough",             \
	  "The image is older than the policy asks for")                                              \
	X(GUEST_IDS, POLICY, "policy.ids", "The identity fields are those of the policy",             \
	  "The policy was made for another guest, image or chip")                                     \
	X(GUEST_KEYS, POLICY, "policy.keys", "The identity and author keys are trusted ones",         \
	  "The launch was not signed by a key that the policy trusts")                                \
	X(HOST_DATA, POLICY, "policy.host-data", "The host data is that of the policy",               \
	  "The host started the guest with other data than expected")                                 \
	X(TD_ATTRIBUTES, POLICY, "policy.td-attributes",                                              \
	  "The TD's attributes are within what is allowed",                                           \
	  "Compare the TD's attributes with the policy file")                                         \
	X(REFERENCE, MEASUREMENT, "measurement.reference", "The policy has a value to compare with",  \
	  "Add the expected measurement to the policy, or compute it with 'measure snp'")             \
	X(MEASURED, MEASUREMENT, "measurement.match", "What was launched is what the policy expects", \
	  "The CVM was started from another image, or with other vCPUs: measure it again")            \
	X(RTMRS, MEASUREMENT, "measurement.rtmrs", "The TD's run-time measurements are as expected",  \
	  "The TD's boot chain differs from the policy's")                                            \
	X(POLICY_SIGNED, MEASUREMENT, "measurement.policy-signed", "The policy itself is signed",     \
	  "Configure the key that signs your policies")                                               \
	X(POLICY_VALID, MEASUREMENT, "measurement.policy-valid", "The policy is in date",             \
	  "Get a newer policy")                                                                       \
	X(AK_BOUND, TPM, "tpm.ak-bound", "The CPU's report vouches for the TPM's key",                \
	  "The TPM is not the one of this confidential VM")                                           \
	X(QUOTE_SIGNED, TPM, "tpm.quote", "The TPM signed its PCR values for this nonce",             \
	  "The quote was altered, replayed, or belongs to another TPM")                               \
	X(PCRS, TPM, "tpm.pcrs", "Every PCR in the policy has its expected value",                    \
	  "Look at the event log behind the PCR that differs")                                        \
	X(EVENT_LOG, TPM, "tpm.event-log", "The event log explains the PCR values",                   \
	  "The event log is incomplete or was altered; do not rely on its entries")

enum core_rule {
#define X(id, group, word, line, remedy) CORE_RULE_##id,
	CORE_RULE_MAP(X)
#undef X
	    CORE_RULE_COUNT
};

enum core_check_result { CORE_CHECK_PASS, CORE_CHECK_FAIL, CORE_CHECK_SKIPPED /* not checked */ };

struct core_check {
	enum core_rule rule;
	enum core_check_result result;
	bool required;
	const char *expected; /* "" when there is nothing to expect */
	const char *found;    /* "" when nothing was found */
	const char *reason;   /* why it failed or was not checked; "" otherwise */
};

enum core_verdict_state {
	CORE_VERDICT_OPEN,     /* not concluded yet */
	CORE_VERDICT_FAILED,   /* something was wrong */
	CORE_VERDICT_UNPROVEN, /* nothing was wrong, but something required was not checked */
	CORE_VERDICT_ATTESTED,
};

struct core_verdict;

struct core_verdict *core_verdict_create(void);
void core_verdict_destroy(struct core_verdict *verdict); /* NULL allowed */

/* Declares that the verdict needs this rule. Before or after the report on it. */
void core_verdict_require(struct core_verdict *verdict, enum core_rule rule);
/* One report per rule; a second one is kept only when it says more: fail over pass over not
 * checked (two policies may judge the same evidence, and only one of them name a value). */
void core_verdict_pass(struct core_verdict *verdict, enum core_rule rule, const char *found_fmt,
                       ...) PRISM_PRINTF(3, 4);
void core_verdict_fail(struct core_verdict *verdict, enum core_rule rule, const char *expected,
                       const char *found, const char *reason_fmt, ...) PRISM_PRINTF(5, 6);
void core_verdict_skip(struct core_verdict *verdict, enum core_rule rule, const char *reason_fmt,
                       ...) PRISM_PRINTF(3, 4);
/* Pass when ok, else fail: expected and found are shown either way. */
bool core_verdict_compare(struct core_verdict *verdict, enum core_rule rule, bool ok,
                          const char *expected, const char *found, const char *reason);
/* A fact for display ("platform", "SEV-SNP Milan"); no bearing on the result. One per key. */
void core_verdict_note(struct core_verdict *verdict, const char *key, const char *value_fmt, ...)
    PRISM_PRINTF(3, 4);
/* Evidence under a root that proves nothing (a sandbox's test hierarchy): stays visible everywhere.
 */
void core_verdict_mark_not_tee(struct core_verdict *verdict, const char *why);

/* Adds a skipped check for every required rule nobody reported on, sorts by group and rule,
 * and fixes the state. Idempotent. */
enum core_verdict_state core_verdict_conclude(struct core_verdict *verdict);
enum core_verdict_state core_verdict_state(const struct core_verdict *verdict);
/* "attested", "attested, 2 optional checks not made", "NOT attested: …"; prefixed with NOT A TEE
 * where that applies. Lent. */
const char *core_verdict_summary(const struct core_verdict *verdict);
const char *core_verdict_not_tee(const struct core_verdict *verdict); /* NULL when it is a TEE */
unsigned core_verdict_count(const struct core_verdict *verdict);
const struct core_check *core_verdict_at(const struct core_verdict *verdict, unsigned index);
const struct core_check *core_verdict_find(const struct core_verdict *verdict, enum core_rule rule);
/* The check to look at first: the first failed one, else the first required one not checked. */
const struct core_check *core_verdict_worst(const struct core_verdict *verdict);
unsigned core_verdict_note_count(const struct core_verdict *verdict);
void core_verdict_note_at(const struct core_verdict *verdict, unsigned index, const char **ret_key,
                          const char **ret_value);

/* Raises category trust from a verdict that is not attested; 0 when it is. */
PRISM_MUST_USE
int core_verdict_raise(const struct core_verdict *verdict, struct prism_error *err);

cJSON *core_verdict_json(const struct core_verdict *verdict); /* yours */
char *core_verdict_text(const struct core_verdict *verdict); /* yours; a report a person can read */

const char *core_rule_id(enum core_rule rule);
const char *core_rule_line(enum core_rule rule);
const char *core_rule_remedy(enum core_rule rule);
enum core_verdict_group core_rule_group(enum core_rule rule);
const char *core_check_word(enum core_check_result result); /* "pass", "fail", "not checked" */

#endif
