/*
 * core/tlsmode.c: derivation of a mode from what is stored, writing one, the panel's badges, and
 * the environment snippet, golden per mode (reference 5.2 to 5.5).
 */
#include "core/tlsmode.h"

#include "core/validate.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static cJSON *config_of(const char *cert, const char *key, const char *server, const char *client,
                        bool attested)
{
	cJSON *doc = cJSON_CreateObject();
	cJSON_AddStringToObject(doc, "cert_file", cert);
	cJSON_AddStringToObject(doc, "server_key", key);
	cJSON_AddStringToObject(doc, "server_ca_file", server);
	cJSON_AddStringToObject(doc, "client_ca_file", client);
	cJSON_AddBoolToObject(doc, "attested_tls", attested);
	return doc;
}

static void test_derivation(void **state)
{
	static const struct {
		const char *cert, *key, *server, *client;
		bool attested;
		enum core_tls_mode want;
		bool note;
	} rows[] = {
	    {"", "", "", "", false, CORE_TLS_NONE, false},
	    {"C", "K", "", "", false, CORE_TLS_TLS, false},
	    {"", "K", "", "", false, CORE_TLS_TLS, false},
	    {"C", "K", "S", "A", false, CORE_TLS_MTLS, false},
	    {"C", "", "", "A", false, CORE_TLS_MTLS, false},
	    {"C", "K", "S", "", false, CORE_TLS_MTLS, false},
	    {"", "", "S", "", false, CORE_TLS_NONE, true}, /* a lone CA */
	    {"", "", "", "A", false, CORE_TLS_NONE, true},
	    {"", "", "", "", true, CORE_TLS_ATLS, false},
	    {"C", "K", "", "", true, CORE_TLS_ATLS, true}, /* ignored files */
	    {"", "", "", "A", true, CORE_TLS_MATLS, false},
	    {"C", "K", "S", "A", true, CORE_TLS_MATLS, false},
	};
	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		struct core_agent_config config;
		PRISM_AUTO_JSON cJSON *doc =
		    config_of(rows[i].cert, rows[i].key, rows[i].server, rows[i].client, rows[i].attested);
		core_agent_config_decode(&config, doc);
		assert_true(config.present);
		assert_int_equal(core_tls_mode_of(&config), rows[i].want);
		assert_int_equal(*core_tls_mode_note(&config) != '\0', rows[i].note);
	}
}

static void test_wrong_types_read_as_nothing(void **state)
{
	struct core_agent_config config;
	PRISM_AUTO_JSON cJSON *doc =
	    cJSON_Parse("{\"cert_file\":5,\"server_key\":null,\"attested_tls\":\"x\"}");
	core_agent_config_decode(&config, doc);
	assert_int_equal(core_tls_mode_of(&config), CORE_TLS_NONE);
	core_agent_config_decode(&config, NULL);
	assert_false(config.present);
	assert_string_equal(config.file[CORE_TLS_FILE_KEY], "");
}

static void test_writing_each_mode(void **state)
{
	static const char *const files[CORE_TLS_FILE_COUNT] = {"C", "K", "S", "A"};
	for (int mode = 0; mode < CORE_TLS_COUNT; mode++) {
		PRISM_AUTO_JSON cJSON *doc = config_of("old", "old", "old", "old", mode % 2);
		cJSON_AddStringToObject(doc, "future", "kept");
		core_tls_mode_apply(doc, (enum core_tls_mode)mode, files);
		struct core_agent_config config;
		core_agent_config_decode(&config, doc);
		assert_int_equal(core_tls_mode_of(&config), mode);
		assert_string_equal(prism_json_str(doc, "future", ""), "kept");
		const struct core_tls_mode_info *info = core_tls_mode_info((enum core_tls_mode)mode);
		for (unsigned f = 0; f < CORE_TLS_FILE_COUNT; f++)
			if (!((info->required | info->optional) & (1u << f)))
				assert_string_equal(config.file[f], "");
	}
}

static void test_files_not_given_are_kept(void **state)
{
	static const char *const files[CORE_TLS_FILE_COUNT] = {NULL, "new\r\nkey\r\n\r\n", NULL, NULL};
	PRISM_AUTO_JSON cJSON *doc = config_of("cert", "key", "", "", false);
	core_tls_mode_apply(doc, CORE_TLS_TLS, files);
	assert_string_equal(prism_json_str(doc, "cert_file", ""), "cert");
	assert_string_equal(prism_json_str(doc, "server_key", ""),
	                    "new\nkey\n"); /* LF, one at the end */
}

static void test_values(void **state)
{
	assert_int_equal(core_tls_value_kind(""), CORE_TLS_VALUE_EMPTY);
	assert_int_equal(core_tls_value_kind(NULL), CORE_TLS_VALUE_EMPTY);
	assert_int_equal(core_tls_value_kind("-----BEGIN CERTIFICATE-----\n"), CORE_TLS_VALUE_PEM);
	assert_int_equal(core_tls_value_kind("LS0tLS1CRUdJTiBYLS0tLS0="), CORE_TLS_VALUE_PEM_BASE64);
	assert_int_equal(core_tls_value_kind("MIIB"), CORE_TLS_VALUE_DER_BASE64);
	assert_int_equal(core_tls_value_kind("/etc/cocos/cert.pem"), CORE_TLS_VALUE_PATH);
	assert_int_equal(core_tls_value_kind("cert.pem"), CORE_TLS_VALUE_PATH);
}

static void test_badges(void **state)
{
	struct core_agent_config config;
	PRISM_AUTO_JSON cJSON *doc = config_of("C", "", "", "", false);
	core_agent_config_decode(&config, doc);
	assert_string_equal(core_tls_file_badge(&config, CORE_TLS_FILE_CERT), "Uploaded");
	assert_string_equal(core_tls_file_badge(&config, CORE_TLS_FILE_KEY), "Missing");
	assert_string_equal(core_tls_file_badge(&config, CORE_TLS_FILE_SERVER_CA), "Not Required");
	PRISM_AUTO_JSON cJSON *attested = config_of("", "", "", "A", true);
	core_agent_config_decode(&config, attested);
	assert_string_equal(core_tls_file_badge(&config, CORE_TLS_FILE_CLIENT_CA), "Uploaded");
	assert_string_equal(core_tls_file_badge(&config, CORE_TLS_FILE_KEY), "Not Required");
}

static void test_words(void **state)
{
	enum core_tls_mode mode;
	for (int i = 0; i < CORE_TLS_COUNT; i++) {
		assert_int_equal(
		    core_tls_mode_parse(core_tls_mode_info((enum core_tls_mode)i)->word, &mode, NULL), 0);
		assert_int_equal(mode, i);
	}
	assert_int_equal(core_tls_mode_parse("ssl", &mode, NULL), -1);
}

static void test_environment_per_mode(void **state)
{
	static const char *const golden[CORE_TLS_COUNT] = {
	    [CORE_TLS_NONE] = "export AGENT_GRPC_URL=h:7002\n",
	    [CORE_TLS_TLS] = "export AGENT_GRPC_URL=h:7002\n"
	                     "export AGENT_GRPC_SERVER_CA_CERTS=<path_to_ca_cert>\n",
	    [CORE_TLS_MTLS] = "export AGENT_GRPC_URL=h:7002\n"
	                      "export AGENT_GRPC_CLIENT_CERT='my cert.pem'\n"
	                      "export AGENT_GRPC_CLIENT_KEY='it'\\''s $HOME'\n"
	                      "export AGENT_GRPC_SERVER_CA_CERTS=<path_to_ca_cert>\n",
	    [CORE_TLS_ATLS] = "export AGENT_GRPC_URL=h:7002\n"
	                      "export AGENT_GRPC_ATTESTED_TLS=true\n"
	                      "export AGENT_GRPC_ATTESTATION_POLICY=/p.json\n",
	    [CORE_TLS_MATLS] = "export AGENT_GRPC_URL=h:7002\n"
	                       "export AGENT_GRPC_CLIENT_CERT='my cert.pem'\n"
	                       "export AGENT_GRPC_CLIENT_KEY='it'\\''s $HOME'\n"
	                       "export AGENT_GRPC_SERVER_CA_CERTS=<path_to_ca_cert>\n"
	                       "export AGENT_GRPC_ATTESTED_TLS=true\n"
	                       "export AGENT_GRPC_ATTESTATION_POLICY=/p.json\n",
	};
	struct core_tls_env_values values = {.agent_url = "h:7002",
	                                     .client_cert = "my cert.pem",
	                                     .client_key = "it's $HOME",
	                                     .policy = "/p.json"};
	for (int mode = 0; mode < CORE_TLS_COUNT; mode++) {
		PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(4096);
		core_tls_env_snippet((enum core_tls_mode)mode, &values, &out);
		assert_string_equal(prism_buf_text(&out), golden[mode]);
	}
}

/* The levels that have advice are those a draft may hold. */
static void test_log_levels_have_advice(void **state)
{
	static const char *const words[] = {"debug", "info", "warn", "error"};

	for (size_t i = 0; i < PRISM_COUNT(words); i++) {
		const struct core_log_level_info *info = core_log_level_info(words[i]);
		assert_non_null(info);
		assert_string_not_equal(info->advice, "");
		assert_int_equal(core_validate(CORE_FIELD_LOG_LEVEL, words[i], NULL), 0);
	}
	assert_non_null(core_log_level_info(""));
	assert_null(core_log_level_info("trace"));
	assert_int_equal(core_validate(CORE_FIELD_LOG_LEVEL, "trace", NULL), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_log_levels_have_advice),
	    cmocka_unit_test(test_derivation),
	    cmocka_unit_test(test_wrong_types_read_as_nothing),
	    cmocka_unit_test(test_writing_each_mode),
	    cmocka_unit_test(test_files_not_given_are_kept),
	    cmocka_unit_test(test_values),
	    cmocka_unit_test(test_badges),
	    cmocka_unit_test(test_words),
	    cmocka_unit_test(test_environment_per_mode),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
