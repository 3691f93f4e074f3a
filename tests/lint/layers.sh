#!/bin/sh
# Layers: tui -> core -> net -> base; sandbox uses base and net; one file includes curses.
set -u
bad=0
complain() {
	echo "$1"
	bad=1
}

# forbid FOLDER PATTERN WHY: no include line of the folder matches
forbid() {
	found=$(grep -nE "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]($2)" "$1"/*.c "$1"/*.h 2>/dev/null)
	[ -z "$found" ] || complain "$3:
$found"
}

forbid base '(net|core|tui|sandbox|tests)/' "base includes a layer above it"
forbid net '(core|tui|sandbox|tests)/' "net includes a layer above it"
forbid core '(tui|sandbox|tests)/' "core includes a layer above it or the sandbox"
forbid tui '(sandbox|tests)/' "tui includes the sandbox or tests"
forbid sandbox '(core|tui|tests)/' "the sandbox includes the client"

forbid base '(curl|openssl|nghttp2|libssh2|zip\.h|protobuf-c|ncurses|curses)' "base knows a library of an upper layer"
forbid net '(ncurses|curses|protobuf-c|agent\.pb)' "net knows the screen or a Prism message"
forbid core '(curl/|openssl/|nghttp2/|libssh2|zip\.h|ncurses|curses|term\.h|microhttpd|sqlite3)' "core sees a library that net or tui hides"
forbid tui '(curl/|openssl/|nghttp2/|libssh2|zip\.h|microhttpd|sqlite3|protobuf-c|agent\.pb)' "tui sees a library that core or net hides"

curses=$(grep -lE '^[[:space:]]*#[[:space:]]*include[[:space:]]*<(ncursesw/)?(n?curses|term|panel|menu|form)\.h>' \
	base/* net/* core/* tui/* sandbox/* 2>/dev/null | grep -v '^tui/term_curses\.c$')
[ -z "$curses" ] || complain "only tui/term_curses.c may include curses, but so does: $curses"

exit $bad
