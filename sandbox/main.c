/* The sandbox: arguments, construction, ready line, loop, teardown. */
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "sandbox/faults.h"
#include "sandbox/json_out.h"
#include "sandbox/sandbox.h"
#include "sandbox/seed.h"

#include <getopt.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

enum option_id {
	OPT_LISTEN = 1000,
	OPT_ALLOW_REMOTE,
	OPT_STORE,
	OPT_SEED,
	OPT_TOKEN_TTL,
	OPT_LATENCY,
	OPT_FAULT,
	OPT_TLS,
	OPT_HTML_FALLBACK,
	OPT_CERT_ZIP,
	OPT_CLOCK_SKEW,
	OPT_CVM_STEP,
	OPT_LINGER,
	OPT_AGENT_PORTS,
	OPT_LOG,
	OPT_HELP,
	OPT_VERSION,
};

struct option_row {
	enum option_id id;
	const char *name, *arg, *help; /* arg NULL: a flag */
};

static const struct option_row option_rows[] = {
    {OPT_LISTEN, "listen", "ADDRESS:PORT", "where to listen (127.0.0.1:0; port 0: any free one)"},
    {OPT_ALLOW_REMOTE, "allow-remote", NULL,
     "permit a --listen address that is not loopback: anyone who reaches it can run programs here"},
    {OPT_STORE, "store", "FILE|:memory:", "where state is kept (:memory:)"},
    {OPT_SEED, "seed", "SEED",
     "what an empty store starts with: demo, empty, scale=N[,logs=M] (demo)"},
    {OPT_TOKEN_TTL, "token-ttl", "SECONDS",
     "life of access tokens (3600); refresh tokens: 24 times that"},
    {OPT_LATENCY, "latency", "MS[-MS]", "answer every request so much later"},
    {OPT_FAULT, "fault", "SPEC", "misbehave; may be repeated, see below"},
    {OPT_TLS, "tls", NULL,
     "serve HTTPS with a certificate made at start; its CA is in the ready line"},
    {OPT_HTML_FALLBACK, "html-fallback", NULL,
     "unknown paths get the web application's page, status 200"},
    {OPT_CERT_ZIP, "cert-zip", NULL, "certificates are downloaded as zip archives instead of JSON"},
    {OPT_CLOCK_SKEW, "clock-skew", "SECONDS",
     "the server's clock is so far ahead (or behind: -3600)"},
    {OPT_CVM_STEP, "cvm-step", "MS",
     "a CVM goes from creating to starting to online in such steps (2000)"},
    {OPT_LINGER, "linger", "SECONDS", "a finished run keeps its CVM so long for downloads (300)"},
    {OPT_AGENT_PORTS, "agent-port-range", "FIRST-LAST", "ports of agents (any free one)"},
    {OPT_LOG, "log", "FILE", "diagnostic log"},
    {OPT_HELP, "help", NULL, "this text"},
    {OPT_VERSION, "version", NULL, "version"},
};

struct arguments {
	struct sb_config config;
	const char *log;
	bool done; /* help or version was printed */
};

static void help_fault(void *data, const char *text)
{
	printf("  %s\n", text);
}

static void print_help(void)
{
	puts("prism-sandbox: a stand-in for a Prism server, for demonstrations and tests.\n"
	     "NOT A TEE: nothing here is confidential, and algorithms run as your user.\n\n"
	     "usage: prism-sandbox [option...]\n");
	for (size_t i = 0; i < PRISM_COUNT(option_rows); i++) {
		const struct option_row *row = &option_rows[i];
		PRISM_AUTO_FREE char *left =
		    prism_asprintf("--%s%s%s", row->name, row->arg ? " " : "", row->arg ? row->arg : "");
		printf("  %-32s %s\n", left, row->help);
	}
	puts("\nfaults: KIND[=ARG][@[METHOD:]PATH-GLOB][#COUNT], for example "
	     "5xx=503@POST:/computations/*#2");
	sb_faults_help(help_fault, NULL);
	puts("\nWhen it is ready it prints one line of JSON: url, ca_file, users, pid, notice.");
}

static int parse_integer(const char *name, const char *text, int64_t *ret, struct prism_error *err)
{
	uint64_t value;
	bool negative = text[0] == '-';
	if (prism_text_parse_u64(text + negative, INT32_MAX, &value, err) < 0)
		return prism_error_wrap(err, "--%s %s", name, text);
	*ret = negative ? -(int64_t)value : (int64_t)value;
	return 0;
}

static int parse_range(const char *name, const char *text, int64_t *ret_low, int64_t *ret_high,
                       struct prism_error *err)
{
	const char *dash = strchr(text, '-');
	PRISM_AUTO_FREE char *first = prism_strndup(text, dash ? (size_t)(dash - text) : strlen(text));
	if (parse_integer(name, first, ret_low, err) < 0)
		return -1;
	*ret_high = *ret_low;
	if (dash && parse_integer(name, dash + 1, ret_high, err) < 0)
		return -1;
	if (*ret_low < 0 || *ret_high < *ret_low)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "--%s %s: not a range", name, text);
	return 0;
}

static int apply_option(struct arguments *args, enum option_id id, const char *value,
                        struct prism_error *err)
{
	struct sb_config *config = &args->config;
	int64_t low, high;
	switch (id) {
	case OPT_LISTEN:
		config->listen = value;
		return 0;
	case OPT_ALLOW_REMOTE:
		config->allow_remote = true;
		return 0;
	case OPT_STORE:
		config->store = value;
		return 0;
	case OPT_SEED:
		config->seed = value;
		return sb_seed_check(value, err);
	case OPT_TOKEN_TTL:
		if (parse_integer("token-ttl", value, &config->token_ttl_s, err) < 0)
			return -1;
		return config->token_ttl_s > 0 ? 0
		                               : prism_error_raise(err, PRISM_ERROR_INVALID,
		                                                   "--token-ttl %s: not positive", value);
	case OPT_LATENCY:
		return parse_range("latency", value, &config->latency_min_ms, &config->latency_max_ms, err);
	case OPT_FAULT:
		return sb_faults_add(config->faults, value, err);
	case OPT_TLS:
		config->tls = true;
		return 0;
	case OPT_HTML_FALLBACK:
		config->html_fallback = true;
		return 0;
	case OPT_CERT_ZIP:
		config->cert_zip = true;
		return 0;
	case OPT_CLOCK_SKEW:
		return parse_integer("clock-skew", value, &config->clock_skew_s, err);
	case OPT_CVM_STEP:
		return parse_integer("cvm-step", value, &config->cvm_step_ms, err);
	case OPT_LINGER:
		return parse_integer("linger", value, &config->linger_s, err);
	case OPT_AGENT_PORTS:
		if (parse_range("agent-port-range", value, &low, &high, err) < 0)
			return -1;
		if (low < 1 || high > 65535)
			return prism_error_raise(err, PRISM_ERROR_INVALID, "--agent-port-range %s: not ports",
			                         value);
		config->port_first = (unsigned)low;
		config->port_last = (unsigned)high;
		return 0;
	case OPT_LOG:
		args->log = value;
		return 0;
	case OPT_HELP:
		print_help();
		args->done = true;
		return 0;
	case OPT_VERSION:
		puts("prism-sandbox " PRISM_VERSION);
		args->done = true;
		return 0;
	}
	return prism_error_raise(err, PRISM_ERROR_INTERNAL, "option %d has no effect", (int)id);
}

static int parse_arguments(struct arguments *args, int argc, char **argv, struct prism_error *err)
{
	struct option options[PRISM_COUNT(option_rows) + 1] = {{0}};
	for (size_t i = 0; i < PRISM_COUNT(option_rows); i++)
		options[i] =
		    (struct option){.name = option_rows[i].name,
		                    .has_arg = option_rows[i].arg ? required_argument : no_argument,
		                    .val = option_rows[i].id};
	int id;
	while (!args->done && (id = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (id == '?')
			return prism_error_raise(err, PRISM_ERROR_INVALID,
			                         "prism-sandbox --help lists the options");
		if (apply_option(args, (enum option_id)id, optarg, err) < 0)
			return -1;
	}
	if (optind < argc && !args->done)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "unexpected argument %s", argv[optind]);
	return 0;
}

/* {"ready":true,"url":…,"ca_file":…,"users":[…],"pid":N,"notice":…} on one line. */
static void print_ready(const struct sb *sb)
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
	sb_json_array(&j, "users");
	const struct sb_sample_user *user = sb_seed_users();
	bool sample = !sb->config.seed || strcmp(sb->config.seed, "empty") != 0;
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

static int serve(const struct arguments *args, struct prism_error *err)
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
	struct arguments args = {.config = {.store = ":memory:", .seed = "demo"}};
	signal(SIGPIPE, SIG_IGN);
	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}); /* passwords pass through this process */
	args.config.faults = sb_faults_create();
	int rc = parse_arguments(&args, argc, argv, &err);
	if (rc == 0 && !args.done && args.log)
		rc = prism_log_open(args.log, PRISM_LOG_DEBUG, &err);
	if (rc == 0 && !args.done)
		rc = serve(&args, &err);
	prism_log_close();
	sb_faults_destroy(args.config.faults);
	return rc == 0 ? 0 : fail(&err);
}
