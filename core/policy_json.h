/*
 * JSON policies, internal to core/policy*.c: exact numbers, two spellings, canonical output.
 */
#ifndef PRISM_CORE_POLICY_JSON_H
#define PRISM_CORE_POLICY_JSON_H

#include "core/policy.h"

#include "base/json.h"

/* Parses with every number kept as its text (cJSON raw items). Refuses duplicate members. */
cJSON *core_policy_json_parse(const char *text, size_t size, struct prism_error *err);

/* The member under its lowerCamelCase name or the snake_case form of it; both is an error. A
 * missing or null member gives 0 and *ret_item NULL. */
PRISM_MUST_USE
int core_policy_json_member(const cJSON *object, const char *camel, const cJSON **ret_item,
                            struct prism_error *err);
PRISM_MUST_USE
int core_policy_json_u64(const cJSON *object, const char *camel, uint64_t max, uint64_t *out,
                         bool *ret_present, struct prism_error *err);
PRISM_MUST_USE
int core_policy_json_bool(const cJSON *object, const char *camel, bool *out,
                          struct prism_error *err);
/* Base64 of exactly `size` bytes; empty or missing leaves out->size 0. */
PRISM_MUST_USE
int core_policy_json_bytes(const cJSON *object, const char *camel, size_t size,
                           struct core_policy_bytes *out, struct prism_error *err);
PRISM_MUST_USE
int core_policy_json_decode(const cJSON *item, const char *name, size_t size, uint8_t *out,
                            struct prism_error *err);
/* "pcrValues" from "pcr_values" and back. */
void core_policy_json_snake(const char *camel, char *out, size_t size);
void core_policy_json_camel(const char *snake, char *out, size_t size);

/* The document of a JSON policy; NULL for a CoRIM. Lent. */
const cJSON *core_policy_doc(const struct core_policy *policy);

PRISM_MUST_USE
int core_policy_snp_read(const cJSON *doc, struct core_policy_snp *ret, struct prism_error *err);
PRISM_MUST_USE
int core_policy_tdx_read(const cJSON *doc, struct core_policy_tdx *ret, struct prism_error *err);
PRISM_MUST_USE
int core_policy_corim_read(const uint8_t *data, size_t size, struct core_policy_corim *ret,
                           struct prism_error *err);
PRISM_MUST_USE
int core_policy_corim_verify(const uint8_t *data, size_t size, const char *pem, size_t pem_size,
                             struct prism_error *err);
void core_policy_snp_print(const cJSON *doc, struct prism_buf *out);

#endif
