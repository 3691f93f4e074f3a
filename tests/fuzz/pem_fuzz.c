/* Keys as people have them: any text is a key or is refused, and a private key is never taken for
 * a public one. */
#include "tests/fuzz/fuzz.h"

#include "base/mem.h"
#include "net/crypto.h"

const struct fuzz_seed fuzz_seeds[] = {
    FUZZ_TEXT(
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
        "-----END PUBLIC KEY-----\n"),
    FUZZ_TEXT("MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="),
    /* 32 zero bytes: nobody's key */
    FUZZ_TEXT("-----BEGIN "
              "PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEI"
              "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n-----END "
              "PRIVATE KEY-----\n"),
    FUZZ_TEXT("-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n"),
};
const size_t fuzz_seed_count = PRISM_COUNT(fuzz_seeds);
const char *const fuzz_words[] = {
    "-----BEGIN ", "-----END ", "PRIVATE KEY-----", "ENCRYPTED ", "\n", "RSA ", NULL};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_key *key = net_key_read_public(text, size, &err);
	char fingerprint[64];

	if (key) {
		FUZZ_ASSERT(!net_key_is_private(key));
		FUZZ_ASSERT(net_key_fingerprint(key, fingerprint, &err) == 0);
		net_key_destroy(key);
	} else {
		FUZZ_ASSERT(err.category != PRISM_ERROR_NONE);
	}
	err = (struct prism_error)PRISM_ERROR_INIT;
	key = net_key_read_private(text, size, NULL, &err);
	FUZZ_ASSERT(key || err.category != PRISM_ERROR_NONE);
	FUZZ_ASSERT(!key || net_key_is_private(key));
	net_key_destroy(key);
	return 0;
}
