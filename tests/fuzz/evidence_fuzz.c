/*
 * core/evidence and what it reads: any bytes are evidence or are refused, and no bytes are ever
 * attested, because nothing here leads to a pinned root.
 */
#include "tests/fuzz/fuzz.h"

#include "base/clock.h"
#include "base/mem.h"
#include "core/evidence.h"
#include "core/snp.h"
#include "core/tdx.h"
#include "core/tpm.h"
#include "core/trust.h"

#define REPORT "\x03\0\0\0\0\0\0\0\0\0\x03\0\0\0\0\0" /* version 3, policy 0x30000 */
#define TDX_HEADER "\x04\0\x02\0\x81\0\0\0\0\0\0\0\x93\x9a\x72\x33\xf7\x9c\x4c\xa9\x94\x0a\x0d\xb3"

/* Filled up with zeros by the compiler: the shapes that matter are in the first bytes. */
static const char report[CORE_SNP_REPORT_SIZE] = REPORT;
static const char report_and_table[CORE_SNP_REPORT_SIZE + 96] = REPORT;
static const char quote[1500] = TDX_HEADER;

const struct fuzz_seed fuzz_seeds[] = {
    {report, sizeof(report)},
    {report_and_table, sizeof(report_and_table)},
    {quote, sizeof(quote)},
    /* vTPM container: an RSA attestation key and an empty quote */
    FUZZ_TEXT("\x0a\x1a\x00\x01\x00\x0b\x00\x05\x00\x72\x00\x00\x00\x10\x00\x14\x00\x0b\x08\x00\x00"
              "\x00\x00\x00\x00\x04\xaa\xaa\x12\x10\x0a\x04\xff\x54\x43\x47\x12\x02\x00\x14\x1a\x04"
              "\x08\x0b\x12\x00"),
    /* the same field twice: the key is empty in the end */
    FUZZ_TEXT("\x0a\x0a\x00\x01\x0b\x00\x0a\x00\x00\x00\x00\xf3\x0a\x00"),
    /* EAT: bare claims, COSE_Sign1, JWT */
    FUZZ_TEXT("\xa3\x01\x61x\x0a\x48\x31\x32\x33\x34\x35\x36\x37\x38\x6araw_report\x44\x01\x02\x03"
              "\x04"),
    FUZZ_TEXT("\xd2\x84\x43\xa1\x01\x26\xa0\x50\xa1\x6araw_report\x43\x03\x00\x00\x40"),
    FUZZ_TEXT("eyJhbGciOiJFUzI1NiJ9.eyJyYXdfcmVwb3J0IjoiQXdBQSJ9.AA"),
};
const size_t fuzz_seed_count = PRISM_COUNT(fuzz_seeds);
const char *const fuzz_words[] = {"raw_report",      "platform_type",    "\xff\x54\x43\x47\x80\x18",
                                  "Spec ID Event03", "-----BEGIN CERTI", "\xff\xff\xff\xff",
                                  "\x3a\x02",        "\xd2\x84",         NULL};

static void try_log(const uint8_t *data, size_t size)
{
	struct core_tpm_log log;
	uint8_t values[CORE_PCR_COUNT][48];
	bool seen[CORE_PCR_COUNT];

	if (core_tpm_log_parse(data, size, &log, NULL) < 0)
		return;
	for (int bank = 0; bank < CORE_PCR_BANK_COUNT; bank++)
		core_tpm_log_replay(&log, (enum core_pcr_bank)bank, values, seen);
	core_tpm_log_finish(&log);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct core_evidence_expectation expect = {.at_us = PRISM_TIME_UNSET};
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_evidence *evidence = core_evidence_parse(data, size, &err);

	try_log(data, size);
	if (!evidence) {
		FUZZ_ASSERT(err.category != PRISM_ERROR_NONE && err.message[0]);
		return 0;
	}
	struct core_trust *trust = core_trust_create();
	struct core_verdict *verdict = core_verdict_create();
	core_evidence_verify(evidence, NULL, trust, &expect, verdict);
	FUZZ_ASSERT(core_verdict_conclude(verdict) != CORE_VERDICT_ATTESTED);
	PRISM_AUTO_FREE char *text = core_verdict_text(verdict);
	FUZZ_ASSERT(text != NULL);
	core_verdict_destroy(verdict);
	core_trust_destroy(trust);
	core_evidence_destroy(evidence);
	return 0;
}
