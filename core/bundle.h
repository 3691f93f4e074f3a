/*
 * Bundles: one computation with its roles, assets and links, as the web console exports and
 * imports it (seed, "Export/Import Format"; reference 6.1).  This is the format: its fields, its
 * quirks, what makes one unusable.  Reading files of them is core/bundle_file.h.
 *
 *   {"computation": {name, description, start_time, end_time, agent_config {...}, created_at},
 *    "roles": [{role_name, actions [word], members [user id] or null}],
 *    "assets": [{file_name, id, UserID, description, asset_type, asset (base64), created_at,
 *                Checksum, mime_type, Computations null, UserKey}],
 *    "asset_links": [{asset_id, computation_id ""}]}
 *
 * Fields nobody knows stay where they are, in their order, behind the known ones.
 *
 * Thread rules: pure functions; documents belong to one thread at a time.
 */
#ifndef PRISM_CORE_BUNDLE_H
#define PRISM_CORE_BUNDLE_H

#include "base/json.h"
#include "core/problem.h"

struct core_asset;
struct core_role;

#define CORE_BUNDLE_MAX                                                         \
	(96u << 20) /* bytes of one: a sample is at most 14 MB of base64, and there \
	               may be a handful */
#define CORE_SAMPLE_MAX (10u << 20) /* bytes of a sample (reference 3.7) */
#define CORE_BUNDLE_ROLES 200       /* more roles of one computation are no roles */
#define CORE_BUNDLE_ASSETS 2000
#define CORE_BUNDLE_MEMBERS 2000 /* of one role */

/* ---- reading ---- */

/* Made into the form above, whichever it was: a bundle, or the flat object of 2024 (reference 6.1,
 * legacy). doc is given; NULL, with a problem of level error, when it is neither. Assets that are
 * known by their hash only have "Checksum" and no "id". */
cJSON *core_bundle_normalise(cJSON *doc, size_t item, struct core_problems *problems);
/* Looks at every field. False: it cannot be created (a problem of level error says why). Lines come
 * from `valueint` (base/jsonread.h). */
bool core_bundle_check(const cJSON *bundle, size_t item, struct core_problems *problems);

/* ---- making ---- */

/* The parts as they stand in an export, from what the server gave; yours. */
cJSON *core_bundle_computation(const cJSON *raw, bool private_keys);
bool core_bundle_has_key(const cJSON *raw); /* the document holds a private key */
cJSON *core_bundle_role(const struct core_role *role);
cJSON *core_bundle_asset(const cJSON *raw, bool sample);
cJSON *core_bundle_link(const char *asset_id);
/* Order in an export, so that the same workspace always gives the same bytes: built-in roles in the
 * order of reference 4.9, then by name; assets by type, file name, checksum, id. */
int core_bundle_role_order(const struct core_role *a, const struct core_role *b);
int core_bundle_asset_order(const struct core_asset *a, const struct core_asset *b);

/* What is sent to create the computation of a bundle: all but the times. Yours. */
cJSON *core_bundle_create_body(const cJSON *bundle);
/* What is sent to create one of its assets. Yours. */
cJSON *core_bundle_asset_body(const cJSON *asset);

#endif
