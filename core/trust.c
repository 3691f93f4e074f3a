/*
 * Pinned roots and the certificate cache: see trust.h.
 */
#include "core/trust.h"

#include "base/mem.h"
#include "base/text.h"

#include <string.h>

#define CACHE_MAX 64u /* three product lines have nine certificates; stops an endless bundle */
#define TEST_PINS_MAX 16u

static const struct {
	enum core_pin_kind kind;
	enum core_snp_product product;
	const char *name, *fingerprint;
} built_in[] = {
    {CORE_PIN_ARK, CORE_SNP_MILAN, "ARK-Milan",
     "69d063b45344d26a2e94e1f4210de49ef555308287d4c174445c95639a540bcd"},
    {CORE_PIN_ASK, CORE_SNP_MILAN, "SEV-Milan",
     "67d303bd3905fd38db8b20e0793699870e7fa612eaad5dec358293fd8c0bac1b"},
    {CORE_PIN_ASVK, CORE_SNP_MILAN, "SEV-VLEK-Milan",
     "c5e081f59b7efab1fe2f8b505e159704e72f29cab7ef7cf628a05a42439082f5"},
    {CORE_PIN_ARK, CORE_SNP_GENOA, "ARK-Genoa",
     "4c6598d19c18719c5dfd4a7d335f674e5bfe1d8f800cea2cf270c10d103db2f1"},
    {CORE_PIN_ASK, CORE_SNP_GENOA, "SEV-Genoa",
     "5464738c1546aed5f2cecf1dc98c5c960a92e8913238a61711bc90ec6e828521"},
    {CORE_PIN_ASVK, CORE_SNP_GENOA, "SEV-VLEK-Genoa",
     "197e610743a917d6b9bb982a5a9226ccc0a15b611be0619e626aca9151457372"},
    {CORE_PIN_ARK, CORE_SNP_TURIN, "ARK-Turin",
     "1f084161a44bb6d93778a904877d4819cafa5d05ef4193b2ded9dd9c73dd3f6a"},
    {CORE_PIN_ASK, CORE_SNP_TURIN, "SEV-Turin",
     "5b77ef5fe7a7a004fd9032668fba9d0fda22f88c4442069a479636a6ae3b3185"},
    {CORE_PIN_ASVK, CORE_SNP_TURIN, "SEV-VLEK-Turin",
     "104e10a8bd060a3c20a434261a57d0588fd65a88915b4f65b08bdecaf8df1a3c"},
    {CORE_PIN_INTEL, CORE_SNP_UNKNOWN, "Intel SGX Root CA",
     "44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3"},
};

struct core_trust {
	struct core_pin pins[PRISM_COUNT(built_in) + TEST_PINS_MAX];
	size_t pin_count;
	struct net_cert *certificates[CACHE_MAX]; /* owned */
	size_t certificate_count;
	struct {
		uint8_t *der;
		size_t size;
	} crl[CORE_SNP_PRODUCT_COUNT];
};

struct core_trust *core_trust_create(void)
{
	struct core_trust *trust = prism_alloc(sizeof(*trust));

	for (size_t i = 0; i < PRISM_COUNT(built_in); i++) {
		struct core_pin *pin = &trust->pins[trust->pin_count++];
		size_t size;
		pin->kind = built_in[i].kind;
		pin->product = built_in[i].product;
		pin->name = built_in[i].name;
		if (prism_hex_decode(built_in[i].fingerprint, 2 * NET_FINGERPRINT, pin->fingerprint,
		                     NET_FINGERPRINT, &size, NULL) < 0)
			abort(); /* the table above is wrong */
	}
	return trust;
}

void core_trust_destroy(struct core_trust *trust)
{
	if (!trust)
		return;
	for (size_t i = 0; i < trust->certificate_count; i++)
		net_cert_destroy(trust->certificates[i]);
	for (size_t i = 0; i < CORE_SNP_PRODUCT_COUNT; i++)
		prism_free(trust->crl[i].der);
	prism_free(trust);
}

int core_trust_add_certificates(struct core_trust *trust, const char *pem, size_t size,
                                struct prism_error *err)
{
	size_t count = 0;

	if (net_cert_list_from_pem(pem, size, trust->certificates + trust->certificate_count,
	                           CACHE_MAX - trust->certificate_count, &count, err) < 0)
		return -1;
	trust->certificate_count += count;
	return 0;
}

int core_trust_add_test_root(struct core_trust *trust, enum core_pin_kind kind,
                             enum core_snp_product product, const char *pem, size_t size,
                             struct prism_error *err)
{
	size_t at = trust->certificate_count;

	if (trust->pin_count == PRISM_COUNT(trust->pins))
		return prism_error_raise(err, PRISM_ERROR_LIMIT, "more than %u test roots", TEST_PINS_MAX);
	if (core_trust_add_certificates(trust, pem, size, err) < 0)
		return -1;
	struct core_pin *pin = &trust->pins[trust->pin_count++];
	*pin = (struct core_pin){.kind = kind, .product = product, .name = "test root", .test = true};
	net_cert_fingerprint(trust->certificates[at], pin->fingerprint);
	return 0;
}

void core_trust_set_crl(struct core_trust *trust, enum core_snp_product product, const void *der,
                        size_t size)
{
	prism_free(trust->crl[product].der);
	trust->crl[product].der = prism_memdup(der, size);
	trust->crl[product].size = size;
}

bool core_trust_crl(const struct core_trust *trust, enum core_snp_product product,
                    const uint8_t **ret_der, size_t *ret_size)
{
	if (!trust->crl[product].der)
		return false;
	*ret_der = trust->crl[product].der;
	*ret_size = trust->crl[product].size;
	return true;
}

const struct core_pin *core_trust_pin(const struct core_trust *trust, const struct net_cert *cert)
{
	uint8_t fingerprint[NET_FINGERPRINT];

	net_cert_fingerprint(cert, fingerprint);
	for (size_t i = 0; i < trust->pin_count; i++)
		if (memcmp(trust->pins[i].fingerprint, fingerprint, NET_FINGERPRINT) == 0)
			return &trust->pins[i];
	return NULL;
}

const struct net_cert *const *core_trust_certificates(const struct core_trust *trust,
                                                      size_t *ret_count)
{
	*ret_count = trust->certificate_count;
	return (const struct net_cert *const *)trust->certificates;
}
