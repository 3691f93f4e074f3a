/*
 * ~/.ssh/config: first value wins, patterns with negation, blocks, includes, tokens; what is not
 * understood is said, and only where it applies.  Words of a hop.
 */
#include "net/ssh_config.h"

#include "base/file.h"
#include "base/mem.h"
#include "net/known_hosts.h"
#include "tests/lib/tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct net_ssh_host *ask(const char *text, const char *name)
{
	struct net_ssh_config *config = net_ssh_config_parse(text, strlen(text));
	struct net_ssh_host *host = net_ssh_config_host(config, name, NULL, 0);

	net_ssh_config_destroy(config);
	return host;
}

static void first_value_wins(void **state)
{
	struct net_ssh_host *host = ask("Host bastion\n  User ada\n  Port 2222\nHost *\n  User ben\n"
	                                "  Port 22\n  HostName %h.example.org\n",
	                                "bastion");

	PRISM_UNUSED(state);
	assert_string_equal(host->user, "ada");
	assert_int_equal(host->port, 2222);
	assert_string_equal(host->hostname, "bastion.example.org");
	assert_string_equal(host->key_name, "bastion.example.org");
	assert_int_equal(host->problem_count, 0);
	net_ssh_host_destroy(host);
}

static void patterns(void **state)
{
	static const struct {
		const char *patterns, *name;
		bool matches;
	} rows[] = {
	    {"*.example.org", "a.example.org", true},
	    {"*.example.org", "example.org", false},
	    {"*.example.org !b.*", "b.example.org", false},
	    {"*.example.org !b.*", "a.example.org", true},
	    {"!b.example.org", "a.example.org", false}, /* a negation alone never matches */
	    {"h?st", "host", true},
	    {"h?st", "hoost", false},
	    {"HOST", "host", true},
	    {"one two", "two", true},
	};

	PRISM_UNUSED(state);
	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		PRISM_AUTO_FREE char *text = prism_asprintf("Host %s\nUser found\n", rows[i].patterns);
		struct net_ssh_host *host = ask(text, rows[i].name);

		if ((strcmp(host->user, "found") == 0) != rows[i].matches)
			fail_msg("%s on %s", rows[i].patterns, rows[i].name);
		net_ssh_host_destroy(host);
	}
}

static void forms_of_a_line(void **state)
{
	struct net_ssh_host *host = ask("user=ada\nPort = 2022\n\tHostName \"with space\" # not this\n"
	                                "# User ben\nIdentityFile ~/a\nidentityfile \"/b c\"\n",
	                                "x");

	PRISM_UNUSED(state);
	assert_string_equal(host->user, "ada");
	assert_int_equal(host->port, 2022);
	assert_string_equal(host->hostname, "with space");
	assert_int_equal(host->identity_count, 2);
	assert_string_equal(host->identity[1], "/b c");
	net_ssh_host_destroy(host);
}

static void tokens(void **state)
{
	struct net_ssh_host *host;

	PRISM_UNUSED(state);
	setenv("HOME", "/home/ada", 1);
	host = ask("User eve\nPort 7\nIdentityFile %d/%h-%p-%r-%n-%%\n", "box");
	assert_string_equal(host->identity[0], "/home/ada/box-7-eve-box-%");
	net_ssh_host_destroy(host);

	host = ask("IdentityFile /k/%C\n", "box");
	assert_int_equal(host->identity_count, 0);
	assert_int_equal(host->problem_count, 1);
	assert_non_null(strstr(host->problem[0], "config:1: IdentityFile holds a token"));
	net_ssh_host_destroy(host);
}

static void not_understood_is_said(void **state)
{
	struct net_ssh_host *host =
	    ask("Host far\n  ProxyCommand nc %h %p\nHost near\n  ForwardX11 yes\n  LogLevel QUIET\n",
	        "far");

	PRISM_UNUSED(state);
	assert_int_equal(host->problem_count, 1);
	assert_string_equal(host->problem[0], "config:2: ProxyCommand is not supported");
	net_ssh_host_destroy(host);

	host = ask("Host far\n  ProxyCommand nc %h %p\nHost near\n  ForwardX11 yes\n", "near");
	assert_int_equal(host->problem_count, 0);
	net_ssh_host_destroy(host);

	host = ask("Port 0\nPort 70000\nUser \"open\nHostName\n", "x");
	assert_int_equal(host->problem_count, 4);
	assert_int_equal(host->port, 22);
	net_ssh_host_destroy(host);

	/* What would change how a person signs in is no matter of taste. */
	host = ask("PreferredAuthentications password\nBatchMode yes\nAddressFamily inet6\n", "x");
	assert_int_equal(host->problem_count, 3);
	net_ssh_host_destroy(host);
}

/* A line that cannot be read is said, and one that would begin a block does not let what follows it
 * slip into the block before. */
static void unreadable_lines(void **state)
{
	static const char nul[] = "User ri\0ght\nPort 23\n";
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(1 << 20);
	struct net_ssh_config *config = net_ssh_config_parse(nul, sizeof(nul) - 1);
	struct net_ssh_host *host = net_ssh_config_host(config, "x", NULL, 0);

	PRISM_UNUSED(state);
	assert_int_equal(host->port, 23);
	assert_int_equal(host->problem_count, 1);
	assert_string_equal(host->problem[0], "config:1: the line holds a NUL byte and was left out");
	net_ssh_host_destroy(host);
	net_ssh_config_destroy(config);

	prism_buf_puts(&text, "Host x\n  Port 23\nHost");
	for (unsigned i = 0; i < 70; i++)
		prism_buf_printf(&text, " name%u", i);
	prism_buf_puts(&text, "\n  User wrong\n");
	host = ask(prism_buf_text(&text), "x");
	assert_int_equal(host->port, 23);
	assert_string_not_equal(host->user, "wrong");
	assert_int_equal(host->problem_count, 1);
	assert_string_equal(host->problem[0], "config:3: Host has too many words");
	net_ssh_host_destroy(host);

	host = ask("Host x\n  Port 23\nHost\n  User wrong\nHost \"y\n  User wrong\n", "x");
	assert_string_not_equal(host->user, "wrong");
	assert_int_equal(host->problem_count, 2);
	net_ssh_host_destroy(host);

	prism_buf_clear(&text);
	for (unsigned i = 0; i <= NET_SSH_FILES_MAX; i++)
		prism_buf_printf(&text, "IdentityFile /k%u\n", i);
	host = ask(prism_buf_text(&text), "x");
	assert_int_equal(host->identity_count, NET_SSH_FILES_MAX);
	assert_int_equal(host->problem_count, 1);
	assert_non_null(strstr(host->problem[0], "one more than are tried"));
	net_ssh_host_destroy(host);

	prism_buf_clear(&text);
	for (unsigned i = 0; i < 20001; i++)
		prism_buf_puts(&text, "Port 24\n");
	prism_buf_puts(&text, "User lost\n");
	host = ask(prism_buf_text(&text), "x");
	assert_string_not_equal(host->user, "lost");
	assert_int_equal(host->problem_count, 1);
	assert_non_null(strstr(host->problem[0], "more settings than are read"));
	net_ssh_host_destroy(host);
}

static void match(void **state)
{
	struct net_ssh_host *host =
	    ask("Match exec \"true\"\n  User wrong\nMatch all\n  User right\n", "x");

	PRISM_UNUSED(state);
	assert_string_equal(host->user, "right");
	assert_int_equal(host->problem_count, 1);
	assert_non_null(strstr(host->problem[0], "Match"));
	net_ssh_host_destroy(host);
}

static void strictness(void **state)
{
	static const struct {
		const char *word;
		enum net_ssh_strict strict;
		size_t problems;
	} rows[] = {{"yes", NET_SSH_STRICT_YES, 0},
	            {"accept-new", NET_SSH_STRICT_ACCEPT_NEW, 0},
	            {"ask", NET_SSH_STRICT_ASK, 0},
	            {"no", NET_SSH_STRICT_ASK, 1}, /* never off */
	            {"off", NET_SSH_STRICT_ASK, 1}};

	PRISM_UNUSED(state);
	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		PRISM_AUTO_FREE char *text = prism_asprintf("StrictHostKeyChecking %s\n", rows[i].word);
		struct net_ssh_host *host = ask(text, "x");

		assert_int_equal(host->strict, rows[i].strict);
		assert_int_equal(host->problem_count, rows[i].problems);
		net_ssh_host_destroy(host);
	}
}

static void known_hosts_files(void **state)
{
	struct net_ssh_host *host =
	    ask("UserKnownHostsFile /a /b\nGlobalKnownHostsFile none\nHostKeyAlias alias\n", "x");

	PRISM_UNUSED(state);
	assert_int_equal(host->known_count, 2);
	assert_string_equal(host->known[1], "/b");
	assert_string_equal(host->key_name, "alias");
	assert_int_equal(host->key_port, 22);
	net_ssh_host_destroy(host);

	/* ssh looks an alias up without a port; a host by its own name with it. */
	host = ask("HostKeyAlias alias\nPort 2222\n", "x");
	assert_int_equal(host->key_port, 22);
	net_ssh_host_destroy(host);
	host = ask("Port 2222\n", "x");
	assert_int_equal(host->key_port, 2222);
	net_ssh_host_destroy(host);
}

static void write_text(const char *dir, const char *name, const char *text)
{
	PRISM_AUTO_FREE char *path = prism_path_join(dir, name);
	struct prism_error err = PRISM_ERROR_INIT;

	assert_int_equal(prism_file_write(path, text, strlen(text), 0600, &err), 0);
}

/* An included file counts where the block of its Include matches, and ends its own blocks. */
static void includes(void **state)
{
	const char *dir = *state;
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_FREE char *ssh = prism_path_join(dir, ".ssh");
	PRISM_AUTO_FREE char *config_path = prism_path_join(ssh, "config");
	struct net_ssh_config *config;
	struct net_ssh_host *host;

	setenv("HOME", dir, 1);
	assert_int_equal(prism_file_mkdirs(ssh, 0700, &err), 0);
	write_text(ssh, "config",
	           "Include part*\nHost a\n  Include only-a\n  Port 3\nInclude config\n");
	write_text(ssh, "part1", "Host b\n  User from-part\n");
	write_text(ssh, "only-a", "User from-a\nHost b\n  Port 9\n");
	config = net_ssh_config_load(config_path, "");
	host = net_ssh_config_host(config, "a", NULL, 0);
	assert_string_equal(host->user, "from-a");
	assert_int_equal(host->port, 3);
	assert_true(host->problem_count > 0); /* it includes itself without end */
	net_ssh_host_destroy(host);
	host = net_ssh_config_host(config, "b", NULL, 0);
	assert_string_equal(host->user, "from-part");
	assert_int_equal(host->port, 22); /* "only-a" is not for b */
	net_ssh_host_destroy(host);
	host = net_ssh_config_host(config, "b", "named", 44);
	assert_string_equal(host->user, "named");
	assert_int_equal(host->port, 44);
	net_ssh_host_destroy(host);
	net_ssh_config_destroy(config);
}

static void hops(void **state)
{
	static const struct {
		const char *text, *user, *host;
		uint16_t port;
	} rows[] = {{"bastion", NULL, "bastion", 0},
	            {"ada@bastion", "ada", "bastion", 0},
	            {"ada@bastion:2222", "ada", "bastion", 2222},
	            {"ada@[::1]:2222", "ada", "::1", 2222},
	            {"ssh://ada@bastion:22", "ada", "bastion", 22},
	            {"dom\\ain@x", NULL, NULL, 0},
	            {"ada@", NULL, NULL, 0},
	            {"-x@bastion", NULL, NULL, 0},
	            {"ada@bastion:", NULL, NULL, 0}};
	struct prism_error err = PRISM_ERROR_INIT;

	PRISM_UNUSED(state);
	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		char *user = NULL, *host = NULL;
		uint16_t port;
		int rc = net_ssh_hop_parse(rows[i].text, strlen(rows[i].text), &user, &host, &port, &err);

		if ((rc == 0) != (rows[i].host != NULL))
			fail_msg("%s", rows[i].text);
		if (rc < 0)
			continue;
		assert_string_equal(host, rows[i].host);
		assert_int_equal(port, rows[i].port);
		if (rows[i].user)
			assert_string_equal(user, rows[i].user);
		else
			assert_null(user);
		prism_free(user);
		prism_free(host);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(first_value_wins),
	    cmocka_unit_test(patterns),
	    cmocka_unit_test(forms_of_a_line),
	    cmocka_unit_test(tokens),
	    cmocka_unit_test(not_understood_is_said),
	    cmocka_unit_test(unreadable_lines),
	    cmocka_unit_test(match),
	    cmocka_unit_test(strictness),
	    cmocka_unit_test(known_hosts_files),
	    cmocka_unit_test_setup_teardown(includes, tmpdir_setup, tmpdir_teardown),
	    cmocka_unit_test(hops),
	};

	return cmocka_run_group_tests_name("ssh_config", tests, NULL, NULL);
}
