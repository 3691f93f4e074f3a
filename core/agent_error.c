/*
 * Owns: what an agent's refusals mean.  Nearly every one of them carries the same status code, so
 * the text decides: exact match first, prefix second, unknown text as it came (reference agent.md
 * sections 6 and 11).
 *
 * Rows are ordered by subject; an exact row is looked for in the whole table before any prefix.
 */
#include "core/agent.h"
#include "net/grpc.h"
#include "net/stream_tcp.h"

#include "base/mem.h"

#include <string.h>

struct row {
	const char *text;
	bool prefix;
	enum core_agent_refusal refusal;
	enum prism_error_category category;
	const char *message; /* NULL: the agent's own text is readable enough */
	const char *hint;
};

#define RUN_FAILED(text, hint)                                              \
	{                                                                       \
		text, true, CORE_AGENT_RUN_FAILED, PRISM_ERROR_CONFLICT, NULL, hint \
	}
#define RUN_FAILED_WORDS "the run failed: "
#define LOGS_HINT "the run's logs show what the algorithm said; correct it and run again"
#define EVIDENCE_HINT "the machine may be no TEE of this kind, or its attestation service is down"

static const struct row rows[] = {
    {"signature verification failed", false, CORE_AGENT_BAD_SIGNATURE, PRISM_ERROR_DENIED,
     "the agent does not accept this key",
     "sign with the key whose public half was registered for this role before the run started; a "
     "key "
     "registered later counts from the next run on"},
    {"rpc error: code = Unauthenticated desc = invalid metadata : invalid metadata", false,
     CORE_AGENT_BAD_SIGNATURE, PRISM_ERROR_DENIED, "the agent found no signature in the request",
     "something in between may drop headers; connect to the agent directly"},
    {"agent not expecting this operation in the current state", false, CORE_AGENT_WRONG_STATE,
     PRISM_ERROR_CONFLICT, "the agent is not at this step",
     "the algorithm comes first, then each dataset, then the run; the timeline shows where it is"},
    {"all expected manifest Items have been received", false, CORE_AGENT_WRONG_STATE,
     PRISM_ERROR_CONFLICT, "the agent has received everything already", "nothing is left to send"},
    {"computation results are not yet ready", false, CORE_AGENT_NOT_READY, PRISM_ERROR_CONFLICT,
     "the results are not ready yet", "wait until the timeline shows them ready"},
    {"malformed data, hash does not match manifest", false, CORE_AGENT_BAD_HASH, PRISM_ERROR_TRUST,
     "the file is not the one the manifest names: its SHA3-256 differs",
     "send the very file, or zip, whose checksum the asset carries; or update the asset and run "
     "again"},
    {"dataset not declared in computation manifest", false, CORE_AGENT_NOT_DECLARED,
     PRISM_ERROR_CONFLICT, "the agent does not expect this dataset",
     "its file name or its contents differ from the asset's: newer agents go by the name, older "
     "ones "
     "by the SHA3-256"},
    {"algorithm not declared in computation manifest", false, CORE_AGENT_NOT_DECLARED,
     PRISM_ERROR_CONFLICT, "the manifest names no algorithm",
     "link an algorithm to the computation and run again"},
    {"malformed data, filename does not match manifest", false, CORE_AGENT_NOT_DECLARED,
     PRISM_ERROR_CONFLICT, "the file name is not the one the manifest names",
     "send it under the asset's file name"},
    {"algorithm binary is required", false, CORE_AGENT_OTHER, PRISM_ERROR_INVALID,
     "the agent received an empty algorithm", "choose a file that is not empty"},
    {"dataset is required", false, CORE_AGENT_OTHER, PRISM_ERROR_INVALID,
     "the agent received an empty dataset", "choose a file that is not empty"},
    {"result consumer is undeclared in computation manifest", false, CORE_AGENT_BAD_SIGNATURE,
     PRISM_ERROR_DENIED, "this key belongs to no result consumer of the run",
     "register the public key as a result consumer and run again"},
    {"error decompressing dataset: ", true, CORE_AGENT_OTHER, PRISM_ERROR_INVALID,
     "the agent cannot unpack the dataset",
     "send a zip, or leave decompress off; the agent will not take this dataset a second time, so "
     "stop "
     "the computation and run it again"},
    {"error creating dataset file: ", true, CORE_AGENT_OTHER, PRISM_ERROR_IO,
     "the agent cannot store the dataset",
     "the CVM's disk may be full; stop and run on another CVM"},
    {"error creating datasets directory: ", true, CORE_AGENT_OTHER, PRISM_ERROR_IO,
     "the agent cannot store the dataset",
     "the CVM's disk may be full; stop and run on another CVM"},
    RUN_FAILED(
        "error starting algorithm: ",
        "the file may not be an executable for the CVM's processor, or its type is wrong: a Python "
        "file needs the type python"),
    RUN_FAILED("algorithm execution error: ", LOGS_HINT),
    RUN_FAILED("error creating virtual environment: ",
               "the CVM's Python could not be prepared; try another CVM"),
    RUN_FAILED("error updating pip", "the CVM has no way to the package index"),
    RUN_FAILED("error installing requirements: ",
               "check the requirements file; the CVM also needs a way to the package index"),
    RUN_FAILED("error creating results directory: ",
               "the CVM's disk may be full; run on another CVM"),
    RUN_FAILED("computation already running", "wait for it, or stop it"),
    RUN_FAILED("unsupported algorithm type: ", "choose bin, python, wasm or docker and run again"),
    RUN_FAILED("failed to download and decrypt algorithm: ",
               "check the algorithm's remote source and its key broker"),
    RUN_FAILED("algorithm hash mismatch: ",
               "the remote source does not hold the file the asset names"),
    RUN_FAILED("could not ",
               "the container image could not be used; it must be a saved image (docker save)"),
    {"invalid attestation type", false, CORE_AGENT_OTHER, PRISM_ERROR_INVALID,
     "this agent does not know that kind of evidence", "choose another kind"},
    {"malformed report data, expect less or equal to 64 bytes", false, CORE_AGENT_OTHER,
     PRISM_ERROR_INVALID, "the TEE nonce is too long", "at most 64 bytes"},
    {"malformed vTPM nonce, expect less or equal to 32 bytes", false, CORE_AGENT_OTHER,
     PRISM_ERROR_INVALID, "the nonce is too long", "at most 32 bytes"},
    {"failed to get raw quote : rpc error: code = Unknown desc = EmptyProvider should not be used",
     true, CORE_AGENT_OTHER, PRISM_ERROR_CONFLICT,
     "the CVM is not a TEE: it has no evidence to give",
     "run on a machine with SEV-SNP or TDX when evidence matters"},
    {"failed to get raw quote : ", true, CORE_AGENT_OTHER, PRISM_ERROR_CONFLICT,
     "the CVM cannot give this evidence", EVIDENCE_HINT},
    {"failed to get vTPM quote : ", true, CORE_AGENT_OTHER, PRISM_ERROR_CONFLICT,
     "the CVM cannot give this evidence", EVIDENCE_HINT},
    {"attestation type does not exist or is not supported", false, CORE_AGENT_OTHER,
     PRISM_ERROR_CONFLICT, "the CVM cannot give this evidence", EVIDENCE_HINT},
    {"error reading Linux IMA measurements file: ", true, CORE_AGENT_OTHER, PRISM_ERROR_CONFLICT,
     "the CVM keeps no IMA log", "its kernel measures nothing; another image may"},
    {"error reading TPM PCR #10: ", true, CORE_AGENT_OTHER, PRISM_ERROR_CONFLICT,
     "the CVM has no TPM to read", "its image has no virtual TPM"},
    {"grpc: received message larger than max", true, CORE_AGENT_RUN_FAILED, PRISM_ERROR_LIMIT,
     "the agent cannot hand an algorithm of this size to its runner",
     "agents from v0.9.0 to v0.10.2 run algorithms up to about 4 MiB only; make it smaller, or ask "
     "for a "
     "newer agent"},
    {"rpc error: code = ResourceExhausted desc = grpc: received message larger than max", true,
     CORE_AGENT_OTHER, PRISM_ERROR_LIMIT, "the agent refused a message as too large",
     "this agent takes smaller messages than the interface says"},
};

static const struct row *row_for(const char *text)
{
	for (size_t i = 0; i < PRISM_COUNT(rows); i++)
		if (!rows[i].prefix && !strcmp(text, rows[i].text))
			return &rows[i];
	for (size_t i = 0; i < PRISM_COUNT(rows); i++)
		if (rows[i].prefix && !strncmp(text, rows[i].text, strlen(rows[i].text)))
			return &rows[i];
	return NULL;
}

#define PROXY_ALONE "HTTP status 50" /* 502, 503, 504 */

static bool begins(const char *text, const char *words)
{
	return !strncmp(text, words, strlen(words));
}

/* A refused certificate is status UNAVAILABLE as well, and no reason to knock again. */
static bool nobody_there(const struct prism_error *err)
{
	if (err->status != NET_GRPC_UNAVAILABLE || err->category != PRISM_ERROR_IO)
		return false;
	if (begins(err->message, NET_TCP_CONNECT_WORDS) || begins(err->message, PROXY_ALONE))
		return true;
	for (unsigned i = 0; i < err->causes; i++)
		if (begins(err->cause[i], NET_TCP_CONNECT_WORDS) || begins(err->cause[i], PROXY_ALONE))
			return true;
	return false;
}

static enum core_agent_refusal explain_by_status(struct prism_error *err)
{
	switch (err->status) {
	case NET_GRPC_UNIMPLEMENTED:
		(void)prism_error_wrap(err, "the server on this address is not a computation agent");
		prism_error_hint(err, "check host and port: the agent usually listens on 7002, or on a "
		                      "forwarded port from 6100 on");
		return CORE_AGENT_OTHER;
	case NET_GRPC_UNAVAILABLE:
		/* agents from v0.9 on stand behind a proxy, which answers before they do */
		if (begins(err->message, PROXY_ALONE))
			(void)prism_error_wrap(err, "the agent's proxy answers, the agent behind it does not");
		if (!err->hint[0])
			prism_error_hint(
			    err, "the agent listens only while a run waits for it: check that the run has "
			         "started, the address, and that nothing in between blocks the port");
		return nobody_there(err) ? CORE_AGENT_NOT_LISTENING : CORE_AGENT_UNAVAILABLE;
	default:
		if (!err->hint[0])
			prism_error_hint(err, "the run's logs and timeline may tell more");
		return CORE_AGENT_OTHER;
	}
}

enum core_agent_refusal core_agent_explain(struct prism_error *err)
{
	const struct row *row;

	if (err->category == PRISM_ERROR_NONE || err->category == PRISM_ERROR_CANCELLED ||
	    err->status <= 0)
		return CORE_AGENT_OTHER;
	row = row_for(err->message);
	if (!row)
		return explain_by_status(err);
	if (row->message) {
		(void)prism_error_wrap(err, "%s", row->message);
	} else { /* the agent's text is the message; as a cause it would only be said twice */
		char text[PRISM_ERROR_TEXT];

		(void)snprintf(text, sizeof(text), RUN_FAILED_WORDS "%.*s",
		               (int)(sizeof(text) - sizeof(RUN_FAILED_WORDS)), err->message);
		memcpy(err->message, text, sizeof(text));
	}
	err->category = row->category;
	prism_error_hint(err, "%s", row->hint);
	return row->refusal;
}

enum core_agent_refusal core_agent_refusal(const struct prism_error *err)
{
	size_t words = sizeof(RUN_FAILED_WORDS) - 1;
	const struct row *row =
	    row_for(err->message + (strncmp(err->message, RUN_FAILED_WORDS, words) ? 0 : words));

	for (unsigned i = 0; !row && i < err->causes; i++)
		row = row_for(err->cause[i]);
	if (row)
		return row->refusal;
	if (nobody_there(err))
		return CORE_AGENT_NOT_LISTENING;
	return err->status == NET_GRPC_UNAVAILABLE ? CORE_AGENT_UNAVAILABLE : CORE_AGENT_OTHER;
}
