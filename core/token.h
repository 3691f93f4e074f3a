/*
 * Attestation tokens of Azure (JWT, signed by Microsoft's attestation service): read, and checked
 * as far as that is possible from here.
 *
 * A token is a service's word about a CVM, not the hardware's: whatever is checked, it is never
 * called attested.  Its signature is checked only with a key set (JWKS) that the user gives,
 * because which keys are the service's cannot be told from the token; without one the signature
 * is "not checked", and so is everything the token claims.
 *
 * Source: RFC 7515 and 7517 (RS256); claims: reference attestation.md 3.3.
 * Thread rules: no state.
 */
#ifndef PRISM_CORE_TOKEN_H
#define PRISM_CORE_TOKEN_H

#include "core/facts.h"

#define CORE_TOKEN_MAX (256u << 10) /* real ones have some 10 KB */

enum core_token_result { CORE_TOKEN_NOT_CHECKED, CORE_TOKEN_GOOD, CORE_TOKEN_BAD };

struct core_token;

/* text: the three parts with their dots; white space around it is skipped. NULL on failure. */
struct core_token *core_token_parse(const char *text, size_t size, struct prism_error *err);
void core_token_destroy(struct core_token *token); /* NULL allowed */

/* jwks NULL: none was given. at_us: moment of the check; PRISM_TIME_UNSET: dates are not looked
 * at. A key set that cannot be read is an error. */
PRISM_MUST_USE
int core_token_check(struct core_token *token, const char *jwks, size_t jwks_size, int64_t at_us,
                     struct prism_error *err);
enum core_token_result core_token_signature(const struct core_token *token);
enum core_token_result core_token_dates(const struct core_token *token);
/* "signature not checked: no key set was given" and the like; lent. */
const char *core_token_summary(const struct core_token *token);
struct core_facts *core_token_facts(const struct core_token *token); /* yours */

#endif
