/*
 * net/ea.c and core/cmw.c: the published exchanges of attested TLS generation 2, whole and damaged
 * in every byte; the binding values of both generations.
 */
#include "base/mem.h"
#include "base/text.h"
#include "core/cmw.h"
#include "net/ea.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Reference attested-tls.md 3.16: two captured exchanges, one per hash. */
static const struct vector {
	enum net_digest_kind hash;
	const char *request, *handshake_context, *finished_key, *exported, *key_hash, *binder,
	    *report_data, *nonce, *authenticator;
} vectors[] = {
    {NET_SHA256,
     "1100002f20c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5000c000d000400"
     "020403ff000000",
     "783aefcaaa487bb814a6b1b2eb243f9682a81deee14dea9b31c096f981a94a03",
     "1037f091102ccb4733d96a2ea2361d586a2c5b9d8f507d22303e651ceec13c4a",
     "036f7c3a27851cfbfcbdc30992a688c8c466098622a5e11e263fba9178aa8339",
     "e41bdbe75cf781e9c06952120fde02372a139e4baa029c56ad0432380121a665",
     "a1e2becbd874301e6a421fe42f5de1c96fb32e0e422ec5dae6019936ba272ca8",
     "82071027bf270d64b21137cf09e13d842499263064839feadda777f37515d3c8053d49d23d156c0c9b99b502"
     "98c5ffe68094c156b396cd14d3e8091624cf0032",
     "e014e9207ae8d486698e43ae7dad972699df5109009bda22ace541aba9ad1914",
     "0b0002cb20c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c50002a70001a930"
     "8201a53082014aa003020102020101300a06082a8648ce3d040302303531143012060355040a130b556c7472"
     "6176696f6c6574311d301b06035504031314636f636f732d61746c732d657068656d6572616c301e170d3236"
     "313132333036313932335a170d3236313132343037313932335a303531143012060355040a130b556c747261"
     "76696f6c6574311d301b06035504031314636f636f732d61746c732d657068656d6572616c3059301306072a"
     "8648ce3d020106082a8648ce3d03010703420004c9c60e5700ad6c38a66a054238466f7b71fad40dca45a2e6"
     "35573cb20f3618989a78bef917820eccf3e3f9ac11930b09b0f253b324561795e1cb94f358fa719da34b3049"
     "300e0603551d0f0101ff0404030205a030130603551d25040c300a06082b06010505070301300c0603551d13"
     "0101ff0402300030140603551d11040d300b82096c6f63616c686f7374300a06082a8648ce3d040302034900"
     "3046022100b13615b7f86615f53d8d390c72ea09cb38b4447ae1838e4a39812199b38e067d022100cac5aa99"
     "11bb958ceb06a3e082a9e3f2651c12786ecf0b03c891fb615dfcbaa200f9ff0000f500f37b2276657273696f"
     "6e223a312c226d656469615f74797065223a226170706c69636174696f6e2f6561742b637774222c22657669"
     "64656e6365223a225a48567462586b745a585a705a4756755932553d222c2262696e646572223a7b22657870"
     "6f727465725f6c6162656c223a224174746573746174696f6e222c2261696b5f7075625f68617368223a2235"
     "42766235317a3367656e4161564953443934434e796f546e6b757141707857725151794f414568706d553d22"
     "2c2262696e64696e67223a226f654b2b793968304d42357151682f6b4c31336879572b7a4c6735434c735861"
     "3567475a4e726f6e4c4b673d227d7d0f00004a040300463044022042049a032d6fea315a2bbae901c40cdde6"
     "4d14c89b3553fa401a71292fc6c3a602206df93289d8c3d7c9e0070e0b6a76dc572c948e1f2fc3bb786bc9c1"
     "11e6d628f7140000209a937df3acf5839e29c282a4b36523c21f2bb98b5b63f951aa624ff602e2aa41"},
    {NET_SHA384,
     "1100002f2050c74f078ff03b4f0be9682d233e58d8c56a2ea5e50eca3e00f0d1d57dd86d2a000c000d000400"
     "020403ff000000",
     "3aa834b30c5e98d1e76da7b8b6b69360c07d15e645554b7bab1505f3d0d38f1a42f2685caa7be79793c11916"
     "ac01e3ad",
     "9765735ca48684d6c638613f900cea1f3113a9af6e0bddea3950811a8a7178c573b0bca8ba27006d548246ff"
     "db6040ba",
     "39a970c430df37d037a785412d9be92b5a38550f18525652e522cf3c009f55e2",
     "fa350b2aed931012e533a4cda9c400744398ba06851427bc60e919458e68e3374b59063a55fb377614c20f0a"
     "143dd81c",
     "94d6746557ab9bf9bd9237bc02b6c7c2eec690725c3072d6ddf17aad93707ac5a42261dac73f943dcd688625"
     "c33d8367",
     "686c8e65959187c7418e3b4c6d288f0c1b8fe7568eddd2b54c2cdedd6738cedc0014469d4d1bb1b4a947bdb1"
     "d8748b2f4e9f13a08893379c8e22e27e54e2de59",
     "0d63ca5bad54894055b9f0e292a6afc4f591393267cce9518931f6b75aafbe73",
     "0b0002f32050c74f078ff03b4f0be9682d233e58d8c56a2ea5e50eca3e00f0d1d57dd86d2a0002cf0001a930"
     "8201a53082014aa003020102020101300a06082a8648ce3d040302303531143012060355040a130b556c7472"
     "6176696f6c6574311d301b06035504031314636f636f732d61746c732d657068656d6572616c301e170d3236"
     "313132333036313932335a170d3236313132343037313932335a303531143012060355040a130b556c747261"
     "76696f6c6574311d301b06035504031314636f636f732d61746c732d657068656d6572616c3059301306072a"
     "8648ce3d020106082a8648ce3d03010703420004c9c60e5700ad6c38a66a054238466f7b71fad40dca45a2e6"
     "35573cb20f3618989a78bef917820eccf3e3f9ac11930b09b0f253b324561795e1cb94f358fa719da34b3049"
     "300e0603551d0f0101ff0404030205a030130603551d25040c300a06082b06010505070301300c0603551d13"
     "0101ff0402300030140603551d11040d300b82096c6f63616c686f7374300a06082a8648ce3d040302034900"
     "3046022100b13615b7f86615f53d8d390c72ea09cb38b4447ae1838e4a39812199b38e067d022100cac5aa99"
     "11bb958ceb06a3e082a9e3f2651c12786ecf0b03c891fb615dfcbaa20121ff00011d011b7b2276657273696f"
     "6e223a312c226d656469615f74797065223a226170706c69636174696f6e2f6561742b637774222c22657669"
     "64656e6365223a225a48567462586b745a585a705a4756755932553d222c2262696e646572223a7b22657870"
     "6f727465725f6c6162656c223a224174746573746174696f6e222c2261696b5f7075625f68617368223a222b"
     "6a554c4b75325445424c6c4d36544e7163514164454f597567614646436538594f6b5a5259356f347a644c57"
     "515936566673336468544344776f5550646763222c2262696e64696e67223a226c4e5a305a5665726d2f6d39"
     "6b6a653841726248777537476b484a634d484c5733664636725a4e776573576b496d4861787a2b555063316f"
     "6869584450594e6e227d7d0f00004a0403004630440220682e35e04be1aae0fac5b6c711ec828faebff337d6"
     "18a5b9f15abf553c6ef12102200ae86d88904b24c96c3d4b68a72c8177d956f7d199ab2d5da8845d7ef0b730"
     "4f140000304f93fa02eff69d50500de043f3d0c811f17a7ca5dab60def826578165bf015d1801e478636c65b"
     "07b0fd922aa4cb1edb"},
};

struct exchange {
	uint8_t request[64], message[1024], exported[32];
	size_t request_size, size;
	struct net_ea_keys keys;
};

static size_t unhex(const char *hex, uint8_t *out, size_t cap)
{
	size_t size = 0;

	assert_int_equal(prism_hex_decode(hex, strlen(hex), out, cap, &size, NULL), 0);
	return size;
}

static void exchange_init(struct exchange *x, const struct vector *v)
{
	memset(x, 0, sizeof(*x));
	x->request_size = unhex(v->request, x->request, sizeof(x->request));
	x->size = unhex(v->authenticator, x->message, sizeof(x->message));
	unhex(v->exported, x->exported, sizeof(x->exported));
	x->keys.hash = v->hash;
	unhex(v->handshake_context, x->keys.handshake_context, NET_EA_HASH_MAX);
	unhex(v->finished_key, x->keys.finished_key, NET_EA_HASH_MAX);
}

static int verify(const struct exchange *x, struct net_ea_authenticator *ret,
                  struct prism_error *err)
{
	return net_ea_verify(x->request, x->request_size, x->message, x->size, &x->keys, ret, err);
}

static void check_hex(const uint8_t *data, size_t size, const char *expected)
{
	char hex[2 * 64 + 1];

	prism_hex_encode(data, size, hex);
	assert_string_equal(hex, expected);
}

static void test_published_exchanges(void **state)
{
	for (size_t i = 0; i < PRISM_COUNT(vectors); i++) {
		struct exchange x;
		struct net_ea_authenticator got;
		struct prism_error err = PRISM_ERROR_INIT;
		struct core_binding2 binding;
		const uint8_t *spki;
		size_t spki_size;

		exchange_init(&x, &vectors[i]);
		if (verify(&x, &got, &err) < 0)
			fail_msg("vector %zu: %s", i, err.message);
		assert_int_equal(got.chain_count, 1);
		assert_string_equal(net_cert_common_name(got.chain[0]), "cocos-atls-ephemeral");
		net_cert_spki(got.chain[0], &spki, &spki_size);
		core_binding_gen2(vectors[i].hash, spki, spki_size, x.exported, &binding);
		check_hex(binding.key_hash, binding.hash_size, vectors[i].key_hash);
		check_hex(binding.binder, binding.hash_size, vectors[i].binder);
		check_hex(binding.binding.report_data, 64, vectors[i].report_data);
		check_hex(binding.binding.nonce, 32, vectors[i].nonce);

		struct core_verdict *verdict = core_verdict_create();
		PRISM_AUTO_BUF struct prism_buf evidence = PRISM_BUF_INIT(1u << 16);
		assert_int_equal(
		    core_cmw_open(got.payload, got.payload_size, &binding, verdict, &evidence, &err), 0);
		assert_string_equal(prism_buf_text(&evidence), "dummy-evidence");
		assert_int_equal(core_verdict_find(verdict, CORE_RULE_BINDER)->result, CORE_CHECK_PASS);
		core_verdict_destroy(verdict);
		net_ea_finish(&got);
	}
}

/* One changed bit anywhere in request, message, context or keys: refused. */
static void refuse_flips(struct exchange *x, uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		struct net_ea_authenticator got;
		bytes[i] ^= 1;
		assert_int_equal(verify(x, &got, NULL), -1);
		assert_int_equal(got.chain_count, 0);
		bytes[i] ^= 1;
	}
}

static void test_every_byte_counts(void **state)
{
	for (size_t i = 0; i < PRISM_COUNT(vectors); i++) {
		struct exchange x;
		size_t hash = net_digest_size(vectors[i].hash);
		exchange_init(&x, &vectors[i]);
		refuse_flips(&x, x.message, x.size);
		refuse_flips(&x, x.request, x.request_size);
		refuse_flips(&x, x.keys.handshake_context, hash);
		refuse_flips(&x, x.keys.finished_key, hash);
	}
}

static void test_cut_anywhere(void **state)
{
	struct exchange x;
	struct net_ea_authenticator got;

	exchange_init(&x, &vectors[0]);
	size_t whole = x.size;
	for (x.size = 0; x.size < whole; x.size++)
		assert_int_equal(verify(&x, &got, NULL), -1);
	x.size = whole + 1; /* a byte behind Finished */
	assert_int_equal(verify(&x, &got, NULL), -1);
}

static void test_swapped_hash(void **state)
{
	struct exchange x;
	struct net_ea_authenticator got;

	exchange_init(&x, &vectors[0]);
	x.keys.hash = NET_SHA384;
	assert_int_equal(verify(&x, &got, NULL), -1);
}

/* RFC 9261 section 5: only a Finished, with a right MAC. It proves nothing and is refused. */
static void test_empty_authenticator(void **state)
{
	struct exchange x;
	struct net_ea_authenticator got;
	struct prism_error err = PRISM_ERROR_INIT;
	uint8_t certificate[4 + 1 + 32 + 3] = {0x0b, 0, 0, 0x24, 0x20}, transcript[32];

	exchange_init(&x, &vectors[0]);
	memcpy(certificate + 5, x.request + 5, 32);
	struct net_digest *digest = net_digest_create(NET_SHA256);
	net_digest_update(digest, x.keys.handshake_context, 32);
	net_digest_update(digest, x.request, x.request_size);
	net_digest_update(digest, certificate, sizeof(certificate));
	uint8_t full[NET_DIGEST_MAX];
	net_digest_final(digest, full);
	memcpy(transcript, full, 32);
	net_digest_destroy(digest);
	const uint8_t head[] = {20, 0, 0, 32};
	memcpy(x.message, head, 4);
	net_hmac(NET_SHA256, x.keys.finished_key, 32, transcript, 32, x.message + 4);
	x.size = 36;
	assert_int_equal(verify(&x, &got, &err), -1);
	assert_non_null(strstr(err.message, "empty authenticator"));
}

static void test_request(void **state)
{
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(256);
	uint8_t context[NET_EA_CONTEXT];
	char hex[111];

	memset(context, 0xc5, sizeof(context));
	net_ea_request(context, &out);
	assert_int_equal(out.len, 55);
	prism_hex_encode((const uint8_t *)out.data, 55, hex);
	assert_string_equal(hex,
	                    "1100003320c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5"
	                    "0010000d00080006040308040807ff000000");
}

static void test_frames(void **state)
{
	uint8_t header[NET_EA_FRAME_HEADER];
	uint32_t size = 0;

	net_ea_frame_header(NET_EA_FRAME_AUTHENTICATOR, 833, header);
	assert_int_equal(net_ea_frame_read(header, &size, NULL), 0);
	assert_int_equal(size, 833);
	static const unsigned types[] = {0, 1, 3, 255};
	for (size_t i = 0; i < PRISM_COUNT(types); i++) {
		net_ea_frame_header(types[i], 833, header);
		assert_int_equal(net_ea_frame_read(header, &size, NULL), -1);
	}
	struct prism_error err = PRISM_ERROR_INIT;
	net_ea_frame_header(NET_EA_FRAME_AUTHENTICATOR, (16u << 20) + 1, header);
	assert_int_equal(net_ea_frame_read(header, &size, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_LIMIT);
	net_ea_frame_header(NET_EA_FRAME_AUTHENTICATOR, 0, header);
	assert_int_equal(net_ea_frame_read(header, &size, NULL), -1);
}

/* ---- payload -------------------------------------------------------------------------------- */

#define BINDER(hash, value)                                                   \
	"\"binder\":{\"exporter_label\":\"Attestation\",\"aik_pub_hash\":\"" hash \
	"\",\"binding\":\"" value "\"}"
#define GOOD_HASH "5Bvb51z3genAaVISD94CNyoTnkuqApxWrQQyOAEhpmU="
#define GOOD_BINDING "oeK+y9h0MB5qQh/kL13hyW+zLg5CLsXa5gGZNronLKg="

static int open_payload(const char *json, enum core_check_result *ret_binder)
{
	struct exchange x;
	struct net_ea_authenticator got;
	struct core_binding2 binding;
	struct core_verdict *verdict = core_verdict_create();
	PRISM_AUTO_BUF struct prism_buf evidence = PRISM_BUF_INIT(1u << 16);
	const uint8_t *spki;
	size_t spki_size;

	exchange_init(&x, &vectors[0]);
	assert_int_equal(verify(&x, &got, NULL), 0);
	net_cert_spki(got.chain[0], &spki, &spki_size);
	core_binding_gen2(NET_SHA256, spki, spki_size, x.exported, &binding);
	net_ea_finish(&got);
	int rc = core_cmw_open(json, strlen(json), &binding, verdict, &evidence, NULL);
	const struct core_check *check = core_verdict_find(verdict, CORE_RULE_BINDER);
	*ret_binder = check ? check->result : CORE_CHECK_SKIPPED;
	core_verdict_destroy(verdict);
	return rc;
}

#define PAYLOAD(head, binder) "{" head "\"evidence\":\"ZQ==\"," binder "}"
#define HEAD "\"version\":1,\"media_type\":\"application/eat+cwt\","

static void test_payload_refusals(void **state)
{
	static const char *const bad[] = {
	    "",
	    "[]",
	    "[4]",
	    "{" HEAD "\"evidence\":\"ZQ==\",\"binder\":[1]}",
	    "{}",
	    "null",
	    PAYLOAD(HEAD, BINDER(GOOD_HASH, GOOD_BINDING)) "x",
	    PAYLOAD("\"version\":0,", BINDER(GOOD_HASH, GOOD_BINDING)),
	    PAYLOAD("\"version\":2,", BINDER(GOOD_HASH, GOOD_BINDING)),
	    PAYLOAD("\"version\":\"1\",", BINDER(GOOD_HASH, GOOD_BINDING)),
	    PAYLOAD("\"version\":1,\"version\":1,", BINDER(GOOD_HASH, GOOD_BINDING)),
	    PAYLOAD("\"version\":1,\"media_type\":\"text/plain\",", BINDER(GOOD_HASH, GOOD_BINDING)),
	    PAYLOAD(HEAD "\"attestation_results\":\"ZQ==\",", BINDER(GOOD_HASH, GOOD_BINDING)),
	    PAYLOAD(HEAD, "\"binder\":{\"exporter_label\":\"Attestation Binding\"}"),
	    "{" HEAD BINDER(GOOD_HASH, GOOD_BINDING) "}",
	    "{" HEAD "\"evidence\":\"Z_==\"," BINDER(GOOD_HASH, GOOD_BINDING) "}",
	    "{" HEAD "\"evidence\":\"ZQ\"," BINDER(GOOD_HASH, GOOD_BINDING) "}",
	};
	enum core_check_result binder;

	assert_int_equal(open_payload(PAYLOAD(HEAD, BINDER(GOOD_HASH, GOOD_BINDING)), &binder), 0);
	assert_int_equal(binder, CORE_CHECK_PASS);
	for (size_t i = 0; i < PRISM_COUNT(bad); i++)
		if (open_payload(bad[i], &binder) != -1)
			fail_msg("accepted: %s", bad[i]);
}

static void test_binder_of_another_connection(void **state)
{
	static const char *const bad[] = {
	    PAYLOAD(HEAD, BINDER(GOOD_BINDING, GOOD_HASH)), /* swapped */
	    PAYLOAD(HEAD, BINDER(GOOD_HASH, GOOD_HASH)),
	    PAYLOAD(HEAD, BINDER(GOOD_HASH, "ZQ==")),
	    PAYLOAD(HEAD, BINDER(GOOD_HASH, "oeK-y9h0MB5qQh_kL13hyW-zLg5CLsXa5gGZNronLKg=")),
	};

	for (size_t i = 0; i < PRISM_COUNT(bad); i++) {
		enum core_check_result binder;
		assert_int_equal(open_payload(bad[i], &binder), 0);
		assert_int_equal(binder, CORE_CHECK_FAIL);
	}
}

/* Reference attested-tls.md 2.9. */
static void test_generation_1_binding(void **state)
{
	uint8_t spki[91], nonce[64];
	struct core_binding binding;

	unhex(
	    "3059301306072a8648ce3d020106082a8648ce3d03010703420004c9c60e5700ad6c38a66a054238466f7b71f"
	    "ad40dca45a2e635573cb20f3618989a78bef917820eccf3e3f9ac11930b09b0f253b324561795e1cb94f358fa"
	    "719d",
	    spki, sizeof(spki));
	for (unsigned i = 0; i < sizeof(nonce); i++)
		nonce[i] = (uint8_t)i;
	core_binding_gen1(spki, sizeof(spki), nonce, &binding);
	check_hex(
	    binding.report_data, 64,
	    "d19d77e13c7880ec5d2e07727bfc37ec1e962a829871564e1d9af44fe56a5625ab5b2da372dbe04303c30edd"
	    "43eb12b9ec429815bcdd01bae0496906d50af2a3");
	check_hex(binding.nonce, 32,
	          "d19d77e13c7880ec5d2e07727bfc37ec1e962a829871564e1d9af44fe56a5625");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_published_exchanges),
	    cmocka_unit_test(test_every_byte_counts),
	    cmocka_unit_test(test_cut_anywhere),
	    cmocka_unit_test(test_swapped_hash),
	    cmocka_unit_test(test_empty_authenticator),
	    cmocka_unit_test(test_request),
	    cmocka_unit_test(test_frames),
	    cmocka_unit_test(test_payload_refusals),
	    cmocka_unit_test(test_binder_of_another_connection),
	    cmocka_unit_test(test_generation_1_binding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
