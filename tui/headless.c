/*
 * The front end of commands that has no screen.  Steps: read the lines, sign in when one of them
 * needs it, enter the workspace, run them one after another.
 */
#include "tui/headless.h"

#include "base/file.h"
#include "base/text.h"
#include "core/appraisal.h"
#include "core/options.h"
#include "core/request.h"
#include "core/session.h"
#include "core/tunnels.h"
#include "tui/command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define PASSWORD_MAX 1024 /* bytes; longer input is a wrong file */
#define OUTPUT_MAX (SIZE_MAX / 2)

struct run {
	struct pt_world *world;
	const struct pt_headless *how;
	struct pt_values **lines; /* read; given to commands one by one */
	size_t at;
	struct pt_command *command; /* under way; NULL */
	struct prism_cancel *cancel;
	bool progress_shown;
	int code;
};

/* ---- output ---- */

static void write_all(struct run *run, int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) { /* the reader has gone: nobody to tell */
			if (run && run->code == 0)
				run->code = prism_error_exit_code(PRISM_ERROR_IO);
			return;
		}
		text += n;
		len -= (size_t)n;
	}
}

static void clear_progress(struct run *run)
{
	if (run->progress_shown)
		write_all(NULL, STDERR_FILENO, "\r\033[K", 4);
	run->progress_shown = false;
}

/* One line to standard error; text of a server is made harmless. */
static void tell(struct run *run, const char *prefix, const char *text)
{
	PRISM_AUTO_BUF struct prism_buf line = PRISM_BUF_INIT(OUTPUT_MAX);

	clear_progress(run);
	prism_buf_puts(&line, prefix);
	prism_text_neutralise(&line, text, strlen(text), false);
	prism_buf_putc(&line, '\n');
	write_all(NULL, STDERR_FILENO, line.data, line.len);
}

static void tell_error(struct run *run, const struct prism_error *err)
{
	char text[1024];

	run->code = prism_error_exit_code(err->category);
	if (err->category == PRISM_ERROR_CANCELLED)
		return; /* whoever interrupted it knows */
	tell(run, "prism-tui: ", prism_error_format(err, text, sizeof(text)));
	if (*err->peer)
		tell(run, "  server: ", err->peer);
	if (*err->hint)
		tell(run, "  hint: ", err->hint);
}

static struct prism_secret *ask_terminal(const char *prompt, bool echo, struct prism_error *err);

static int terminal_width(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return 0;
}

static void print_records(struct run *run, const struct pt_records *records, bool lines)
{
	bool terminal = isatty(STDOUT_FILENO);
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(OUTPUT_MAX);
	struct pt_print print = {
	    .format = run->how->format,
	    .width = terminal ? terminal_width() : 0,
	    .terminal = terminal,
	    .headings = !run->how->no_headings && !lines,
	    .local_time = terminal,
	    .lines = lines,
	};

	clear_progress(run);
	pt_records_print(records, &print, &out);
	if (out.len)
		write_all(run, STDOUT_FILENO, out.data, out.len);
}

/* A command that only has something to say. */
static void print_message(struct run *run, const char *message)
{
	static const struct pt_record_column columns[] = {{"message", "Message"}, {NULL, NULL}};
	struct pt_records *records;

	if (run->how->format == PT_FORMAT_TABLE) {
		PRISM_AUTO_BUF struct prism_buf line = PRISM_BUF_INIT(OUTPUT_MAX);

		prism_text_neutralise(&line, message, strlen(message), false);
		prism_buf_putc(&line, '\n');
		clear_progress(run);
		write_all(run, STDOUT_FILENO, line.data, line.len);
		return;
	}
	records = pt_records_create(columns, PT_RECORD_SINGLE);
	pt_records_text(records, message);
	print_records(run, records, false);
	pt_records_destroy(records);
}

/* ---- the front end of a command ---- */

static void front_say(void *data, const char *text)
{
	struct run *run = data;

	if (!run->how->quiet)
		tell(run, "", text);
}

static void front_progress(void *data, const char *what, uint64_t done, uint64_t total)
{
	struct run *run = data;
	char part[24], whole[24], line[160];
	int len;

	if (run->how->quiet || !isatty(STDERR_FILENO))
		return;
	len = snprintf(line, sizeof(line), "\r%s %s%s%s%s\033[K", what, prism_text_bytes(done, part),
	               total ? " of " : "", total ? prism_text_bytes(total, whole) : "",
	               total && done >= total ? ", done" : "");
	run->progress_shown = true;
	write_all(NULL, STDERR_FILENO, line, (size_t)len);
}

static void front_rows(void *data, const struct pt_records *records)
{
	print_records(data, records, true);
}

static char *front_ask_name(void *data, const char *what, const char *name)
{
	struct run *run = data;
	PRISM_AUTO_BUF struct prism_buf prompt = PRISM_BUF_INIT(OUTPUT_MAX);
	char answer[PASSWORD_MAX];

	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return NULL;
	clear_progress(run);
	prism_buf_printf(&prompt, "This cannot be undone. Type the name of the %s (", what);
	prism_text_neutralise(&prompt, name, strlen(name), false);
	prism_buf_puts(&prompt, "): ");
	write_all(NULL, STDERR_FILENO, prompt.data, prompt.len);
	if (!fgets(answer, sizeof(answer), stdin))
		return NULL;
	answer[strcspn(answer, "\r\n")] = '\0';
	return prism_strdup(answer);
}

static struct prism_secret *front_ask_secret(void *data, const char *file, const char *prompt,
                                             struct prism_error *err)
{
	clear_progress(data);
	return pt_headless_password(file, -1, prompt, err);
}

static void next_line(void *data);

/* Check by check, a line each: why an agent was not trusted. Commands on evidence print it as their
 * answer. */
static void tell_appraisal(struct run *run, struct pt_command *command)
{
	PRISM_AUTO_FREE char *text = NULL;

	if (!command->appraisal || command->action->group == PT_GROUP_EVIDENCE || run->how->quiet)
		return;
	text = core_appraisal_text(command->appraisal, CORE_APPRAISAL_CHECKS);
	for (const char *line = text; *line;) {
		size_t length = strcspn(line, "\n");
		PRISM_AUTO_FREE char *copy = prism_strndup(line, length);

		tell(run, "", copy);
		line += length + (line[length] == '\n');
	}
}

static void front_done(void *data, struct pt_command *command, const struct prism_error *err)
{
	struct run *run = data;

	run->command = NULL;
	if (err) {
		tell_appraisal(run, command);
		tell_error(run, err);
		prism_loop_quit(run->world->loop);
		return;
	}
	if (command->records)
		print_records(run, command->records, false);
	if (command->message && command->records)
		front_say(run, command->message);
	else if (command->message)
		print_message(run, command->message);
	clear_progress(run);
	if (run->code)
		prism_loop_quit(run->world->loop);
	else
		prism_loop_defer(run->world->loop, next_line, run);
}

static const struct pt_front front = {
    .say = front_say,
    .progress = front_progress,
    .rows = front_rows,
    .ask_name = front_ask_name,
    .ask_secret = front_ask_secret,
    .done = front_done,
};

/* ---- the lines, one after another ---- */

static void next_line(void *data)
{
	struct run *run = data;
	struct prism_error err = PRISM_ERROR_INIT;
	struct pt_values *values;

	if (run->at == run->how->count) {
		prism_loop_quit(run->world->loop);
		return;
	}
	values = run->lines[run->at];
	run->lines[run->at++] = NULL;
	run->command = pt_command_start(run->world, values, run->cancel, &front, run, &err);
	if (!run->command) {
		tell_error(run, &err);
		prism_loop_quit(run->world->loop);
	}
}

static void give_up(struct run *run, const struct prism_error *err)
{
	tell_error(run, err);
	prism_loop_quit(run->world->loop);
}

static bool needs_workspace(const struct run *run)
{
	for (size_t i = 0; i < run->how->count; i++) {
		if (!(pt_values_action(run->lines[i])->flags &
		      (PT_ACTION_NO_LOGIN | PT_ACTION_NO_WORKSPACE)))
			return true;
	}
	return false;
}

static void entered(void *data, const char *id, const struct prism_error *err)
{
	struct run *run = data;
	struct prism_error none = PRISM_ERROR_INIT;

	if (err) {
		give_up(run, err);
		return;
	}
	if (!*id && needs_workspace(run) &&
	    pt_action_id(pt_values_action(run->lines[0])) != PT_ACTION_WORKSPACE_USE) {
		prism_error_raise(&none, PRISM_ERROR_INVALID, "no workspace is chosen");
		prism_error_hint(&none, "name one with --workspace, or -c 'workspace use NAME'; "
		                        "-c 'workspace list' shows them");
		give_up(run, &none);
		return;
	}
	next_line(run);
}

static void signed_in(void *data, const struct prism_error *err)
{
	struct run *run = data;
	struct prism_error failed = PRISM_ERROR_INIT;

	if (err) {
		give_up(run, err);
		return;
	}
	if (!needs_workspace(run))
		next_line(run);
	else if (pt_world_enter(run->world, run->cancel, entered, run, &failed) < 0)
		give_up(run, &failed);
}

static int sign_in(struct run *run, struct prism_error *err)
{
	const char *user = core_option_text(run->world->options, CORE_OPT_USER);
	struct prism_secret *password;
	PRISM_AUTO_FREE char *prompt = NULL;

	for (size_t i = 0; i < run->how->count; i++) {
		const char *named = pt_action_id(pt_values_action(run->lines[i])) == PT_ACTION_LOGIN
		                        ? pt_values_get(run->lines[i], "user")
		                        : NULL;

		user = named ? named : user;
	}
	if (!*user) {
		prism_error_raise(err, PRISM_ERROR_AUTH, "nobody to sign in as");
		prism_error_hint(err, "name a user with --user, or \"user\" in the configuration");
		return -1;
	}
	prompt = prism_asprintf("Password of %s: ", user);
	password = pt_headless_password(run->how->password_file, run->how->password_fd, prompt, err);
	if (!password)
		return -1;
	return core_session_login(run->world->core, user, password, run->cancel, signed_in, run, err);
}

static void begin(void *data)
{
	struct run *run = data;
	struct prism_error err = PRISM_ERROR_INIT;
	bool wanted = false;

	for (size_t i = 0; i < run->how->count; i++) {
		const struct pt_action *action = pt_values_action(run->lines[i]);

		if (!(action->flags & PT_ACTION_NO_LOGIN) || pt_action_id(action) == PT_ACTION_LOGIN)
			wanted = true;
	}
	if (!wanted)
		next_line(run);
	else if (core_session_ready(run->world->core))
		signed_in(run, NULL);
	else if (sign_in(run, &err) < 0)
		give_up(run, &err);
}

static int read_lines(struct run *run, struct prism_error *err)
{
	for (size_t i = 0; i < run->how->count; i++) {
		const struct pt_action *action;

		if (pt_line_parse(run->how->lines[i], &run->lines[i], err) < 0)
			return -1;
		action = pt_values_action(run->lines[i]);
		if (!pt_action_headless(action))
			return prism_error_raise(err, PRISM_ERROR_INVALID, "\"%s\" works on the screen only",
			                         action->name);
		if (pt_values_check(run->lines[i], err) < 0)
			return -1;
	}
	return 0;
}

/* ---- questions of tunnels ---- */

/* Nobody watches: an unknown host is refused, and the error names its fingerprint. */
static void tunnel_asks(void *data, struct net_tunnel *tunnel,
                        const struct net_ssh_question *question)
{
	enum { PROMPTS_MAX = 8 };
	struct run *run = data;
	struct prism_secret *answers[PROMPTS_MAX] = {0};
	size_t count = 0;
	bool good = !question->host_key && question->count <= PROMPTS_MAX;

	if (good && *question->instruction)
		tell(run, "", question->instruction);
	for (; good && count < question->count; count++) {
		PRISM_AUTO_FREE char *prompt =
		    prism_asprintf("%s: %s%s", question->title, question->prompts[count],
		                   strchr(question->prompts[count], ':') ? " " : ": ");
		struct prism_error err = PRISM_ERROR_INIT;

		clear_progress(run);
		answers[count] = ask_terminal(prompt, question->echo[count], &err);
		good = answers[count] != NULL;
	}
	net_tunnel_answer(tunnel, good, good ? (const struct prism_secret *const *)answers : NULL,
	                  good ? count : 0);
	for (size_t i = 0; i < PROMPTS_MAX; i++)
		prism_secret_destroy(answers[i]);
}

static void tunnel_withdraws(void *data, struct net_tunnel *tunnel)
{
	PRISM_UNUSED(data);
	PRISM_UNUSED(tunnel); /* asking blocks: there is never a question left open */
}

static void interrupted(void *data, int signum)
{
	struct run *run = data;

	PRISM_UNUSED(signum);
	if (!run->code)
		run->code = prism_error_exit_code(PRISM_ERROR_CANCELLED);
	if (run->command)
		pt_command_cancel(run->command);
	else
		prism_loop_quit(run->world->loop);
}

/* What goes to the messages of the screen: a trail that cannot be written, a line of the SSH
 * configuration that is not understood. Errors are told by the commands that they end. */
static void noticed(void *data, const struct core_event *event)
{
	if (event->type == CORE_EVENT_NOTICE && event->notice->severity == CORE_WARNING)
		tell(data, "prism-tui: warning: ", event->notice->text);
}

/* What of the configuration and the environment could not be taken: told, never passed over. */
static void tell_problems(struct run *run)
{
	const struct core_options *options = run->world->options;

	for (size_t i = 0; i < core_options_problem_count(options); i++)
		tell(run, "prism-tui: ", core_options_problem(options, i));
}

int pt_headless_run(struct pt_world *world, const struct pt_headless *how)
{
	struct run run = {.world = world, .how = how};
	struct prism_error err = PRISM_ERROR_INIT;

	run.lines = prism_alloc_array(how->count + 1, sizeof(struct pt_values *));
	signal(SIGPIPE, SIG_IGN);
	tell_problems(&run);
	if (read_lines(&run, &err) < 0) {
		tell_error(&run, &err);
	} else {
		const struct core_tunnel_asker asker = {tunnel_asks, tunnel_withdraws, &run};

		core_request_set_parking(world->core, false);
		core_tunnels_set_asker(world->core, &asker);
		run.cancel = prism_cancel_create(core_cancel(world->core));
		struct core_subscription *notices = core_subscribe(world->core, noticed, &run);
		prism_loop_add_signal(world->loop, SIGINT, interrupted, &run);
		prism_loop_add_signal(world->loop, SIGTERM, interrupted, &run);
		prism_loop_defer(world->loop, begin, &run);
		prism_loop_run(world->loop);
		prism_loop_turn(world->loop, 0); /* notices of the last command */
		core_unsubscribe(notices);
		prism_cancel_destroy(run.cancel);
	}
	clear_progress(&run);
	for (size_t i = 0; i < how->count; i++)
		pt_values_destroy(run.lines[i]);
	prism_free(run.lines);
	return run.code;
}

/* ---- passwords ---- */

/* The first line of a descriptor. */
static struct prism_secret *read_secret(int fd, struct prism_error *err)
{
	char text[PASSWORD_MAX + 1];
	size_t len = 0;
	struct prism_secret *secret = NULL;

	while (len < PASSWORD_MAX) {
		ssize_t n = read(fd, text + len, 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || text[len] == '\n')
			break;
		len++;
	}
	text[len] = '\0';
	if (len && text[len - 1] == '\r')
		text[--len] = '\0';
	if (len == PASSWORD_MAX)
		prism_error_raise(err, PRISM_ERROR_LIMIT, "password longer than %d bytes",
		                  PASSWORD_MAX - 1);
	else if (!len)
		prism_error_raise(err, PRISM_ERROR_AUTH, "no password was given");
	else
		secret = prism_secret_from_text(text);
	prism_wipe(text, sizeof(text));
	return secret;
}

static struct prism_secret *ask_terminal(const char *prompt, bool echo, struct prism_error *err)
{
	PRISM_AUTO_FD int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	PRISM_AUTO_BUF struct prism_buf line = PRISM_BUF_INIT(OUTPUT_MAX);
	struct termios before, quiet;
	struct prism_secret *secret;

	if (fd < 0 || tcgetattr(fd, &before) < 0) {
		prism_error_raise(err, PRISM_ERROR_AUTH, "there is no terminal to ask for a password");
		prism_error_hint(err, "give --password-file or --password-fd");
		return NULL;
	}
	prism_text_neutralise(&line, prompt, strlen(prompt), false);
	quiet = before;
	if (!echo)
		quiet.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(fd, TCSAFLUSH, &quiet);
	write_all(NULL, fd, line.data, line.len);
	secret = read_secret(fd, err);
	tcsetattr(fd, TCSAFLUSH, &before);
	write_all(NULL, fd, "\n", 1);
	return secret;
}

struct prism_secret *pt_headless_password(const char *file, int fd, const char *prompt,
                                          struct prism_error *err)
{
	PRISM_AUTO_FREE char *path = file ? prism_path_expand(file) : NULL;
	PRISM_AUTO_FD int opened = -1;

	if (fd >= 0)
		return read_secret(fd, err);
	if (!path)
		return ask_terminal(prompt, false, err);
	opened = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (opened < 0) {
		prism_error_errno(err, errno, "password file %s", path);
		return NULL;
	}
	return read_secret(opened, err);
}
