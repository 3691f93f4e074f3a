/*
 * What an attested peer of generation 2 sends after the handshake: frame header, authenticator,
 * evidence payload; and what a client sends the sandbox.  No bytes verify under keys that nobody
 * used, and no payload is bound to a connection that never was.
 */
#include "tests/fuzz/fuzz.h"

#include "base/mem.h"
#include "core/cmw.h"
#include "net/ea.h"
#include "sandbox/atls_private.h"

#include <string.h>

#define CONTEXT                                                        \
	"\xc5\xc5\xc5\xc5\xc5\xc5\xc5\xc5\xc5\xc5\xc5\xc5\xc5\xc5\xc5\xc5" \
	"\xc5\xc5\xc5\xc5\xc5\xc5\xc5\xc5\xc5\xc5\xc5\xc5\xc5\xc5\xc5\xc5"
#define VERIFY "\x0f\x00\x00\x08\x04\x03\x00\x04\x30\x02\x00\x00"
#define FINISHED "\x14\x00\x00\x20" CONTEXT /* any 32 bytes */

const struct fuzz_seed fuzz_seeds[] = {
    /* an empty authenticator, one without certificates, one with a certificate and evidence */
    FUZZ_TEXT(FINISHED),
    FUZZ_TEXT("\x0b\x00\x00\x24\x20" CONTEXT "\x00\x00\x00" VERIFY FINISHED),
    FUZZ_TEXT(
        "\x0b\x00\x00\x34\x20" CONTEXT
        "\x00\x00\x10\x00\x00\x03\x30\x01\x00\x00\x08\xff\x00\x00\x04\x00\x02{}" VERIFY FINISHED),
    /* lists where an object belongs */
    FUZZ_TEXT("[4]"),
    FUZZ_TEXT("{\"version\":1,\"evidence\":\"ZQ==\",\"binder\":[1]}"),
    /* an authenticator request; the evidence payload */
    FUZZ_TEXT("\x11\x00\x00\x2f\x20" CONTEXT
              "\x00\x0c\x00\x0d\x00\x04\x00\x02\x04\x03\xff\x00\x00\x00"),
    FUZZ_TEXT("{\"version\":1,\"media_type\":\"application/eat+cwt\",\"evidence\":\"AAAA\","
              "\"binder\":{\"exporter_label\":\"Attestation\",\"aik_pub_hash\":\"AAAA\","
              "\"binding\":\"AAAA\"}}"),
    FUZZ_TEXT("\x02\x00\x00\x00\x10" FINISHED),
};
const size_t fuzz_seed_count = PRISM_COUNT(fuzz_seeds);
const char *const fuzz_words[] = {"[1]",
                                  "\xff\x00",
                                  "\x0b\x00\x00",
                                  "\x0f\x00\x00",
                                  "\x14\x00\x00\x20",
                                  "attestation_results",
                                  "binder",
                                  "Attestation",
                                  "\x04\x03",
                                  CONTEXT,
                                  NULL};

static void try_authenticator(const uint8_t *data, size_t size)
{
	static const uint8_t context[NET_EA_CONTEXT] = {0xc5, 0xc5, 0xc5, 0xc5, 0xc5, 0xc5, 0xc5, 0xc5,
	                                                0xc5, 0xc5, 0xc5, 0xc5, 0xc5, 0xc5, 0xc5, 0xc5,
	                                                0xc5, 0xc5, 0xc5, 0xc5, 0xc5, 0xc5, 0xc5, 0xc5,
	                                                0xc5, 0xc5, 0xc5, 0xc5, 0xc5, 0xc5, 0xc5, 0xc5};
	static const struct net_ea_keys keys = {.hash = NET_SHA256, .finished_key = {1}};
	struct prism_buf request = PRISM_BUF_INIT(256);
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_ea_authenticator ea;

	net_ea_request(context, &request);
	FUZZ_ASSERT(net_ea_verify((const uint8_t *)request.data, request.len, data, size, &keys, &ea,
	                          &err) < 0);
	FUZZ_ASSERT(err.message[0] && ea.chain_count == 0);
	prism_buf_finish(&request);
}

static void try_payload(const uint8_t *data, size_t size)
{
	static const struct core_binding2 expect = {.hash_size = 32, .key_hash = {1}, .binder = {2}};
	PRISM_AUTO_BUF struct prism_buf evidence = PRISM_BUF_INIT(1u << 20);
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_verdict *verdict = core_verdict_create();

	if (core_cmw_open(data, size, &expect, verdict, &evidence, &err) < 0)
		FUZZ_ASSERT(err.message[0]);
	else
		FUZZ_ASSERT(core_verdict_find(verdict, CORE_RULE_BINDER)->result == CORE_CHECK_FAIL);
	core_verdict_destroy(verdict);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sb_atls_request request;
	uint32_t announced = 0;

	try_authenticator(data, size);
	try_payload(data, size);
	if (sb_atls_request_parse(data, size, &request, NULL) == 0)
		FUZZ_ASSERT(request.scheme_count > 0 && request.context_size <= 255);
	if (size >= NET_EA_FRAME_HEADER && net_ea_frame_read(data, &announced, NULL) == 0)
		FUZZ_ASSERT(announced > 0 && announced <= NET_EA_FRAME_MAX);
	return 0;
}
