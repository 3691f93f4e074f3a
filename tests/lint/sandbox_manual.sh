#!/bin/sh
# The sandbox's manual: well-formed, and it names every option and kind of fault that --help names.
set -u
B=${PRISM_BUILD:-build}
bad=0
help=$("$B/prism-sandbox" --help) || exit 1
for option in $(printf '%s\n' "$help" | sed -n 's/^  --\([a-z-]*\).*/\1/p'); do
	grep -q "^\.It Fl -$option\( \|$\)" prism-sandbox.1 || {
		echo "prism-sandbox.1 does not name --$option"
		bad=1
	}
done
for kind in $(printf '%s\n' "$help" | sed -n '/^faults/,$p' | sed -n 's/^  \([a-z0-9-]*\).*/\1/p'); do
	grep -q "^\.It Cm \(.*[ ,]\)\{0,1\}$kind\([ ,]\|$\)" prism-sandbox.1 || {
		echo "prism-sandbox.1 does not name the fault $kind"
		bad=1
	}
done
for option in $(sed -n 's/^\.It Fl -\([a-z-]*\).*/\1/p' prism-sandbox.1); do
	printf '%s\n' "$help" | grep -q "^  --$option\( \|$\)" || {
		echo "prism-sandbox.1 names --$option, which there is not"
		bad=1
	}
done
if command -v mandoc >/dev/null 2>&1; then
	found=$(mandoc -Tlint prism-sandbox.1 2>&1 | grep -v 'referenced manual not found\|outdated mandoc.db')
	[ -z "$found" ] || {
		echo "$found"
		bad=1
	}
fi
exit $bad
