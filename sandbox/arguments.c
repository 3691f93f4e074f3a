/* Owns the options of prism-sandbox: one row each, read by the parser and by --help. */
#include "sandbox/arguments.h"

#include "base/mem.h"
#include "base/text.h"
#include "sandbox/agent_faults.h"
#include "sandbox/faults.h"
#include "sandbox/seed.h"

#include <getopt.h>

#define FIRST_OPTION 1000 /* getopt's value of row 0; above every character */

struct option_row {
	const char *name, *arg, *help; /* arg NULL: a flag */
	int (*apply)(struct sb_arguments *args, const char *value, struct prism_error *err);
};

/* ---- values ---- */

static int invalid(const char *name, const char *value, const char *why, struct prism_error *err)
{
	return prism_error_raise(err, PRISM_ERROR_INVALID, "--%s %s: %s", name, value, why);
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

static int parse_positive(const char *name, const char *text, int64_t *ret, struct prism_error *err)
{
	if (parse_integer(name, text, ret, err) < 0)
		return -1;
	return *ret > 0 ? 0 : invalid(name, text, "not positive", err);
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
	return *ret_low >= 0 && *ret_high >= *ret_low ? 0 : invalid(name, text, "not a range", err);
}

/* ---- one function per option ---- */

#define OPTION(name) \
	static int set_##name(struct sb_arguments *args, const char *value, struct prism_error *err)

OPTION(listen)
{
	args->config.listen = value;
	return 0;
}

OPTION(allow_remote)
{
	args->config.allow_remote = true;
	return 0;
}

OPTION(store)
{
	args->config.store = value;
	return 0;
}

OPTION(seed)
{
	args->config.seed = value;
	return sb_seed_check(value, err);
}

OPTION(token_ttl)
{
	return parse_positive("token-ttl", value, &args->config.token_ttl_s, err);
}

OPTION(latency)
{
	return parse_range("latency", value, &args->config.latency_min_ms, &args->config.latency_max_ms,
	                   err);
}

OPTION(fault)
{
	return sb_faults_add(args->config.faults, value, err);
}

OPTION(tls)
{
	args->config.tls = true;
	return 0;
}

OPTION(html_fallback)
{
	args->config.html_fallback = true;
	return 0;
}

OPTION(cert_zip)
{
	args->config.cert_zip = true;
	return 0;
}

OPTION(plan)
{
	return sb_plan_parse(value, &args->config.plan, err);
}

OPTION(clock_skew)
{
	return parse_integer("clock-skew", value, &args->config.clock_skew_s, err);
}

OPTION(cvm_step)
{
	return parse_positive("cvm-step", value, &args->config.cvm_step_ms, err);
}

OPTION(linger)
{
	return parse_positive("linger", value, &args->config.linger_s, err);
}

OPTION(agent_ports)
{
	int64_t low, high;
	if (parse_range("agent-port-range", value, &low, &high, err) < 0)
		return -1;
	if (low < 1 || high > 65535)
		return invalid("agent-port-range", value, "not ports", err);
	args->config.port_first = (unsigned)low;
	args->config.port_last = (unsigned)high;
	return 0;
}

OPTION(agent_fault)
{
	return sb_agent_faults_add(&args->config.agent_faults, value, err);
}

OPTION(agent_rule)
{
	bool v10 = strcmp(value, "v10") == 0;
	if (!v10 && strcmp(value, "v08") != 0)
		return invalid("agent-rule", value, "neither v10 nor v08", err);
	args->config.agent_rule = v10 ? SB_AGENT_RULE_V10 : SB_AGENT_RULE_V08;
	return 0;
}

static int set_agent_generation(struct sb_arguments *args, const char *value,
                                struct prism_error *err)
{
	if (strcmp(value, "1") != 0 && strcmp(value, "2") != 0)
		return invalid("agent-generation", value, "neither 1 nor 2", err);
	args->config.agent_generation = (unsigned)(value[0] - '0');
	return 0;
}

OPTION(run_seconds)
{
	int64_t seconds;
	if (parse_positive("run-seconds", value, &seconds, err) < 0)
		return -1;
	args->config.run_limits.wall_seconds = (unsigned)seconds;
	return 0;
}

OPTION(log)
{
	args->log = value;
	return 0;
}

OPTION(version)
{
	puts("prism-sandbox " PRISM_VERSION);
	args->done = true;
	return 0;
}

static int set_help(struct sb_arguments *args, const char *value, struct prism_error *err);

/* ---- the table ---- */

/* clang-format off */
static const struct option_row rows[] = {
	{"listen", "ADDRESS:PORT", "where to listen (127.0.0.1:0; port 0: any free one)", set_listen},
	{"allow-remote", NULL, "permit a --listen address that is not loopback; whoever reaches it runs\n"
	 "programs here", set_allow_remote},
	{"store", "FILE|:memory:", "where state is kept (:memory:)", set_store},
	{"seed", "SEED", "what an empty store starts with: demo, empty, scale=N[,logs=M] (demo)", set_seed},
	{"token-ttl", "SECONDS", "life of access tokens (3600); refresh tokens: 24 times that", set_token_ttl},
	{"latency", "MS[-MS]", "answer every request so much later", set_latency},
	{"fault", "SPEC", "misbehave; may be repeated, see below", set_fault},
	{"tls", NULL, "serve HTTPS with a certificate made at start; its CA is in the ready line", set_tls},
	{"html-fallback", NULL, "unknown paths get the web application's page, status 200", set_html_fallback},
	{"cert-zip", NULL, "certificates are downloaded as zip archives instead of JSON", set_cert_zip},
	{"plan", "PLAN", "billing limits per workspace: free, or a list of computations=N,\n"
	 "runs=N, cvms=N, members=N", set_plan},
	{"clock-skew", "SECONDS", "the server's clock is so far ahead (or behind: -3600)", set_clock_skew},
	{"cvm-step", "MS", "a CVM goes from creating to starting to online in such steps (2000)", set_cvm_step},
	{"linger", "SECONDS", "a finished run keeps its CVM so long for downloads (300)", set_linger},
	{"agent-port-range", "FIRST-LAST", "ports of agents (any free one)", set_agent_ports},
	{"agent-fault", "SPEC", "agents misbehave; may be repeated, see below", set_agent_fault},
	{"agent-rule", "v10|v08", "how agents match a dataset: by file name, or by hash alone (v10)", set_agent_rule},
	{"agent-generation", "1|2", "generation of attested TLS, and of the policy (1)", set_agent_generation},
	{"run-seconds", "SECONDS", "an algorithm is killed after so long (1800)", set_run_seconds},
	{"log", "FILE", "diagnostic log", set_log},
	{"help", NULL, "this text", set_help},
	{"version", NULL, "version", set_version},
};
/* clang-format on */

static void help_line(void *data, const char *text)
{
	printf("  %s\n", text);
}

static void help_option(const struct option_row *row)
{
	PRISM_AUTO_FREE char *left =
	    prism_asprintf("--%s%s%s", row->name, row->arg ? " " : "", row->arg ? row->arg : "");
	const char *rest = row->help;
	for (const char *line_end; (line_end = strchr(rest, '\n')); rest = line_end + 1, left[0] = '\0')
		printf("  %-30s %.*s\n", left, (int)(line_end - rest), rest);
	printf("  %-30s %s\n", left, rest);
}

OPTION(help)
{
	puts("prism-sandbox: a stand-in for a Prism server, for demonstrations and tests.\n"
	     "NOT A TEE: nothing here is confidential, and algorithms run as your user.\n\n"
	     "usage: prism-sandbox [option...]\n");
	for (size_t i = 0; i < PRISM_COUNT(rows); i++)
		help_option(&rows[i]);
	puts("\nfaults: KIND[=ARG][@[METHOD:]PATH-GLOB][#COUNT],\n"
	     "for example 5xx=503@POST:/computations/*#2");
	sb_faults_help(help_line, NULL);
	puts("\nagent faults: KIND[=ARG][@GLOB], the glob against the computation's name");
	sb_agent_faults_help(help_line, NULL);
	puts("\nWhen it is ready it prints one line of JSON: url, ca_file, users, pid, notice.");
	args->done = true;
	return 0;
}

int sb_arguments_parse(struct sb_arguments *args, int argc, char **argv, struct prism_error *err)
{
	struct option options[PRISM_COUNT(rows) + 1] = {{0}};
	for (size_t i = 0; i < PRISM_COUNT(rows); i++)
		options[i] = (struct option){.name = rows[i].name,
		                             .has_arg = rows[i].arg ? required_argument : no_argument,
		                             .val = FIRST_OPTION + (int)i};
	int id;
	while (!args->done && (id = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (id < FIRST_OPTION)
			return prism_error_raise(err, PRISM_ERROR_INVALID,
			                         "prism-sandbox --help lists the options");
		if (rows[id - FIRST_OPTION].apply(args, optarg, err) < 0)
			return -1;
	}
	if (optind < argc && !args->done)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "unexpected argument %s", argv[optind]);
	return 0;
}
