#!/bin/sh
# Symbols: the client holds nothing of the sandbox, core links without the screen, and every
# global name carries the prefix of its folder.
set -u
B=${PRISM_BUILD:-build}
bad=0
complain() {
	echo "$1"
	bad=1
}

found=$(nm "$B/prism-tui" | awk '$NF ~ /^_?sb_/ {print $NF}')
[ -z "$found" ] || complain "the client holds sandbox symbols: $found"
found=$(nm "$B/prism-sandbox" | awk '$NF ~ /^_?(core|pt)_/ {print $NF}')
[ -z "$found" ] || complain "the sandbox holds client symbols: $found"

# core_alone is linked with all of core and no screen library; that it exists is half the check.
[ -x "$B/tests/lint/core_alone" ] || complain "core does not link without the screen"
if [ -x "$B/tests/lint/core_alone" ]; then
	"$B/tests/lint/core_alone" || complain "core_alone does not run"
	found=$(nm -D "$B/tests/lint/core_alone" 2>/dev/null | awk '$NF ~ /^(initscr|newterm|setupterm|wgetch)/ {print $NF}')
	[ -z "$found" ] || complain "core pulls in curses: $found"
fi

prefix() {
	found=$(nm -g --defined-only "$B/lib/lib$1.a" 2>/dev/null | awk 'NF == 3 {print $3}' |
		grep -vE "^_?($2)|^__(asan|odr|ubsan|start|stop)" | sort -u)
	[ -z "$found" ] || complain "lib$1.a: global names without the prefix of the folder: $found"
}
prefix base 'prism_'
prefix net 'net_'
prefix core 'core_'
prefix tui 'pt_'
prefix sandbox 'sb_'
exit $bad
