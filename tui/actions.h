/*
 * THE table of actions.  One row per thing a person can ask for; the key map, the hint bar, the
 * `?` overlay, the command palette, the manual page, shell completion, headless `-c` and the
 * tests all read it.  Adding an action is: one enumerator here, one row in actions_*.def, and a
 * handler (a command in tui/cmd_*.c, or a case in the view that owns it).
 *
 * Two kinds of action:
 *   - commands have a `run` handler (tui/command.h).  It works on core alone, draws nothing, and
 *     is the same function for a key, the palette and `-c`;
 *   - screen actions (flag PT_ACTION_UI) have none: the view or the shell acts on the id.
 * A command may also be taken over by the view on screen ("computation list" opens the list).
 *
 * Rows are in the order people read them: groups as in enum pt_group, inside a group by use.
 *
 * Thread rules: constant data.
 */
#ifndef PRISM_TUI_ACTIONS_H
#define PRISM_TUI_ACTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pt_command;

enum pt_group {
	PT_GROUP_MOVE,    /* cursor, scrolling */
	PT_GROUP_SCREEN,  /* panes, tabs, overlays, leaving */
	PT_GROUP_FIND,    /* filter, search, sort, marks, copy */
	PT_GROUP_GO,      /* to a section */
	PT_GROUP_SESSION, /* signing in, workspaces, profiles */
	PT_GROUP_ACCOUNT, /* me: profile, password, access tokens */
	PT_GROUP_PEOPLE,  /* members, roles and invitations of the workspace; users */
	PT_GROUP_COMPUTATION,
	PT_GROUP_RUN, /* runs, agents: sending and fetching */
	PT_GROUP_ROLE,
	PT_GROUP_KEY,
	PT_GROUP_ASSET,
	PT_GROUP_CVM,
	PT_GROUP_TRANSFER,
	PT_GROUP_TUNNEL,
	PT_GROUP_LOG,
	PT_GROUP_CERT,     /* certificates: of Prism's service, and files of TLS modes */
	PT_GROUP_EVIDENCE, /* attestation evidence, policies, measurements: files, no server */
	PT_GROUP_SAFETY,   /* shared machines: audit trail, lock */
	PT_GROUP_EDIT,     /* inside an input line or a form */
	PT_GROUP_COUNT
};
const char *pt_group_title(enum pt_group group); /* "Computations" */

/* Where a row's keys are live: a set of these bits.  The first four are layers every view of that
 * make has; the others are views.  Lookup goes view, then layer, then PT_IN_ANY (tui/keymap.h).
 * X(NAME, word of the key map file); a new view is a line here and a PT_IN_ name below. */
typedef uint64_t pt_where;
#define PT_WHERE_MAP(X)             \
	X(ANY, "any")                   \
	X(LIST, "list")                 \
	X(TEXT, "text")                 \
	X(EDIT, "input")                \
	X(LOGIN, "login")               \
	X(DASHBOARD, "dashboard")       \
	X(WORKSPACES, "workspaces")     \
	X(COMPUTATIONS, "computations") \
	X(OVERVIEW, "overview")         \
	X(TIMELINE, "timeline")         \
	X(LOGS, "logs")                 \
	X(MANIFEST, "manifest")         \
	X(ROLES, "roles")               \
	X(LINKED, "linked-assets")      \
	X(ASSETS, "assets")             \
	X(CVMS, "cvms")                 \
	X(CERTS, "certificates")        \
	X(DOCTOR, "doctor")             \
	X(CERT_DOCTOR, "cert-doctor")   \
	X(RUN, "run")                   \
	X(FLEET, "fleet")               \
	X(RUNS, "runs")                 \
	X(TRANSFERS, "transfers")       \
	X(KEYS, "keys")                 \
	X(TUNNELS, "tunnels")           \
	X(HELP, "help")                 \
	X(MESSAGES, "messages")         \
	X(FORM, "form")                 \
	X(EVIDENCE, "evidence")         \
	X(POLICY, "policy")             \
	X(MEASUREMENT, "measurement")   \
	X(IMPORT, "import")             \
	X(RESULT, "result")             \
	X(TABS, "computation")          \
	X(AUDIT, "audit")               \
	X(MEMBERS, "members")           \
	X(WROLES, "workspace-roles")    \
	X(INVITATIONS, "invitations")   \
	X(MINE, "my-invitations")       \
	X(ACCOUNT, "account")           \
	X(TOKENS, "access-tokens")      \
	X(TABBED, "tabs")               \
	X(CVM, "cvm")                   \
	X(UPTIME, "up-time")            \
	X(ASSET, "asset")

enum pt_where_bit {
#define PT_WHERE_AT(NAME, word) PT_AT_##NAME,
	PT_WHERE_MAP(PT_WHERE_AT)
#undef PT_WHERE_AT
	    PT_AT_COUNT
};
_Static_assert(PT_AT_COUNT <= 64, "a set of places is 64 bits");
#define PT_AT(NAME) (UINT64_C(1) << PT_AT_##NAME)
#define PT_IN_ANY PT_AT(ANY)   /* everywhere except inside an input */
#define PT_IN_LIST PT_AT(LIST) /* anything with rows and a cursor */
#define PT_IN_TEXT PT_AT(TEXT) /* anything that scrolls lines: logs, manifest, help */
#define PT_IN_EDIT PT_AT(EDIT) /* an input line or form field has the focus */
#define PT_IN_LOGIN PT_AT(LOGIN)
#define PT_IN_DASHBOARD PT_AT(DASHBOARD)
#define PT_IN_WORKSPACES PT_AT(WORKSPACES)
#define PT_IN_AUDIT PT_AT(AUDIT)
#define PT_IN_COMPUTATIONS PT_AT(COMPUTATIONS)
#define PT_IN_OVERVIEW PT_AT(OVERVIEW) /* tabs of the computation view */
#define PT_IN_TIMELINE PT_AT(TIMELINE)
#define PT_IN_LOGS PT_AT(LOGS)
#define PT_IN_MANIFEST PT_AT(MANIFEST)
#define PT_IN_ROLES PT_AT(ROLES)
#define PT_IN_LINKED PT_AT(LINKED) /* assets of one computation */
#define PT_IN_ASSETS PT_AT(ASSETS) /* assets of the workspace */
#define PT_IN_CVMS PT_AT(CVMS)
#define PT_IN_CERTS PT_AT(CERTS) /* certificates of one CVM */
#define PT_IN_DOCTOR PT_AT(DOCTOR)
#define PT_IN_CERT_DOCTOR PT_AT(CERT_DOCTOR)
#define PT_IN_RUN PT_AT(RUN)     /* run dialog */
#define PT_IN_FLEET PT_AT(FLEET) /* computations of all profiles */
#define PT_IN_RUNS PT_AT(RUNS)   /* of the workspace */
#define PT_IN_TRANSFERS PT_AT(TRANSFERS)
#define PT_IN_KEYS PT_AT(KEYS)
#define PT_IN_TUNNELS PT_AT(TUNNELS)
#define PT_IN_HELP PT_AT(HELP)
#define PT_IN_MESSAGES PT_AT(MESSAGES)
#define PT_IN_FORM PT_AT(FORM)
#define PT_IN_EVIDENCE PT_AT(EVIDENCE) /* pages of facts: evidence, policies, measurements */
#define PT_IN_POLICY PT_AT(POLICY)
#define PT_IN_MEASUREMENT PT_AT(MEASUREMENT)
#define PT_IN_IMPORT PT_AT(IMPORT)
#define PT_IN_RESULT PT_AT(RESULT)
#define PT_IN_TABS PT_AT(TABS)       /* whichever tab of a computation is open */
#define PT_IN_MEMBERS PT_AT(MEMBERS) /* of the workspace */
#define PT_IN_WROLES PT_AT(WROLES)   /* roles of the workspace */
#define PT_IN_INVITATIONS PT_AT(INVITATIONS)
#define PT_IN_MINE PT_AT(MINE) /* invitations for me */
#define PT_IN_ACCOUNT PT_AT(ACCOUNT)
#define PT_IN_TOKENS PT_AT(TOKENS)
#define PT_IN_TABBED PT_AT(TABBED) /* any view with tabs */
#define PT_IN_CVM PT_AT(CVM)       /* details of one */
#define PT_IN_UPTIME PT_AT(UPTIME) /* of one CVM */
#define PT_IN_ASSET PT_AT(ASSET)   /* one, with its sample */
#define PT_IN_COMPUTATION \
	(PT_IN_OVERVIEW | PT_IN_TIMELINE | PT_IN_LOGS | PT_IN_MANIFEST | PT_IN_ROLES | PT_IN_LINKED)
#define PT_IN_VIEWS (~(PT_IN_ANY | PT_IN_LIST | PT_IN_TEXT | PT_IN_EDIT))
const char *pt_where_word(pt_where bit);   /* "computations": section name of the key map file */
pt_where pt_where_parse(const char *word); /* 0: no such section */

enum pt_action_flags {
	PT_ACTION_UI = 1u << 0,        /* meaningless without a screen: not offered by -c */
	PT_ACTION_SELECTION = 1u << 1, /* acts on the row under the cursor, or on the marked rows */
	PT_ACTION_WRITES = 1u << 2,    /* changes something on a server or a disk; refused read-only */
	PT_ACTION_DANGEROUS = 1u << 3, /* cannot be undone: asked for by typing the name */
	PT_ACTION_CONFIRM = 1u << 4,   /* asked for with yes/no */
	PT_ACTION_REPEATS = 1u << 5,   /* a held key may repeat it */
	PT_ACTION_CANCELLABLE = 1u << 6,   /* takes long; can be stopped */
	PT_ACTION_BULK = 1u << 7,          /* with marks: once for each marked row */
	PT_ACTION_NO_LOGIN = 1u << 8,      /* needs no session */
	PT_ACTION_HINT = 1u << 9,          /* worth a place in the hint bar */
	PT_ACTION_HIDDEN = 1u << 10,       /* not in help and manual */
	PT_ACTION_FORM = 1u << 11,         /* on the screen, asks for its optional arguments too */
	PT_ACTION_NO_WORKSPACE = 1u << 12, /* needs a session, but no workspace */
};

/* Arguments: what they are decides checking and where completion looks. */
enum pt_arg_kind {
	PT_ARG_TEXT,
	PT_ARG_CHOICE, /* one of `choices` */
	PT_ARG_FLAG,   /* --name without a value */
	PT_ARG_NUMBER,
	PT_ARG_TIME,     /* RFC 3339, "HH:MM", or a span back from now: "15m" */
	PT_ARG_FILE,     /* existing local file or directory */
	PT_ARG_NEW_FILE, /* path to write; of one file: also user@host[:port]:path (tui/hostfile.h) */
	PT_ARG_WORKSPACE,
	PT_ARG_COMPUTATION,
	PT_ARG_RUN,
	PT_ARG_ROLE,
	PT_ARG_USER,
	PT_ARG_ASSET,
	PT_ARG_CVM,
	PT_ARG_CERT, /* of Prism's service: serial number, or a CVM for its own */
	PT_ARG_TRANSFER,
	PT_ARG_PROFILE,
	PT_ARG_PAT,        /* access token: id or name */
	PT_ARG_INVITATION, /* mine: name or id of its workspace */
	PT_ARG_THEME,
	PT_ARG_COMMAND, /* an action name */
	PT_ARG_KIND_COUNT
};

enum pt_arg_flags {
	PT_ARG_POSITIONAL = 1u << 0, /* by place; otherwise --name VALUE or --name=VALUE */
	PT_ARG_REQUIRED = 1u << 1,
	PT_ARG_REPEAT = 1u << 2,   /* may be given several times; a positional one takes the rest */
	PT_ARG_ATTESTED = 1u << 3, /* forms ask only when the computation's agent runs attested TLS */
	PT_ARG_OR_DIRECTORY = 1u << 4, /* of a file: a directory will do too */
	PT_ARG_NO_FORM = 1u << 5,      /* not asked on the screen, where something else stands for it */
	PT_ARG_DIRECTORY = 1u << 6,    /* of a new file: a directory, which is of this machine */
	PT_ARG_FRESH =
	    1u << 7, /* of a new file: one that is there is refused, unless --replace is given */
};

struct pt_arg {
	const char *name; /* "cvm"; NULL ends the list */
	enum pt_arg_kind kind;
	unsigned flags;
	const char *choices; /* space separated, for PT_ARG_CHOICE */
	const char *help;    /* one line */
};

enum pt_action_id {
	PT_ACTION_NONE, /* no row; also "unbound" in the key map */

	/* moving */
	PT_ACTION_DOWN,
	PT_ACTION_UP,
	PT_ACTION_LEFT,
	PT_ACTION_RIGHT,
	PT_ACTION_PAGE_DOWN,
	PT_ACTION_PAGE_UP,
	PT_ACTION_HALF_DOWN,
	PT_ACTION_HALF_UP,
	PT_ACTION_TOP,
	PT_ACTION_BOTTOM,

	/* screen */
	PT_ACTION_OPEN,
	PT_ACTION_BACK,
	PT_ACTION_CLOSE,
	PT_ACTION_QUIT,
	PT_ACTION_NEXT_TAB,
	PT_ACTION_PREV_TAB,
	PT_ACTION_NEXT_PANE,
	PT_ACTION_PREV_PANE,
	PT_ACTION_ZOOM,
	PT_ACTION_GROW,
	PT_ACTION_SHRINK,
	PT_ACTION_PALETTE,
	PT_ACTION_HELP,
	PT_ACTION_REFRESH,
	PT_ACTION_REDRAW,
	PT_ACTION_SUSPEND,
	PT_ACTION_THEME,
	PT_ACTION_MOUSE,
	PT_ACTION_CANCEL, /* stop what the view waits for */

	/* finding */
	PT_ACTION_FILTER,
	PT_ACTION_NEXT_MATCH,
	PT_ACTION_PREV_MATCH,
	PT_ACTION_SORT,
	PT_ACTION_SORT_REVERSE,
	PT_ACTION_MARK,
	PT_ACTION_MARK_RANGE,
	PT_ACTION_MARK_ALL,
	PT_ACTION_UNMARK_ALL,
	PT_ACTION_COPY,      /* the id, or the line */
	PT_ACTION_COPY_CELL, /* the whole row */

	/* sections */
	PT_ACTION_GO_DASHBOARD,
	PT_ACTION_GO_WORKSPACES,
	PT_ACTION_GO_COMPUTATIONS,
	PT_ACTION_GO_ASSETS,
	PT_ACTION_GO_CVMS,
	PT_ACTION_GO_TRANSFERS,
	PT_ACTION_GO_KEYS,
	PT_ACTION_GO_MESSAGES,
	PT_ACTION_GO_PEOPLE,
	PT_ACTION_GO_RUNS,
	PT_ACTION_GO_FLEET,
	PT_ACTION_GO_SECTIONS,
	PT_ACTION_FLEET,
	PT_ACTION_DASHBOARD,
	PT_ACTION_DASHBOARD_PERIOD,

	/* session */
	PT_ACTION_LOGIN,
	PT_ACTION_LOGOUT,
	PT_ACTION_WHOAMI,
	PT_ACTION_SERVER_CHECK,
	PT_ACTION_WORKSPACE_LIST,
	PT_ACTION_WORKSPACE_USE,
	PT_ACTION_WORKSPACE_SHOW,
	PT_ACTION_WORKSPACE_CREATE,
	PT_ACTION_WORKSPACE_UPDATE,
	PT_ACTION_WORKSPACE_ENABLE,
	PT_ACTION_WORKSPACE_DISABLE,
	PT_ACTION_PROFILE_LIST,
	PT_ACTION_PROFILE_USE,
	PT_ACTION_CACHE_SHOW,
	PT_ACTION_CACHE_CLEAR,

	/* my account */
	PT_ACTION_ACCOUNT_SHOW,
	PT_ACTION_ACCOUNT_UPDATE,
	PT_ACTION_ACCOUNT_PASSWORD,
	PT_ACTION_ACCOUNT_REGISTER,
	PT_ACTION_ACCOUNT_FORGOT,
	PT_ACTION_ACCOUNT_VERIFY,
	PT_ACTION_ACCOUNT_DEACTIVATE,
	PT_ACTION_TOKEN_LIST,
	PT_ACTION_TOKEN_SHOW,
	PT_ACTION_TOKEN_CREATE,
	PT_ACTION_TOKEN_RESET,
	PT_ACTION_TOKEN_REVOKE,
	PT_ACTION_TOKEN_DELETE,

	/* people of the workspace */
	PT_ACTION_MEMBER_LIST,
	PT_ACTION_MEMBER_SHOW,
	PT_ACTION_MEMBER_MOVE,
	PT_ACTION_MEMBER_REMOVE,
	PT_ACTION_INVITATION_LIST,
	PT_ACTION_INVITATION_SEND,
	PT_ACTION_INVITATION_RESEND,
	PT_ACTION_INVITATION_DELETE,
	PT_ACTION_INVITATION_FILTER,
	PT_ACTION_INVITATION_MINE,
	PT_ACTION_INVITATION_ACCEPT,
	PT_ACTION_INVITATION_DECLINE,
	PT_ACTION_WROLE_LIST,
	PT_ACTION_WROLE_SHOW,
	PT_ACTION_WROLE_CREATE,
	PT_ACTION_WROLE_RENAME,
	PT_ACTION_WROLE_DELETE,
	PT_ACTION_WROLE_ACTION_LIST,
	PT_ACTION_WROLE_ACTION_ADD,
	PT_ACTION_WROLE_ACTION_REMOVE,
	PT_ACTION_WROLE_ACTION_CLEAR,
	PT_ACTION_WROLE_MEMBER_ADD,
	PT_ACTION_WROLE_MEMBER_REMOVE,
	PT_ACTION_WROLE_MEMBER_CLEAR,
	PT_ACTION_USER_SEARCH,
	PT_ACTION_USER_LIST,
	PT_ACTION_USER_ENABLE,
	PT_ACTION_USER_DISABLE,
	PT_ACTION_USER_DELETE,
	PT_ACTION_USER_ROLE,

	/* computations */
	PT_ACTION_COMPUTATION_LIST,
	PT_ACTION_COMPUTATION_SHOW,
	PT_ACTION_COMPUTATION_CREATE,
	PT_ACTION_COMPUTATION_UPDATE,
	PT_ACTION_COMPUTATION_DELETE,
	PT_ACTION_COMPUTATION_CHECKLIST,
	PT_ACTION_COMPUTATION_RUN,
	PT_ACTION_COMPUTATION_STOP,
	PT_ACTION_COMPUTATION_STATUS,
	PT_ACTION_COMPUTATION_FOLLOW,
	PT_ACTION_NOTIFY,
	PT_ACTION_NOTIFY_LIST,
	PT_ACTION_COMPUTATION_EVENTS,
	PT_ACTION_COMPUTATION_LOGS,
	PT_ACTION_COMPUTATION_MANIFEST,
	PT_ACTION_COMPUTATION_COPY,
	PT_ACTION_COMPUTATION_EXPORT,
	PT_ACTION_COMPUTATION_IMPORT,
	PT_ACTION_IMPORT_START,
	PT_ACTION_IMPORT_LEAVE_OUT,
	PT_ACTION_IMPORT_PRUNE,

	/* runs and agents */
	PT_ACTION_RUN_LIST,
	PT_ACTION_RUN_SHOW,
	PT_ACTION_RUN_POLICY,
	PT_ACTION_RUN_COMPARE,
	PT_ACTION_SEND_ALGORITHM,
	PT_ACTION_SEND_DATA,
	PT_ACTION_AGENT_ATTESTATION,
	PT_ACTION_AGENT_IMA,
	PT_ACTION_AGENT_AZURE_TOKEN,
	PT_ACTION_RESULT_FETCH,
	PT_ACTION_RESULT_SHOW,
	PT_ACTION_RESULT_UNPACK,

	/* roles */
	PT_ACTION_ROLE_LIST,
	PT_ACTION_ROLE_SHOW,
	PT_ACTION_ROLE_CREATE,
	PT_ACTION_ROLE_RENAME,
	PT_ACTION_ROLE_DELETE,
	PT_ACTION_ROLE_ACTION_LIST,
	PT_ACTION_ROLE_ACTION_ADD,
	PT_ACTION_ROLE_ACTION_REMOVE,
	PT_ACTION_ROLE_ACTION_CLEAR,
	PT_ACTION_ROLE_MEMBER_ADD,
	PT_ACTION_ROLE_MEMBER_REMOVE,
	PT_ACTION_ROLE_MEMBER_CLEAR,

	/* keys */
	PT_ACTION_KEY_LIST,
	PT_ACTION_KEY_GENERATE,
	PT_ACTION_KEY_REGISTER,
	PT_ACTION_KEY_SHOW,
	PT_ACTION_KEY_STATUS,

	/* assets */
	PT_ACTION_ASSET_LIST,
	PT_ACTION_ASSET_SHOW,
	PT_ACTION_ASSET_CREATE,
	PT_ACTION_ASSET_UPDATE,
	PT_ACTION_ASSET_LINK,
	PT_ACTION_ASSET_UNLINK,
	PT_ACTION_ASSET_DELETE,
	PT_ACTION_ASSET_PREVIEW,
	PT_ACTION_ASSET_DOWNLOAD,
	PT_ACTION_ASSET_COMPUTATIONS,
	PT_ACTION_CHECKSUM,

	/* CVMs */
	PT_ACTION_CVM_LIST,
	PT_ACTION_CVM_SHOW,
	PT_ACTION_CVM_CREATE,
	PT_ACTION_CVM_DELETE,
	PT_ACTION_CVM_POLICY,
	PT_ACTION_CVM_EVIDENCE,
	PT_ACTION_CVM_ATTESTATION,
	PT_ACTION_CVM_STATISTICS,
	PT_ACTION_CVM_PERIOD,
	PT_ACTION_CVM_FILTER,

	/* transfers */
	PT_ACTION_TRANSFER_LIST,
	PT_ACTION_TRANSFER_CANCEL,
	PT_ACTION_TRANSFER_RETRY,
	PT_ACTION_TRANSFER_EVIDENCE,
	PT_ACTION_TRANSFER_CLEAR,

	/* tunnels */
	PT_ACTION_TUNNELS,
	PT_ACTION_TUNNEL_LIST,
	PT_ACTION_TUNNEL_RECONNECT,
	PT_ACTION_TUNNEL_CLOSE,
	PT_ACTION_HOST_LIST,
	PT_ACTION_HOST_GET,
	PT_ACTION_HOST_PUT,

	/* logs */
	PT_ACTION_LOG_OPEN,
	PT_ACTION_LOG_FOLLOW,
	PT_ACTION_LOG_PAUSE,
	PT_ACTION_LOG_WRAP,
	PT_ACTION_LOG_LEVEL,
	PT_ACTION_LOG_RUN,
	PT_ACTION_LOG_REGEX,
	PT_ACTION_LOG_SINCE,
	PT_ACTION_LOG_UNTIL,
	PT_ACTION_LOG_SEARCH,
	PT_ACTION_LOG_GOTO,
	PT_ACTION_LOG_NEXT_ERROR,
	PT_ACTION_LOG_PREV_ERROR,
	PT_ACTION_LOG_MARK,
	PT_ACTION_LOG_CLEAR_FILTERS,
	PT_ACTION_LOG_HOST,
	PT_ACTION_SAVE, /* log, manifest, messages: to a file */
	PT_ACTION_MANIFEST_RAW,

	/* Prism's certificate service */
	PT_ACTION_CERT_LIST,
	PT_ACTION_CERT_ISSUE,
	PT_ACTION_CERT_RENEW,
	PT_ACTION_CERT_DOWNLOAD,
	PT_ACTION_CERT_PUSH,
	PT_ACTION_CERT_OCSP,
	PT_ACTION_CERT_REVOKE,
	PT_ACTION_CERT_DELETE,
	PT_ACTION_CERT_CA,

	/* certificates */
	PT_ACTION_CERT_CHECK,
	PT_ACTION_CERT_GENERATE,
	PT_ACTION_AGENT_ENV,
	PT_ACTION_COMPUTATION_CERTS,

	/* doctors */
	PT_ACTION_COMPUTATION_DOCTOR,
	PT_ACTION_DOCTOR_FIX,
	PT_ACTION_CERT_WIZARD,
	PT_ACTION_CERT_DOCTOR,
	PT_ACTION_CERT_CLEAR,

	/* evidence and policies */
	PT_ACTION_EVIDENCE_VERIFY,
	PT_ACTION_EVIDENCE_OPEN,
	PT_ACTION_EVIDENCE_FAILURE,
	PT_ACTION_FOLD_ALL,
	PT_ACTION_EVIDENCE_TOKEN,
	PT_ACTION_POLICY_EXPLAIN,
	PT_ACTION_POLICY_COMPARE,
	PT_ACTION_POLICY_SHOW,
	PT_ACTION_POLICY_MEASUREMENT,
	PT_ACTION_POLICY_HOST_DATA,
	PT_ACTION_POLICY_EXTEND,
	PT_ACTION_POLICY_CORIM,
	PT_ACTION_MEASURE_SNP,

	/* inputs and forms */
	PT_ACTION_ACCEPT,
	PT_ACTION_SUBMIT,
	PT_ACTION_NEXT_FIELD,
	PT_ACTION_PREV_FIELD,
	PT_ACTION_BROWSE,
	PT_ACTION_CHECK_LINES,
	PT_ACTION_STORED_SAVE,
	PT_ACTION_COMPLETE,

	/* shared machines */
	PT_ACTION_AUDIT_LIST,
	PT_ACTION_AUDIT_SAVE,
	PT_ACTION_LOCK,

	PT_ACTION_VERSION,
	PT_ACTION_COUNT
};

struct pt_action {
	const char *name; /* command words: "computation run"; unique */
	const char *keys; /* default keys, space separated, "" for none (tui/keys.h has the names) */
	enum pt_group group;
	const char *help;                        /* one line, no full stop */
	pt_where where;                          /* PT_IN_ bits; 0: palette and -c only */
	unsigned flags;                          /* enum pt_action_flags bits */
	const struct pt_arg *args;               /* NULL: none; else ends with name NULL */
	void (*run)(struct pt_command *command); /* NULL with PT_ACTION_UI */
	const char *hint; /* the short word of the hint bar: "run"; NULL: last word of name */
};

/* Lent, static; id must be in range and not NONE. */
const struct pt_action *pt_action(enum pt_action_id id);
enum pt_action_id pt_action_id(const struct pt_action *action);
/* Exact name, single blanks; NULL when there is none. */
const struct pt_action *pt_action_by_name(const char *name);
/* The longest name that the first words spell; NULL: none. ret_used: words taken. */
const struct pt_action *pt_action_by_words(char *const *words, size_t count, size_t *ret_used);
const char *pt_action_hint(const struct pt_action *action); /* never NULL */
const struct pt_arg *pt_action_arg(const struct pt_action *action,
                                   const char *name); /* NULL: none */
/* A directory may be named; one new file is, which may be on a host. arg NULL gives false. */
bool pt_action_arg_directory(const struct pt_arg *arg);
bool pt_action_arg_saves(const struct pt_arg *arg);
bool pt_action_headless(const struct pt_action *action);  /* offered by -c */
const char *pt_arg_placeholder(const struct pt_arg *arg); /* "ID", "FILE", "info|debug" */
/* "computation run COMPUTATION --cvm CVM" into buf; returns buf. */
char *pt_action_usage(const struct pt_action *action, char *buf, size_t size);

#endif
