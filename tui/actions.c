/*
 * The rows of the action table and the few functions that look things up in it.  What an action
 * does is not here: commands live in tui/cmd_*.c, screen actions in the views and the shell.
 */
#include "tui/actions.h"

#include "base/mem.h"
#include "base/text.h"
#include "tui/commands.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define REQ (PT_ARG_POSITIONAL | PT_ARG_REQUIRED)
#define OPT PT_ARG_POSITIONAL
#define END          \
	{                \
		.name = NULL \
	}
#define ARGS(...)           \
	(const struct pt_arg[]) \
	{                       \
		__VA_ARGS__, END    \
	}

#define COMPUTATION                                                                   \
	{                                                                                 \
		"computation", PT_ARG_COMPUTATION, REQ, NULL, "id or name of the computation" \
	}
#define ROLE                                                     \
	{                                                            \
		"role", PT_ARG_ROLE, REQ, NULL, "id or name of the role" \
	}
#define CVM                                                   \
	{                                                         \
		"cvm", PT_ARG_CVM, REQ, NULL, "id or name of the CVM" \
	}
#define HOST                                                                                 \
	{                                                                                        \
		"host", PT_ARG_TEXT, REQ, NULL, "the way there: user@host[:port], hops after commas" \
	}
#define CERT                                                                                     \
	{                                                                                            \
		"certificate", PT_ARG_CERT, REQ, NULL, "serial number; or the CVM, for the one in force" \
	}
#define ASSET                                                            \
	{                                                                    \
		"asset", PT_ARG_ASSET, REQ, NULL, "id or file name of the asset" \
	}
#define KEY                                                                                       \
	{                                                                                             \
		"key", PT_ARG_FILE, 0, NULL, "private key file; without it the key made for this profile" \
	}
#define PASSPHRASE                                                                              \
	{                                                                                           \
		"passphrase-file", PT_ARG_FILE, 0, NULL, "file whose first line opens an encrypted key" \
	}
#define ADDRESS                                                          \
	{                                                                    \
		"address", PT_ARG_TEXT, 0, NULL,                                 \
		    "agent address host:port; without it that of the latest run" \
	}
#define TRUST                                                         \
	{"policy", PT_ARG_FILE, PT_ARG_ATTESTED, NULL,                    \
	 "attestation policy, when the agent runs attested TLS"},         \
	{                                                                 \
		"test-root", PT_ARG_FILE, PT_ARG_ATTESTED, NULL,              \
		    "accept a sandbox's attestation root; labelled NOT A TEE" \
	}
#define FILTERS                                                                  \
	{"run", PT_ARG_RUN, 0, NULL, "only this run"},                               \
	    {"since", PT_ARG_TIME, 0, NULL, "not before this time, or so long ago"}, \
	{                                                                            \
		"until", PT_ARG_TIME, 0, NULL, "not after this time"                     \
	}
#define POLICY                                                      \
	{                                                               \
		"policy", PT_ARG_FILE, REQ, NULL, "attestation policy file" \
	}
#define EVIDENCE_FILE                                                         \
	{                                                                         \
		"file", PT_ARG_FILE, REQ, NULL,                                       \
		    "SEV-SNP report, vTPM container, TDX quote, or an EAT around one" \
	}
#define JUDGED                                                                                  \
	{"policy", PT_ARG_FILE, 0, NULL, "attestation policy: JSON or CoRIM"},                      \
	    {"certificates", PT_ARG_FILE, PT_ARG_REPEAT, NULL,                                      \
	     "PEM certificates the evidence lacks (VCEK chain); only pinned roots are trusted"},    \
	    {"vcek", PT_ARG_FILE, 0, NULL, "certificate of the chip's key, when it is not inside"}, \
	    {"crl", PT_ARG_FILE, 0, NULL, "AMD revocation list, DER"},                              \
	    {"policy-key", PT_ARG_FILE, 0, NULL, "public key that signs the CoRIM policy"},         \
	    {"report-data", PT_ARG_TEXT, 0, NULL, "64 bytes in hex that the report must contain"},  \
	    {"nonce", PT_ARG_TEXT, 0, NULL, "32 bytes in hex that the quotes must contain"},        \
	    {"at", PT_ARG_TIME, 0, NULL, "judge dates as of this time"},                            \
	{                                                                                           \
		"test-root", PT_ARG_FILE, 0, NULL,                                                      \
		    "accept this root too; everything under it is labelled NOT A TEE"                   \
	}
#define JWKS                                                                        \
	{                                                                               \
		"jwks", PT_ARG_FILE, 0, NULL,                                               \
		    "the service's key set (JWKS); without it the signature is not checked" \
	}
#define LOG_LEVELS "debug info warn error"
#define KEY_KINDS "rsa ecdsa p384 p521 ed25519"
#define TLS_MODES "none tls mtls atls matls"
#define TLS_FILES                                                                                 \
	{"cert-file", PT_ARG_FILE, 0, NULL, "the agent's certificate, PEM, its chain behind it"},     \
	    {"key-file", PT_ARG_FILE, 0, NULL, "the agent's private key, PEM"},                       \
	    {"server-ca-file", PT_ARG_FILE, 0, NULL, "CA of the agent's certificate, PEM"},           \
	    {"client-ca-file", PT_ARG_FILE, 0, NULL, "CA that clients' certificates must have, PEM"}, \
	{                                                                                             \
		"passphrase-file", PT_ARG_FILE, 0, NULL,                                                  \
		    "file whose first line opens an encrypted key; the opened key is used"                \
	}
#define TLS {"tls-mode", PT_ARG_CHOICE, 0, TLS_MODES, "how the agent may be reached"}, TLS_FILES
#define CVM_STATES "active ready busy online initializing offline inactive all"
#define COMPUTATION_ACTIONS \
	"administrator edit run view dataset_provider algo_provider result_consumer"

#define WORKSPACE_ACTIONS                                                             \
	"update read delete enable disable manage_role add_role_users remove_role_users " \
	"view_role_users create_cvms remove_cvms create_computation"
#define USER                                                                          \
	{                                                                                 \
		"user", PT_ARG_USER, REQ, NULL, "user name or id; \"me\" is who is signed in" \
	}
#define CONFIRM                                                                     \
	{                                                                               \
		"confirm", PT_ARG_TEXT, 0, NULL, "its name, to confirm without being asked" \
	}
#define TOKEN_TEXT                                                                                \
	{"life", PT_ARG_TEXT, 0, NULL, "how long it works: 12h, 30d (30d), at most 366d"},            \
	    {"save", PT_ARG_NEW_FILE, 0, NULL, "write its text to this file, readable by you alone"}, \
	{                                                                                             \
		"print", PT_ARG_FLAG, 0, NULL, "print its text"                                           \
	}

#define RUNS (PT_IN_OVERVIEW | PT_IN_TIMELINE)
#define COMPUTATION_TABS (RUNS | PT_IN_COMPUTATIONS | PT_IN_ROLES | PT_IN_LINKED)

static const struct pt_action rows[PT_ACTION_COUNT] = {
    /* ---- moving ---- */
    [PT_ACTION_DOWN] = {"move down", "j down", PT_GROUP_MOVE, "one line down",
                        PT_IN_LIST | PT_IN_TEXT, PT_ACTION_UI | PT_ACTION_REPEATS},
    [PT_ACTION_UP] = {"move up", "k up", PT_GROUP_MOVE, "one line up", PT_IN_LIST | PT_IN_TEXT,
                      PT_ACTION_UI | PT_ACTION_REPEATS},
    [PT_ACTION_LEFT] = {"move left", "h left", PT_GROUP_MOVE, "columns or text to the left",
                        PT_IN_LIST | PT_IN_TEXT, PT_ACTION_UI | PT_ACTION_REPEATS},
    [PT_ACTION_RIGHT] = {"move right", "l right", PT_GROUP_MOVE, "columns or text to the right",
                         PT_IN_LIST | PT_IN_TEXT, PT_ACTION_UI | PT_ACTION_REPEATS},
    [PT_ACTION_PAGE_DOWN] = {"move page down", "ctrl-f page-down", PT_GROUP_MOVE, "one page down",
                             PT_IN_LIST | PT_IN_TEXT, PT_ACTION_UI | PT_ACTION_REPEATS},
    [PT_ACTION_PAGE_UP] = {"move page up", "ctrl-b page-up", PT_GROUP_MOVE, "one page up",
                           PT_IN_LIST | PT_IN_TEXT, PT_ACTION_UI | PT_ACTION_REPEATS},
    [PT_ACTION_HALF_DOWN] = {"move half down", "ctrl-d", PT_GROUP_MOVE, "half a page down",
                             PT_IN_LIST | PT_IN_TEXT, PT_ACTION_UI | PT_ACTION_REPEATS},
    [PT_ACTION_HALF_UP] = {"move half up", "ctrl-u", PT_GROUP_MOVE, "half a page up",
                           PT_IN_LIST | PT_IN_TEXT, PT_ACTION_UI | PT_ACTION_REPEATS},
    [PT_ACTION_TOP] = {"move top", "g home", PT_GROUP_MOVE, "to the first line",
                       PT_IN_LIST | PT_IN_TEXT, PT_ACTION_UI},
    [PT_ACTION_BOTTOM] = {"move bottom", "G end", PT_GROUP_MOVE, "to the last line",
                          PT_IN_LIST | PT_IN_TEXT, PT_ACTION_UI},

    /* ---- screen ---- */
    [PT_ACTION_OPEN] = {"open", "enter", PT_GROUP_SCREEN,
                        "open the row under the cursor, or do what it asks for",
                        PT_IN_LIST | PT_IN_TEXT, PT_ACTION_UI | PT_ACTION_HINT},
    [PT_ACTION_BACK] = {"back", "esc backspace", PT_GROUP_SCREEN,
                        "one step back: filter, zoom, overlay, then the view before", PT_IN_ANY,
                        PT_ACTION_UI | PT_ACTION_HINT},
    [PT_ACTION_CLOSE] = {"close", "q", PT_GROUP_SCREEN,
                         "close this view; in the first one, leave the program", PT_IN_ANY,
                         PT_ACTION_UI},
    [PT_ACTION_QUIT] = {"quit", "Q ctrl-c", PT_GROUP_SCREEN,
                        "leave the program (asks when transfers are under way)", PT_IN_ANY,
                        PT_ACTION_UI | PT_ACTION_NO_LOGIN},
    [PT_ACTION_NEXT_TAB] = {"tab next", "]", PT_GROUP_SCREEN, "next tab", PT_IN_TABBED,
                            PT_ACTION_UI | PT_ACTION_HINT, .hint = "tab"},
    [PT_ACTION_PREV_TAB] = {"tab previous", "[", PT_GROUP_SCREEN, "previous tab", PT_IN_TABBED,
                            PT_ACTION_UI},
    [PT_ACTION_NEXT_PANE] = {"pane next", "tab", PT_GROUP_SCREEN, "to the next pane", PT_IN_ANY,
                             PT_ACTION_UI},
    [PT_ACTION_PREV_PANE] = {"pane previous", "shift-tab", PT_GROUP_SCREEN, "to the pane before",
                             PT_IN_ANY, PT_ACTION_UI},
    [PT_ACTION_ZOOM] = {"pane zoom", "z", PT_GROUP_SCREEN, "this pane alone, and back", PT_IN_ANY,
                        PT_ACTION_UI},
    [PT_ACTION_GROW] = {"pane grow", "+ =", PT_GROUP_SCREEN, "make this pane larger", PT_IN_ANY,
                        PT_ACTION_UI | PT_ACTION_REPEATS},
    [PT_ACTION_SHRINK] = {"pane shrink", "-", PT_GROUP_SCREEN, "make this pane smaller", PT_IN_ANY,
                          PT_ACTION_UI | PT_ACTION_REPEATS},
    [PT_ACTION_PALETTE] = {"palette", ":", PT_GROUP_SCREEN, "type a command", PT_IN_ANY,
                           PT_ACTION_UI | PT_ACTION_NO_LOGIN | PT_ACTION_HINT, .hint = "command"},
    [PT_ACTION_HELP] = {"help", "? f1", PT_GROUP_SCREEN, "what can be done here, and by which key",
                        PT_IN_ANY, PT_ACTION_NO_LOGIN | PT_ACTION_HINT,
                        ARGS({"command", PT_ARG_COMMAND, OPT | PT_ARG_REPEAT, NULL,
                              "explain this command only"}),
                        .run = pt_cmd_help},
    [PT_ACTION_REFRESH] = {"refresh", "r f5 ctrl-r", PT_GROUP_SCREEN,
                           "ask the server again; also retries what failed", PT_IN_ANY,
                           PT_ACTION_UI},
    [PT_ACTION_REDRAW] = {"redraw", "ctrl-l", PT_GROUP_SCREEN, "draw the whole screen again",
                          PT_IN_ANY, PT_ACTION_UI | PT_ACTION_NO_LOGIN},
    [PT_ACTION_SUSPEND] = {"suspend", "ctrl-z", PT_GROUP_SCREEN, "back to the shell; fg returns",
                           PT_IN_ANY, PT_ACTION_UI | PT_ACTION_NO_LOGIN},
    [PT_ACTION_THEME] = {"theme", "", PT_GROUP_SCREEN,
                         "change the colours; without a name, the next theme", 0,
                         PT_ACTION_UI | PT_ACTION_NO_LOGIN,
                         ARGS({"name", PT_ARG_THEME, OPT, NULL,
                               "name of a theme, or path of a .theme file"})},
    [PT_ACTION_MOUSE] = {"mouse", "", PT_GROUP_SCREEN, "mouse on or off", 0,
                         PT_ACTION_UI | PT_ACTION_NO_LOGIN},
    [PT_ACTION_CANCEL] = {"cancel", "ctrl-g", PT_GROUP_SCREEN, "give up what this view waits for",
                          PT_IN_ANY, PT_ACTION_UI},

    /* ---- finding ---- */
    [PT_ACTION_FILTER] = {"filter", "/", PT_GROUP_FIND,
                          "show only rows or lines that match, as you type",
                          PT_IN_LIST | PT_IN_TEXT, PT_ACTION_UI | PT_ACTION_HINT},
    [PT_ACTION_NEXT_MATCH] = {"match next", "n", PT_GROUP_FIND, "next match",
                              PT_IN_LIST | PT_IN_TEXT, PT_ACTION_UI | PT_ACTION_REPEATS},
    [PT_ACTION_PREV_MATCH] = {"match previous", "N", PT_GROUP_FIND, "match before",
                              PT_IN_LIST | PT_IN_TEXT, PT_ACTION_UI | PT_ACTION_REPEATS},
    [PT_ACTION_SORT] = {"sort", "s", PT_GROUP_FIND, "sort by the next column", PT_IN_LIST,
                        PT_ACTION_UI | PT_ACTION_HINT},
    [PT_ACTION_SORT_REVERSE] = {"sort reverse", "S", PT_GROUP_FIND, "sort the other way round",
                                PT_IN_LIST, PT_ACTION_UI},
    [PT_ACTION_MARK] = {"mark", "space", PT_GROUP_FIND, "mark the row and step on", PT_IN_LIST,
                        PT_ACTION_UI | PT_ACTION_REPEATS},
    [PT_ACTION_MARK_RANGE] = {"mark range", "V", PT_GROUP_FIND, "mark from the last mark to here",
                              PT_IN_LIST, PT_ACTION_UI},
    [PT_ACTION_MARK_ALL] = {"mark all", "*", PT_GROUP_FIND, "mark every row shown", PT_IN_LIST,
                            PT_ACTION_UI},
    [PT_ACTION_UNMARK_ALL] = {"mark none", "U", PT_GROUP_FIND, "remove all marks", PT_IN_LIST,
                              PT_ACTION_UI},
    [PT_ACTION_COPY] = {"copy", "y", PT_GROUP_FIND,
                        "copy the id, or the line, to the clipboard of your terminal (OSC 52)",
                        PT_IN_LIST | PT_IN_TEXT, PT_ACTION_UI},
    [PT_ACTION_COPY_CELL] = {"copy row", "Y", PT_GROUP_FIND,
                             "copy the whole row, or the marked ones", PT_IN_LIST | PT_IN_TEXT,
                             PT_ACTION_UI},

    /* ---- sections ---- */
    [PT_ACTION_GO_DASHBOARD] = {"go dashboard", "0", PT_GROUP_GO, "to the dashboard", PT_IN_ANY,
                                PT_ACTION_UI},
    [PT_ACTION_GO_WORKSPACES] = {"go workspaces", "4", PT_GROUP_GO, "to the workspaces", PT_IN_ANY,
                                 PT_ACTION_UI},
    [PT_ACTION_GO_COMPUTATIONS] = {"go computations", "1", PT_GROUP_GO, "to the computations",
                                   PT_IN_ANY, PT_ACTION_UI},
    [PT_ACTION_GO_ASSETS] = {"go assets", "2", PT_GROUP_GO, "to the assets", PT_IN_ANY,
                             PT_ACTION_UI},
    [PT_ACTION_GO_CVMS] = {"go cvms", "3", PT_GROUP_GO, "to the CVMs", PT_IN_ANY, PT_ACTION_UI},
    [PT_ACTION_GO_TRANSFERS] = {"go transfers", "5", PT_GROUP_GO, "to uploads and downloads",
                                PT_IN_ANY, PT_ACTION_UI},
    [PT_ACTION_GO_KEYS] = {"go keys", "6", PT_GROUP_GO, "to your keys", PT_IN_ANY, PT_ACTION_UI},
    [PT_ACTION_GO_MESSAGES] = {"go messages", "7", PT_GROUP_GO, "to everything said so far",
                               PT_IN_ANY, PT_ACTION_UI},
    [PT_ACTION_GO_PEOPLE] = {"go people", "8", PT_GROUP_GO,
                             "to the people: members, roles, invitations, your account", PT_IN_ANY,
                             PT_ACTION_UI},
    [PT_ACTION_GO_RUNS] = {"go runs", "", PT_GROUP_GO, "to the runs of the workspace", 0,
                           PT_ACTION_UI},
    [PT_ACTION_GO_FLEET] = {"go fleet", "", PT_GROUP_GO, "to the computations of all profiles", 0,
                            PT_ACTION_UI},
    [PT_ACTION_FLEET] = {"fleet", "", PT_GROUP_GO,
                         "computations of all profiles; those with a token or a kept session", 0,
                         PT_ACTION_NO_LOGIN, .run = pt_cmd_fleet},
    [PT_ACTION_GO_SECTIONS] = {"go sections", "9", PT_GROUP_GO, "choose among all sections",
                               PT_IN_ANY, PT_ACTION_UI},
    [PT_ACTION_DASHBOARD] = {"dashboard", "", PT_GROUP_GO,
                             "counts, runs per day, and what needs you", 0, 0,
                             ARGS({"days", PT_ARG_NUMBER, 0, NULL,
                                   "period of the runs per day, 1 to 90 (7)"}),
                             .run = pt_cmd_dashboard},
    [PT_ACTION_DASHBOARD_PERIOD] = {"dashboard period", "p", PT_GROUP_GO,
                                    "another period: 7, 14, 30 or 90 days", PT_IN_DASHBOARD,
                                    PT_ACTION_UI | PT_ACTION_HINT,
                                    ARGS({"days", PT_ARG_CHOICE, OPT, "7 14 30 90",
                                          "without it, the next one"})},

    /* ---- session ---- */
    [PT_ACTION_LOGIN] = {"login", "", PT_GROUP_SESSION, "sign in to Prism", 0, PT_ACTION_NO_LOGIN,
                         ARGS({"user", PT_ARG_TEXT, OPT, NULL, "e-mail address or user name"}),
                         .run = pt_cmd_login},
    [PT_ACTION_LOGOUT] = {"logout", "", PT_GROUP_SESSION,
                          "revoke the session where the server can, and forget it", 0,
                          PT_ACTION_NO_LOGIN, .run = pt_cmd_logout},
    [PT_ACTION_WHOAMI] = {"whoami", "", PT_GROUP_SESSION,
                          "who is signed in, where, and for how long", 0, 0, .run = pt_cmd_whoami},
    [PT_ACTION_SERVER_CHECK] = {"server check", "", PT_GROUP_SESSION,
                                "whether the server answers, how fast, and what it runs", 0,
                                PT_ACTION_NO_LOGIN, .run = pt_cmd_server_check},
    [PT_ACTION_WORKSPACE_LIST] = {"workspace list", "", PT_GROUP_SESSION,
                                  "the workspaces you belong to", 0, PT_ACTION_NO_WORKSPACE,
                                  .run = pt_cmd_workspace_list},
    [PT_ACTION_WORKSPACE_USE] = {"workspace use", "enter", PT_GROUP_SESSION,
                                 "work in this workspace from now on", PT_IN_WORKSPACES,
                                 PT_ACTION_SELECTION | PT_ACTION_HINT | PT_ACTION_NO_WORKSPACE,
                                 ARGS({"workspace", PT_ARG_WORKSPACE, REQ, NULL, "id or name"}),
                                 .hint = "use", .run = pt_cmd_workspace_use},
    [PT_ACTION_WORKSPACE_SHOW] = {"workspace show", "", PT_GROUP_SESSION,
                                  "one workspace, and what you may do in it", 0, 0,
                                  ARGS({"workspace", PT_ARG_WORKSPACE, OPT, NULL,
                                        "id or name; without it the one you work in"}),
                                  .run = pt_cmd_workspace_show},
    [PT_ACTION_WORKSPACE_CREATE] = {"workspace create", "c", PT_GROUP_SESSION, "make a workspace",
                                    PT_IN_WORKSPACES,
                                    PT_ACTION_WRITES | PT_ACTION_HINT | PT_ACTION_NO_WORKSPACE,
                                    ARGS({"name", PT_ARG_TEXT, REQ, NULL, "its name"},
                                         {"alias", PT_ARG_TEXT, 0, NULL,
                                          "short name of letters, digits, - and _ (made up)"},
                                         {"use", PT_ARG_FLAG, 0, NULL, "work in it from now on"}),
                                    .run = pt_cmd_workspace_create},
    [PT_ACTION_WORKSPACE_UPDATE] = {"workspace update", "e", PT_GROUP_SESSION, "rename a workspace",
                                    PT_IN_WORKSPACES,
                                    PT_ACTION_WRITES | PT_ACTION_SELECTION | PT_ACTION_HINT |
                                        PT_ACTION_NO_WORKSPACE,
                                    ARGS({"workspace", PT_ARG_WORKSPACE, REQ, NULL, "id or name"},
                                         {"name", PT_ARG_TEXT, PT_ARG_REQUIRED, NULL, "new name"}),
                                    .hint = "edit", .run = pt_cmd_workspace_update},
    [PT_ACTION_WORKSPACE_ENABLE] = {"workspace enable", "E", PT_GROUP_SESSION,
                                    "let everybody work in a workspace again", PT_IN_WORKSPACES,
                                    PT_ACTION_WRITES | PT_ACTION_SELECTION | PT_ACTION_NO_WORKSPACE,
                                    ARGS({"workspace", PT_ARG_WORKSPACE, REQ, NULL, "id or name"}),
                                    .run = pt_cmd_workspace_enable},
    [PT_ACTION_WORKSPACE_DISABLE] = {"workspace disable", "X", PT_GROUP_SESSION,
                                     "close a workspace to all but its administrators",
                                     PT_IN_WORKSPACES,
                                     PT_ACTION_WRITES | PT_ACTION_SELECTION | PT_ACTION_CONFIRM |
                                         PT_ACTION_HINT | PT_ACTION_NO_WORKSPACE,
                                     ARGS({"workspace", PT_ARG_WORKSPACE, REQ, NULL, "id or name"}),
                                     .run = pt_cmd_workspace_disable},
    [PT_ACTION_PROFILE_LIST] = {"profile list", "", PT_GROUP_SESSION,
                                "the profiles of the configuration file", 0, PT_ACTION_NO_LOGIN,
                                .run = pt_cmd_profile_list},
    [PT_ACTION_PROFILE_USE] = {"profile use", "P", PT_GROUP_SESSION,
                               "work with another profile; this one stays signed in", PT_IN_ANY,
                               PT_ACTION_UI | PT_ACTION_NO_LOGIN,
                               ARGS({"profile", PT_ARG_PROFILE, OPT, NULL, "its name"})},
    [PT_ACTION_CACHE_SHOW] = {"cache show", "", PT_GROUP_SESSION,
                              "what is kept on this machine for the next start: where, how much", 0,
                              PT_ACTION_NO_LOGIN, .run = pt_cmd_cache_show},
    [PT_ACTION_CACHE_CLEAR] = {"cache clear", "", PT_GROUP_SESSION,
                               "delete what is kept on this machine for this profile", 0,
                               PT_ACTION_NO_LOGIN, .run = pt_cmd_cache_clear},

    /* ---- my account ---- */
    [PT_ACTION_ACCOUNT_SHOW] = {"account show", "", PT_GROUP_ACCOUNT, "your profile", 0,
                                PT_ACTION_NO_WORKSPACE, .run = pt_cmd_account_show},
    [PT_ACTION_ACCOUNT_UPDATE] =
        {"account update", "e", PT_GROUP_ACCOUNT, "change your names, e-mail address or tags",
         PT_IN_ACCOUNT, PT_ACTION_WRITES | PT_ACTION_HINT | PT_ACTION_FORM | PT_ACTION_NO_WORKSPACE,
         ARGS({"first-name", PT_ARG_TEXT, 0, NULL, "first name"},
              {"last-name", PT_ARG_TEXT, 0, NULL, "last name"},
              {"username", PT_ARG_TEXT, 0, NULL, "user name: letters, digits, - and _"},
              {"email", PT_ARG_TEXT, 0, NULL, "e-mail address"},
              {"tag", PT_ARG_TEXT, PT_ARG_REPEAT, NULL, "tags, in place of those there are"},
              {"no-tags", PT_ARG_FLAG, 0, NULL, "remove all tags"},
              {"picture", PT_ARG_TEXT, 0, NULL, "URL of a picture"}),
         .hint = "edit", .run = pt_cmd_account_update},
    [PT_ACTION_ACCOUNT_PASSWORD] =
        {"account password", "p", PT_GROUP_ACCOUNT,
         "change your password; ends all sessions, this one too", PT_IN_ACCOUNT,
         PT_ACTION_WRITES | PT_ACTION_HINT | PT_ACTION_NO_WORKSPACE,
         ARGS({"old-file", PT_ARG_FILE, 0, NULL, "file whose first line is the present password"},
              {"new-file", PT_ARG_FILE, 0, NULL, "file whose first line is the new one"}),
         .run = pt_cmd_account_password},
    [PT_ACTION_ACCOUNT_REGISTER] =
        {"account register", "", PT_GROUP_ACCOUNT, "register a new account", 0,
         PT_ACTION_NO_LOGIN | PT_ACTION_WRITES,
         ARGS({"first-name", PT_ARG_TEXT, PT_ARG_REQUIRED, NULL, "first name"},
              {"last-name", PT_ARG_TEXT, PT_ARG_REQUIRED, NULL, "last name"},
              {"username", PT_ARG_TEXT, PT_ARG_REQUIRED, NULL,
               "user name: letters, digits, - and _"},
              {"email", PT_ARG_TEXT, PT_ARG_REQUIRED, NULL, "e-mail address"},
              {"new-file", PT_ARG_FILE, 0, NULL, "file whose first line is the password"}),
         .run = pt_cmd_account_register},
    [PT_ACTION_ACCOUNT_FORGOT] = {"account forgot", "", PT_GROUP_ACCOUNT,
                                  "ask for a mail that leads to a new password", 0,
                                  PT_ACTION_NO_LOGIN | PT_ACTION_WRITES,
                                  ARGS({"email", PT_ARG_TEXT, REQ, NULL,
                                        "e-mail address of the account"}),
                                  .run = pt_cmd_account_forgot},
    [PT_ACTION_ACCOUNT_VERIFY] = {"account verify", "", PT_GROUP_ACCOUNT,
                                  "ask for the mail that verifies your address", 0,
                                  PT_ACTION_WRITES | PT_ACTION_NO_WORKSPACE,
                                  .run = pt_cmd_account_verify},
    [PT_ACTION_ACCOUNT_DEACTIVATE] =
        {"account deactivate", "", PT_GROUP_ACCOUNT,
         "disable your account and sign out; an administrator can enable it again", 0,
         PT_ACTION_WRITES | PT_ACTION_NO_WORKSPACE,
         ARGS({"confirm", PT_ARG_TEXT, 0, NULL, "your user name, to confirm"}),
         .run = pt_cmd_account_deactivate},
    [PT_ACTION_TOKEN_LIST] = {"token list", "", PT_GROUP_ACCOUNT, "your access tokens", 0,
                              PT_ACTION_NO_WORKSPACE, .run = pt_cmd_token_list},
    [PT_ACTION_TOKEN_SHOW] = {"token show", "", PT_GROUP_ACCOUNT, "one access token", 0,
                              PT_ACTION_NO_WORKSPACE,
                              ARGS({"token", PT_ARG_PAT, REQ, NULL, "id or name"}),
                              .run = pt_cmd_token_show},
    [PT_ACTION_TOKEN_CREATE] = {"token create", "c", PT_GROUP_ACCOUNT,
                                "make an access token for a program", PT_IN_TOKENS,
                                PT_ACTION_WRITES | PT_ACTION_HINT | PT_ACTION_NO_WORKSPACE,
                                ARGS({"name", PT_ARG_TEXT, REQ, NULL, "what it is for"},
                                     {"description", PT_ARG_TEXT, 0, NULL, "more about it"},
                                     TOKEN_TEXT),
                                .run = pt_cmd_token_create},
    [PT_ACTION_TOKEN_RESET] = {"token reset", "t", PT_GROUP_ACCOUNT,
                               "give a token a new text; the old one stops working", PT_IN_TOKENS,
                               PT_ACTION_WRITES | PT_ACTION_SELECTION | PT_ACTION_CONFIRM |
                                   PT_ACTION_NO_WORKSPACE,
                               ARGS({"token", PT_ARG_PAT, REQ, NULL, "id or name"}, TOKEN_TEXT),
                               .run = pt_cmd_token_reset},
    [PT_ACTION_TOKEN_REVOKE] = {"token revoke", "x", PT_GROUP_ACCOUNT, "stop a token from working",
                                PT_IN_TOKENS,
                                PT_ACTION_WRITES | PT_ACTION_SELECTION | PT_ACTION_CONFIRM |
                                    PT_ACTION_BULK | PT_ACTION_HINT | PT_ACTION_NO_WORKSPACE,
                                ARGS({"token", PT_ARG_PAT, REQ, NULL, "id or name"}),
                                .run = pt_cmd_token_revoke},
    [PT_ACTION_TOKEN_DELETE] = {"token delete", "D", PT_GROUP_ACCOUNT, "delete a token",
                                PT_IN_TOKENS,
                                PT_ACTION_WRITES | PT_ACTION_SELECTION | PT_ACTION_DANGEROUS |
                                    PT_ACTION_BULK | PT_ACTION_HINT | PT_ACTION_NO_WORKSPACE,
                                ARGS({"token", PT_ARG_PAT, REQ, NULL, "id or name"}, CONFIRM),
                                .run = pt_cmd_token_delete},

    /* ---- people of the workspace ---- */
    [PT_ACTION_MEMBER_LIST] = {"member list", "", PT_GROUP_PEOPLE,
                               "the members of the workspace with their roles", 0, 0,
                               .run = pt_cmd_member_list},
    [PT_ACTION_MEMBER_SHOW] = {"member show", "", PT_GROUP_PEOPLE,
                               "who somebody is, and what they may do here", 0, 0, ARGS(USER),
                               .run = pt_cmd_member_show},
    [PT_ACTION_MEMBER_MOVE] = {"member move", "e", PT_GROUP_PEOPLE,
                               "give a member another role; each has one", PT_IN_MEMBERS,
                               PT_ACTION_WRITES | PT_ACTION_SELECTION | PT_ACTION_HINT,
                               ARGS(USER, ROLE), .hint = "change role", .run = pt_cmd_member_move},
    [PT_ACTION_MEMBER_REMOVE] = {"member remove", "D", PT_GROUP_PEOPLE,
                                 "take somebody out of the workspace, with their invitations",
                                 PT_IN_MEMBERS,
                                 PT_ACTION_WRITES | PT_ACTION_SELECTION | PT_ACTION_CONFIRM |
                                     PT_ACTION_BULK | PT_ACTION_HINT,
                                 ARGS(USER), .run = pt_cmd_member_remove},
    [PT_ACTION_INVITATION_LIST] = {"invitation list", "", PT_GROUP_PEOPLE,
                                   "who was invited into the workspace", 0, 0,
                                   ARGS({"state", PT_ARG_CHOICE, OPT,
                                         "all pending accepted rejected", "only this state"}),
                                   .run = pt_cmd_invitation_list},
    [PT_ACTION_INVITATION_SEND] =
        {"invitation send", "i", PT_GROUP_PEOPLE, "invite a registered user into the workspace",
         PT_IN_MEMBERS | PT_IN_INVITATIONS, PT_ACTION_WRITES | PT_ACTION_HINT,
         ARGS(USER, ROLE, {"resend", PT_ARG_FLAG, 0, NULL, "open a rejected invitation again"}),
         .hint = "invite", .run = pt_cmd_invitation_send},
    [PT_ACTION_INVITATION_RESEND] = {"invitation resend", "R", PT_GROUP_PEOPLE,
                                     "open a rejected invitation again", PT_IN_INVITATIONS,
                                     PT_ACTION_WRITES | PT_ACTION_SELECTION | PT_ACTION_HINT,
                                     ARGS(USER, {"role", PT_ARG_ROLE, OPT, NULL,
                                                 "another role than before"}),
                                     .run = pt_cmd_invitation_resend},
    [PT_ACTION_INVITATION_DELETE] = {"invitation delete", "D", PT_GROUP_PEOPLE,
                                     "take an invitation back", PT_IN_INVITATIONS,
                                     PT_ACTION_WRITES | PT_ACTION_SELECTION | PT_ACTION_CONFIRM |
                                         PT_ACTION_BULK | PT_ACTION_HINT,
                                     ARGS(USER), .run = pt_cmd_invitation_delete},
    [PT_ACTION_INVITATION_FILTER] = {"invitation filter", "v", PT_GROUP_PEOPLE,
                                     "show one state only, then the next, then all",
                                     PT_IN_INVITATIONS | PT_IN_MINE, PT_ACTION_UI | PT_ACTION_HINT,
                                     .hint = "state"},
    [PT_ACTION_INVITATION_MINE] = {"invitation mine", "", PT_GROUP_PEOPLE,
                                   "the workspaces you are invited to", 0, PT_ACTION_NO_WORKSPACE,
                                   ARGS({"state", PT_ARG_CHOICE, OPT,
                                         "all pending accepted rejected", "only this state"}),
                                   .run = pt_cmd_invitation_list},
    [PT_ACTION_INVITATION_ACCEPT] =
        {"invitation accept", "a", PT_GROUP_PEOPLE, "become a member of that workspace", PT_IN_MINE,
         PT_ACTION_WRITES | PT_ACTION_SELECTION | PT_ACTION_HINT | PT_ACTION_NO_WORKSPACE,
         ARGS({"invitation", PT_ARG_INVITATION, REQ, NULL, "name or id of the workspace"}),
         .run = pt_cmd_invitation_accept},
    [PT_ACTION_INVITATION_DECLINE] = {"invitation decline", "x", PT_GROUP_PEOPLE,
                                      "decline an invitation", PT_IN_MINE,
                                      PT_ACTION_WRITES | PT_ACTION_SELECTION | PT_ACTION_CONFIRM |
                                          PT_ACTION_HINT | PT_ACTION_NO_WORKSPACE,
                                      ARGS({"invitation", PT_ARG_INVITATION, REQ, NULL,
                                            "name or id of the workspace"}),
                                      .run = pt_cmd_invitation_decline},
    [PT_ACTION_WROLE_LIST] = {"workspace role list", "", PT_GROUP_PEOPLE,
                              "roles of the workspace with actions and members", 0, 0,
                              .run = pt_cmd_role_list},
    [PT_ACTION_WROLE_SHOW] = {"workspace role show", "", PT_GROUP_PEOPLE,
                              "one role of the workspace", 0, 0, ARGS(ROLE),
                              .run = pt_cmd_role_show},
    [PT_ACTION_WROLE_CREATE] =
        {"workspace role create", "c", PT_GROUP_PEOPLE, "make a role of the workspace",
         PT_IN_WROLES, PT_ACTION_WRITES | PT_ACTION_HINT | PT_ACTION_FORM,
         ARGS({"name", PT_ARG_TEXT, REQ, NULL, "its name"},
              {"action", PT_ARG_CHOICE, PT_ARG_REPEAT, WORKSPACE_ACTIONS, "an action it allows"},
              {"member", PT_ARG_USER, PT_ARG_REPEAT, NULL, "who gets it at once"}),
         .run = pt_cmd_role_create},
    [PT_ACTION_WROLE_RENAME] = {"workspace role rename", "e", PT_GROUP_PEOPLE,
                                "rename a role of the workspace", PT_IN_WROLES,
                                PT_ACTION_WRITES | PT_ACTION_SELECTION | PT_ACTION_HINT,
                                ARGS(ROLE, {"name", PT_ARG_TEXT, REQ, NULL, "new name"}),
                                .run = pt_cmd_role_rename},
    [PT_ACTION_WROLE_DELETE] = {"workspace role delete", "D", PT_GROUP_PEOPLE,
                                "delete a role of the workspace", PT_IN_WROLES,
                                PT_ACTION_WRITES | PT_ACTION_SELECTION | PT_ACTION_DANGEROUS |
                                    PT_ACTION_HINT,
                                ARGS(ROLE, CONFIRM), .run = pt_cmd_role_delete},
    [PT_ACTION_WROLE_ACTION_LIST] = {"workspace role action list", "", PT_GROUP_PEOPLE,
                                     "what a role of the workspace may allow", 0, 0,
                                     .run = pt_cmd_role_action_list},
    [PT_ACTION_WROLE_ACTION_ADD] = {"workspace role action add", "a", PT_GROUP_PEOPLE,
                                    "allow a role more", PT_IN_WROLES,
                                    PT_ACTION_WRITES | PT_ACTION_SELECTION | PT_ACTION_HINT,
                                    ARGS(ROLE, {"action", PT_ARG_CHOICE, REQ | PT_ARG_REPEAT,
                                                WORKSPACE_ACTIONS, "actions to add"}),
                                    .hint = "add action", .run = pt_cmd_role_action_add},
    [PT_ACTION_WROLE_ACTION_REMOVE] = {"workspace role action remove", "x", PT_GROUP_PEOPLE,
                                       "allow a role less", PT_IN_WROLES,
                                       PT_ACTION_WRITES | PT_ACTION_SELECTION,
                                       ARGS(ROLE, {"action", PT_ARG_CHOICE, REQ | PT_ARG_REPEAT,
                                                   WORKSPACE_ACTIONS, "actions to remove"}),
                                       .run = pt_cmd_role_action_remove},
    [PT_ACTION_WROLE_ACTION_CLEAR] = {"workspace role action clear", "", PT_GROUP_PEOPLE,
                                      "take all actions from a role", 0, PT_ACTION_WRITES,
                                      ARGS(ROLE), .run = pt_cmd_role_action_clear},
    [PT_ACTION_WROLE_MEMBER_ADD] =
        {"workspace role member add", "m", PT_GROUP_PEOPLE, "give a role to a person", PT_IN_WROLES,
         PT_ACTION_WRITES | PT_ACTION_SELECTION | PT_ACTION_HINT,
         ARGS(ROLE, {"user", PT_ARG_USER, REQ | PT_ARG_REPEAT, NULL, "user name or id"},
              {"move", PT_ARG_FLAG, 0, NULL, "from the role they have: each has one"}),
         .hint = "add member", .run = pt_cmd_role_member_add},
    [PT_ACTION_WROLE_MEMBER_REMOVE] =
        {"workspace role member remove", "M", PT_GROUP_PEOPLE,
         "take a role from a person, which takes them out of the workspace", PT_IN_WROLES,
         PT_ACTION_WRITES | PT_ACTION_SELECTION,
         ARGS(ROLE, {"user", PT_ARG_USER, REQ | PT_ARG_REPEAT, NULL, "user name or id"}),
         .run = pt_cmd_role_member_remove},
    [PT_ACTION_WROLE_MEMBER_CLEAR] = {"workspace role member clear", "", PT_GROUP_PEOPLE,
                                      "take all members from a role, and out of the workspace", 0,
                                      PT_ACTION_WRITES, ARGS(ROLE, CONFIRM),
                                      .run = pt_cmd_role_member_clear},
    [PT_ACTION_USER_SEARCH] = {"user search", "", PT_GROUP_PEOPLE,
                               "registered users by user name or first name", 0,
                               PT_ACTION_NO_WORKSPACE,
                               ARGS({"text", PT_ARG_TEXT, REQ, NULL, "at least three characters"}),
                               .run = pt_cmd_user_search},
    [PT_ACTION_USER_LIST] = {"user list", "", PT_GROUP_PEOPLE,
                             "all accounts (platform administrators)", 0, PT_ACTION_NO_WORKSPACE,
                             .run = pt_cmd_user_list},
    [PT_ACTION_USER_ENABLE] = {"user enable", "", PT_GROUP_PEOPLE,
                               "enable an account (platform administrators)", 0,
                               PT_ACTION_WRITES | PT_ACTION_NO_WORKSPACE, ARGS(USER),
                               .run = pt_cmd_user_enable},
    [PT_ACTION_USER_DISABLE] = {"user disable", "", PT_GROUP_PEOPLE,
                                "disable an account (platform administrators)", 0,
                                PT_ACTION_WRITES | PT_ACTION_NO_WORKSPACE, ARGS(USER),
                                .run = pt_cmd_user_disable},
    [PT_ACTION_USER_DELETE] = {"user delete", "", PT_GROUP_PEOPLE,
                               "delete an account (platform administrators)", 0,
                               PT_ACTION_WRITES | PT_ACTION_NO_WORKSPACE, ARGS(USER, CONFIRM),
                               .run = pt_cmd_user_delete},
    [PT_ACTION_USER_ROLE] = {"user role", "", PT_GROUP_PEOPLE,
                             "give an account a platform role (platform administrators)", 0,
                             PT_ACTION_WRITES | PT_ACTION_NO_WORKSPACE,
                             ARGS(USER, {"role", PT_ARG_CHOICE, REQ, "user admin", "which"}),
                             .run = pt_cmd_user_role},

    /* ---- computations ---- */
    [PT_ACTION_COMPUTATION_LIST] =
        {"computation list", "", PT_GROUP_COMPUTATION, "the computations of the workspace", 0, 0,
         ARGS({"name", PT_ARG_TEXT, 0, NULL, "only names that contain this"},
              {"state", PT_ARG_CHOICE, 0, "not-started running completed failed cancelled",
               "only this state"}),
         .run = pt_cmd_computation_list},
    [PT_ACTION_COMPUTATION_SHOW] = {"computation show", "", PT_GROUP_COMPUTATION,
                                    "one computation with its participants", 0, 0,
                                    ARGS(COMPUTATION), .run = pt_cmd_computation_show},
    [PT_ACTION_COMPUTATION_CREATE] =
        {"computation create", "c", PT_GROUP_COMPUTATION, "define a new computation",
         PT_IN_COMPUTATIONS, PT_ACTION_WRITES | PT_ACTION_HINT,
         ARGS({"name", PT_ARG_TEXT, REQ, NULL, "its name"},
              {"description", PT_ARG_TEXT, PT_ARG_REQUIRED, NULL, "what it is for"},
              {"log-level", PT_ARG_CHOICE, 0, LOG_LEVELS, "how much the agent logs (info)"}, TLS),
         .run = pt_cmd_computation_create},
    [PT_ACTION_COMPUTATION_UPDATE] =
        {"computation update", "e", PT_GROUP_COMPUTATION,
         "change name, description, log level or TLS mode", PT_IN_COMPUTATIONS | PT_IN_OVERVIEW,
         PT_ACTION_WRITES | PT_ACTION_SELECTION | PT_ACTION_HINT | PT_ACTION_FORM,
         ARGS(COMPUTATION, {"name", PT_ARG_TEXT, 0, NULL, "new name"},
              {"description", PT_ARG_TEXT, 0, NULL, "new description"},
              {"log-level", PT_ARG_CHOICE, 0, LOG_LEVELS, "how much the agent logs"}, TLS),
         .hint = "edit", .run = pt_cmd_computation_update},
    [PT_ACTION_COMPUTATION_DELETE] = {"computation delete", "D", PT_GROUP_COMPUTATION,
                                      "delete for good, with its history",
                                      PT_IN_COMPUTATIONS | PT_IN_OVERVIEW,
                                      PT_ACTION_WRITES | PT_ACTION_SELECTION | PT_ACTION_DANGEROUS |
                                          PT_ACTION_BULK | PT_ACTION_HINT,
                                      ARGS(COMPUTATION,
                                           {"confirm", PT_ARG_TEXT, 0, NULL,
                                            "its name, to confirm without being asked"}),
                                      .run = pt_cmd_computation_delete},
    [PT_ACTION_COMPUTATION_CHECKLIST] = {"computation checklist", "", PT_GROUP_COMPUTATION,
                                         "what is still missing before it can run", 0, 0,
                                         ARGS(COMPUTATION), .run = pt_cmd_computation_checklist},
    [PT_ACTION_COMPUTATION_RUN] =
        {"computation run", "R", PT_GROUP_COMPUTATION, "run it (or run it again) on a ready CVM",
         PT_IN_COMPUTATIONS | PT_IN_TABS, PT_ACTION_WRITES | PT_ACTION_SELECTION | PT_ACTION_HINT,
         ARGS(COMPUTATION, {"cvm", PT_ARG_CVM, PT_ARG_REQUIRED, NULL, "id or name of a ready CVM"},
              {"follow", PT_ARG_FLAG, 0, NULL, "stay and print events until it ends"}),
         .run = pt_cmd_computation_run},
    [PT_ACTION_COMPUTATION_STOP] = {"computation stop", "X", PT_GROUP_COMPUTATION, "stop the run",
                                    PT_IN_COMPUTATIONS | PT_IN_TABS,
                                    PT_ACTION_WRITES | PT_ACTION_SELECTION | PT_ACTION_CONFIRM |
                                        PT_ACTION_BULK | PT_ACTION_HINT,
                                    ARGS(COMPUTATION), .run = pt_cmd_computation_stop},
    [PT_ACTION_COMPUTATION_STATUS] = {"computation status", "", PT_GROUP_COMPUTATION,
                                      "its state and the latest event", 0, 0, ARGS(COMPUTATION),
                                      .run = pt_cmd_computation_status},
    [PT_ACTION_COMPUTATION_FOLLOW] =
        {"computation follow", "", PT_GROUP_COMPUTATION,
         "print events and log lines as they come, until the run ends", 0, PT_ACTION_CANCELLABLE,
         ARGS(COMPUTATION, {"logs", PT_ARG_FLAG, 0, NULL, "log lines too"},
              {"until-state", PT_ARG_TEXT, 0, NULL,
               "stop at this event, for example ReceivingAlgorithm"},
              {"timeout", PT_ARG_TEXT, 0, NULL, "give up after so long: 90s, 10m"}),
         .run = pt_cmd_computation_follow},
    [PT_ACTION_NOTIFY] = {"notify", "w", PT_GROUP_COMPUTATION,
                          "follow it: its changes are told, also of the time between two starts",
                          PT_IN_COMPUTATIONS | PT_IN_OVERVIEW | PT_IN_TIMELINE | PT_IN_RUNS,
                          PT_ACTION_SELECTION,
                          ARGS(COMPUTATION, {"off", PT_ARG_FLAG, 0, NULL, "no longer"}),
                          .hint = "follow", .run = pt_cmd_notify},
    [PT_ACTION_NOTIFY_LIST] = {"notify list", "", PT_GROUP_COMPUTATION,
                               "the computations you follow in this workspace", 0, 0,
                               .run = pt_cmd_notify_list},
    [PT_ACTION_COMPUTATION_EVENTS] =
        {"computation events", "", PT_GROUP_COMPUTATION, "its events, newest first", 0, 0,
         ARGS(COMPUTATION, FILTERS, {"limit", PT_ARG_NUMBER, 0, NULL, "at most so many (100)"}),
         .run = pt_cmd_computation_events},
    [PT_ACTION_COMPUTATION_LOGS] =
        {"computation logs", "", PT_GROUP_COMPUTATION, "its log lines, oldest first", 0, 0,
         ARGS(COMPUTATION, FILTERS, {"level", PT_ARG_CHOICE, 0, LOG_LEVELS, "this level only"},
              {"text", PT_ARG_TEXT, 0, NULL, "lines that contain this"},
              {"limit", PT_ARG_NUMBER, 0, NULL, "the last so many (1000)"}),
         .run = pt_cmd_computation_logs},
    [PT_ACTION_COMPUTATION_MANIFEST] = {"computation manifest", "", PT_GROUP_COMPUTATION,
                                        "the document the agent gets", 0, 0,
                                        ARGS(COMPUTATION, {"save", PT_ARG_NEW_FILE, 0, NULL,
                                                           "write it unchanged to this file"}),
                                        .run = pt_cmd_computation_manifest},

    [PT_ACTION_COMPUTATION_COPY] =
        {"computation copy", "C", PT_GROUP_COMPUTATION,
         "a new one from this one: configuration, roles, people, asset links",
         PT_IN_COMPUTATIONS | PT_IN_OVERVIEW,
         PT_ACTION_WRITES | PT_ACTION_SELECTION | PT_ACTION_CANCELLABLE | PT_ACTION_FORM,
         ARGS(COMPUTATION, {"name", PT_ARG_TEXT, PT_ARG_REQUIRED, NULL, "name of the new one"},
              {"description", PT_ARG_TEXT, 0, NULL, "what it is for (the same)"},
              {"no-members", PT_ARG_FLAG, 0, NULL, "roles without people"}),
         .run = pt_cmd_computation_copy},
    [PT_ACTION_COMPUTATION_EXPORT] =
        {"computation export", "x", PT_GROUP_COMPUTATION,
         "save computations with roles and assets to a file", PT_IN_COMPUTATIONS | PT_IN_OVERVIEW,
         PT_ACTION_WRITES | PT_ACTION_SELECTION | PT_ACTION_CANCELLABLE | PT_ACTION_FORM,
         ARGS({"file", PT_ARG_NEW_FILE, REQ | PT_ARG_FRESH, NULL,
               "JSON to write; readable by you alone, for it may hold private keys"},
              {"computation", PT_ARG_COMPUTATION, OPT | PT_ARG_REPEAT, NULL,
               "which ones; id or name"},
              {"all", PT_ARG_FLAG, 0, NULL, "every computation of the workspace"},
              {"no-private-keys", PT_ARG_FLAG, 0, NULL, "leave the agents' private keys out"},
              {"no-samples", PT_ARG_FLAG, 0, NULL, "leave the contents of sample assets out"},
              {"manifests", PT_ARG_NEW_FILE, PT_ARG_DIRECTORY, NULL,
               "directory for each manifest as it is served, ID.json"},
              {"replace", PT_ARG_FLAG, 0, NULL, "overwrite a file of the same name"}),
         .run = pt_cmd_computation_export},
    [PT_ACTION_COMPUTATION_IMPORT] =
        {"computation import", "i", PT_GROUP_COMPUTATION,
         "create computations from an export or a CSV file", PT_IN_COMPUTATIONS,
         PT_ACTION_WRITES | PT_ACTION_CANCELLABLE | PT_ACTION_FORM,
         ARGS({"file", PT_ARG_FILE, REQ, NULL, "the file; - is standard input"},
              {"dry-run", PT_ARG_FLAG, PT_ARG_NO_FORM, NULL,
               "say what would be done, and do nothing"},
              {"existing", PT_ARG_CHOICE, 0, "create skip update",
               "when a name is taken: create another (default), skip, or update it"},
              {"create-assets", PT_ARG_FLAG, 0, NULL,
               "make missing assets from what the file has of them"},
              {"prune", PT_ARG_FLAG, 0, NULL,
               "an update removes people, roles, actions and links the file has not"},
              {"no-members", PT_ARG_FLAG, 0, NULL, "roles without people"},
              {"again", PT_ARG_FLAG, 0, NULL, "import once more what was imported before"},
              {"partial", PT_ARG_FLAG, PT_ARG_NO_FORM, NULL,
               "of a broken file, what comes before the damage"},
              {"report", PT_ARG_NEW_FILE, PT_ARG_NO_FORM, NULL,
               "save the report; .json gives JSON"}),
         .run = pt_cmd_computation_import},
    [PT_ACTION_IMPORT_START] = {"import start", "R", PT_GROUP_COMPUTATION,
                                "do what the preview shows, or go on with it", PT_IN_IMPORT,
                                PT_ACTION_UI | PT_ACTION_WRITES | PT_ACTION_HINT, .hint = "import"},
    [PT_ACTION_IMPORT_LEAVE_OUT] = {"import leave out", "x", PT_GROUP_COMPUTATION,
                                    "leave this computation out, and take it in again",
                                    PT_IN_IMPORT, PT_ACTION_UI | PT_ACTION_HINT,
                                    .hint = "leave out"},
    [PT_ACTION_IMPORT_PRUNE] =
        {"import prune", "P", PT_GROUP_COMPUTATION,
         "remove what updated computations have and the file has not, and let it stay",
         PT_IN_IMPORT, PT_ACTION_UI},

    /* ---- runs and agents ---- */
    [PT_ACTION_RUN_LIST] = {"run list", "", PT_GROUP_RUN, "runs, newest first", 0, 0,
                            ARGS({"computation", PT_ARG_COMPUTATION, OPT, NULL,
                                  "only of this computation"}),
                            .run = pt_cmd_run_list},
    [PT_ACTION_RUN_SHOW] = {"run show", "", PT_GROUP_RUN, "the latest run of a computation", 0, 0,
                            ARGS(COMPUTATION), .run = pt_cmd_run_show},
    [PT_ACTION_RUN_COMPARE] =
        {"run compare", "c", PT_GROUP_RUN, "two runs side by side: ends, CVMs, time of each phase",
         PT_IN_TIMELINE | PT_IN_RUNS, PT_ACTION_SELECTION | PT_ACTION_HINT,
         ARGS(COMPUTATION,
              {"run", PT_ARG_RUN, OPT, NULL, "the first run; without it the one before the newest"},
              {"second", PT_ARG_RUN, OPT, NULL, "the second; without it the newest"},
              {"with", PT_ARG_COMPUTATION, 0, NULL, "computation of the second run, if another"}),
         .run = pt_cmd_run_compare},
    [PT_ACTION_RUN_POLICY] = {"run policy", "p", PT_GROUP_RUN,
                              "attestation policy of the CVM of the latest run", RUNS,
                              PT_ACTION_SELECTION,
                              ARGS(COMPUTATION,
                                   {"save", PT_ARG_NEW_FILE, 0, NULL, "write it to this file"}),
                              .run = pt_cmd_run_policy},
    [PT_ACTION_SEND_ALGORITHM] =
        {"send algorithm", "a", PT_GROUP_RUN, "send the algorithm file to the agent", RUNS,
         PT_ACTION_WRITES | PT_ACTION_SELECTION | PT_ACTION_CANCELLABLE | PT_ACTION_HINT,
         ARGS(COMPUTATION, {"file", PT_ARG_FILE, REQ, NULL, "the algorithm"},
              {"type", PT_ARG_CHOICE, 0, "bin python wasm docker", "how to run it (by file name)"},
              {"requirements", PT_ARG_FILE, 0, NULL, "requirements file of a Python algorithm"},
              {"arg", PT_ARG_TEXT, PT_ARG_REPEAT, NULL, "argument for the algorithm, in order"},
              KEY, PASSPHRASE, ADDRESS, TRUST),
         .hint = "algorithm", .run = pt_cmd_send_algorithm},
    [PT_ACTION_SEND_DATA] =
        {"send data", "d", PT_GROUP_RUN, "send a dataset (file or directory) to the agent", RUNS,
         PT_ACTION_WRITES | PT_ACTION_SELECTION | PT_ACTION_CANCELLABLE | PT_ACTION_HINT,
         ARGS(COMPUTATION,
              {"file", PT_ARG_FILE, REQ | PT_ARG_OR_DIRECTORY, NULL,
               "the dataset; a directory is zipped"},
              {"decompress", PT_ARG_FLAG, 0, NULL, "let the agent unpack the zip"}, KEY, PASSPHRASE,
              ADDRESS, TRUST),
         .run = pt_cmd_send_data},
    [PT_ACTION_AGENT_ATTESTATION] =
        {"agent attestation", "v", PT_GROUP_RUN,
         "ask the agent for evidence, for nonces made now, and judge it", RUNS,
         PT_ACTION_SELECTION | PT_ACTION_CANCELLABLE,
         ARGS(COMPUTATION,
              {"type", PT_ARG_CHOICE, 0, "snp vtpm snp-vtpm azure tdx",
               "what to ask for (snp-vtpm)"},
              {"save", PT_ARG_NEW_FILE, 0, NULL, "write it to this file, as it came"}, ADDRESS,
              JUDGED),
         .hint = "evidence", .run = pt_cmd_agent_attestation},
    [PT_ACTION_AGENT_IMA] = {"agent ima", "", PT_GROUP_RUN,
                             "ask the agent for the kernel's list of measured files, and replay it",
                             0, PT_ACTION_SELECTION | PT_ACTION_CANCELLABLE,
                             ARGS(COMPUTATION,
                                  {"save", PT_ARG_NEW_FILE, 0, NULL,
                                   "write the list to this file, as it came"},
                                  ADDRESS, TRUST),
                             .run = pt_cmd_agent_ima},
    [PT_ACTION_AGENT_AZURE_TOKEN] =
        {"agent azure-token", "", PT_GROUP_RUN,
         "ask the agent for Azure's attestation token, and look at it", 0,
         PT_ACTION_SELECTION | PT_ACTION_CANCELLABLE,
         ARGS(COMPUTATION, {"save", PT_ARG_NEW_FILE, 0, NULL, "write it to this file"},
              {"nonce", PT_ARG_TEXT, 0, NULL, "32 bytes in hex that go into it"}, JWKS, ADDRESS,
              TRUST),
         .run = pt_cmd_agent_azure_token},
    [PT_ACTION_RESULT_FETCH] = {"result fetch", "f", PT_GROUP_RUN,
                                "fetch the result zip from the agent and save it", RUNS,
                                PT_ACTION_WRITES | PT_ACTION_SELECTION | PT_ACTION_CANCELLABLE |
                                    PT_ACTION_HINT | PT_ACTION_FORM,
                                ARGS(COMPUTATION,
                                     {"save", PT_ARG_NEW_FILE, PT_ARG_FRESH, NULL,
                                      "file to write (results.zip)"},
                                     KEY, PASSPHRASE, ADDRESS, TRUST),
                                .hint = "fetch", .run = pt_cmd_result_fetch},
    [PT_ACTION_RESULT_SHOW] = {"result show", "o", PT_GROUP_RUN, "what is in a result zip",
                               PT_IN_TRANSFERS, PT_ACTION_NO_LOGIN,
                               ARGS({"file", PT_ARG_FILE, REQ, NULL, "the zip"}),
                               .run = pt_cmd_result_show},
    [PT_ACTION_RESULT_UNPACK] = {"result unpack", "u", PT_GROUP_RUN,
                                 "unpack a result zip into a directory",
                                 PT_IN_RESULT | PT_IN_TRANSFERS,
                                 PT_ACTION_NO_LOGIN | PT_ACTION_WRITES | PT_ACTION_HINT,
                                 ARGS({"file", PT_ARG_FILE, REQ, NULL, "the zip"},
                                      {"directory", PT_ARG_NEW_FILE, REQ | PT_ARG_DIRECTORY, NULL,
                                       "where to; existing files are kept"}),
                                 .run = pt_cmd_result_unpack},

    /* ---- roles ---- */
    [PT_ACTION_ROLE_LIST] = {"role list", "", PT_GROUP_ROLE,
                             "roles of a computation with actions and members", 0, 0,
                             ARGS(COMPUTATION), .run = pt_cmd_role_list},
    [PT_ACTION_ROLE_SHOW] = {"role show", "", PT_GROUP_ROLE, "one role", 0, 0,
                             ARGS(COMPUTATION, ROLE), .run = pt_cmd_role_show},
    [PT_ACTION_ROLE_CREATE] =
        {"role create", "c", PT_GROUP_ROLE, "make a role", PT_IN_ROLES, PT_ACTION_WRITES,
         ARGS(COMPUTATION, {"name", PT_ARG_TEXT, REQ, NULL, "its name"},
              {"action", PT_ARG_CHOICE, PT_ARG_REPEAT, COMPUTATION_ACTIONS, "an action it allows"},
              {"member", PT_ARG_USER, PT_ARG_REPEAT, NULL, "who gets it at once"}),
         .run = pt_cmd_role_create},
    [PT_ACTION_ROLE_RENAME] = {"role rename", "e", PT_GROUP_ROLE, "rename a role", PT_IN_ROLES,
                               PT_ACTION_WRITES | PT_ACTION_SELECTION | PT_ACTION_HINT,
                               ARGS(COMPUTATION, ROLE,
                                    {"name", PT_ARG_TEXT, REQ, NULL, "new name"}),
                               .run = pt_cmd_role_rename},
    [PT_ACTION_ROLE_DELETE] = {"role delete", "D", PT_GROUP_ROLE, "delete a role", PT_IN_ROLES,
                               PT_ACTION_WRITES | PT_ACTION_SELECTION | PT_ACTION_DANGEROUS,
                               ARGS(COMPUTATION, ROLE,
                                    {"confirm", PT_ARG_TEXT, 0, NULL,
                                     "its name, to confirm without being asked"}),
                               .run = pt_cmd_role_delete},
    [PT_ACTION_ROLE_ACTION_LIST] = {"role action list", "", PT_GROUP_ROLE,
                                    "what a role of a computation may allow", 0, 0,
                                    ARGS(COMPUTATION), .run = pt_cmd_role_action_list},
    [PT_ACTION_ROLE_ACTION_ADD] = {"role action add", "a", PT_GROUP_ROLE, "allow a role more",
                                   PT_IN_ROLES,
                                   PT_ACTION_WRITES | PT_ACTION_SELECTION | PT_ACTION_HINT,
                                   ARGS(COMPUTATION, ROLE,
                                        {"action", PT_ARG_CHOICE, REQ | PT_ARG_REPEAT,
                                         COMPUTATION_ACTIONS, "actions to add"}),
                                   .hint = "add action", .run = pt_cmd_role_action_add},
    [PT_ACTION_ROLE_ACTION_REMOVE] = {"role action remove", "x", PT_GROUP_ROLE, "allow a role less",
                                      PT_IN_ROLES, PT_ACTION_WRITES | PT_ACTION_SELECTION,
                                      ARGS(COMPUTATION, ROLE,
                                           {"action", PT_ARG_CHOICE, REQ | PT_ARG_REPEAT,
                                            COMPUTATION_ACTIONS, "actions to remove"}),
                                      .run = pt_cmd_role_action_remove},
    [PT_ACTION_ROLE_ACTION_CLEAR] = {"role action clear", "", PT_GROUP_ROLE,
                                     "take all actions from a role", 0, PT_ACTION_WRITES,
                                     ARGS(COMPUTATION, ROLE), .run = pt_cmd_role_action_clear},
    [PT_ACTION_ROLE_MEMBER_ADD] =
        {"role member add", "m", PT_GROUP_ROLE, "give a role to a person", PT_IN_ROLES,
         PT_ACTION_WRITES | PT_ACTION_SELECTION | PT_ACTION_HINT,
         ARGS(COMPUTATION, ROLE,
              {"user", PT_ARG_USER, REQ | PT_ARG_REPEAT, NULL, "user name or id"},
              {"move", PT_ARG_FLAG, 0, NULL, "from the role they have: each has one"}),
         .hint = "add member", .run = pt_cmd_role_member_add},
    [PT_ACTION_ROLE_MEMBER_REMOVE] = {"role member remove", "M", PT_GROUP_ROLE,
                                      "take a role from a person", PT_IN_ROLES,
                                      PT_ACTION_WRITES | PT_ACTION_SELECTION,
                                      ARGS(COMPUTATION, ROLE,
                                           {"user", PT_ARG_USER, REQ | PT_ARG_REPEAT, NULL,
                                            "user name or id"}),
                                      .run = pt_cmd_role_member_remove},
    [PT_ACTION_ROLE_MEMBER_CLEAR] = {"role member clear", "", PT_GROUP_ROLE,
                                     "take all members from a role", 0, PT_ACTION_WRITES,
                                     ARGS(COMPUTATION, ROLE, CONFIRM),
                                     .run = pt_cmd_role_member_clear},

    /* ---- keys ---- */
    [PT_ACTION_KEY_LIST] = {"key list", "", PT_GROUP_KEY, "key pairs of this machine", 0,
                            PT_ACTION_NO_LOGIN, .run = pt_cmd_key_list},
    [PT_ACTION_KEY_GENERATE] = {"key generate", "c", PT_GROUP_KEY, "make a key pair", PT_IN_KEYS,
                                PT_ACTION_WRITES | PT_ACTION_CANCELLABLE | PT_ACTION_NO_LOGIN |
                                    PT_ACTION_HINT | PT_ACTION_FORM,
                                ARGS({"type", PT_ARG_CHOICE, 0, KEY_KINDS, "kind of key (ed25519)"},
                                     {"name", PT_ARG_TEXT, 0, NULL, "name of the pair (default)"},
                                     {"directory", PT_ARG_NEW_FILE, PT_ARG_DIRECTORY, NULL,
                                      "where to write private.pem and public.pem"},
                                     {"protect", PT_ARG_FLAG, 0, NULL,
                                      "protect the private file by a passphrase, asked for"},
                                     {"passphrase-file", PT_ARG_FILE, 0, NULL,
                                      "take the passphrase from the first line of this file"}),
                                .hint = "generate", .run = pt_cmd_key_generate},
    [PT_ACTION_KEY_REGISTER] =
        {"key register", "K", PT_GROUP_KEY, "register your public key with a computation",
         PT_IN_KEYS | RUNS | PT_IN_MANIFEST,
         PT_ACTION_WRITES | PT_ACTION_SELECTION | PT_ACTION_HINT,
         ARGS(COMPUTATION, {"key", PT_ARG_FILE, OPT, NULL,
                            "public key file; without it the key made for this profile"}),
         .hint = "key", .run = pt_cmd_key_register},
    [PT_ACTION_KEY_SHOW] = {"key show", "", PT_GROUP_KEY,
                            "one key file: kind, fingerprint, public half, who may read it", 0,
                            PT_ACTION_NO_LOGIN,
                            ARGS({"key", PT_ARG_FILE, REQ, NULL,
                                  "key file, private or public; or the name of a pair"},
                                 {"passphrase-file", PT_ARG_FILE, 0, NULL,
                                  "file whose first line opens an encrypted key"}),
                            .run = pt_cmd_key_show},
    [PT_ACTION_KEY_STATUS] =
        {"key status", "", PT_GROUP_KEY,
         "whether your public key is registered, and where the manifest has it", 0, 0,
         ARGS(COMPUTATION), .run = pt_cmd_key_status},

    /* ---- assets ---- */
    [PT_ACTION_ASSET_LIST] = {"asset list", "", PT_GROUP_ASSET, "algorithms and datasets", 0, 0,
                              ARGS({"computation", PT_ARG_COMPUTATION, OPT, NULL,
                                    "only those linked to this computation"},
                                   {"type", PT_ARG_CHOICE, 0, "algorithm dataset",
                                    "only this type"}),
                              .run = pt_cmd_asset_list},
    [PT_ACTION_ASSET_SHOW] = {"asset show", "", PT_GROUP_ASSET, "one asset", 0, 0, ARGS(ASSET),
                              .run = pt_cmd_asset_show},
    [PT_ACTION_ASSET_CREATE] =
        {"asset create", "c", PT_GROUP_ASSET,
         "describe a local file as an asset; the checksum is computed", PT_IN_ASSETS | PT_IN_LINKED,
         PT_ACTION_WRITES | PT_ACTION_CANCELLABLE | PT_ACTION_HINT,
         ARGS({"file", PT_ARG_FILE, REQ | PT_ARG_OR_DIRECTORY, NULL, "the file or directory"},
              {"type", PT_ARG_CHOICE, PT_ARG_REQUIRED, "algorithm dataset", "what it is"},
              {"description", PT_ARG_TEXT, PT_ARG_REQUIRED, NULL, "what it is for"},
              {"name", PT_ARG_TEXT, 0, NULL, "file name to register (that of the file)"},
              {"sample", PT_ARG_FILE, 0, NULL, "sample others may look at, at most 10 MB"},
              {"link", PT_ARG_COMPUTATION, 0, NULL, "link it to this computation at once"}),
         .run = pt_cmd_asset_create},
    [PT_ACTION_ASSET_UPDATE] = {"asset update", "e", PT_GROUP_ASSET, "change an asset",
                                PT_IN_ASSETS | PT_IN_LINKED | PT_IN_ASSET,
                                PT_ACTION_WRITES | PT_ACTION_SELECTION | PT_ACTION_HINT |
                                    PT_ACTION_FORM,
                                ARGS(ASSET,
                                     {"file", PT_ARG_FILE, PT_ARG_OR_DIRECTORY, NULL,
                                      "compute the checksum of this file anew"},
                                     {"description", PT_ARG_TEXT, 0, NULL, "new description"},
                                     {"name", PT_ARG_TEXT, 0, NULL, "new file name"},
                                     {"sample", PT_ARG_FILE, 0, NULL,
                                      "new sample others may look at, at most 10 MB"},
                                     {"no-sample", PT_ARG_FLAG, 0, NULL, "take the sample away"}),
                                .hint = "edit", .run = pt_cmd_asset_update},
    [PT_ACTION_ASSET_LINK] = {"asset link", "a", PT_GROUP_ASSET, "link an asset to a computation",
                              PT_IN_ASSETS | PT_IN_LINKED | PT_IN_ASSET,
                              PT_ACTION_WRITES | PT_ACTION_SELECTION | PT_ACTION_BULK |
                                  PT_ACTION_HINT,
                              ARGS(ASSET, COMPUTATION), .run = pt_cmd_asset_link},
    [PT_ACTION_ASSET_UNLINK] = {"asset unlink", "u", PT_GROUP_ASSET,
                                "take an asset from a computation",
                                PT_IN_ASSETS | PT_IN_LINKED | PT_IN_ASSET,
                                PT_ACTION_WRITES | PT_ACTION_SELECTION | PT_ACTION_CONFIRM |
                                    PT_ACTION_BULK | PT_ACTION_HINT,
                                ARGS(ASSET, COMPUTATION), .run = pt_cmd_asset_unlink},
    [PT_ACTION_ASSET_DELETE] = {"asset delete", "D", PT_GROUP_ASSET, "delete an asset",
                                PT_IN_ASSETS | PT_IN_ASSET,
                                PT_ACTION_WRITES | PT_ACTION_SELECTION | PT_ACTION_DANGEROUS |
                                    PT_ACTION_BULK | PT_ACTION_HINT,
                                ARGS(ASSET, {"confirm", PT_ARG_TEXT, 0, NULL,
                                             "its name, to confirm without being asked"}),
                                .run = pt_cmd_asset_delete},
    [PT_ACTION_ASSET_PREVIEW] = {"asset preview", "p", PT_GROUP_ASSET,
                                 "its sample: text, or CSV in columns",
                                 PT_IN_ASSETS | PT_IN_LINKED | PT_IN_ASSET,
                                 PT_ACTION_SELECTION | PT_ACTION_HINT, ARGS(ASSET),
                                 .run = pt_cmd_asset_preview},
    [PT_ACTION_ASSET_DOWNLOAD] = {"asset download", "W", PT_GROUP_ASSET, "save its sample",
                                  PT_IN_ASSETS | PT_IN_LINKED | PT_IN_ASSET,
                                  PT_ACTION_SELECTION | PT_ACTION_HINT | PT_ACTION_FORM,
                                  ARGS(ASSET, {"save", PT_ARG_NEW_FILE, 0, NULL,
                                               "file to write (its file name)"}),
                                  .run = pt_cmd_asset_download},
    [PT_ACTION_ASSET_COMPUTATIONS] = {"asset computations", "", PT_GROUP_ASSET,
                                      "the computations that use an asset", 0, 0, ARGS(ASSET),
                                      .run = pt_cmd_asset_computations},
    [PT_ACTION_CHECKSUM] = {"checksum", "", PT_GROUP_ASSET,
                            "SHA3-256 of a file or directory, as the agent computes it", 0,
                            PT_ACTION_NO_LOGIN | PT_ACTION_CANCELLABLE,
                            ARGS({"file", PT_ARG_FILE, REQ | PT_ARG_OR_DIRECTORY, NULL,
                                  "file or directory"}),
                            .run = pt_cmd_checksum},

    /* ---- CVMs ---- */
    [PT_ACTION_CVM_LIST] =
        {"cvm list", "", PT_GROUP_CVM, "the CVMs of the workspace", 0, 0,
         ARGS({"ready", PT_ARG_FLAG, 0, NULL, "only those a computation can run on"},
              {"status", PT_ARG_CHOICE, 0, CVM_STATES, "only this status (active)"},
              {"platform", PT_ARG_CHOICE, 0, "sev-snp tdx", "only this platform"},
              {"days", PT_ARG_NUMBER, 0, NULL, "only those created in the last so many days"},
              {"all", PT_ARG_FLAG, 0, NULL, "removed ones too"}),
         .run = pt_cmd_cvm_list},
    [PT_ACTION_CVM_SHOW] = {"cvm show", "", PT_GROUP_CVM, "one CVM", 0, 0, ARGS(CVM),
                            .run = pt_cmd_cvm_show},
    [PT_ACTION_CVM_CREATE] =
        {"cvm create", "c", PT_GROUP_CVM, "create a CVM; takes minutes", PT_IN_CVMS | PT_IN_RUN,
         PT_ACTION_WRITES | PT_ACTION_CANCELLABLE | PT_ACTION_HINT,
         ARGS({"name", PT_ARG_TEXT, REQ, NULL, "its name"},
              {"provider", PT_ARG_CHOICE, 0, "ultraviolet azure gcp external",
               "where (ultraviolet)"},
              {"platform", PT_ARG_CHOICE, 0, "sev-snp tdx", "confidential platform (sev-snp)"},
              {"vcpus", PT_ARG_NUMBER, 0, NULL, "number of CPUs (2)"},
              {"log-level", PT_ARG_CHOICE, 0, LOG_LEVELS, "log level of its agent (info)"},
              {"wait", PT_ARG_FLAG, 0, NULL, "return when it is ready to run"}),
         .run = pt_cmd_cvm_create},
    [PT_ACTION_CVM_DELETE] = {"cvm delete", "D", PT_GROUP_CVM, "deactivate a CVM for good",
                              PT_IN_CVMS | PT_IN_CVM,
                              PT_ACTION_WRITES | PT_ACTION_SELECTION | PT_ACTION_DANGEROUS |
                                  PT_ACTION_BULK | PT_ACTION_HINT,
                              ARGS(CVM, {"confirm", PT_ARG_TEXT, 0, NULL,
                                         "its name, to confirm without being asked"}),
                              .run = pt_cmd_cvm_delete},
    [PT_ACTION_CVM_POLICY] = {"cvm policy", "p", PT_GROUP_CVM, "its attestation policy",
                              PT_IN_CVMS | PT_IN_CVM, PT_ACTION_SELECTION | PT_ACTION_HINT,
                              ARGS(CVM,
                                   {"save", PT_ARG_NEW_FILE, 0, NULL, "write it to this file"}),
                              .run = pt_cmd_cvm_policy},
    [PT_ACTION_CVM_ATTESTATION] =
        {"cvm attestation", "A", PT_GROUP_CVM, "its attestation report, or the token", PT_IN_CVM,
         PT_ACTION_SELECTION | PT_ACTION_HINT,
         ARGS(CVM, {"save", PT_ARG_NEW_FILE, 0, NULL, "write it to this file"},
              {"token", PT_ARG_FLAG, 0, NULL, "the attestation token instead of the report"}),
         .hint = "report", .run = pt_cmd_cvm_attestation},
    [PT_ACTION_CVM_STATISTICS] = {"cvm statistics", "u", PT_GROUP_CVM, "when it was online",
                                  PT_IN_CVMS | PT_IN_CVM, PT_ACTION_SELECTION | PT_ACTION_HINT,
                                  ARGS(CVM,
                                       {"days", PT_ARG_NUMBER, 0, NULL, "so many days back (7)"}),
                                  .hint = "up-time", .run = pt_cmd_cvm_statistics},
    [PT_ACTION_CVM_PERIOD] = {"cvm period", "p", PT_GROUP_CVM,
                              "another period of up-time: 1, 7, 14, 30 or 90 days", PT_IN_UPTIME,
                              PT_ACTION_UI | PT_ACTION_HINT, .hint = "period"},
    [PT_ACTION_CVM_FILTER] =
        {"cvm filter", "f", PT_GROUP_CVM,
         "show one status only; with arguments, a platform or an age, too", PT_IN_CVMS,
         PT_ACTION_UI | PT_ACTION_HINT,
         ARGS({"status", PT_ARG_CHOICE, OPT, CVM_STATES, "without it, the next one"},
              {"platform", PT_ARG_CHOICE, 0, "sev-snp tdx", "only this platform"},
              {"days", PT_ARG_NUMBER, 0, NULL, "only those created in the last so many days"}),
         .hint = "status"},

    [PT_ACTION_CVM_EVIDENCE] =
        {"cvm evidence", "v", PT_GROUP_CVM,
         "the evidence its agent gave at start, judged by its policy", PT_IN_CVMS | PT_IN_CVM,
         PT_ACTION_SELECTION | PT_ACTION_HINT,
         ARGS(CVM, JUDGED,
              {"certificate", PT_ARG_FILE, 0, NULL,
               "certificate of the CVM, PEM: what the evidence was made for"}),
         .hint = "evidence", .run = pt_cmd_cvm_evidence},

    /* ---- transfers ---- */
    [PT_ACTION_TRANSFER_LIST] = {"transfer list", "", PT_GROUP_TRANSFER,
                                 "uploads and downloads of this run of the program", 0,
                                 PT_ACTION_NO_LOGIN, .run = pt_cmd_transfer_list},
    [PT_ACTION_TRANSFER_CANCEL] = {"transfer cancel", "x", PT_GROUP_TRANSFER, "stop a transfer",
                                   PT_IN_TRANSFERS,
                                   PT_ACTION_UI | PT_ACTION_SELECTION | PT_ACTION_BULK |
                                       PT_ACTION_HINT,
                                   ARGS({"transfer", PT_ARG_TRANSFER, OPT, NULL, "its number"})},
    [PT_ACTION_TRANSFER_RETRY] = {"transfer retry", "t", PT_GROUP_TRANSFER,
                                  "start a transfer again", PT_IN_TRANSFERS,
                                  PT_ACTION_UI | PT_ACTION_SELECTION | PT_ACTION_BULK |
                                      PT_ACTION_HINT,
                                  ARGS({"transfer", PT_ARG_TRANSFER, OPT, NULL, "its number"})},
    [PT_ACTION_TRANSFER_EVIDENCE] = {"transfer evidence", "v", PT_GROUP_TRANSFER,
                                     "what was proven about its agent, check by check",
                                     PT_IN_TRANSFERS,
                                     PT_ACTION_UI | PT_ACTION_SELECTION | PT_ACTION_HINT,
                                     ARGS({"transfer", PT_ARG_TRANSFER, OPT, NULL, "its number"}),
                                     .hint = "evidence"},
    [PT_ACTION_TRANSFER_CLEAR] = {"transfer clear", "C", PT_GROUP_TRANSFER,
                                  "take finished transfers off the list", PT_IN_TRANSFERS,
                                  PT_ACTION_UI | PT_ACTION_HINT},

    /* ---- tunnels ---- */
    [PT_ACTION_TUNNELS] = {"tunnels", "T", PT_GROUP_TUNNEL,
                           "SSH hosts on the way: state, latency, bytes", PT_IN_ANY,
                           PT_ACTION_UI | PT_ACTION_NO_LOGIN},
    [PT_ACTION_TUNNEL_LIST] = {"tunnel list", "", PT_GROUP_TUNNEL, "the tunnels and their numbers",
                               0, PT_ACTION_NO_LOGIN,
                               ARGS({"via", PT_ARG_TEXT, 0, NULL,
                                     "bring this way up first: user@bastion[:port],..."}),
                               .run = pt_cmd_tunnel_list},
    [PT_ACTION_TUNNEL_RECONNECT] = {"tunnel reconnect", "t", PT_GROUP_TUNNEL, "connect anew, now",
                                    PT_IN_TUNNELS,
                                    PT_ACTION_SELECTION | PT_ACTION_NO_LOGIN | PT_ACTION_HINT,
                                    ARGS({"tunnel", PT_ARG_TEXT, REQ, NULL, "its way, or its hop"}),
                                    .run = pt_cmd_tunnel_reconnect, .hint = "reconnect"},
    [PT_ACTION_TUNNEL_CLOSE] = {"tunnel close", "x", PT_GROUP_TUNNEL,
                                "end the session; the next use opens it again", PT_IN_TUNNELS,
                                PT_ACTION_SELECTION | PT_ACTION_NO_LOGIN | PT_ACTION_HINT,
                                ARGS({"tunnel", PT_ARG_TEXT, REQ, NULL, "its way, or its hop"}),
                                .run = pt_cmd_tunnel_close, .hint = "close"},
    [PT_ACTION_HOST_LIST] = {"host list", "", PT_GROUP_TUNNEL, "files of a host, over SFTP", 0,
                             PT_ACTION_NO_LOGIN | PT_ACTION_CANCELLABLE,
                             ARGS(HOST, {"path", PT_ARG_TEXT, OPT, NULL,
                                         "directory there; without it the home directory"}),
                             .run = pt_cmd_host_list},
    [PT_ACTION_HOST_GET] = {"host get", "", PT_GROUP_TUNNEL, "fetch a file of a host", 0,
                            PT_ACTION_NO_LOGIN | PT_ACTION_WRITES | PT_ACTION_CANCELLABLE,
                            ARGS(HOST, {"path", PT_ARG_TEXT, REQ, NULL, "file there"},
                                 {"file", PT_ARG_NEW_FILE, REQ, NULL, "where it is written"}),
                            .run = pt_cmd_host_get},
    [PT_ACTION_HOST_PUT] =
        {"host put", "", PT_GROUP_TUNNEL, "save a file on a host; one that is there is kept", 0,
         PT_ACTION_NO_LOGIN | PT_ACTION_WRITES | PT_ACTION_CANCELLABLE,
         ARGS(HOST,
              {"file", PT_ARG_FILE, REQ, NULL, "a result, a policy, any file of this machine"},
              {"path", PT_ARG_TEXT, REQ, NULL, "file there, made with mode 0600"},
              {"new", PT_ARG_FLAG, 0, NULL, "refuse when it is there already"}),
         .run = pt_cmd_host_put},

    /* ---- logs ---- */
    [PT_ACTION_LOG_OPEN] = {"log open", "L", PT_GROUP_LOG, "logs of the computation, or a file",
                            PT_IN_COMPUTATIONS | PT_IN_OVERVIEW | PT_IN_TIMELINE,
                            PT_ACTION_UI | PT_ACTION_SELECTION | PT_ACTION_HINT,
                            ARGS({"computation", PT_ARG_COMPUTATION, OPT, NULL, "id or name"},
                                 {"file", PT_ARG_FILE, 0, NULL, "a saved log instead"}),
                            .hint = "logs"},
    [PT_ACTION_LOG_FOLLOW] = {"log follow", "F", PT_GROUP_LOG, "follow new lines, on or off",
                              PT_IN_LOGS, PT_ACTION_UI | PT_ACTION_HINT},
    [PT_ACTION_LOG_PAUSE] = {"log pause", "p", PT_GROUP_LOG, "stop asking for new lines, and go on",
                             PT_IN_LOGS, PT_ACTION_UI | PT_ACTION_HINT},
    [PT_ACTION_LOG_WRAP] = {"log wrap", "w", PT_GROUP_LOG, "wrap long lines, on or off",
                            PT_IN_LOGS | PT_IN_MANIFEST | PT_IN_ASSET,
                            PT_ACTION_UI | PT_ACTION_HINT},
    [PT_ACTION_LOG_LEVEL] = {"log level", "v", PT_GROUP_LOG, "only this level and above",
                             PT_IN_LOGS, PT_ACTION_UI | PT_ACTION_HINT,
                             ARGS({"level", PT_ARG_CHOICE, OPT, "all " LOG_LEVELS,
                                   "without it, the next one"})},
    [PT_ACTION_LOG_RUN] = {"log run", "o", PT_GROUP_LOG, "only one run, or all", PT_IN_LOGS,
                           PT_ACTION_UI,
                           ARGS(
                               {"run", PT_ARG_RUN, OPT, NULL, "its id; without it, the next one"})},
    [PT_ACTION_LOG_REGEX] = {"log regex", "x", PT_GROUP_LOG,
                             "only lines that match an expression, !: that do not", PT_IN_LOGS,
                             PT_ACTION_UI,
                             ARGS({"pattern", PT_ARG_TEXT, OPT, NULL, "PCRE2 expression"})},
    [PT_ACTION_LOG_SINCE] = {"log since", "(", PT_GROUP_LOG, "only lines from this time on",
                             PT_IN_LOGS, PT_ACTION_UI,
                             ARGS({"time", PT_ARG_TIME, OPT, NULL, "time, or so long ago"})},
    [PT_ACTION_LOG_UNTIL] = {"log until", ")", PT_GROUP_LOG, "only lines up to this time",
                             PT_IN_LOGS, PT_ACTION_UI,
                             ARGS({"time", PT_ARG_TIME, OPT, NULL, "time, or so long ago"})},
    [PT_ACTION_LOG_SEARCH] = {"log search", "f", PT_GROUP_LOG, "find and highlight; n and N step",
                              PT_IN_LOGS | PT_IN_MANIFEST | PT_IN_EVIDENCE,
                              PT_ACTION_UI | PT_ACTION_HINT,
                              ARGS({"text", PT_ARG_TEXT, OPT, NULL, "what to find"}),
                              .hint = "find"},
    [PT_ACTION_LOG_GOTO] = {"log goto", "t", PT_GROUP_LOG, "jump to a time", PT_IN_LOGS,
                            PT_ACTION_UI,
                            ARGS({"time", PT_ARG_TIME, OPT, NULL, "time, or so long ago"})},
    [PT_ACTION_LOG_NEXT_ERROR] = {"log next error", "e", PT_GROUP_LOG,
                                  "to the next error or warning", PT_IN_LOGS, PT_ACTION_UI},
    [PT_ACTION_LOG_PREV_ERROR] = {"log previous error", "E", PT_GROUP_LOG,
                                  "to the error or warning before", PT_IN_LOGS, PT_ACTION_UI},
    [PT_ACTION_LOG_MARK] = {"log mark", "m", PT_GROUP_LOG, "put a mark at this line", PT_IN_LOGS,
                            PT_ACTION_UI},
    [PT_ACTION_LOG_CLEAR_FILTERS] = {"log clear", "C", PT_GROUP_LOG, "show all lines again",
                                     PT_IN_LOGS, PT_ACTION_UI},
    [PT_ACTION_LOG_HOST] = {"log host", "H", PT_GROUP_LOG,
                            "follow a log of a host too, merged by time", PT_IN_LOGS,
                            PT_ACTION_NO_LOGIN | PT_ACTION_CANCELLABLE,
                            ARGS(HOST, {"source", PT_ARG_TEXT, REQ, NULL,
                                        "a file there, or a unit of its journal (cocos-manager)"}),
                            .run = pt_cmd_log_host},
    [PT_ACTION_SAVE] = {"save", "W", PT_GROUP_LOG, "save what is shown to a file",
                        PT_IN_LOGS | PT_IN_MANIFEST | PT_IN_MESSAGES | PT_IN_IMPORT | PT_IN_AUDIT |
                            PT_IN_CVMS | PT_IN_EVIDENCE,
                        PT_ACTION_UI | PT_ACTION_HINT,
                        ARGS({"file", PT_ARG_NEW_FILE, OPT, NULL,
                              "file to write; .jsonl gives JSON lines, .json JSON"})},
    [PT_ACTION_MANIFEST_RAW] = {"manifest raw", "t", PT_GROUP_COMPUTATION, "table or raw JSON",
                                PT_IN_MANIFEST, PT_ACTION_UI | PT_ACTION_HINT},

    /* ---- Prism's certificate service ---- */
    [PT_ACTION_CERT_LIST] = {"cert list", "C", PT_GROUP_CERT,
                             "certificates of a CVM, made by Prism's service", PT_IN_CVMS,
                             PT_ACTION_SELECTION | PT_ACTION_HINT,
                             ARGS({"cvm", PT_ARG_CVM, OPT, NULL, "only those of this CVM"},
                                  {"attention", PT_ARG_FLAG, 0, NULL,
                                   "only those in force that expire within a week"}),
                             .hint = "certificates", .run = pt_cmd_cert_list},
    [PT_ACTION_CERT_ISSUE] = {"cert issue", "c", PT_GROUP_CERT, "issue a certificate for a CVM",
                              PT_IN_CERTS, PT_ACTION_WRITES | PT_ACTION_HINT | PT_ACTION_FORM,
                              ARGS(CVM, {"ip", PT_ARG_TEXT, PT_ARG_REPEAT, NULL,
                                         "IP address that it names"}),
                              .run = pt_cmd_cert_issue},
    [PT_ACTION_CERT_RENEW] = {"cert renew", "R", PT_GROUP_CERT,
                              "renew a certificate; the successor has a new serial number",
                              PT_IN_CERTS, PT_ACTION_WRITES | PT_ACTION_SELECTION | PT_ACTION_HINT,
                              ARGS(CERT), .run = pt_cmd_cert_renew},
    [PT_ACTION_CERT_DOWNLOAD] = {"cert download", "W", PT_GROUP_CERT,
                                 "save ca.pem, cert.pem and key.pem", PT_IN_CERTS,
                                 PT_ACTION_WRITES | PT_ACTION_SELECTION | PT_ACTION_HINT,
                                 ARGS(CERT,
                                      {"directory", PT_ARG_NEW_FILE, REQ | PT_ARG_DIRECTORY, NULL,
                                       "where they go; made when missing"},
                                      {"replace", PT_ARG_FLAG, 0, NULL,
                                       "overwrite files of the same name"}),
                                 .run = pt_cmd_cert_download},
    [PT_ACTION_CERT_PUSH] = {"cert push", "P", PT_GROUP_CERT,
                             "put ca.pem, cert.pem and key.pem on a host, over SSH", PT_IN_CERTS,
                             PT_ACTION_WRITES | PT_ACTION_SELECTION | PT_ACTION_CANCELLABLE,
                             ARGS(CERT, HOST,
                                  {"directory", PT_ARG_TEXT, REQ, NULL,
                                   "directory there; former files are kept beside the new ones"}),
                             .run = pt_cmd_cert_push},
    [PT_ACTION_CERT_OCSP] = {"cert ocsp", "o", PT_GROUP_CERT,
                             "ask the service whether a certificate still counts (OCSP)",
                             PT_IN_CERTS, PT_ACTION_SELECTION | PT_ACTION_HINT, ARGS(CERT),
                             .run = pt_cmd_cert_ocsp},
    [PT_ACTION_CERT_REVOKE] =
        {"cert revoke", "X", PT_GROUP_CERT, "revoke a certificate for good", PT_IN_CERTS,
         PT_ACTION_WRITES | PT_ACTION_SELECTION | PT_ACTION_DANGEROUS | PT_ACTION_HINT,
         ARGS(CERT, {"confirm", PT_ARG_TEXT, 0, NULL,
                     "its serial number or the last 8 digits, to confirm without being asked"}),
         .run = pt_cmd_cert_revoke},
    [PT_ACTION_CERT_DELETE] = {"cert delete", "D", PT_GROUP_CERT,
                               "delete all certificates of a CVM from the service", PT_IN_CERTS,
                               PT_ACTION_WRITES | PT_ACTION_DANGEROUS | PT_ACTION_HINT,
                               ARGS(CVM, {"confirm", PT_ARG_TEXT, 0, NULL,
                                          "the CVM's name, to confirm without being asked"}),
                               .hint = "delete all", .run = pt_cmd_cert_delete},
    [PT_ACTION_CERT_CA] = {"cert ca", "C", PT_GROUP_CERT, "CA certificates of Prism's service",
                           PT_IN_CERTS, PT_ACTION_HINT,
                           ARGS({"save", PT_ARG_NEW_FILE, 0, NULL, "write them to this file"}),
                           .hint = "CA", .run = pt_cmd_cert_ca},

    /* ---- certificates ---- */
    [PT_ACTION_CERT_CHECK] =
        {"cert check", "", PT_GROUP_CERT,
         "check the files of a TLS mode before anything is sent, line by line", 0,
         PT_ACTION_NO_LOGIN | PT_ACTION_FORM,
         ARGS({"mode", PT_ARG_CHOICE, PT_ARG_REQUIRED, TLS_MODES, "the mode they are meant for"},
              TLS_FILES,
              {"client-cert", PT_ARG_FILE, 0, NULL, "your own certificate, to be checked too"},
              {"client-key", PT_ARG_FILE, 0, NULL, "your own key"},
              {"host", PT_ARG_TEXT, 0, NULL, "name or address the agent will be reached at"},
              {"at", PT_ARG_TIME, 0, NULL, "judge dates as of this time"}),
         .run = pt_cmd_cert_check},
    [PT_ACTION_CERT_GENERATE] =
        {"cert generate", "", PT_GROUP_CERT, "make development certificates: CA, server, client", 0,
         PT_ACTION_NO_LOGIN | PT_ACTION_WRITES | PT_ACTION_CANCELLABLE | PT_ACTION_FORM,
         ARGS({"directory", PT_ARG_NEW_FILE, REQ | PT_ARG_DIRECTORY, NULL,
               "where the files go; made when missing"},
              {"type", PT_ARG_CHOICE, PT_ARG_REQUIRED, "ca server client",
               "ca first; server and client are signed by the CA in the same directory"},
              {"host", PT_ARG_TEXT, PT_ARG_REPEAT, NULL,
               "server: DNS names and addresses of the agent (localhost, 127.0.0.1, ::1)"},
              {"name", PT_ARG_TEXT, 0, NULL, "common name"},
              {"organisation", PT_ARG_TEXT, 0, NULL, "organisation"},
              {"unit", PT_ARG_TEXT, 0, NULL, "organisational unit (development only)"},
              {"days", PT_ARG_NUMBER, 0, NULL, "valid for so many days (365)"},
              {"key-type", PT_ARG_CHOICE, 0, KEY_KINDS, "kind of key (ecdsa: P-256)"},
              {"ca", PT_ARG_FILE, PT_ARG_OR_DIRECTORY, NULL,
               "directory of the CA, when it is another one"},
              {"replace", PT_ARG_FLAG, 0, NULL, "overwrite files of the same name"},
              {"show-openssl", PT_ARG_FLAG, 0, NULL,
               "print openssl commands that make the same, and make nothing"}),
         .run = pt_cmd_cert_generate},
    [PT_ACTION_AGENT_ENV] =
        {"agent env", "E", PT_GROUP_CERT,
         "environment in which cocos-cli reaches a computation's agent; on the screen, copied",
         RUNS, PT_ACTION_SELECTION,
         ARGS(COMPUTATION,
              {"shell", PT_ARG_CHOICE, 0, "posix fish powershell env-file",
               "for which shell (posix); eval \"$(...)\" takes it over"},
              {"mode", PT_ARG_CHOICE, 0, TLS_MODES, "another mode than the stored one"},
              {"address", PT_ARG_TEXT, 0, NULL, "host:port of the agent, when Prism's is not it"},
              {"server-ca-file", PT_ARG_FILE, 0, NULL, "CA of the agent's certificate"},
              {"client-cert", PT_ARG_FILE, 0, NULL, "your certificate"},
              {"client-key", PT_ARG_FILE, 0, NULL, "your key"},
              {"policy", PT_ARG_FILE, 0, NULL, "attestation policy"}),
         .run = pt_cmd_agent_env},
    [PT_ACTION_COMPUTATION_CERTS] =
        {"computation certs", "W", PT_GROUP_CERT, "save the TLS files stored with a computation",
         PT_IN_OVERVIEW, PT_ACTION_WRITES | PT_ACTION_SELECTION,
         ARGS(COMPUTATION,
              {"directory", PT_ARG_NEW_FILE, REQ | PT_ARG_DIRECTORY, NULL, "where they go"},
              {"replace", PT_ARG_FLAG, 0, NULL, "overwrite files of the same name"}),
         .run = pt_cmd_computation_certs},

    /* ---- doctors ---- */
    [PT_ACTION_COMPUTATION_DOCTOR] =
        {"computation doctor", "t", PT_GROUP_COMPUTATION,
         "examine it: server, roles, keys, assets, CVM, certificates, network", COMPUTATION_TABS,
         PT_ACTION_SELECTION | PT_ACTION_CANCELLABLE,
         ARGS(COMPUTATION, KEY, ADDRESS,
              {"server-ca-file", PT_ARG_FILE, 0, NULL, "CA of the agent's certificate"},
              {"client-cert", PT_ARG_FILE, 0, NULL, "your certificate"},
              {"client-key", PT_ARG_FILE, 0, NULL, "your key"},
              {"policy", PT_ARG_FILE, 0, NULL, "attestation policy"}),
         .hint = "doctor", .run = pt_cmd_computation_doctor},
    [PT_ACTION_DOCTOR_FIX] = {"doctor fix", "f", PT_GROUP_COMPUTATION,
                              "go to what mends the line under the cursor", PT_IN_DOCTOR,
                              PT_ACTION_UI | PT_ACTION_HINT, .hint = "go there"},

    [PT_ACTION_CERT_WIZARD] = {"cert wizard", "T", PT_GROUP_CERT,
                               "make a CA, the agent's and a client's certificate for development",
                               PT_IN_KEYS | PT_IN_CVMS | PT_IN_CERTS | RUNS,
                               PT_ACTION_UI | PT_ACTION_WRITES | PT_ACTION_NO_LOGIN},
    [PT_ACTION_CERT_DOCTOR] =
        {"cert doctor", "t", PT_GROUP_CERT,
         "check the files of a TLS mode, choose others, check again", PT_IN_KEYS | PT_IN_CERTS,
         PT_ACTION_UI | PT_ACTION_NO_LOGIN,
         ARGS({"mode", PT_ARG_CHOICE, 0, TLS_MODES, "the mode they are meant for (mtls)"},
              {"cert-file", PT_ARG_FILE, 0, NULL, "the agent's certificate"},
              {"key-file", PT_ARG_FILE, 0, NULL, "the agent's private key"},
              {"server-ca-file", PT_ARG_FILE, 0, NULL, "CA of the agent's certificate"},
              {"client-ca-file", PT_ARG_FILE, 0, NULL, "CA that clients' certificates must have"},
              {"client-cert", PT_ARG_FILE, 0, NULL, "your own certificate"},
              {"client-key", PT_ARG_FILE, 0, NULL, "your own key"},
              {"host", PT_ARG_TEXT, 0, NULL, "name or address the agent will be reached at"})},
    [PT_ACTION_CERT_CLEAR] = {"cert doctor clear", "x", PT_GROUP_CERT,
                              "take the file under the cursor away", PT_IN_CERT_DOCTOR,
                              PT_ACTION_UI | PT_ACTION_HINT, .hint = "clear"},

    /* ---- evidence and policies ---- */
    [PT_ACTION_EVIDENCE_VERIFY] = {"evidence verify", "", PT_GROUP_EVIDENCE,
                                   "judge attestation evidence from a file, check by check", 0,
                                   PT_ACTION_NO_LOGIN, ARGS(EVIDENCE_FILE, JUDGED),
                                   .run = pt_cmd_evidence_verify},
    [PT_ACTION_EVIDENCE_OPEN] = {"evidence open", "", PT_GROUP_EVIDENCE,
                                 "everything that is in evidence, decoded, beside the verdict", 0,
                                 PT_ACTION_NO_LOGIN, ARGS(EVIDENCE_FILE, JUDGED),
                                 .run = pt_cmd_evidence_verify},
    [PT_ACTION_EVIDENCE_TOKEN] =
        {"evidence token", "", PT_GROUP_EVIDENCE,
         "look at an Azure attestation token in a file; never called attested", 0,
         PT_ACTION_NO_LOGIN,
         ARGS({"file", PT_ARG_FILE, REQ, NULL, "the token (JWT)"}, JWKS,
              {"at", PT_ARG_TIME, 0, NULL, "judge dates as of this time"}),
         .run = pt_cmd_evidence_token},
    [PT_ACTION_EVIDENCE_FAILURE] = {"evidence failure", "e", PT_GROUP_EVIDENCE,
                                    "to the next thing that fails or differs", PT_IN_EVIDENCE,
                                    PT_ACTION_UI | PT_ACTION_HINT, .hint = "next failure"},
    [PT_ACTION_FOLD_ALL] = {"fold all", "o", PT_GROUP_EVIDENCE,
                            "open everything, close everything, as it was", PT_IN_EVIDENCE,
                            PT_ACTION_UI | PT_ACTION_HINT, .hint = "fold"},
    [PT_ACTION_POLICY_EXPLAIN] = {"policy explain", "", PT_GROUP_EVIDENCE,
                                  "every field of a policy, with what it means", 0,
                                  PT_ACTION_NO_LOGIN, ARGS(POLICY), .run = pt_cmd_policy_explain},
    [PT_ACTION_POLICY_COMPARE] =
        {"policy compare", "c", PT_GROUP_EVIDENCE,
         "two policies field by field; they differ: exit status of a conflict", PT_IN_POLICY,
         PT_ACTION_NO_LOGIN | PT_ACTION_HINT,
         ARGS(POLICY, {"other", PT_ARG_FILE, REQ, NULL, "the policy to lay beside it"}),
         .run = pt_cmd_policy_compare},
    [PT_ACTION_POLICY_SHOW] = {"policy show", "", PT_GROUP_EVIDENCE,
                               "print a policy in the form of the official tools", 0,
                               PT_ACTION_NO_LOGIN, ARGS(POLICY), .run = pt_cmd_policy_show},
    [PT_ACTION_POLICY_MEASUREMENT] = {"policy measurement", "m", PT_GROUP_EVIDENCE,
                                      "write the expected launch measurement into a policy",
                                      PT_IN_POLICY | PT_IN_MEASUREMENT,
                                      PT_ACTION_NO_LOGIN | PT_ACTION_WRITES | PT_ACTION_HINT,
                                      ARGS({"value", PT_ARG_TEXT, REQ, NULL,
                                            "48 bytes: base64, hex, or @FILE that holds them"},
                                           POLICY),
                                      .hint = "measurement", .run = pt_cmd_policy_measurement},
    [PT_ACTION_POLICY_HOST_DATA] = {"policy host-data", "d", PT_GROUP_EVIDENCE,
                                    "write the expected host data into a policy", PT_IN_POLICY,
                                    PT_ACTION_NO_LOGIN | PT_ACTION_WRITES | PT_ACTION_HINT,
                                    ARGS({"value", PT_ARG_TEXT, REQ, NULL,
                                          "32 bytes: base64, hex, or @FILE that holds them"},
                                         POLICY),
                                    .hint = "host data", .run = pt_cmd_policy_host_data},
    [PT_ACTION_POLICY_EXTEND] =
        {"policy extend", "x", PT_GROUP_EVIDENCE, "fold manifests into PCR 16 of a policy",
         PT_IN_POLICY, PT_ACTION_NO_LOGIN | PT_ACTION_WRITES | PT_ACTION_HINT,
         ARGS(POLICY,
              {"manifest", PT_ARG_FILE, REQ | PT_ARG_REPEAT, NULL, "manifest files, in order"},
              {"as-tpm", PT_ARG_FLAG, 0, NULL,
               "as the agent and its TPM do (what a quote reports); without it, as the official "
               "command does, which matches no quote"}),
         .hint = "extend", .run = pt_cmd_policy_extend},
    [PT_ACTION_POLICY_CORIM] =
        {"policy corim", "c", PT_GROUP_EVIDENCE, "make a CoRIM policy from a launch measurement",
         PT_IN_MEASUREMENT, PT_ACTION_NO_LOGIN | PT_ACTION_WRITES | PT_ACTION_HINT,
         ARGS({"value", PT_ARG_TEXT, REQ, NULL, "48 bytes: base64, hex, or @FILE that holds them"},
              {"output", PT_ARG_NEW_FILE, PT_ARG_REQUIRED, NULL, "file to write"},
              {"product", PT_ARG_CHOICE, 0, "milan genoa turin", "processor generation"}),
         .hint = "CoRIM", .run = pt_cmd_policy_corim},
    [PT_ACTION_MEASURE_SNP] =
        {"measure snp", "", PT_GROUP_EVIDENCE, "compute the launch measurement of a SEV-SNP guest",
         0, PT_ACTION_NO_LOGIN | PT_ACTION_CANCELLABLE | PT_ACTION_FORM,
         ARGS({"ovmf", PT_ARG_FILE, PT_ARG_REQUIRED, NULL, "firmware image"},
              {"kernel", PT_ARG_FILE, 0, NULL, "kernel image"},
              {"initrd", PT_ARG_FILE, 0, NULL, "initial RAM disk"},
              {"append", PT_ARG_TEXT, 0, NULL, "kernel command line, measured byte for byte"},
              {"vcpus", PT_ARG_NUMBER, 0, NULL, "number of vCPUs (1)"},
              {"vcpu-type", PT_ARG_TEXT, 0, NULL, "EPYC-v4, EPYC-Milan, EPYC-Genoa, ... "},
              {"vcpu-sig", PT_ARG_TEXT, 0, NULL, "CPUID signature instead of a type, in hex"},
              {"vmm-type", PT_ARG_CHOICE, 0, "qemu ec2 gce", "hypervisor (qemu)"},
              {"guest-features", PT_ARG_TEXT, 0, NULL, "SEV features in hex (1)"},
              {"snp-ovmf-hash", PT_ARG_TEXT, 0, NULL,
               "digest of the firmware's pages in hex, instead of its contents"},
              {"svsm", PT_ARG_FILE, 0, NULL, "SVSM image"},
              {"vars-size", PT_ARG_NUMBER, 0, NULL, "bytes of the variable store beside an SVSM"},
              {"policy", PT_ARG_FILE, 0, NULL, "write the measurement into this policy"}),
         .run = pt_cmd_measure_snp},

    /* ---- inputs and forms ---- */
    [PT_ACTION_ACCEPT] = {"input accept", "enter", PT_GROUP_EDIT,
                          "take the input; in a form, the next field", PT_IN_EDIT, PT_ACTION_UI},
    [PT_ACTION_SUBMIT] = {"form submit", "ctrl-s", PT_GROUP_EDIT, "send the form",
                          PT_IN_EDIT | PT_IN_FORM, PT_ACTION_UI | PT_ACTION_HINT, .hint = "send"},
    [PT_ACTION_NEXT_FIELD] = {"field next", "tab down", PT_GROUP_EDIT, "next field", PT_IN_FORM,
                              PT_ACTION_UI},
    [PT_ACTION_PREV_FIELD] = {"field previous", "shift-tab up", PT_GROUP_EDIT, "field before",
                              PT_IN_FORM, PT_ACTION_UI},
    [PT_ACTION_BROWSE] = {"file browse", "ctrl-o", PT_GROUP_EDIT,
                          "look for the file: names, sizes, what PEM files contain",
                          PT_IN_EDIT | PT_IN_FORM, PT_ACTION_UI | PT_ACTION_HINT, .hint = "browse"},
    [PT_ACTION_CHECK_LINES] = {"check lines", "ctrl-t", PT_GROUP_EDIT,
                               "under file fields: every check, or only what is not right",
                               PT_IN_FORM, PT_ACTION_UI},
    [PT_ACTION_STORED_SAVE] = {"stored save", "ctrl-g", PT_GROUP_EDIT,
                               "save the TLS files that are stored with the computation",
                               PT_IN_FORM, PT_ACTION_UI},
    [PT_ACTION_COMPLETE] = {"input complete", "tab", PT_GROUP_EDIT, "complete the word", PT_IN_EDIT,
                            PT_ACTION_UI},

    /* ---- shared machines ---- */
    [PT_ACTION_AUDIT_LIST] = {"audit list", "", PT_GROUP_SAFETY,
                              "what was changed from here, newest first", 0, PT_ACTION_NO_LOGIN,
                              ARGS({"text", PT_ARG_TEXT, 0, NULL, "only lines that hold this text"},
                                   {"since", PT_ARG_TIME, 0, NULL,
                                    "not before this time, or so long ago"},
                                   {"limit", PT_ARG_NUMBER, 0, NULL, "at most so many (100)"}),
                              .run = pt_cmd_audit_list},
    [PT_ACTION_AUDIT_SAVE] = {"audit save", "", PT_GROUP_SAFETY,
                              "copy the audit trail, JSON lines, oldest first", 0,
                              PT_ACTION_NO_LOGIN,
                              ARGS({"path", PT_ARG_NEW_FILE, REQ, NULL, "file to write"}),
                              .run = pt_cmd_audit_save},

    [PT_ACTION_LOCK] = {"lock", "ctrl-x", PT_GROUP_SAFETY,
                        "hide everything until the password is typed", PT_IN_ANY, PT_ACTION_UI},

    [PT_ACTION_VERSION] = {"version", "", PT_GROUP_SESSION,
                           "version, and where files are looked for", 0, PT_ACTION_NO_LOGIN,
                           .run = pt_cmd_version},
};

static_assert(sizeof(rows) / sizeof(rows[0]) == PT_ACTION_COUNT, "one row per action");

static const char *const group_titles[PT_GROUP_COUNT] = {
    [PT_GROUP_MOVE] = "Moving",
    [PT_GROUP_SCREEN] = "Screen",
    [PT_GROUP_FIND] = "Finding and marking",
    [PT_GROUP_GO] = "Sections",
    [PT_GROUP_SESSION] = "Session and workspaces",
    [PT_GROUP_ACCOUNT] = "Your account",
    [PT_GROUP_PEOPLE] = "People of the workspace",
    [PT_GROUP_COMPUTATION] = "Computations",
    [PT_GROUP_CERT] = "Certificates",
    [PT_GROUP_EVIDENCE] = "Evidence and policies",
    [PT_GROUP_RUN] = "Runs and agents",
    [PT_GROUP_ROLE] = "Roles",
    [PT_GROUP_KEY] = "Keys",
    [PT_GROUP_ASSET] = "Assets",
    [PT_GROUP_CVM] = "CVMs",
    [PT_GROUP_TRANSFER] = "Transfers",
    [PT_GROUP_TUNNEL] = "Tunnels",
    [PT_GROUP_LOG] = "Logs and saving",
    [PT_GROUP_SAFETY] = "Shared machines",
    [PT_GROUP_EDIT] = "Inputs and forms",
};

static const char *const where_words[PT_AT_COUNT] = {
#define WORD(NAME, word) [PT_AT_##NAME] = word,
    PT_WHERE_MAP(WORD)
#undef WORD
};

const char *pt_group_title(enum pt_group group)
{
	assert(group < PT_GROUP_COUNT);
	return group_titles[group];
}

const char *pt_where_word(pt_where bit)
{
	for (int i = 0; i < PT_AT_COUNT; i++)
		if (UINT64_C(1) << i == bit)
			return where_words[i];
	return "";
}

pt_where pt_where_parse(const char *word)
{
	for (int i = 0; i < PT_AT_COUNT; i++)
		if (!strcmp(where_words[i], word))
			return UINT64_C(1) << i;
	return 0;
}

const struct pt_action *pt_action(enum pt_action_id id)
{
	assert(id > PT_ACTION_NONE && id < PT_ACTION_COUNT);
	return &rows[id];
}

enum pt_action_id pt_action_id(const struct pt_action *action)
{
	assert(action > rows && action < rows + PT_ACTION_COUNT);
	return (enum pt_action_id)(action - rows);
}

const struct pt_action *pt_action_by_name(const char *name)
{
	for (int i = PT_ACTION_NONE + 1; i < PT_ACTION_COUNT; i++)
		if (!strcmp(rows[i].name, name))
			return &rows[i];
	return NULL;
}

/* How many words of name the given words spell; 0 when they do not spell it whole. */
static size_t spelled(const char *name, char *const *words, size_t count)
{
	size_t used = 0;

	while (used < count) {
		size_t len = strlen(words[used]);

		if (strncmp(name, words[used], len) || (name[len] != ' ' && name[len] != '\0'))
			return 0;
		used++;
		if (name[len] == '\0')
			return used;
		name += len + 1;
	}
	return 0;
}

const struct pt_action *pt_action_by_words(char *const *words, size_t count, size_t *ret_used)
{
	const struct pt_action *best = NULL;
	size_t best_used = 0;

	for (int i = PT_ACTION_NONE + 1; i < PT_ACTION_COUNT; i++) {
		size_t used = spelled(rows[i].name, words, count);

		if (used > best_used) {
			best = &rows[i];
			best_used = used;
		}
	}
	*ret_used = best_used;
	return best;
}

const char *pt_action_hint(const struct pt_action *action)
{
	const char *space;

	if (action->hint)
		return action->hint;
	space = strrchr(action->name, ' ');
	return space ? space + 1 : action->name;
}

const struct pt_arg *pt_action_arg(const struct pt_action *action, const char *name)
{
	for (const struct pt_arg *arg = action->args; arg && arg->name; arg++)
		if (!strcmp(arg->name, name))
			return arg;
	return NULL;
}

bool pt_action_arg_directory(const struct pt_arg *arg)
{
	return arg && (arg->flags & (PT_ARG_DIRECTORY | PT_ARG_OR_DIRECTORY));
}

bool pt_action_arg_saves(const struct pt_arg *arg)
{
	return arg && arg->kind == PT_ARG_NEW_FILE && !(arg->flags & PT_ARG_DIRECTORY);
}

bool pt_action_headless(const struct pt_action *action)
{
	return !(action->flags & PT_ACTION_UI);
}

const char *pt_arg_placeholder(const struct pt_arg *arg)
{
	static const char *const words[PT_ARG_KIND_COUNT] = {
	    [PT_ARG_TEXT] = "TEXT",
	    [PT_ARG_CHOICE] = "WORD",
	    [PT_ARG_FLAG] = "",
	    [PT_ARG_NUMBER] = "N",
	    [PT_ARG_TIME] = "TIME",
	    [PT_ARG_FILE] = "PATH",
	    [PT_ARG_NEW_FILE] = "PATH",
	    [PT_ARG_WORKSPACE] = "WORKSPACE",
	    [PT_ARG_COMPUTATION] = "COMPUTATION",
	    [PT_ARG_RUN] = "RUN",
	    [PT_ARG_ROLE] = "ROLE",
	    [PT_ARG_USER] = "USER",
	    [PT_ARG_ASSET] = "ASSET",
	    [PT_ARG_CVM] = "CVM",
	    [PT_ARG_CERT] = "CERTIFICATE",
	    [PT_ARG_TRANSFER] = "NUMBER",
	    [PT_ARG_PROFILE] = "PROFILE",
	    [PT_ARG_PAT] = "TOKEN",
	    [PT_ARG_INVITATION] = "WORKSPACE",
	    [PT_ARG_THEME] = "THEME",
	    [PT_ARG_COMMAND] = "COMMAND",
	};

	return words[arg->kind];
}

char *pt_action_usage(const struct pt_action *action, char *buf, size_t size)
{
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(4096);

	prism_buf_puts(&text, action->name);
	for (const struct pt_arg *arg = action->args; arg && arg->name; arg++) {
		bool optional = !(arg->flags & PT_ARG_REQUIRED);
		const char *value = pt_arg_placeholder(arg);

		prism_buf_puts(&text, optional ? " [" : " ");
		if (!(arg->flags & PT_ARG_POSITIONAL))
			prism_buf_printf(&text, "--%s%s%s", arg->name, *value ? " " : "", value);
		else
			prism_buf_puts(&text, value);
		prism_buf_puts(&text, optional ? "]" : "");
		prism_buf_puts(&text, arg->flags & PT_ARG_REPEAT ? "..." : "");
	}
	snprintf(buf, size, "%s", prism_buf_text(&text));
	return buf;
}
