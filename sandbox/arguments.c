/* Owns the options of prism-sandbox: their table, their checks, and the text of --help. */
#include "sandbox/arguments.h"

#include "base/mem.h"
#include "base/text.h"
#include "sandbox/agent_faults.h"
#include "sandbox/faults.h"
#include "sandbox/seed.h"

#include <getopt.h>

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
	OPT_AGENT_FAULT,
	OPT_AGENT_RULE,
	OPT_RUN_SECONDS,
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
    {OPT_AGENT_FAULT, "agent-fault", "SPEC", "agents misbehave; may be repeated, see below"},
    {OPT_AGENT_RULE, "agent-rule", "v10|v08",
     "how agents match a dataset: by file name, or by hash alone (v10)"},
    {OPT_RUN_SECONDS, "run-seconds", "SECONDS", "an algorithm is killed after so long (1800)"},
    {OPT_LOG, "log", "FILE", "diagnostic log"},
    {OPT_HELP, "help", NULL, "this text"},
    {OPT_VERSION, "version", NULL, "version"},
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
	puts("\nagent faults: KIND[=ARG]");
	sb_agent_faults_help(help_fault, NULL);
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

static int not_positive(const char *name, const char *text, struct prism_error *err)
{
	return prism_error_raise(err, PRISM_ERROR_INVALID, "--%s %s: not positive", name, text);
}

static int parse_rule(const char *text, enum sb_agent_rule *ret_rule, struct prism_error *err)
{
	bool v10 = strcmp(text, "v10") == 0;
	if (!v10 && strcmp(text, "v08") != 0)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "--agent-rule %s: neither v10 nor v08",
		                         text);
	*ret_rule = v10 ? SB_AGENT_RULE_V10 : SB_AGENT_RULE_V08;
	return 0;
}

static int apply_option(struct sb_arguments *args, enum option_id id, const char *value,
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
	case OPT_AGENT_FAULT:
		return sb_agent_faults_add(&config->agent_faults, value, err);
	case OPT_AGENT_RULE:
		return parse_rule(value, &config->agent_rule, err);
	case OPT_RUN_SECONDS:
		if (parse_integer("run-seconds", value, &low, err) < 0)
			return -1;
		config->run_limits.wall_seconds = (unsigned)low;
		return low > 0 ? 0 : not_positive("run-seconds", value, err);
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

int sb_arguments_parse(struct sb_arguments *args, int argc, char **argv, struct prism_error *err)
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
