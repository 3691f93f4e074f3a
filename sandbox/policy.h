/*
 * Attestation outputs of a sandbox CVM.  They have the real shape (prism-api.md section 4.8) and
 * say NOT A TEE wherever a field can hold text; all digests are of that sentence, so that nothing
 * real can ever match them.
 */
#ifndef PRISM_SANDBOX_POLICY_H
#define PRISM_SANDBOX_POLICY_H

#include "base/buf.h"

struct sb;

/* What the endpoint serves: for SEV-SNP the policy that attested agents of this sandbox satisfy, as
 * JSON for generation 1 and as CoRIM for generation 2; for other platforms the sample below. */
PRISM_MUST_USE
int sb_policy_for(struct sb *sb, const char *cvm_id, const char *platform, struct prism_buf *out);
char *sb_policy_json(const char *cvm_id, const char *platform); /* yours */
/* What a CVM's agent sent at its start, base64: for SEV-SNP evidence in the real format under the
 * sandbox's own root, made without a certificate, that is for nonces of zero (reference agent.md
 * section 7, rule 5); else a text that says there is none. Yours. */
char *sb_policy_evidence(struct sb *sb, const char *cvm_id, const char *platform);
/* What Azure's attestation service would have said of it, base64 of a JWT: claims of the sample
 * kind, and a signature that is none. Yours. */
char *sb_policy_token(const struct sb *sb, const char *cvm_id);
/* The text alone, for lists: evidence in every row would be megabytes. Yours. */
char *sb_policy_no_evidence(const char *cvm_id);

#endif
