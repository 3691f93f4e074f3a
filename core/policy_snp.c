/*
 * The SEV-SNP policy of generation 1: its schema, and the form the official tools write.
 *
 * Source: reference attestation.md 2.3 (members), 2.6 (output form).
 */
#include "core/policy_json.h"

#include "base/mem.h"
#include "base/text.h"
#include "net/crypto.h"
#include "net/x509.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define POLICY_MUST_BE_ONE (1ull << 17)

/* ---- lists of trusted keys ------------------------------------------------------------------ */

#define AMD_KEY_SIZE 0x404u /* curve u32, x and y as 72 little-endian bytes each, zeros */
#define AMD_CURVE_P384 2u

/* The digest the firmware puts into ID_KEY_DIGEST: SHA-384 over the key in AMD's format. */
static int amd_key_digest(const uint8_t *der, size_t size, uint8_t out[48], struct prism_error *err)
{
	static const size_t point = 97; /* 04 || x || y of P-384 at the end of the SPKI */
	uint8_t key[AMD_KEY_SIZE] = {AMD_CURVE_P384};
	struct net_cert *cert = net_cert_from_any(der, size, err);
	const uint8_t *spki;
	size_t spki_size;

	if (!cert)
		return -1;
	net_cert_spki(cert, &spki, &spki_size);
	bool p384 = strcmp(net_cert_key_text(cert), "P-384") == 0 && spki_size > point;
	if (p384) {
		const uint8_t *x = spki + spki_size - 96;
		for (size_t i = 0; i < 48; i++) {
			key[4 + i] = x[47 - i];
			key[4 + 72 + i] = x[95 - i];
		}
		net_digest_bytes(NET_SHA384, key, sizeof(key), out);
	}
	net_cert_destroy(cert);
	return p384 ? 0 : prism_error_raise(err, PRISM_ERROR_INVALID, "not a P-384 key");
}

static int read_key_hashes(const cJSON *policy, const char *name, uint8_t (*keys)[48],
                           unsigned *count, struct prism_error *err)
{
	const cJSON *list, *item;

	if (core_policy_json_member(policy, name, &list, err) < 0)
		return -1;
	cJSON_ArrayForEach(item, list)
	{
		if (*count == CORE_POLICY_KEYS_MAX)
			return prism_error_raise(err, PRISM_ERROR_LIMIT, "%s has more than %u entries", name,
			                         CORE_POLICY_KEYS_MAX);
		if (core_policy_json_decode(item, name, 48, keys[*count], err) < 0)
			return -1;
		++*count;
	}
	return 0;
}

static int read_key_certificates(const cJSON *policy, const char *name, uint8_t (*keys)[48],
                                 unsigned *count, struct prism_error *err)
{
	const cJSON *list, *item;

	if (core_policy_json_member(policy, name, &list, err) < 0)
		return -1;
	cJSON_ArrayForEach(item, list)
	{
		PRISM_AUTO_BUF struct prism_buf der = PRISM_BUF_INIT(NET_CERT_MAX);
		if (*count == CORE_POLICY_KEYS_MAX)
			return prism_error_raise(err, PRISM_ERROR_LIMIT, "%s has more than %u entries", name,
			                         CORE_POLICY_KEYS_MAX);
		if (!cJSON_IsString(item))
			return prism_error_raise(err, PRISM_ERROR_INVALID, "%s must hold base64 texts", name);
		if (prism_base64_decode(item->valuestring, strlen(item->valuestring), &der, err) < 0 ||
		    amd_key_digest((const uint8_t *)der.data, der.len, keys[*count], err) < 0)
			return prism_error_wrap(err, "entry %u of %s", *count + 1, name);
		++*count;
	}
	return 0;
}

/* ---- PCR values ----------------------------------------------------------------------------- */

static int read_pcr(const cJSON *item, const char *bank_word, size_t size,
                    struct core_policy_pcrs *out, struct prism_error *err)
{
	uint64_t index;
	size_t length;
	char canonical[8];

	if (prism_text_parse_u64(item->string, CORE_PCR_COUNT - 1, &index, NULL) < 0)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "pcr_values.%s: \"%.20s\" is not a PCR",
		                         bank_word, item->string);
	snprintf(canonical, sizeof(canonical), "%u", (unsigned)index);
	if (strcmp(canonical, item->string) != 0)
		return prism_error_raise(err, PRISM_ERROR_INVALID,
		                         "pcr_values.%s: write \"%s\", not \"%.20s\"", bank_word, canonical,
		                         item->string);
	if (!cJSON_IsString(item) ||
	    prism_hex_decode(item->valuestring, strlen(item->valuestring), out->value[index], size,
	                     &length, NULL) < 0 ||
	    length != size)
		return prism_error_raise(err, PRISM_ERROR_INVALID,
		                         "pcr_values.%s.%u must be %zu bytes in hex", bank_word,
		                         (unsigned)index, size);
	out->listed[index] = true;
	out->count++;
	return 0;
}

/* The official tools read these names in any case (Go's encoding/json): a policy that means more
 * to them than to us is refused. */
static int refuse_other_case(const cJSON *object, const char *name, struct prism_error *err)
{
	for (const cJSON *item = prism_json_members(object); item; item = item->next)
		if (!strcasecmp(item->string, name) && strcmp(item->string, name) != 0)
			return prism_error_raise(err, PRISM_ERROR_INVALID, "write \"%s\", not \"%.40s\"", name,
			                         item->string);
	return 0;
}

static int read_pcrs(const cJSON *doc, struct core_policy_snp *ret, struct prism_error *err)
{
	const cJSON *values = cJSON_GetObjectItemCaseSensitive(doc, "pcr_values");

	if (refuse_other_case(doc, "pcr_values", err) < 0)
		return -1;
	if (values && !cJSON_IsNull(values) && !cJSON_IsObject(values))
		return prism_error_raise(err, PRISM_ERROR_INVALID, "pcr_values is not an object");
	for (int bank = 0; bank < CORE_PCR_BANK_COUNT; bank++) {
		const char *word = core_pcr_bank_word((enum core_pcr_bank)bank);
		const cJSON *list = cJSON_GetObjectItemCaseSensitive(values, word);
		if (refuse_other_case(values, word, err) < 0)
			return -1;
		if (list && !cJSON_IsNull(list) && !cJSON_IsObject(list))
			return prism_error_raise(err, PRISM_ERROR_INVALID, "pcr_values.%s must be an object",
			                         word);
		for (const cJSON *item = prism_json_members(list); item; item = item->next)
			if (read_pcr(item, word, core_pcr_bank_size((enum core_pcr_bank)bank), &ret->pcrs[bank],
			             err) < 0)
				return -1;
	}
	return 0;
}

/* ---- scalar members ------------------------------------------------------------------------- */

static int read_version(const cJSON *policy, struct core_policy_snp *ret, struct prism_error *err)
{
	const cJSON *item;
	uint64_t major = 0, minor = 0;

	if (core_policy_json_member(policy, "minimumVersion", &item, err) < 0)
		return -1;
	if (!item || (cJSON_IsString(item) && item->valuestring[0] == '\0'))
		return 0;
	const char *dot = cJSON_IsString(item) ? strchr(item->valuestring, '.') : NULL;
	char first[4] = "";
	if (dot && dot - item->valuestring < (ptrdiff_t)sizeof(first))
		memcpy(first, item->valuestring, (size_t)(dot - item->valuestring));
	if (!dot || prism_text_parse_u64(first, UINT8_MAX, &major, NULL) < 0 ||
	    prism_text_parse_u64(dot + 1, UINT8_MAX, &minor, NULL) < 0)
		return prism_error_raise(err, PRISM_ERROR_INVALID,
		                         "minimumVersion must be \"major.minor\", 0 to 255 each");
	ret->minimum_major = (uint8_t)major;
	ret->minimum_minor = (uint8_t)minor;
	return 0;
}

static int read_numbers(const cJSON *policy, struct core_policy_snp *ret, struct prism_error *err)
{
	uint64_t svn = 0, build = 0, vmpl = 0;
	bool has_vmpl = false;

	if (core_policy_json_u64(policy, "minimumGuestSvn", UINT32_MAX, &svn, NULL, err) < 0 ||
	    core_policy_json_u64(policy, "policy", UINT64_MAX, &ret->policy, NULL, err) < 0 ||
	    core_policy_json_u64(policy, "minimumTcb", UINT64_MAX, &ret->minimum_tcb, NULL, err) < 0 ||
	    core_policy_json_u64(policy, "minimumLaunchTcb", UINT64_MAX, &ret->minimum_launch_tcb, NULL,
	                         err) < 0 ||
	    core_policy_json_u64(policy, "platformInfo", UINT64_MAX, &ret->platform_info,
	                         &ret->has_platform_info, err) < 0 ||
	    core_policy_json_u64(policy, "minimumBuild", 255, &build, NULL, err) < 0 ||
	    core_policy_json_u64(policy, "vmpl", 3, &vmpl, &has_vmpl, err) < 0)
		return -1;
	ret->minimum_guest_svn = (uint32_t)svn;
	ret->minimum_build = (uint8_t)build;
	ret->vmpl = has_vmpl ? (int)vmpl : -1;
	if (!(ret->policy & POLICY_MUST_BE_ONE)) {
		prism_error_raise(err, PRISM_ERROR_INVALID,
		                  "policy.policy is %llu: bit 17 must be set in a guest policy",
		                  (unsigned long long)ret->policy);
		prism_error_hint(err, "196608 is the usual value: SMT allowed, no debugging");
		return -1;
	}
	return 0;
}

static int read_bytes(const cJSON *policy, struct core_policy_snp *ret, struct prism_error *err)
{
	const struct {
		const char *name;
		size_t size;
		struct core_policy_bytes *out;
	} fields[] = {
	    {"familyId", 16, &ret->family_id},      {"imageId", 16, &ret->image_id},
	    {"measurement", 48, &ret->measurement}, {"hostData", 32, &ret->host_data},
	    {"reportId", 32, &ret->report_id},      {"reportIdMa", 32, &ret->report_id_ma},
	    {"chipId", 64, &ret->chip_id},
	};

	for (size_t i = 0; i < PRISM_COUNT(fields); i++)
		if (core_policy_json_bytes(policy, fields[i].name, fields[i].size, fields[i].out, err) < 0)
			return -1;
	return 0;
}

static const char *const product_enum[] = {"SEV_PRODUCT_UNKNOWN", "SEV_PRODUCT_MILAN",
                                           "SEV_PRODUCT_GENOA", "SEV_PRODUCT_TURIN"};

static int read_product(const cJSON *policy, const cJSON *root, struct core_policy_snp *ret,
                        struct prism_error *err)
{
	const cJSON *product, *name = NULL, *line = NULL;

	if (core_policy_json_member(policy, "product", &product, err) < 0 ||
	    core_policy_json_member(root, "productLine", &line, err) < 0)
		return -1;
	if (product && core_policy_json_member(product, "name", &name, err) < 0)
		return -1;
	if (line && cJSON_IsString(line) && line->valuestring[0])
		ret->product = core_snp_product_parse(line->valuestring);
	if (!name)
		return 0;
	for (size_t i = 0; i < PRISM_COUNT(product_enum); i++) {
		char number[4] = {(char)('0' + i)};
		if (strcmp(name->valuestring ? name->valuestring : "", product_enum[i]) == 0 ||
		    (cJSON_IsRaw(name) && strcmp(name->valuestring, number) == 0)) {
			ret->product = (enum core_snp_product)i;
			return 0;
		}
	}
	return prism_error_raise(err, PRISM_ERROR_INVALID, "product.name is not a known product");
}

static int read_switches(const cJSON *policy, const cJSON *root, struct core_policy_snp *ret,
                         struct prism_error *err)
{
	if (core_policy_json_bool(policy, "requireAuthorKey", &ret->require_author_key, err) < 0 ||
	    core_policy_json_bool(policy, "requireIdBlock", &ret->require_id_block, err) < 0 ||
	    core_policy_json_bool(policy, "permitProvisionalFirmware", &ret->permit_provisional, err) <
	        0 ||
	    core_policy_json_bool(root, "checkCrl", &ret->check_crl, err) < 0)
		return -1;
	return 0;
}

int core_policy_snp_read(const cJSON *doc, struct core_policy_snp *ret, struct prism_error *err)
{
	const cJSON *policy, *root;

	if (core_policy_json_member(doc, "policy", &policy, err) < 0 ||
	    core_policy_json_member(doc, "rootOfTrust", &root, err) < 0)
		return -1;
	if (!policy || !cJSON_IsObject(policy))
		return prism_error_raise(err, PRISM_ERROR_INVALID, "the policy has no \"policy\" object");
	if (read_numbers(policy, ret, err) < 0 || read_version(policy, ret, err) < 0 ||
	    read_bytes(policy, ret, err) < 0 || read_switches(policy, root, ret, err) < 0 ||
	    read_product(policy, root, ret, err) < 0)
		return -1;
	if (read_key_hashes(policy, "trustedAuthorKeyHashes", ret->author_keys, &ret->author_key_count,
	                    err) < 0 ||
	    read_key_hashes(policy, "trustedIdKeyHashes", ret->id_keys, &ret->id_key_count, err) < 0 ||
	    read_key_certificates(policy, "trustedAuthorKeys", ret->author_keys, &ret->author_key_count,
	                          err) < 0 ||
	    read_key_certificates(policy, "trustedIdKeys", ret->id_keys, &ret->id_key_count, err) < 0)
		return -1;
	return read_pcrs(doc, ret, err);
}

/* ---- output (reference 2.6) ----------------------------------------------------------------- */

/* Members whose number is written as a string: the 64-bit ones. */
static bool is_u64(const char *camel)
{
	static const char *const names[] = {"policy", "minimumTcb", "minimumLaunchTcb", "platformInfo"};

	for (size_t i = 0; i < PRISM_COUNT(names); i++)
		if (strcmp(camel, names[i]) == 0)
			return true;
	return false;
}

/* What protojson leaves out: zero numbers, false, empty texts and lists; vmpl stays. */
static bool is_default(const cJSON *item, const char *camel)
{
	if (strcmp(camel, "vmpl") == 0 && !cJSON_IsNull(item))
		return false;
	if (cJSON_IsRaw(item) || cJSON_IsString(item))
		return item->valuestring[0] == '\0' || strcmp(item->valuestring, "0") == 0;
	return cJSON_IsNull(item) || cJSON_IsFalse(item) ||
	       (cJSON_IsArray(item) && item->child == NULL);
}

static void put_indent(struct prism_buf *out, unsigned depth)
{
	prism_buf_putc(out, '\n');
	while (depth-- > 0)
		prism_buf_puts(out, "  ");
}

static void put_string(struct prism_buf *out, const char *text)
{
	cJSON *item = cJSON_CreateString(text);
	PRISM_AUTO_FREE char *json = prism_json_print(item, false);

	prism_buf_puts(out, json);
	cJSON_Delete(item);
}

/* Standard alphabet with padding, whatever the file had. */
static void put_base64(struct prism_buf *out, const char *text)
{
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(CORE_POLICY_MAX);

	if (prism_base64_decode(text, strlen(text), &bytes, NULL) < 0) {
		put_string(out, text);
		return;
	}
	PRISM_AUTO_FREE char *canonical = prism_base64_encode(bytes.data, bytes.len);
	put_string(out, canonical);
}

static bool is_bytes(const char *camel)
{
	static const char *const names[] = {"familyId", "imageId",    "measurement", "hostData",
	                                    "reportId", "reportIdMa", "chipId",      "reportData"};

	for (size_t i = 0; i < PRISM_COUNT(names); i++)
		if (strcmp(camel, names[i]) == 0)
			return true;
	return false;
}

struct member {
	char *name; /* owned */
	const cJSON *item;
};

static void members_free(struct member *members, size_t count)
{
	for (size_t i = 0; i < count; i++)
		prism_free(members[i].name);
	prism_free(members);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct member *)a)->name, ((const struct member *)b)->name);
}

enum naming { NAMES_AS_THEY_ARE, NAMES_CAMEL };

static void put_value(struct prism_buf *out, const cJSON *item, const char *camel,
                      enum naming naming, unsigned depth);

/* The name in the output, yours. Only the protobuf spelling of a name is turned: another one
 * ("trusted_Id") is nobody's, and must not become the name of something by being spelled otherwise.
 */
static char *printed_name(const char *name, enum naming naming)
{
	char camel[64], snake[sizeof(camel)];

	core_policy_json_camel(name, camel, sizeof(camel));
	core_policy_json_snake(camel, snake, sizeof(snake));
	return prism_strdup(naming == NAMES_CAMEL && !strcmp(snake, name) ? camel : name);
}

/* Recursion is bounded by PRISM_JSON_DEPTH. */
static void put_object(struct prism_buf *out, const cJSON *object, enum naming naming,
                       unsigned depth)
{
	size_t count = (size_t)cJSON_GetArraySize(object), kept = 0;
	struct member *members = prism_alloc_array(count + 1, sizeof(*members));

	for (const cJSON *item = prism_json_members(object); item; item = item->next) {
		char *name = printed_name(item->string, naming);
		if (naming == NAMES_AS_THEY_ARE || !is_default(item, name))
			members[kept++] = (struct member){name, item};
		else
			prism_free(name);
	}
	if (kept == 0) {
		prism_buf_puts(out, "{}");
		members_free(members, kept);
		return;
	}
	qsort(members, kept, sizeof(*members), by_name);
	prism_buf_putc(out, '{');
	for (size_t i = 0; i < kept; i++) {
		if (i > 0)
			prism_buf_putc(out, ',');
		put_indent(out, depth + 1);
		put_string(out, members[i].name);
		prism_buf_puts(out, ": ");
		put_value(out, members[i].item, members[i].name, naming, depth + 1);
	}
	put_indent(out, depth);
	prism_buf_putc(out, '}');
	members_free(members, kept);
}

static void put_array(struct prism_buf *out, const cJSON *array, const char *camel,
                      enum naming naming, unsigned depth)
{
	prism_buf_putc(out, '[');
	for (const cJSON *item = array->child; item; item = item->next) {
		put_indent(out, depth + 1);
		put_value(out, item, camel, naming, depth + 1);
		if (item->next)
			prism_buf_putc(out, ',');
	}
	put_indent(out, depth);
	prism_buf_putc(out, ']');
}

static void put_product_name(struct prism_buf *out, const cJSON *item)
{
	unsigned number = item->valuestring[0] - '0' + 0u;

	put_string(out, cJSON_IsRaw(item) && number < PRISM_COUNT(product_enum) ? product_enum[number]
	                                                                        : item->valuestring);
}

static void put_value(struct prism_buf *out, const cJSON *item, const char *camel,
                      enum naming naming, unsigned depth)
{
	if (cJSON_IsObject(item))
		put_object(out, item, naming, depth);
	else if (cJSON_IsArray(item))
		put_array(out, item, camel, naming, depth);
	else if (naming == NAMES_CAMEL && strcmp(camel, "name") == 0 &&
	         (cJSON_IsRaw(item) || cJSON_IsString(item)))
		put_product_name(out, item);
	else if (cJSON_IsRaw(item) && naming == NAMES_CAMEL && is_u64(camel))
		put_string(out, item->valuestring);
	else if (cJSON_IsRaw(item))
		prism_buf_puts(out, item->valuestring);
	else if (cJSON_IsString(item) && naming == NAMES_CAMEL && is_bytes(camel))
		put_base64(out, item->valuestring);
	else if (cJSON_IsString(item))
		put_string(out, item->valuestring);
	else
		prism_buf_puts(out, cJSON_IsTrue(item) ? "true" : cJSON_IsFalse(item) ? "false" : "null");
}

static bool is_bank(const char *word)
{
	for (int bank = 0; bank < CORE_PCR_BANK_COUNT; bank++)
		if (!strcmp(core_pcr_bank_word((enum core_pcr_bank)bank), word))
			return true;
	return false;
}

/* The official tools write all three banks, null too; others are kept as they came. */
static void put_pcr_values(struct prism_buf *out, const cJSON *values)
{
	prism_buf_putc(out, '{');
	for (int bank = 0; bank < CORE_PCR_BANK_COUNT; bank++) {
		const char *word = core_pcr_bank_word((enum core_pcr_bank)bank);
		const cJSON *list = cJSON_GetObjectItemCaseSensitive(values, word);
		put_indent(out, 2);
		put_string(out, word);
		prism_buf_puts(out, ": ");
		if (list && cJSON_IsObject(list))
			put_object(out, list, NAMES_AS_THEY_ARE, 2);
		else
			prism_buf_puts(out, "null");
		if (bank + 1 < CORE_PCR_BANK_COUNT)
			prism_buf_putc(out, ',');
	}
	for (const cJSON *item = prism_json_members(values); item; item = item->next) {
		if (is_bank(item->string))
			continue;
		prism_buf_putc(out, ',');
		put_indent(out, 2);
		put_string(out, item->string);
		prism_buf_puts(out, ": ");
		put_value(out, item, item->string, NAMES_AS_THEY_ARE, 2);
	}
	put_indent(out, 1);
	prism_buf_putc(out, '}');
}

void core_policy_snp_print(const cJSON *doc, struct prism_buf *out)
{
	size_t count = (size_t)cJSON_GetArraySize(doc) + 1, kept = 0;
	struct member *members = prism_alloc_array(count + 1, sizeof(*members));

	for (const cJSON *item = prism_json_members(doc); item; item = item->next) {
		bool known = strcmp(item->string, "root_of_trust") == 0;
		members[kept++] = (struct member){prism_strdup(known ? "rootOfTrust" : item->string), item};
	}
	if (!cJSON_GetObjectItemCaseSensitive(doc, "pcr_values"))
		members[kept++].name = prism_strdup("pcr_values");
	qsort(members, kept, sizeof(*members), by_name);
	prism_buf_putc(out, '{');
	for (size_t i = 0; i < kept; i++) {
		const char *name = members[i].name;
		bool mapped = strcmp(name, "policy") == 0 || strcmp(name, "rootOfTrust") == 0;
		put_indent(out, 1);
		put_string(out, name);
		prism_buf_puts(out, ": ");
		if (strcmp(name, "pcr_values") == 0)
			put_pcr_values(out, members[i].item);
		else
			put_value(out, members[i].item, name, mapped ? NAMES_CAMEL : NAMES_AS_THEY_ARE, 1);
		if (i + 1 < kept)
			prism_buf_putc(out, ',');
	}
	prism_buf_puts(out, "\n}");
	members_free(members, kept);
}
