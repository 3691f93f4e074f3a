/*
 * core/agent_error.c: every text an agent is known to refuse with (reference agent.md section 6),
 * and texts it is not known for.
 */
#include "core/agent.h"
#include "net/grpc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct prism_error explained(int status, const char *text, enum core_agent_refusal *ret)
{
	struct prism_error err = PRISM_ERROR_INIT;

	prism_error_raise(&err, status == NET_GRPC_UNAVAILABLE ? PRISM_ERROR_IO : PRISM_ERROR_PROTOCOL,
	                  "%s", text);
	err.status = status;
	*ret = core_agent_explain(&err);
	return err;
}

static void test_known_texts(void **state)
{
	static const struct {
		const char *text;
		enum core_agent_refusal refusal;
		enum prism_error_category category;
	} known[] = {
	    {"signature verification failed", CORE_AGENT_BAD_SIGNATURE, PRISM_ERROR_DENIED},
	    {"rpc error: code = Unauthenticated desc = invalid metadata : invalid metadata",
	     CORE_AGENT_BAD_SIGNATURE, PRISM_ERROR_DENIED},
	    {"agent not expecting this operation in the current state", CORE_AGENT_WRONG_STATE,
	     PRISM_ERROR_CONFLICT},
	    {"all expected manifest Items have been received", CORE_AGENT_WRONG_STATE,
	     PRISM_ERROR_CONFLICT},
	    {"malformed data, hash does not match manifest", CORE_AGENT_BAD_HASH, PRISM_ERROR_TRUST},
	    {"dataset not declared in computation manifest", CORE_AGENT_NOT_DECLARED,
	     PRISM_ERROR_CONFLICT},
	    {"algorithm not declared in computation manifest", CORE_AGENT_NOT_DECLARED,
	     PRISM_ERROR_CONFLICT},
	    {"malformed data, filename does not match manifest", CORE_AGENT_NOT_DECLARED,
	     PRISM_ERROR_CONFLICT},
	    {"algorithm binary is required", CORE_AGENT_OTHER, PRISM_ERROR_INVALID},
	    {"dataset is required", CORE_AGENT_OTHER, PRISM_ERROR_INVALID},
	    {"error decompressing dataset: zip: not a valid zip file", CORE_AGENT_OTHER,
	     PRISM_ERROR_INVALID},
	    {"error creating dataset file: no space", CORE_AGENT_OTHER, PRISM_ERROR_IO},
	    {"computation results are not yet ready", CORE_AGENT_NOT_READY, PRISM_ERROR_CONFLICT},
	    {"algorithm execution error: exit status 1", CORE_AGENT_RUN_FAILED, PRISM_ERROR_CONFLICT},
	    {"algorithm execution error: signal: killed", CORE_AGENT_RUN_FAILED, PRISM_ERROR_CONFLICT},
	    {"error starting algorithm: fork/exec /cocos/algo: exec format error",
	     CORE_AGENT_RUN_FAILED, PRISM_ERROR_CONFLICT},
	    {"error updating pip, setuptools and wheel: exit status 1", CORE_AGENT_RUN_FAILED,
	     PRISM_ERROR_CONFLICT},
	    {"error updating pip: exit status 1", CORE_AGENT_RUN_FAILED, PRISM_ERROR_CONFLICT},
	    {"error installing requirements: exit status 1", CORE_AGENT_RUN_FAILED,
	     PRISM_ERROR_CONFLICT},
	    {"unsupported algorithm type: perl", CORE_AGENT_RUN_FAILED, PRISM_ERROR_CONFLICT},
	    {"grpc: received message larger than max (5242885 vs. 4194304)", CORE_AGENT_RUN_FAILED,
	     PRISM_ERROR_LIMIT},
	    {"rpc error: code = ResourceExhausted desc = grpc: received message larger than max (5 vs. "
	     "4)",
	     CORE_AGENT_OTHER, PRISM_ERROR_LIMIT},
	    {"failed to get raw quote : no TEE", CORE_AGENT_OTHER, PRISM_ERROR_CONFLICT},
	    {"malformed vTPM nonce, expect less or equal to 32 bytes", CORE_AGENT_OTHER,
	     PRISM_ERROR_INVALID},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		enum core_agent_refusal refusal;
		struct prism_error err = explained(NET_GRPC_UNKNOWN, known[i].text, &refusal);

		assert_int_equal(refusal, known[i].refusal);
		assert_int_equal(err.category, known[i].category);
		assert_true(err.hint[0] != 0);
		assert_int_equal(err.status, NET_GRPC_UNKNOWN);
		/* the agent's own words stay, once */
		if (err.causes)
			assert_string_equal(err.cause[0], known[i].text);
		else
			assert_non_null(strstr(err.message, known[i].text));
		assert_string_not_equal(err.message, known[i].text);
		assert_int_equal(core_agent_refusal(&err), known[i].refusal);
	}
}

/* A longer prefix stands before the shorter one it would be hidden by. */
static void test_not_a_tee(void **state)
{
	enum core_agent_refusal refusal;
	struct prism_error err = explained(NET_GRPC_UNKNOWN,
	                                   "failed to get raw quote : rpc error: code = Unknown desc = "
	                                   "EmptyProvider should not be used - "
	                                   "configure it",
	                                   &refusal);

	assert_string_equal(err.message, "the CVM is not a TEE: it has no evidence to give");
	err = explained(NET_GRPC_UNKNOWN, "failed to get raw quote : EOF", &refusal);
	assert_string_equal(err.message, "the CVM cannot give this evidence");
}

static void test_unknown_text_is_shown_as_it_came(void **state)
{
	enum core_agent_refusal refusal;
	struct prism_error err = explained(NET_GRPC_UNKNOWN, "the moon is full", &refusal);

	assert_int_equal(refusal, CORE_AGENT_OTHER);
	assert_string_equal(err.message, "the moon is full");
	assert_true(err.hint[0] != 0);
	/* exact rows match only whole */
	err = explained(NET_GRPC_UNKNOWN, "signature verification failed, and more", &refusal);
	assert_int_equal(refusal, CORE_AGENT_OTHER);
}

static void test_by_status(void **state)
{
	enum core_agent_refusal refusal;
	struct prism_error err =
	    explained(NET_GRPC_UNIMPLEMENTED, "unknown service agent.AgentService", &refusal);

	assert_non_null(strstr(err.message, "not a computation agent"));
	err = explained(NET_GRPC_UNAVAILABLE, "HTTP status 502", &refusal);
	assert_int_equal(refusal, CORE_AGENT_NOT_LISTENING);
	assert_string_equal(err.message, "the agent's proxy answers, the agent behind it does not");
	assert_string_equal(err.cause[0], "HTTP status 502");
	assert_true(err.hint[0] != 0);
	assert_int_equal(core_agent_refusal(&err), CORE_AGENT_NOT_LISTENING);
	err = explained(NET_GRPC_UNAVAILABLE, "connect to 10.0.0.1:7002: Connection refused", &refusal);
	assert_int_equal(refusal, CORE_AGENT_NOT_LISTENING);
	err = explained(NET_GRPC_UNAVAILABLE, "the peer closed the connection", &refusal);
	assert_int_equal(refusal, CORE_AGENT_UNAVAILABLE);
	prism_error_clear(&err);
	prism_error_raise(&err, PRISM_ERROR_TRUST, "TLS: server is not vouched for");
	err.status = NET_GRPC_UNAVAILABLE;
	assert_int_equal(core_agent_explain(&err), CORE_AGENT_UNAVAILABLE);
}

static void test_local_errors_are_left_alone(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;

	prism_error_raise(&err, PRISM_ERROR_CANCELLED, "cancelled");
	err.status = 1;
	assert_int_equal(core_agent_explain(&err), CORE_AGENT_OTHER);
	assert_string_equal(err.message, "cancelled");
	assert_string_equal(err.hint, "");
	prism_error_clear(&err);
	prism_error_raise(&err, PRISM_ERROR_CONFLICT, "a.csv changed after it was hashed");
	assert_int_equal(core_agent_explain(&err), CORE_AGENT_OTHER);
	assert_int_equal(err.causes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_known_texts),
	    cmocka_unit_test(test_not_a_tee),
	    cmocka_unit_test(test_unknown_text_is_shown_as_it_came),
	    cmocka_unit_test(test_by_status),
	    cmocka_unit_test(test_local_errors_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
