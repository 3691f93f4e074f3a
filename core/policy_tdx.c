/*
 * The TDX policy of generation 1: its schema (reference attestation.md section 4).
 *
 * Here unknown members are errors, as they are for the official tools: a misspelt rule would
 * otherwise silently not be checked.
 */
#include "core/policy_json.h"

#include "base/mem.h"

#include <string.h>

static int refuse_unknown(const cJSON *object, const char *where, const char *const *known,
                          size_t count, struct prism_error *err)
{
	if (object && !cJSON_IsObject(object))
		return prism_error_raise(err, PRISM_ERROR_INVALID, "%s is not an object", where);
	for (const cJSON *item = prism_json_members(object); item; item = item->next) {
		char camel[64];
		bool found = false;
		core_policy_json_camel(item->string, camel, sizeof(camel));
		for (size_t i = 0; i < count && !found; i++)
			found = strcmp(camel, known[i]) == 0;
		if (!found)
			return prism_error_raise(err, PRISM_ERROR_INVALID, "%s has an unknown member \"%.60s\"",
			                         where, item->string);
	}
	return 0;
}

static int read_header(const cJSON *header, struct core_policy_tdx *ret, struct prism_error *err)
{
	static const char *const known[] = {"minimumQeSvn", "minimumPceSvn", "qeVendorId"};
	uint64_t qe = 0, pce = 0;

	if (refuse_unknown(header, "headerPolicy", known, PRISM_COUNT(known), err) < 0 ||
	    core_policy_json_u64(header, "minimumQeSvn", UINT16_MAX, &qe, NULL, err) < 0 ||
	    core_policy_json_u64(header, "minimumPceSvn", UINT16_MAX, &pce, NULL, err) < 0 ||
	    core_policy_json_bytes(header, "qeVendorId", 16, &ret->qe_vendor_id, err) < 0)
		return -1;
	ret->minimum_qe_svn = (uint16_t)qe;
	ret->minimum_pce_svn = (uint16_t)pce;
	return 0;
}

static int read_rtmrs(const cJSON *body, struct core_policy_tdx *ret, struct prism_error *err)
{
	const cJSON *list, *item;
	unsigned i = 0;

	if (core_policy_json_member(body, "rtmrs", &list, err) < 0)
		return -1;
	if (!list || cJSON_GetArraySize(list) == 0)
		return 0;
	if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) != 4)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "rtmrs must list all four or none");
	cJSON_ArrayForEach(item, list)
	{
		struct core_policy_bytes *out = &ret->rtmrs[i++];
		if (cJSON_IsString(item) && item->valuestring[0] == '\0')
			continue;
		if (core_policy_json_decode(item, "rtmrs", 48, out->data, err) < 0)
			return -1;
		out->size = 48;
	}
	return 0;
}

static int read_any_mr_td(const cJSON *body, struct core_policy_tdx *ret, struct prism_error *err)
{
	const cJSON *list, *item;

	if (core_policy_json_member(body, "anyMrTd", &list, err) < 0)
		return -1;
	cJSON_ArrayForEach(item, list)
	{
		if (ret->any_mr_td_count == CORE_POLICY_KEYS_MAX)
			return prism_error_raise(err, PRISM_ERROR_LIMIT, "anyMrTd has more than %u entries",
			                         CORE_POLICY_KEYS_MAX);
		if (core_policy_json_decode(item, "anyMrTd", 48, ret->any_mr_td[ret->any_mr_td_count++],
		                            err) < 0)
			return -1;
	}
	return 0;
}

static int read_body(const cJSON *body, struct core_policy_tdx *ret, struct prism_error *err)
{
	static const char *const known[] = {
	    "minimumTeeTcbSvn", "mrSeam", "mrTd",  "mrConfigId", "mrOwner", "mrOwnerConfig",
	    "tdAttributes",     "xfam",   "rtmrs", "reportData", "anyMrTd", "enableTdDebugCheck",
	};
	const struct {
		const char *name;
		size_t size;
		struct core_policy_bytes *out;
	} fields[] = {
	    {"minimumTeeTcbSvn", 16, &ret->minimum_tee_tcb_svn},
	    {"mrSeam", 48, &ret->mr_seam},
	    {"mrTd", 48, &ret->mr_td},
	    {"mrConfigId", 48, &ret->mr_config_id},
	    {"mrOwner", 48, &ret->mr_owner},
	    {"mrOwnerConfig", 48, &ret->mr_owner_config},
	    {"tdAttributes", 8, &ret->td_attributes},
	    {"xfam", 8, &ret->xfam},
	};

	if (refuse_unknown(body, "tdQuoteBodyPolicy", known, PRISM_COUNT(known), err) < 0)
		return -1;
	for (size_t i = 0; i < PRISM_COUNT(fields); i++)
		if (core_policy_json_bytes(body, fields[i].name, fields[i].size, fields[i].out, err) < 0)
			return -1;
	return read_rtmrs(body, ret, err) < 0 || read_any_mr_td(body, ret, err) < 0 ? -1 : 0;
}

int core_policy_tdx_read(const cJSON *doc, struct core_policy_tdx *ret, struct prism_error *err)
{
	static const char *const top[] = {"policy", "rootOfTrust"};
	static const char *const parts[] = {"headerPolicy", "tdQuoteBodyPolicy"};
	static const char *const roots[] = {"cabundlePaths", "cabundles", "checkCrl", "getCollateral",
	                                    "disallowNetwork"};
	const cJSON *policy, *root, *header, *body;

	if (refuse_unknown(doc, "the policy", top, PRISM_COUNT(top), err) < 0 ||
	    core_policy_json_member(doc, "policy", &policy, err) < 0 ||
	    core_policy_json_member(doc, "rootOfTrust", &root, err) < 0 ||
	    refuse_unknown(policy, "policy", parts, PRISM_COUNT(parts), err) < 0 ||
	    refuse_unknown(root, "rootOfTrust", roots, PRISM_COUNT(roots), err) < 0 ||
	    core_policy_json_member(policy, "headerPolicy", &header, err) < 0 ||
	    core_policy_json_member(policy, "tdQuoteBodyPolicy", &body, err) < 0)
		return -1;
	if (read_header(header, ret, err) < 0 || read_body(body, ret, err) < 0 ||
	    core_policy_json_bool(root, "checkCrl", &ret->check_crl, err) < 0 ||
	    core_policy_json_bool(root, "getCollateral", &ret->get_collateral, err) < 0)
		return -1;
	return 0;
}
