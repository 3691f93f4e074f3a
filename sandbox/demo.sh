#!/bin/sh
# The client on a fresh sandbox, for `make demo`.  Everything it writes lies in one temporary
# directory that is gone afterwards, and so is the sandbox.
#
#   sandbox/demo.sh [BUILD_DIRECTORY]     further arguments go to the client
#   PRISM_DEMO_SANDBOX='--latency 200'    further arguments for the sandbox
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
B=${1:-build}
[ $# -gt 0 ] && shift
case $B in /*) ;; *) B=$top/$B ;; esac

dir=$(mktemp -d "${TMPDIR:-/tmp}/prism-demo.XXXXXX") || exit 1
sandbox=
finish() {
	trap - EXIT HUP INT TERM
	if [ -n "$sandbox" ]; then
		kill "$sandbox" 2>/dev/null
		wait "$sandbox" 2>/dev/null
	fi
	rm -rf "$dir"
}
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

mkfifo "$dir/ready" || exit 1
mkdir "$dir/run" "$dir/work"
chmod 700 "$dir/run"
# The sandbox must not see the terminal: nothing but the client writes to it.
# shellcheck disable=SC2086
"$B/prism-sandbox" --listen 127.0.0.1:0 --store :memory: --seed demo ${PRISM_DEMO_SANDBOX:-} \
	<&- >"$dir/ready" 2>"$dir/sandbox.log" &
sandbox=$!
exec 3<"$dir/ready"
line=
while read -r line <&3; do
	case $line in *'"ready"'*) break ;; esac
done
url=$(printf '%s\n' "$line" | sed -n 's/.*"url" *: *"\([^"]*\)".*/\1/p')
root=$(printf '%s\n' "$line" | sed -n 's/.*"attestation_root" *: *"\([^"]*\)".*/\1/p')
if [ -z "$url" ]; then
	echo "the sandbox did not start:" >&2
	cat "$dir/sandbox.log" >&2
	exit 1
fi
users=$(printf '%s\n' "$line" | tr '{' '\n' |
	sed -n 's/.*"username" *: *"\([^"]*\)".*"password" *: *"\([^"]*\)".*/\1 \2/p')
user=$(printf '%s\n' "$users" | sed -n '1s/ .*//p')

cp "$top"/sandbox/samples/* "$dir/work/"
[ -x "$B/samples/columns" ] && cp "$B/samples/columns" "$dir/work/"
cat <<TEXT

The sandbox listens on $url.  It is NOT a TEE: nothing in it is confidential.

Sign in with a name and its password:
$(printf '%s\n' "$users" | awk '{printf "    %-12s %s\n", $1, $2}')

Sample files lie in the directory the client starts in: classify.py and flowers.csv,
columns (compiled), broken.py (fails), slow.py (can be stopped).
In the client:  ? shows the keys,  : every command,  Q leaves.

TEXT
if [ -t 0 ] && [ -t 1 ]; then
	printf 'Press Enter to start. '
	read -r answer
fi

cd "$dir/work" || exit 1
env HOME="$dir" XDG_CONFIG_HOME="$dir/config" XDG_STATE_HOME="$dir/state" \
	XDG_DATA_HOME="$dir/data" XDG_CACHE_HOME="$dir/cache" XDG_RUNTIME_DIR="$dir/run" \
	no_proxy=127.0.0.1 PRISM_TUI_TRUST_ROOT="$root" PRISM_TUI_URL="$url" PRISM_TUI_USER="$user" "$B/prism-tui" "$@" 3<&-
