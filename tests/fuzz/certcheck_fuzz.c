/* Files of TLS modes: any bytes in any field are judged, with a line that is text, and nothing
 * hangs. */
#include "tests/fuzz/fuzz.h"

#include "base/mem.h"
#include "core/certcheck.h"
#include "core/filetell.h"

#include <assert.h>

const struct fuzz_seed fuzz_seeds[] = {
    FUZZ_TEXT("-----BEGIN CERTIFICATE-----\n"
              "MIICAzCCAbWgAwIBAgIQUaegx2xghzRJV1Z4EsMlyjAFBgMrZXAwNDEZMBcGA1UE\n"
              "CwwQZGV2ZWxvcG1lbnQgb25seTEXMBUGA1UEAwwORGV2ZWxvcG1lbnQgQ0EwHhcN\n"
              "MjYxMTIzMTYxMzAyWhcNMjcxMTIzMTcxMzAyWjA3MRkwFwYDVQQLDBBkZXZlbG9w\n"
              "bWVudCBvbmx5MRowGAYDVQQDDBFEZXZlbG9wbWVudCBhZ2VudDAqMAUGAytlcAMh\n"
              "ALYYpvRowAfZcL26KtssjWT2UIHlDm6fCT/VaSyK47Deo4HZMIHWMAwGA1UdEwEB\n"
              "/wQCMAAwDgYDVR0PAQH/BAQDAgeAMBMGA1UdJQQMMAoGCCsGAQUFBwMBMB0GA1Ud\n"
              "DgQWBBRH+YoOfrPdjdHUj9RJ5NqRjvdXoDAfBgNVHSMEGDAWgBTHx4PVywd3tDwf\n"
              "O7jagsN2210wLzAsBgNVHREEJTAjgglsb2NhbGhvc3SHBH8AAAGHEAAAAAAAAAAA\n"
              "AAAAAAAAAAEwMwYJYIZIAYb4QgENBCYWJGRldmVsb3BtZW50IG9ubHk6IG5vdCBm\n"
              "b3IgcHJvZHVjdGlvbjAFBgMrZXADQQC7MkBJ4d8NFRn7zyFLu19hZMPAYlK1MFkR\n"
              "dm9qVwRZyPNMinNPBJfyjeaxABf5oTx7vOhkZ5OvwT2PPLmD0sIJ\n"
              "-----END CERTIFICATE-----\n"),
    FUZZ_TEXT("-----BEGIN CERTIFICATE-----\n"
              "MIIBoDCCAVKgAwIBAgIQepMm3v9p4F4c2rWjO873/TAFBgMrZXAwNDEZMBcGA1UE\n"
              "CwwQZGV2ZWxvcG1lbnQgb25seTEXMBUGA1UEAwwORGV2ZWxvcG1lbnQgQ0EwHhcN\n"
              "MjYxMTIzMTYxMzAyWhcNMjcxMTIzMTcxMzAyWjA0MRkwFwYDVQQLDBBkZXZlbG9w\n"
              "bWVudCBvbmx5MRcwFQYDVQQDDA5EZXZlbG9wbWVudCBDQTAqMAUGAytlcAMhAMgB\n"
              "QyhN63q1s38ib/JqavA5cvZSO8lPksZv8aawCvsoo3oweDASBgNVHRMBAf8ECDAG\n"
              "AQH/AgEAMA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQUx8eD1csHd7Q8Hzu42oLD\n"
              "dttdMC8wMwYJYIZIAYb4QgENBCYWJGRldmVsb3BtZW50IG9ubHk6IG5vdCBmb3Ig\n"
              "cHJvZHVjdGlvbjAFBgMrZXADQQBZW5I06wlElMSNi7kuqSkO3EUkRaK18W85e0so\n"
              "TDt3slvPL0bAKZnr9C42PZxK1d5kEgPHEtJ+/96xgKbmx94G\n"
              "-----END CERTIFICATE-----\n"),
    FUZZ_TEXT("# comment\n-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMHcC\n"
              "-----END EC PRIVATE KEY-----\n"),
    FUZZ_TEXT("\x30\x82\x01\x00\x02\x01\x03\x30\x00"),
    FUZZ_TEXT("/etc/agent/cert.pem"),
};
const size_t fuzz_seed_count = PRISM_COUNT(fuzz_seeds);
const char *const fuzz_words[] = {"-----BEGIN ",        "-----END ", "CERTIFICATE-----\n",
                                  "PRIVATE KEY-----\n", "\r\n",      "\xff\xfe",
                                  "\xef\xbb\xbf",       NULL};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int mode = CORE_TLS_TLS; mode <= CORE_TLS_MTLS; mode++) {
		struct core_certcheck *check =
		    core_certcheck_create((enum core_tls_mode)mode, 1763993600000000, "localhost:7002");

		for (unsigned i = 0; i < CORE_CERTCHECK_SLOT_COUNT; i++)
			core_certcheck_text(check, i, (const char *)data, size);
		core_certcheck_run(check);
		for (size_t i = 0; i < core_certcheck_count(check); i++) {
			const struct core_certcheck_line *line = core_certcheck_line(check, i);
			assert(*line->id && *line->line && *line->found);
			assert(line->result < CORE_CERTCHECK_WARN || (*line->why && *line->remedy));
		}
		core_certcheck_destroy(check);
	}
	prism_free(core_filetell((const char *)data, size, 1763993600000000));
	return 0;
}
