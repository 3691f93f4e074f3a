/*
 * Every endpoint a user has to do with is used by the client itself: the real binary plays commands
 * against real sandboxes, whose logs say which requests came and how they were answered; each row
 * of core/endpoints.def must have been answered well at least once, or stand below with a reason.
 */
#include "base/file.h"
#include "base/mem.h"
#include "core/endpoints.h"
#include "tests/lib/client.h"
#include "tests/lib/tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define CVM "'lab-snp-1 (NOT A TEE)'"
#define NEW_CVM "'cover (NOT A TEE)'"
#define NEWBIE "newbie@sandbox.example"

enum { ADA, BEN, CYD };

/* No user meets them. */
static const struct {
	enum core_endpoint_id id;
	const char *why;
} exempt[] = {
    {CORE_EP_COMP_STOP_POST, "second try for servers that refuse GET, section 3.5"},
    {CORE_EP_WORKSPACE_FREEZE, "platform administrators, without a page in the web console"},
    {CORE_EP_BILLING_PLANS, "closed service, section 3.12: no billing screen"},
    {CORE_EP_CERT_GET, "optional, of another service; the list holds the same, section 3.10"},
};

/* Commands of one person in one process, separated by " ;; ". */
struct step {
	int user;
	const char *workspace; /* NULL: none is needed */
	const char *lines;
};

static const struct step workspaces[] = {
    {ADA, "Open Science Lab",
     "server check ;; whoami ;; workspace list ;; workspace show ;; workspace create Coverage"
     " ;; workspace update Coverage --name 'Coverage 2' ;; workspace disable 'Coverage 2'"
     " ;; workspace enable 'Coverage 2'"},
    {ADA, "Open Science Lab",
     "workspace role list ;; workspace role action list"
     " ;; workspace role create extra --action read ;; workspace role show extra"
     " ;; workspace role rename extra more ;; workspace role action add more create_cvms"
     " ;; workspace role action remove more create_cvms ;; workspace role action clear more "
     "--confirm more"},
    {ADA, "Open Science Lab",
     "member list ;; user search ben ;; member show ben ;; member move ben more"
     " ;; workspace role member remove more ben ;; workspace role member add scientist ben"
     " ;; workspace role member clear more --confirm more"
     " ;; workspace role delete more --confirm more"},
};

static const struct step account[] = {
    {ADA, NULL,
     "account show ;; account update --first-name Ada --last-name Sample --username ada --email"
     " ada@sandbox.example --tag night --picture https://sandbox.example/ada.png"},
    {ADA, NULL,
     "token create ci --print ;; token list ;; token show ci ;; token reset ci --print"
     " ;; token revoke ci ;; token delete ci --confirm ci"},
    {ADA, NULL, "user list ;; user role ben user ;; user disable ben"},
    {ADA, NULL, "user enable 95b98be7-30c3-4490-bbcf-9494243d604f"},
    {ADA, NULL, "whoami ;; logout"},
};

static const struct step invitations[] = {
    {CYD, "Hospital Pilot",
     "invitation list ;; invitation delete ben ;; invitation send ben data-steward"},
    {BEN, NULL, "invitation mine ;; invitation decline 'Hospital Pilot'"},
    {CYD, "Hospital Pilot", "invitation resend ben"},
    {BEN, NULL, "invitation accept 'Hospital Pilot'"},
};

static const struct step computations[] = {
    {ADA, "Open Science Lab",
     "key generate ;; computation create Cover --description d ;; computation list"
     " ;; computation show Cover ;; computation update Cover --description e"},
    {ADA, "Open Science Lab",
     "role list Cover ;; role action list Cover ;; role create Cover special --action view"
     " ;; role show Cover special ;; role rename Cover special other"
     " ;; role action add Cover other edit ;; role action remove Cover other edit"
     " ;; role action clear Cover other --confirm other ;; role member add Cover other ben"
     " ;; role member remove Cover other ben ;; role member clear Cover other --confirm other"
     " ;; role delete Cover other --confirm other"},
    {ADA, "Open Science Lab",
     "role action add Cover owner algo_provider result_consumer"
     " ;; key register Cover ;; key status Cover"
     " ;; asset create sandbox/samples/classify.py --type algorithm --description d"
     " --name cover.py --sample sandbox/samples/classify.py"},
    {ADA, "Open Science Lab",
     "asset link cover.py Cover ;; asset list ;; asset list Cover ;; asset show cover.py"
     " ;; asset update cover.py --description e ;; asset preview cover.py"
     " ;; asset computations cover.py ;; computation checklist Cover"
     " ;; computation manifest Cover"},
    {ADA, "Open Science Lab",
     "computation run Cover --cvm " CVM " ;; computation status Cover ;; run list"
     " ;; run list Cover ;; run show Cover ;; computation events Cover"
     " ;; computation logs Cover ;; computation stop Cover"},
    {ADA, "Open Science Lab",
     "dashboard ;; asset unlink cover.py Cover ;; asset delete cover.py --confirm cover.py"
     " ;; computation delete Cover --confirm Cover"},
    {ADA, "Open Science Lab",
     "cvm create cover ;; cvm list ;; cvm show " CVM " ;; cvm statistics " CVM " ;; cvm policy " CVM
     " ;; cvm attestation " CVM " ;; cvm delete " NEW_CVM " --confirm " NEW_CVM},
};

/* ---- playing ---- */

struct world {
	struct sandbox *sandbox;
	struct cli cli;
	char *dir, *log;
};

static void open_world(struct world *w, const char *const *more)
{
	static unsigned number;
	const char *args[12] = {"--cvm-step", "50", "--log"};
	size_t count = 3;

	*w = (struct world){.dir = tmpdir_create()};
	w->log = prism_asprintf("%s/sandbox-%u.log", w->dir, number++);
	args[count++] = w->log;
	for (; more && *more && count < PRISM_COUNT(args) - 1; more++)
		args[count++] = *more;
	w->sandbox = sandbox_start(args);
	w->cli = (struct cli){.sandbox = w->sandbox};
}

static void play(struct world *w, const struct step *steps, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		w->cli.user = steps[i].user;
		w->cli.workspace = steps[i].workspace;
		cli_must(&w->cli, "%s", steps[i].lines);
	}
}

static void write_line(const char *path, const char *line)
{
	assert_int_equal(prism_file_write(path, line, strlen(line), 0600, NULL), 0);
}

static void become(struct world *w, const char *email, const char *username, const char *password)
{
	struct sandbox_user *user = &w->sandbox->users[CYD];
	char **slots[] = {&user->email, &user->username, &user->password};
	const char *texts[] = {email, username, password};

	for (size_t i = 0; i < PRISM_COUNT(slots); i++) {
		prism_free(*slots[i]);
		*slots[i] = prism_strdup(texts[i]);
	}
}

/* A person comes, verifies, changes the password, leaves, and is deleted. */
static void play_newcomer(struct world *w)
{
	PRISM_AUTO_FREE char *first = prism_asprintf("%s/first", w->dir);
	PRISM_AUTO_FREE char *second = prism_asprintf("%s/second", w->dir);
	char id[80];

	write_line(first, "newbie-secret-1\n");
	write_line(second, "newbie-secret-2\n");
	w->cli.workspace = NULL;
	cli_must(&w->cli,
	         "account register --first-name New --last-name Bie --username newbie --email " NEWBIE
	         " --new-file %s",
	         first);
	cli_must(&w->cli, "account forgot " NEWBIE);
	become(w, NEWBIE, "newbie", "newbie-secret-1");
	w->cli.user = CYD;
	cli_must(&w->cli, "account verify ;; account password --old-file %s --new-file %s", first,
	         second);
	become(w, NEWBIE, "newbie", "newbie-secret-2");
	cli_must(&w->cli, "account deactivate --confirm newbie");
	w->cli.user = ADA;
	snprintf(id, sizeof(id), "%s",
	         cli_text(cli_find(cli_must(&w->cli, "user list"), "username", "newbie"), "id"));
	cli_must(&w->cli, "user delete %s --confirm 'New Bie'", id);
}

static void play_certificates(struct world *w)
{
	PRISM_AUTO_FREE char *ca = prism_asprintf("%s/ca.pem", w->dir);
	PRISM_AUTO_FREE char *files = prism_asprintf("%s/files", w->dir);
	char serial[160];

	w->cli.user = ADA;
	w->cli.workspace = "Open Science Lab";
	cli_must(&w->cli, "cert issue " CVM);
	snprintf(serial, sizeof(serial), "%s", cli_text(w->cli.doc, "serial_number"));
	assert_true(serial[0] != '\0');
	cli_must(&w->cli,
	         "cert list " CVM " ;; cert ocsp %s ;; cert download %s %s ;; cert ca --save %s",
	         serial, serial, files, ca);
	cli_must(&w->cli, "cert renew %s", serial);
	snprintf(
	    serial, sizeof(serial), "%s",
	    cli_text(cli_find(cli_must(&w->cli, "cert list " CVM), "state", "valid"), "serial_number"));
	if (serial[0])
		cli_must(&w->cli, "cert revoke %s --confirm %s", serial, serial);
	cli_must(&w->cli, "cert delete " CVM " --confirm " CVM);
}

/* ---- counting ---- */

/* Literal segments that agree; -1: another path. */
static int fit(const char *prefix, const char *pattern, const char *path)
{
	PRISM_AUTO_FREE char *whole = prism_asprintf("%s%s", prefix, pattern);
	const char *p = whole;
	int literal = 0;

	while (*p && *path) {
		size_t plen = strcspn(p + 1, "/") + 1, len = strcspn(path + 1, "/") + 1;

		if (p[1] == '{')
			literal += 0;
		else if (plen != len || strncmp(p, path, len) != 0)
			return -1;
		else
			literal++;
		p += plen;
		path += len;
	}
	return *p || *path ? -1 : literal;
}

/* The row a request was for: the one with the most words of the path; COUNT: none. */
static size_t row_of(const char *method, const char *path)
{
	size_t best = CORE_ENDPOINT_COUNT;
	int most = -1;

	for (size_t id = 0; id < CORE_ENDPOINT_COUNT; id++) {
		const struct core_endpoint *row = &core_endpoints[id];
		int literal = fit(core_service_prefix(row->service), row->path, path);

		if (strcmp(net_http_method_word(row->method), method) == 0 && literal > most) {
			most = literal;
			best = id;
		}
	}
	return best;
}

static void count_log(const char *path, unsigned answered[CORE_ENDPOINT_COUNT])
{
	FILE *f = fopen(path, "r");
	char line[4096], method[16], target[2048];
	int status;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		const char *at = strstr(line, " http: ");
		size_t row;

		if (!at || sscanf(at, " http: %15s %2047s %d", method, target, &status) != 3)
			continue;
		row = row_of(method, target);
		if (row < CORE_ENDPOINT_COUNT && status >= 200 && status < 300)
			answered[row]++;
	}
	fclose(f);
}

static void close_world(struct world *w, unsigned answered[CORE_ENDPOINT_COUNT])
{
	cli_finish(&w->cli);
	sandbox_stop(w->sandbox);
	count_log(w->log, answered);
	tmpdir_remove(w->dir);
	prism_free(w->log);
}

static const char *why_exempt(size_t id)
{
	for (size_t i = 0; i < PRISM_COUNT(exempt); i++)
		if (exempt[i].id == id)
			return exempt[i].why;
	return NULL;
}

static void every_endpoint_of_a_user_is_used(void **state)
{
	static const char *const short_lived[] = {"--token-ttl", "2", NULL};
	static const char *const older[] = {
	    "--fault", "5xx=404@GET:/workspaces/domains/*/roles/members", "--fault",
	    "5xx=404@GET:/computations/*/computations/*/roles/members", NULL};
	unsigned answered[CORE_ENDPOINT_COUNT] = {0}, missing = 0;
	struct world w;

	open_world(&w, NULL);
	play(&w, workspaces, PRISM_COUNT(workspaces));
	play(&w, account, PRISM_COUNT(account));
	play(&w, invitations, PRISM_COUNT(invitations));
	play(&w, computations, PRISM_COUNT(computations));
	play_certificates(&w);
	play_newcomer(&w);
	close_world(&w, answered);

	open_world(&w, short_lived); /* a session that has to be renewed */
	w.cli.workspace = "Open Science Lab";
	cli_run(&w.cli, "computation follow 'Credit card fraud screening' --timeout 4s");
	close_world(&w, answered);

	open_world(&w, older); /* members are asked for role by role */
	w.cli.workspace = "Open Science Lab";
	cli_must(&w.cli, "workspace role list ;; role list 'Empty draft'");
	close_world(&w, answered);

	for (size_t id = 0; id < CORE_ENDPOINT_COUNT; id++) {
		const char *why = why_exempt(id);

		if (answered[id] && why)
			print_error("\"%s\" is used, yet exempt: %s\n", core_endpoints[id].name, why);
		else if (!answered[id] && !why)
			print_error("nothing used \"%s\": %s %s%s (section %s)\n", core_endpoints[id].name,
			            net_http_method_word(core_endpoints[id].method),
			            core_service_prefix(core_endpoints[id].service), core_endpoints[id].path,
			            core_endpoints[id].section);
		missing += (answered[id] > 0) == (why != NULL);
	}
	assert_int_equal(missing, 0);
}

static void paths_find_their_rows(void **state)
{
	assert_int_equal(row_of("GET", "/users/search"), CORE_EP_USER_SEARCH);
	assert_int_equal(row_of("GET", "/users/95b98be7"), CORE_EP_USER_GET);
	assert_int_equal(row_of("GET", "/workspaces/domains/roles/available-actions"),
	                 CORE_EP_WROLE_ACTIONS_KNOWN);
	assert_int_equal(row_of("GET", "/computations/w/computations/runs"), CORE_EP_RUN_LIST);
	assert_int_equal(row_of("GET", "/computations/w/computations/c/run"), CORE_EP_COMP_LAST_RUN);
	assert_int_equal(row_of("PUT", "/computations/w/assets/a/c"), CORE_EP_ASSET_UNLINK);
	assert_int_equal(row_of("GET", "/elsewhere"), CORE_ENDPOINT_COUNT);
	assert_int_equal(row_of("PATCH", "/users/search"), CORE_EP_USER_UPDATE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(paths_find_their_rows),
	    cmocka_unit_test(every_endpoint_of_a_user_is_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
