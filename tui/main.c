/*
 * The client: arguments, construction, loop, teardown.  With -c the commands are done without a
 * screen (tui/headless.h), else the user interface runs (tui/ui.h).
 *
 * Order of construction: settings, loop, workers, world (core), terminal, user interface; the other
 * way round at the end.  Nothing is looked up or dialled before the first frame.
 */
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/options.h"
#include "tui/docgen.h"
#include "tui/flags.h"
#include "tui/fleet.h"
#include "tui/headless.h"
#include "tui/restrict.h"
#include "tui/ui.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#define WORKERS                                                                                  \
	4 /* hashing, zipping and key generation at the same time; more would only wait for the disk \
	   */

static int fail(const struct prism_error *err)
{
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(65536);
	char text[1024];

	prism_buf_puts(&out, "prism-tui: ");
	prism_error_format(err, text, sizeof(text));
	prism_text_neutralise(&out, text, strlen(text), false);
	prism_buf_putc(&out, '\n');
	if (*err->hint) {
		prism_buf_puts(&out, "  hint: ");
		prism_text_neutralise(&out, err->hint, strlen(err->hint), false);
		prism_buf_putc(&out, '\n');
	}
	fputs(prism_buf_text(&out), stderr);
	return prism_error_exit_code(err->category);
}

static int print(const struct prism_buf *text)
{
	if (fwrite(text->data, 1, text->len, stdout) != text->len || fflush(stdout) != 0)
		return prism_error_exit_code(PRISM_ERROR_IO);
	return 0;
}

static int print_help(void)
{
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(1 << 20);

	pt_flags_usage(&text);
	return print(&text);
}

static int print_docs(const char *what)
{
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(1 << 24);
	struct prism_error err = PRISM_ERROR_INIT;

	return pt_docgen(what, &text, &err) < 0 ? fail(&err) : print(&text);
}

static int load_options(struct core_options *options, const struct pt_arguments *arguments,
                        struct prism_error *err)
{
	const char *log_file;
	enum prism_log_level level;

	if (core_options_load(options, arguments->config, err) < 0)
		return -1;
	core_options_environment(options);
	if (core_options_use(options, arguments->profile, err) < 0)
		return -1;
	for (size_t i = 0; i < arguments->setting_count; i++)
		if (core_options_assign(options, arguments->settings[i], err) < 0)
			return -1;
	log_file = core_option_text(options, CORE_OPT_LOG_FILE);
	if (*log_file) {
		PRISM_AUTO_FREE char *path = prism_path_expand(log_file);

		if (prism_log_level_parse(core_option_text(options, CORE_OPT_LOG_LEVEL), &level, err) < 0)
			return -1;
		return prism_log_open(path, level, err);
	}
	return 0;
}

static int run_headless(struct pt_world *world, const struct pt_arguments *arguments)
{
	struct pt_headless how = {
	    .lines = arguments->commands,
	    .count = arguments->command_count,
	    .format = PT_FORMAT_TABLE,
	    .no_headings = arguments->no_headings,
	    .quiet = arguments->quiet,
	    .password_file = arguments->password_file,
	    .password_fd = arguments->password_fd,
	};
	struct prism_error err = PRISM_ERROR_INIT;

	if (arguments->output && pt_format_parse(arguments->output, &how.format, &err) < 0)
		return fail(&err);
	return pt_headless_run(world, &how);
}

static struct pt_term *open_terminal(const struct core_options *options, struct prism_error *err)
{
	const char *ascii = core_option_text(options, CORE_OPT_ASCII);
	struct pt_term_options how = {
	    .encoding = !strcmp(ascii, "yes")  ? PT_ENCODING_ASCII
	                : !strcmp(ascii, "no") ? PT_ENCODING_UTF8
	                                       : PT_ENCODING_AUTO,
	    .colors = pt_colors_parse(core_option_text(options, CORE_OPT_COLOR)),
	    .mouse = core_option_bool(options, CORE_OPT_MOUSE),
	};

	return pt_term_open(&how, err);
}

/* One profile on the screen, until the program ends or another one is asked for. */
static int show(struct pt_world *world, struct pt_term *term, const char *computation,
                int *ret_signal)
{
	struct pt_ui_config config = {.world = world, .term = term};
	struct prism_error err = PRISM_ERROR_INIT;
	struct pt_ui *ui = pt_ui_create(&config, &err);

	if (!ui)
		return fail(&err);
	pt_ui_start(ui);
	if (computation)
		pt_ui_begin(ui, computation);
	pt_app_draw(pt_ui_app(ui));
	prism_loop_run(world->loop);
	*ret_signal = pt_app_signal(pt_ui_app(ui));
	pt_ui_destroy(ui);
	return 0;
}

static bool gives_password(const struct pt_arguments *arguments)
{
	return arguments->password_file || arguments->password_fd >= 0;
}

static int run_screen(struct pt_world *first, const struct pt_arguments *arguments, int *ret_signal)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct pt_term *term;
	struct pt_world *world = first;
	char *computation = NULL;
	int code;

	if (gives_password(arguments) &&
	    !(first->password =
	          pt_headless_password(arguments->password_file, arguments->password_fd, NULL, &err)))
		return fail(&err);
	term = open_terminal(first->options, &err);
	if (!term) {
		PRISM_AUTO_FREE char *hint = prism_strdup(err.hint);

		prism_error_hint(&err, "%s%scommands work without one: -c help", hint, *hint ? "; " : "");
		return fail(&err);
	}
	do {
		code = show(world, term, computation, ret_signal);
		prism_free(computation);
		computation = NULL;
		world = code == 0 && *ret_signal == 0 && first->fleet
		            ? pt_fleet_next(first->fleet, &computation)
		            : NULL;
	} while (world);
	pt_term_close(term);
	return code;
}

static int run(struct core_options *options, const struct pt_arguments *arguments)
{
	struct prism_loop *loop = prism_loop_create(prism_clock_system());
	struct prism_work *work = prism_work_create(loop, WORKERS);
	struct pt_world *world = pt_world_create(loop, work, options);
	int signum = 0;
	int code = arguments->command_count ? run_headless(world, arguments)
	                                    : run_screen(world, arguments, &signum);

	pt_world_destroy(world);
	prism_work_destroy(work);
	prism_loop_destroy(loop);
	prism_log_close();
	if (signum) { /* everything is put away: end as the signal says */
		signal(signum, SIG_DFL);
		raise(signum);
	}
	return code;
}

/* Memory of this process holds tokens and passwords: it must not end up in a file, nor be read by
 * another process of the same user. */
static void no_core_dumps(void)
{
	const struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	prctl(PR_SET_DUMPABLE, 0);
#endif
}

int main(int argc, char **argv)
{
	struct pt_arguments arguments;
	struct core_options *options;
	struct prism_error err = PRISM_ERROR_INIT;
	int code;

	no_core_dumps();
	setlocale(LC_CTYPE, ""); /* the rest would be read for nothing: numbers and times are our own */
	if (pt_arguments_parse(&arguments, argc, argv, &err) < 0)
		return fail(&err);
	if (arguments.help || arguments.version || arguments.docgen) {
		code = arguments.docgen ? print_docs(arguments.docgen)
		       : arguments.help ? print_help()
		                        : (puts("prism-tui " PRISM_VERSION) < 0);
		pt_arguments_finish(&arguments);
		return code;
	}
	options = core_options_create();
	code = load_options(options, &arguments, &err) < 0 ||
	               pt_restrict(options, arguments.password_file, &err) < 0
	           ? fail(&err)
	           : run(options, &arguments);
	core_options_destroy(options);
	pt_arguments_finish(&arguments);
	return code;
}
