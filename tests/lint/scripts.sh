#!/bin/sh
# Shell scripts parse, and those meant to be run can be.
set -u
bad=0
for f in .ci/deps .ci/run tests/run tests/fuzz/run sandbox/demo.sh tests/lint/*.sh; do
	[ -f "$f" ] || continue
	sh -n "$f" || bad=1
	[ -x "$f" ] || {
		echo "$f is not executable"
		bad=1
	}
done
exit $bad
