/*
 * The main job from a network whose only way out is SSH to a bastion, in every TLS mode, with the
 * bastion's sshd killed and restarted twice on the way.
 *
 * The server and its agents listen on the bastion's loopback, which the client's namespace does not
 * reach.  Skipped where there is no sshd, or namespaces are not permitted.
 */
#include "base/buf.h"
#include "base/mem.h"
#include "tests/lib/client.h"
#include "tests/lib/netns.h"
#include "tests/lib/sshd.h"
#include "tests/lib/tmpdir.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SAMPLES "sandbox/samples/"

static const char *missing;
static struct netns *netns;
static struct sshd *sshd;
static struct sandbox *sandbox;
static struct cli cli; /* through the bastion */
static char *dir, *password, workspace[128], cvm[80], certs[300];

static void set(const char *name, const char *value)
{
	assert_int_equal(setenv(name, value, 1), 0);
}

static int start(void **state)
{
	PRISM_AUTO_FREE char *via = NULL;

	PRISM_UNUSED(state);
	dir = tmpdir_create();
	missing = sshd_missing();
	if (!missing)
		netns = netns_create(&missing);
	if (missing)
		return 0;
	sandbox = sandbox_start((const char *const[]){"--cvm-step", "50", NULL});
	sshd = sshd_start_on(dir, NETNS_HERE, NULL);
	via = prism_asprintf("%s@" NETNS_HERE ":%u", sshd->user, (unsigned)sshd->port);
	set("PRISM_TUI_VIA", via);
	set("PRISM_TUI_SSH_CONFIG", "none");
	set("PRISM_TUI_SSH_KNOWN_HOSTS", sshd->known_hosts);
	set("PRISM_TUI_SSH_KEY", sshd->key);
	set("PRISM_TUI_SSH_STRICT", "yes");
	cli = (struct cli){.sandbox = sandbox};
	netns_enter(netns);
	snprintf(
	    workspace, sizeof(workspace), "%s",
	    cli_text(cli_find(cli_must(&cli, "workspace list"), "name", "Open Science Lab"), "id"));
	cli.workspace = workspace;
	snprintf(certs, sizeof(certs), "%s/certs", dir);
	cli_must(&cli, "cert generate %s --type ca", certs);
	cli_must(&cli, "cert generate %s --type server --host 127.0.0.1", certs);
	cli_must(&cli, "cert generate %s --type client", certs);
	cli_must(&cli, "key generate --type ed25519");
	password = prism_asprintf("%s/password", dir);
	FILE *f = fopen(password, "w");
	fprintf(f, "%s\n", sandbox->users[0].password);
	fclose(f);
	return 0;
}

static int stop(void **state)
{
	PRISM_UNUSED(state);
	cli_finish(&cli);
	netns_destroy(netns);
	sandbox_stop(sandbox);
	sshd_stop(sshd);
	prism_free(password);
	tmpdir_remove(dir);
	return 0;
}

/* The proof that there is no other way. */
static void test_there_is_no_other_way(void **state)
{
	PRISM_UNUSED(state);
	if (missing) {
		print_message("%s\n", missing);
		skip();
	}
	set("PRISM_TUI_DOMAINS_VIA", "none");
	set("PRISM_TUI_USERS_VIA", "none");
	cli.quiet = true;
	assert_int_equal(cli_run(&cli, "workspace list"), 7);
	cli.quiet = false;
	unsetenv("PRISM_TUI_DOMAINS_VIA");
	unsetenv("PRISM_TUI_USERS_VIA");
}

/* The sshd is here, not there. */
static void break_the_bastion(void)
{
	netns_leave(netns);
	sshd_restart(sshd);
	netns_enter(netns);
}

struct mode {
	const char *word, *files; /* of the computation; %1$s: directory */
	const char *tls;          /* its mode, where that is not the word */
	bool ca, client, attested;
};

static void set_mode(const struct mode *mode)
{
	const char *const names[] = {"PRISM_TUI_AGENT_SERVER_CA", "PRISM_TUI_AGENT_CLIENT_CERT",
	                             "PRISM_TUI_AGENT_CLIENT_KEY", "PRISM_TUI_AGENT_POLICY",
	                             "PRISM_TUI_TRUST_ROOT"};
	PRISM_AUTO_FREE char *ca = prism_asprintf("%s/ca-cert.pem", certs);
	PRISM_AUTO_FREE char *cert = prism_asprintf("%s/client-cert.pem", certs);
	PRISM_AUTO_FREE char *key = prism_asprintf("%s/client-key.pem", certs);
	PRISM_AUTO_FREE char *policy = prism_asprintf("%s/policy-%s.json", dir, mode->word);

	for (size_t i = 0; i < PRISM_COUNT(names); i++)
		unsetenv(names[i]);
	if (mode->ca)
		set(names[0], ca);
	if (mode->client) {
		set(names[1], cert);
		set(names[2], key);
	}
	if (!mode->attested)
		return;
	cli_must(&cli, "cvm policy %s --save %s", cvm, policy);
	set(names[3], policy);
	set(names[4], sandbox->attestation_root);
}

/* One process that waits for the end and fetches the result, over both breaks. */
static pid_t wait_and_fetch(const char *id, const char *zip, int *ret_out)
{
	PRISM_AUTO_FREE char *wait =
	    prism_asprintf("computation follow %s --until-state ConsumingResults --timeout 110s", id);
	PRISM_AUTO_FREE char *fetch = prism_asprintf("result fetch %s --save %s", id, zip);
	const char *argv[] = {
	    build_path("prism-tui"), "--password-file", password, "-c", wait, "-c", fetch, NULL};
	int ends[2];
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 0);
		dup2(ends[1], 1);
		dup2(ends[1], 2);
		setenv("PRISM_TUI_URL", sandbox->url, 1);
		setenv("PRISM_TUI_USER", sandbox->users[0].username, 1);
		setenv("PRISM_TUI_WORKSPACE", workspace, 1);
		execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(ends[1]);
	*ret_out = ends[0];
	return pid;
}

static void must_end_well(pid_t pid, int out)
{
	struct prism_buf said = PRISM_BUF_INIT(1 << 20);
	char bytes[4096];
	ssize_t n;
	int status = -1;

	while ((n = read(out, bytes, sizeof(bytes))) > 0 || (n < 0 && errno == EINTR))
		if (n > 0)
			prism_buf_put(&said, bytes, (size_t)n);
	close(out);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (status != 0)
		fail_msg("exit status %d\n%s", WEXITSTATUS(status), prism_buf_text(&said));
	prism_buf_finish(&said);
}

/* One that is ready: of the seed, else a new one. */
static void find_cvm(void)
{
	const cJSON *one, *list = cli_must(&cli, "cvm list");

	cvm[0] = '\0';
	cJSON_ArrayForEach(one, list)
	{
		if (strcasecmp(cli_text(one, "phase"), "ready") == 0)
			snprintf(cvm, sizeof(cvm), "%s", cli_text(one, "id"));
	}
	if (!cvm[0])
		snprintf(cvm, sizeof(cvm), "%s",
		         cli_text(cli_must(&cli, "cvm create --name story --wait"), "id"));
	assert_true(cvm[0] != '\0');
}

static void define(const struct mode *mode, char id[80])
{
	char files[2000], role[80];

	snprintf(files, sizeof(files), mode->files, certs);
	snprintf(
	    id, 80, "%s",
	    cli_text(cli_must(&cli, "computation create 'bastion %s' --description x --tls-mode %s %s",
	                      mode->word, mode->tls ? mode->tls : mode->word, files),
	             "id"));
	assert_true(id[0] != '\0');
	snprintf(role, sizeof(role), "%s",
	         cli_text(cli_find(cli_must(&cli, "role list %s", id), "name", "owner"), "id"));
	cli_must(&cli, "role action add %s %s algo_provider dataset_provider result_consumer", id,
	         role);
	cli_must(&cli, "key register %s", id);
	cli_must(&cli, "asset create " SAMPLES "classify.py --type algorithm --description a --link %s",
	         id);
	cli_must(&cli, "asset create " SAMPLES "flowers.csv --type dataset --description d --link %s",
	         id);
}

static void main_job(const struct mode *mode)
{
	PRISM_AUTO_FREE char *zip = prism_asprintf("%s/%s.zip", dir, mode->word);
	char id[80];
	pid_t pid;
	int out;

	if (missing) {
		print_message("%s\n", missing);
		skip();
	}
	find_cvm();
	set_mode(mode);
	define(mode, id);
	cli_must(&cli, "computation run %s --cvm %s", id, cvm);
	cli_must(&cli, "computation follow %s --until-state ReceivingAlgorithm --timeout 60s", id);
	const cJSON *sent =
	    cli_must(&cli, "send algorithm %s " SAMPLES "classify.py --type python", id);
	/* The agent's address is a loopback one, and not of this machine. */
	if (!strcmp(mode->word, "none")) {
		assert_string_equal(cli_text(sent, "trust"), "clear text on the bastion");
		assert_non_null(strstr(cli.err, "SSH protects the way to the last host; on it"));
	}
	pid = wait_and_fetch(id, zip, &out);
	/* It has told the first event, and goes on asking. */
	assert_int_equal(poll(&(struct pollfd){.fd = out, .events = POLLIN}, 1, 30000), 1);
	break_the_bastion();
	cli_must(&cli, "send data %s " SAMPLES "flowers.csv", id);
	break_the_bastion();
	must_end_well(pid, out);
	cli_must(&cli, "result show %s", zip);
	assert_non_null(strstr(cli.out, "report.txt"));
	assert_string_equal(cli_text(cli_must(&cli, "computation show %s", id), "state"), "Completed");
}

#define TLS_FILES "--cert-file %1$s/server-cert.pem --key-file %1$s/server-key.pem"
#define CLIENT_CA " --client-ca-file %1$s/ca-cert.pem"

static void test_no_tls(void **state)
{
	PRISM_UNUSED(state);
	main_job(&(struct mode){.word = "none", .files = ""});
}

static void test_tls(void **state)
{
	PRISM_UNUSED(state);
	main_job(&(struct mode){.word = "tls", .files = TLS_FILES, .ca = true});
}

static void test_mutual_tls(void **state)
{
	PRISM_UNUSED(state);
	main_job(&(struct mode){.word = "mtls",
	                        .files = TLS_FILES " --server-ca-file %1$s/ca-cert.pem" CLIENT_CA,
	                        .ca = true,
	                        .client = true});
}

static void test_attested_tls(void **state)
{
	PRISM_UNUSED(state);
	main_job(&(struct mode){.word = "atls", .files = "", .attested = true});
}

static void test_mutual_attested_tls(void **state)
{
	PRISM_UNUSED(state);
	main_job(
	    &(struct mode){.word = "matls", .files = CLIENT_CA + 1, .client = true, .attested = true});
}

/* Far away, and one packet in a hundred lost; the last test, because it stays so. */
static void test_over_a_lossy_line(void **state)
{
	const char *why;

	PRISM_UNUSED(state);
	if (missing) {
		print_message("%s\n", missing);
		skip();
	}
	netns_leave(netns);
	why = netns_shape(netns, "delay 50ms 5ms loss 1%");
	netns_enter(netns);
	if (why) {
		print_message("%s\n", why);
		skip();
	}
	main_job(&(struct mode){.word = "lossy", .tls = "tls", .files = TLS_FILES, .ca = true});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_there_is_no_other_way),
	    cmocka_unit_test(test_no_tls),
	    cmocka_unit_test(test_tls),
	    cmocka_unit_test(test_mutual_tls),
	    cmocka_unit_test(test_attested_tls),
	    cmocka_unit_test(test_mutual_attested_tls),
	    cmocka_unit_test(test_over_a_lossy_line),
	};

	return cmocka_run_group_tests_name("bastion", tests, start, stop);
}
