/*
 * Which way leads where: the options via, <service>_via and agent_via, [cvm NAME], patterns.
 */
#include "core/tunnels.h"

#include "base/mem.h"
#include "core/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct world {
	struct prism_loop *loop;
	struct prism_work *work;
	struct core_options *options;
	struct core *core;
	struct prism_error err; /* of the last question */
};

static int setup(void **state)
{
	struct world *w = prism_alloc(sizeof(*w));
	struct prism_error err = PRISM_ERROR_INIT;

	w->loop = prism_loop_create(prism_clock_system());
	w->work = prism_work_create(w->loop, 1);
	w->options = core_options_create();
	core_remember_off(w->options);
	assert_int_equal(core_options_set(w->options, CORE_OPT_SSH_CONFIG, "none", &err), 0);
	w->core = core_create(w->loop, w->work, w->options);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	core_destroy(w->core);
	core_options_destroy(w->options);
	prism_work_destroy(w->work);
	prism_loop_destroy(w->loop);
	prism_free(w);
	return 0;
}

static void set(struct world *w, enum core_option_id id, const char *text)
{
	struct prism_error err = PRISM_ERROR_INIT;

	assert_int_equal(core_options_set(w->options, id, text, &err), 0);
}

static const char *service(struct world *w, enum core_service which)
{
	struct net_tunnel *tunnel;

	if (core_tunnel_of_service(w->core, which, &tunnel, &w->err) < 0)
		return w->err.message;
	return tunnel ? net_tunnel_info(tunnel).name : "direct";
}

static const char *agent(struct world *w, const char *address, const char *const *names)
{
	struct net_tunnel *tunnel;

	if (core_tunnel_of_agent(w->core, address, names, &tunnel, &w->err) < 0)
		return w->err.message;
	return tunnel ? net_tunnel_info(tunnel).name : "direct";
}

static void services(void **state)
{
	struct world *w = *state;

	assert_string_equal(service(w, CORE_SERVICE_USERS), "direct");
	assert_int_equal(core_tunnel_count(w->core), 0); /* nothing is made for nobody */
	set(w, CORE_OPT_VIA, "ada@one");
	assert_string_equal(service(w, CORE_SERVICE_USERS), "ada@one");
	set(w, CORE_OPT_CERTS_VIA, "ada@one,ben@two:2222");
	assert_string_equal(service(w, CORE_SERVICE_CERTS), "ada@one,ben@two:2222");
	assert_string_equal(service(w, CORE_SERVICE_BACKENDS), "ada@one");
	assert_int_equal(core_tunnel_count(w->core), 2); /* the first hop is shared */
	set(w, CORE_OPT_BACKENDS_VIA, "none");
	assert_string_equal(service(w, CORE_SERVICE_BACKENDS), "direct");
	set(w, CORE_OPT_AUTH_VIA, "ada@");
	assert_non_null(strstr(service(w, CORE_SERVICE_AUTH), "via = ada@"));
}

static void agents(void **state)
{
	static const char *const names[] = {"lab-1", "0a8f", NULL};
	struct world *w = *state;

	assert_string_equal(agent(w, "10.0.0.7:7002", NULL), "direct");
	set(w, CORE_OPT_VIA, "ada@one");
	assert_string_equal(agent(w, "10.0.0.7:7002", NULL), "ada@one");
	set(w, CORE_OPT_AGENT_VIA, "10.9.*=ben@two lab-*=cyd@three none");
	assert_string_equal(agent(w, "10.9.0.7:7002", NULL), "ben@two");
	assert_string_equal(agent(w, "10.8.0.7:7002", names), "cyd@three");
	assert_string_equal(agent(w, "10.9.0.7:7002", names), "ben@two"); /* the first that fits */
	assert_string_equal(agent(w, "10.8.0.7:7002", NULL), "direct");
	assert_string_equal(agent(w, ":", NULL), "the agent's address is not known yet");
}

static void choosing(void **state)
{
	static const struct {
		const char *rules, *host, *way;
	} rows[] = {
	    {"", "h", ""},
	    {"a@b", "h", "a@b"},
	    {"h=a@b", "h", "a@b"},
	    {"h=a@b", "i", ""},
	    {"h=a@b c@d", "i", "c@d"},
	    {"  h=a@b\tc@d ", "h", "a@b"},
	    {"h=", "h", ""},
	    {"*=none a@b", "h", "none"},
	    {"!h=a@b", "h", ""},
	    {"H?ST=a@b", "host", "a@b"},
	};

	PRISM_UNUSED(state);
	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		PRISM_AUTO_FREE char *way = core_tunnel_choose(rows[i].rules, rows[i].host, NULL);

		if (strcmp(way, rows[i].way) != 0)
			fail_msg("\"%s\" for %s: %s", rows[i].rules, rows[i].host, way);
	}
}

static void finding(void **state)
{
	struct world *w = *state;
	struct prism_error err = PRISM_ERROR_INIT;

	assert_non_null(core_tunnel(w->core, "ada@one,ben@two", &err));
	assert_non_null(core_tunnel(w->core, "ben@two", &err));
	assert_non_null(core_tunnel_find(w->core, "ada@one,ben@two", &err));
	assert_ptr_equal(core_tunnel_find(w->core, "ben@two", &err),
	                 core_tunnel(w->core, "ben@two", &err)); /* a whole name comes first */
	assert_non_null(core_tunnel(w->core, "cyd@three,dan@four", &err));
	assert_non_null(core_tunnel_find(w->core, "dan@four", &err)); /* by its last hop */
	assert_null(core_tunnel_find(w->core, "eve@five", &err));
	assert_int_equal(err.category, PRISM_ERROR_MISSING);
}

#define ONE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ONE(services),
	    ONE(agents),
	    ONE(finding),
	    cmocka_unit_test(choosing),
	};

	return cmocka_run_group_tests_name("tunnels", tests, NULL, NULL);
}
