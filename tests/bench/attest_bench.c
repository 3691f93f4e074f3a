/*
 * What judging costs: one SEV-SNP report with its chain, a whole vTPM container inside an EAT, an
 * attested handshake with the listener in the same process, and a launch measurement against
 * openssl hashing the same bytes in the same run.
 *
 * The launch measurement needs a firmware image whose metadata measures a kernel; it is made here:
 * one page of tables behind 4 MiB of zeros.
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "core/attest.h"
#include "core/evidence.h"
#include "core/launch.h"
#include "core/policy.h"
#include "core/trust.h"
#include "net/stream_tcp.h"
#include "sandbox/atls.h"
#include "tests/lib/bench.h"
#include "tests/lib/tmpdir.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 200
#define LAUNCH_ROUNDS 3
#define OVMF_SIZE (4u << 20)
#define INITRD_SIZE (100u << 20)

static struct sb_forge *forge;
static struct core_trust *trust;
static struct core_policy *policy;
static const uint8_t report_data[64] = {1}, nonce[32] = {2};

static double ms_since(int64_t start_ns)
{
	return (double)(bench_now_ns() - start_ns) / 1e6;
}

static double judge_once(const struct prism_buf *bytes, int64_t now_us)
{
	const struct core_evidence_expectation expect = {report_data, nonce, now_us};
	int64_t start = bench_now_ns();
	struct core_evidence *evidence = core_evidence_parse(bytes->data, bytes->len, NULL);
	struct core_verdict *verdict = core_verdict_create();

	core_evidence_verify(evidence, policy, trust, &expect, verdict);
	if (core_verdict_conclude(verdict) != CORE_VERDICT_ATTESTED)
		printf("  not attested: %s\n", core_verdict_summary(verdict));
	double ms = ms_since(start);
	core_verdict_destroy(verdict);
	core_evidence_destroy(evidence);
	return ms;
}

static void judging(enum sb_forge_kind kind, const char *name, double target)
{
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(1u << 20);
	int64_t now_us = prism_clock_wall_us(prism_clock_system());
	double ms[ROUNDS];

	if (sb_forge_eat(forge, kind, report_data, nonce, now_us, SB_FORGE_SOUND, &bytes, NULL) < 0)
		return;
	for (size_t i = 0; i < ROUNDS; i++)
		ms[i] = judge_once(&bytes, now_us);
	bench_at_most(name, bench_median(ms, ROUNDS), "ms", target, NULL);
}

/* ---- handshake ------------------------------------------------------------------------------ */

struct pair {
	bool client_up, failed;
};

static void client_connected(void *data, const struct prism_error *err)
{
	struct pair *pair = data;

	pair->client_up = !err;
	pair->failed = err != NULL;
}

static void nothing(void *data, unsigned events)
{
}

static void server_connected(void *data, const struct prism_error *err)
{
}

/* CPU of both ends: they share one thread, so the client's part is less than what is printed. */
static double handshake_once(struct prism_loop *loop, struct core_attest *attest,
                             struct sb_atls *atls)
{
	struct pair pair = {false, false};
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0)
		return NAN;
	struct net_stream *client =
	    core_attest_stream(attest, net_stream_fd_create(loop, fds[0]), "127.0.0.1");
	struct net_stream *server = sb_atls_wrap(atls, net_stream_fd_create(loop, fds[1]));
	int64_t start = bench_now_ns();
	net_stream_connect(server, server_connected, nothing, NULL);
	net_stream_connect(client, client_connected, nothing, &pair);
	while (!pair.client_up && !pair.failed)
		prism_loop_turn(loop, 1000);
	double ms = pair.failed ? NAN : ms_since(start);
	net_stream_destroy(client);
	net_stream_destroy(server);
	prism_loop_turn(loop, 0);
	return ms;
}

static void handshakes(const char *dir)
{
	struct prism_loop *loop = prism_loop_create(prism_clock_system());
	PRISM_AUTO_BUF struct prism_buf corim = PRISM_BUF_INIT(1u << 16);
	PRISM_AUTO_FREE char *policy_file = prism_path_join(dir, "policy.corim");
	PRISM_AUTO_FREE char *root_file = prism_path_join(dir, "root.pem");
	const char *root = sb_forge_root_pem(forge);
	const struct sb_atls_config agent = {.generation = 2, .kind = SB_FORGE_SNP_VTPM};
	const struct core_attest_config config = {
	    .mode = CORE_TLS_ATLS, .policy_file = policy_file, .trust_root_file = root_file};
	struct prism_error err = PRISM_ERROR_INIT;
	double ms[ROUNDS];

	sb_forge_corim(forge, &corim);
	if (prism_file_write(policy_file, corim.data, corim.len, 0600, &err) < 0 ||
	    prism_file_write(root_file, root, strlen(root), 0600, &err) < 0)
		return;
	struct core_attest *attest = core_attest_create(loop, &config, &err);
	struct sb_atls *atls = sb_atls_create(loop, forge, &agent, &err);
	for (size_t i = 0; attest && atls && i < ROUNDS; i++)
		ms[i] = handshake_once(loop, attest, atls);
	if (attest && atls)
		bench_at_most("attested handshake, generation 2, both ends", bench_median(ms, ROUNDS), "ms",
		              30, "the agent's own work is in it");
	core_attest_unref(attest);
	sb_atls_destroy(atls);
	prism_loop_destroy(loop);
}

/* ---- launch measurement --------------------------------------------------------------------- */

static void put_le32(uint8_t *out, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		out[i] = (uint8_t)(value >> (8 * i));
}

static void make_firmware(uint8_t *image)
{
	static const uint8_t footer[] = {0xde, 0x82, 0xb5, 0x96, 0xb2, 0x1f, 0xf7, 0x45,
	                                 0xba, 0xea, 0xa3, 0x66, 0xc5, 0x5a, 0x08, 0x2d};
	static const uint8_t metadata[] = {0x66, 0x65, 0x88, 0xdc, 0x4a, 0x98, 0x98, 0x47,
	                                   0xa7, 0x5e, 0x55, 0x85, 0xa7, 0xbf, 0x67, 0xcc};
	static const uint8_t hashes[] = {0x1f, 0x37, 0x55, 0x72, 0x3b, 0x3a, 0x04, 0x4b,
	                                 0x92, 0x7b, 0x1d, 0xa6, 0xef, 0xa8, 0xd4, 0x54};
	uint8_t *page = image + OVMF_SIZE - 4096, *end = page + 4096 - 32;

	memcpy(end - 16, footer, 16);
	end[-18] = 18 + 22 + 26;
	memcpy(end - 34, metadata, 16);
	end[-36] = 22;
	put_le32(end - 40, 4096 - 0x100);
	memcpy(end - 56, hashes, 16);
	end[-58] = 26;
	put_le32(end - 66, 0x810c00);
	put_le32(end - 62, 0x400);
	memcpy(page + 0x100, "ASEV", 4);
	page[0x108] = 1;
	page[0x10c] = 1;
	put_le32(page + 0x110, 0x810000);
	put_le32(page + 0x114, 0x1000);
	put_le32(page + 0x118, 0x10);
}

static double openssl_ms(const char *digest, const char *path)
{
	int64_t start = bench_now_ns();
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		if (freopen("/dev/null", "w", stdout))
			execlp("openssl", "openssl", "dgst", digest, path, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	return status == 0 ? ms_since(start) : NAN;
}

static void launch(const char *dir)
{
	PRISM_AUTO_FREE char *ovmf = prism_path_join(dir, "ovmf");
	PRISM_AUTO_FREE char *initrd = prism_path_join(dir, "initrd");
	PRISM_AUTO_FREE uint8_t *bytes = prism_alloc(INITRD_SIZE);
	double ours[LAUNCH_ROUNDS], theirs[LAUNCH_ROUNDS];
	struct core_launch_spec spec = CORE_LAUNCH_SPEC_INIT;
	struct prism_error err = PRISM_ERROR_INIT;
	uint8_t digest[CORE_LAUNCH_DIGEST];
	char words[64];

	if (prism_file_write(initrd, bytes, INITRD_SIZE, 0600, &err) < 0)
		return;
	make_firmware(bytes);
	if (prism_file_write(ovmf, bytes, OVMF_SIZE, 0600, &err) < 0)
		return;
	spec.ovmf = ovmf;
	spec.kernel = ovmf;
	spec.initrd = initrd;
	spec.vcpu_signature = 0x800f12;
	for (size_t i = 0; i < LAUNCH_ROUNDS; i++) {
		int64_t start = bench_now_ns();
		if (core_launch_measure(&spec, NULL, digest, &err) < 0) {
			bench_skip("launch measurement", err.message);
			return;
		}
		ours[i] = ms_since(start);
		theirs[i] = openssl_ms("-sha384", ovmf) + openssl_ms("-sha256", initrd);
	}
	double reference = bench_median(theirs, LAUNCH_ROUNDS);
	double mine = bench_median(ours, LAUNCH_ROUNDS);
	if (isnan(reference)) {
		bench_skip("launch measurement against openssl dgst", "openssl is not installed");
		return;
	}
	snprintf(words, sizeof(words), "%.0f ms against %.0f ms", mine, reference);
	bench_at_most("launch measurement, times openssl dgst", mine / reference, "x", 1.3, words);
}

int main(void)
{
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(1u << 16);
	char *dir = tmpdir_create();
	const char *root;

	bench_begin("attest");
	forge = sb_forge_create(NULL);
	trust = core_trust_create();
	root = sb_forge_root_pem(forge);
	sb_forge_policy(forge, &text);
	policy = core_policy_parse(text.data, text.len, NULL);
	if (!policy || core_trust_add_test_root(trust, CORE_PIN_ARK, CORE_SNP_UNKNOWN, root,
	                                        strlen(root), NULL) < 0)
		return 1;
	bench_section("Judging evidence");
	judging(SB_FORGE_SNP, "one SEV-SNP report with its chain", 3);
	judging(SB_FORGE_SNP_VTPM, "SEV-SNP with vTPM: two quotes, event log", NAN);
	handshakes(dir);
	bench_section("Launch measurement, 4 MiB firmware and 100 MiB initrd");
	launch(dir);
	core_policy_destroy(policy);
	core_trust_destroy(trust);
	sb_forge_destroy(forge);
	tmpdir_remove(dir);
	bench_end();
	return 0;
}
