/* What a certificate service answers: downloads, and OCSP answers.  Any bytes end in an error or in
 * files that are PEM; no bytes without the CA's signature end in a state. */
#include "tests/fuzz/fuzz.h"

#include "base/mem.h"
#include "core/cert.h"

#include <assert.h>
#include <string.h>

static const char ca_pem[] = "-----BEGIN CERTIFICATE-----\n"
                             "MIIBoDCCAVKgAwIBAgIQepMm3v9p4F4c2rWjO873/TAFBgMrZXAwNDEZMBcGA1UE\n"
                             "CwwQZGV2ZWxvcG1lbnQgb25seTEXMBUGA1UEAwwORGV2ZWxvcG1lbnQgQ0EwHhcN\n"
                             "MjYxMTIzMTYxMzAyWhcNMjcxMTIzMTcxMzAyWjA0MRkwFwYDVQQLDBBkZXZlbG9w\n"
                             "bWVudCBvbmx5MRcwFQYDVQQDDA5EZXZlbG9wbWVudCBDQTAqMAUGAytlcAMhAMgB\n"
                             "QyhN63q1s38ib/JqavA5cvZSO8lPksZv8aawCvsoo3oweDASBgNVHRMBAf8ECDAG\n"
                             "AQH/AgEAMA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQUx8eD1csHd7Q8Hzu42oLD\n"
                             "dttdMC8wMwYJYIZIAYb4QgENBCYWJGRldmVsb3BtZW50IG9ubHk6IG5vdCBmb3Ig\n"
                             "cHJvZHVjdGlvbjAFBgMrZXADQQBZW5I06wlElMSNi7kuqSkO3EUkRaK18W85e0so\n"
                             "TDt3slvPL0bAKZnr9C42PZxK1d5kEgPHEtJ+/96xgKbmx94G\n"
                             "-----END CERTIFICATE-----\n";

const struct fuzz_seed fuzz_seeds[] = {
    FUZZ_TEXT("{\"certificate\":\"LS0tLS1CRUdJTiA=\",\"private_key\":\"AA==\",\"ca\":\"-----BEGIN "
              "\"}"),
    FUZZ_TEXT("PK\x03\x04\x14\x00\x08\x00\x00\x00"
              "PK\x05\x06\x00\x00\x00\x00\x01\x00\x01\x00\x2e\x00\x00\x00\x0a\x00\x00\x00\x00\x00"),
    FUZZ_TEXT("\x30\x03\x0a\x01\x01"), /* OCSP: malformedRequest */
    /* successful, a basic answer that is cut */
    FUZZ_TEXT("\x30\x1d\x0a\x01\x00\xa0\x18\x30\x16\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x01\x04"
              "\x09\x30\x07\x30\x05\x02\x01\x01\x02\x00"),
};
const size_t fuzz_seed_count = PRISM_COUNT(fuzz_seeds);
const char *const fuzz_words[] = {"PK\x01\x02",
                                  "PK\x05\x06",
                                  "ca.pem",
                                  "-----BEGIN ",
                                  "\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x01",
                                  NULL};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct net_ocsp *ocsp;
	struct core_cert_files files;
	struct net_ocsp_answer answer;

	if (!ocsp) {
		struct net_cert *ca = net_cert_from_any(ca_pem, strlen(ca_pem), NULL);
		ocsp = net_ocsp_create(ca, "1234", NULL);
		net_cert_destroy(ca);
	}
	if (core_cert_files_read(data, size, &files, NULL) == 0)
		for (unsigned i = 0; i < CORE_CERT_FILE_COUNT; i++)
			assert(strstr(prism_buf_text(&files.pem[i]), "-----BEGIN "));
	core_cert_files_finish(&files);
	assert(net_ocsp_answer(ocsp, data, size, 1795000000000000, &answer, NULL) < 0);
	return 0;
}
