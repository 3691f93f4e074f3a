/* The sandbox: construction, ready line, loop, teardown. */
#include "base/log.h"
#include "base/mem.h"
#include "sandbox/arguments.h"
#include "sandbox/faults.h"
#include "sandbox/json_out.h"
#include "sandbox/sandbox.h"
#include "sandbox/seed.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

/* {"ready":true,"url":…,"ca_file":…,"attestation_root":…,"users":[…],"pid":N,"notice":…} on one
 * line. */
static void print_ready(struct sb *sb)
{
	struct sb_json j;
	PRISM_AUTO_FREE char *url = sb_url(sb);
	sb_json_init(&j);
	sb_json_object(&j, NULL);
	sb_json_bool(&j, "ready", true);
	sb_json_str(&j, "url", url);
	if (sb->ca_file)
		sb_json_str(&j, "ca_file", sb->ca_file);
	else
		sb_json_null(&j, "ca_file");
	const char *root = sb_root_file(sb, NULL);
	if (root)
		sb_json_str(&j, "attestation_root", root);
	sb_json_array(&j, "users");
	const struct sb_sample_user *user = sb_seed_users();
	PRISM_AUTO_FREE char *seed = sb_db_meta(sb->db, "seed"); /* what the store began with */
	bool sample = seed && strcmp(seed, "empty") != 0;
	for (; sample && user->username; user++) {
		sb_json_object(&j, NULL);
		sb_json_str(&j, "username", user->username);
		sb_json_str(&j, "email", user->email);
		sb_json_str(&j, "password", user->password);
		sb_json_str(&j, "note", user->note);
		sb_json_end(&j);
	}
	sb_json_end(&j);
	sb_json_int(&j, "pid", getpid());
	sb_json_str(&j, "notice", SB_NOTICE);
	sb_json_end(&j);
	puts(prism_buf_text(&j.buf));
	fflush(stdout);
	sb_json_finish(&j);
}

static void on_signal(void *data, int signum)
{
	prism_loop_quit(data);
}

static int fail(const struct prism_error *err)
{
	char text[1024];
	fprintf(stderr, "prism-sandbox: %s\n", prism_error_format(err, text, sizeof(text)));
	if (err->hint[0])
		fprintf(stderr, "prism-sandbox: %s\n", err->hint);
	return prism_error_exit_code(err->category);
}

static int serve(const struct sb_arguments *args, struct prism_error *err)
{
	struct prism_loop *loop = prism_loop_create(prism_clock_system());
	struct sb *sb = sb_create(loop, &args->config, err);
	int rc = sb ? sb_listen(sb, err) : -1;
	if (rc == 0) {
		fprintf(stderr,
		        "prism-sandbox %s: NOT A TEE. For demonstrations and tests; algorithms run as "
		        "user id %d.\n",
		        PRISM_VERSION, (int)getuid());
		prism_loop_add_signal(loop, SIGINT, on_signal, loop);
		prism_loop_add_signal(loop, SIGTERM, on_signal, loop);
		prism_loop_add_signal(loop, SIGHUP, on_signal, loop);
		print_ready(sb);
		prism_loop_run(loop);
	}
	sb_destroy(sb);
	prism_loop_destroy(loop);
	return rc;
}

int main(int argc, char **argv)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct sb_arguments args = {.config = {.store = ":memory:", .seed = "demo"}};
	signal(SIGPIPE, SIG_IGN);
	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}); /* passwords pass through this process */
	args.config.faults = sb_faults_create();
	int rc = sb_arguments_parse(&args, argc, argv, &err);
	if (rc == 0 && !args.done && args.log)
		rc = prism_log_open(args.log, PRISM_LOG_DEBUG, &err);
	if (rc == 0 && !args.done)
		rc = serve(&args, &err);
	prism_log_close();
	sb_faults_destroy(args.config.faults);
	return rc == 0 ? 0 : fail(&err);
}
