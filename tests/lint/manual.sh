#!/bin/sh
# The manual: well-formed, and its generated parts are what the tables say.
set -u
B=${PRISM_BUILD:-build}
bad=0
.ci/generate --check "$B/prism-tui" prism-tui.1 README.md || bad=1
if command -v mandoc >/dev/null 2>&1; then
	# What a machine has to refer to is not the page's fault.
	found=$(mandoc -Tlint prism-tui.1 2>&1 | grep -v 'referenced manual not found\|outdated mandoc.db')
	[ -z "$found" ] || {
		echo "$found"
		bad=1
	}
else
	echo "SKIP mandoc is not installed: the manual is not checked for form"
fi
exit $bad
