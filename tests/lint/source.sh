#!/bin/sh
# Source text: files say what they are, headers stand alone, nothing unfinished, no call that the
# layers forbid, no path of somebody's machine, no wait by sleeping.
set -u
B=${PRISM_BUILD:-build}
bad=0
complain() {
	echo "$1"
	bad=1
}
files=$(git ls-files '*.c' '*.h' 2>/dev/null)
[ -n "$files" ] || files=$(find base net core tui sandbox tests -name '*.[ch]')

for f in $files; do
	[ -f "$f" ] || continue
	case $(head -n 1 "$f") in
	'/*'*) ;;
	"#include \"${f%.c}.h\"") ;; # its header says it
	*) complain "$f: does not open with a comment that says what it owns" ;;
	esac
	case $f in
	*.h) grep -qE '^#ifndef PRISM_[A-Z0-9_]+_H' "$f" || complain "$f: no include guard PRISM_<FOLDER>_<FILE>_H" ;;
	esac
done

found=$(grep -nwE 'TO''DO|FIX''ME|XX''X' $files /dev/null)
[ -z "$found" ] || complain "unfinished:
$found"
found=$(git grep -nE '(^|[^[:alnum:]r"])/wo[r]k/|/tmp/w[t]/|/hom[e]/[b-rt-z]+/' -- . 2>/dev/null)
[ -z "$found" ] || complain "a path of somebody's machine:
$found"
# Keys are made when tests run; what lies at the top is named in HACKING.md.
found=$(git ls-files '*.pem' '*.key' '*.p12' '*.pub' 2>/dev/null)
[ -z "$found" ] || complain "keys or certificates among the sources:
$found"
found=$(git ls-files 2>/dev/null | sed 's,/.*,,' | sort -u |
	grep -vxE 'base|core|net|tui|sandbox|tests|themes|Makefile|README\.md|HACKING\.md|LICENSE|prism-(tui|sandbox)\.1|\.[a-z-]+')
[ -z "$found" ] || complain "not expected at the top of the tree:
$found"
found=$(grep -nE '(^|[^_[:alnum:]])(sleep|usleep|nanosleep) ?\(' $files /dev/null |
	grep -v '^sandbox/runner_child\.c:') # a process of its own, without a loop
[ -z "$found" ] || complain "waiting by sleeping:
$found"
found=$(grep -nE '(^|[^_[:alnum:]])(exit|printf|puts|putchar|perror) ?\(' base/*.c net/*.c core/*.c /dev/null |
	grep -vE 'prism_|: \*|//')
[ -z "$found" ] || complain "base, net and core report; they neither print nor exit:
$found"
found=$(grep -nE '(^|[^_[:alnum:]])(getpwnam|getpwuid|readdir_r|rand|srand|alloca|vfork|setlocale|scanf|fscanf) ?\(' \
	base/*.c net/*.c core/*.c sandbox/*.c tui/*.c /dev/null | grep -vE 'tui/(main|term_curses)\.c.*setlocale|base/(error|file)\.c')
[ -z "$found" ] || complain "calls with a better form (strerror_r, prism_text_parse_*, ...):
$found"

# Each header compiles alone.
flags="-std=c11 -D_XOPEN_SOURCE=700 -D_DEFAULT_SOURCE -I. -I$B/gen -fsyntax-only -x c"
pk=$(pkg-config --cflags libcjson libprotobuf-c libcurl libnghttp2 ncursesw 2>/dev/null | tr ' ' '\n' | grep -v '^-D_' | tr '\n' ' ')
for h in base/*.h net/*.h core/*.h tui/*.h sandbox/*.h tests/lib/*.h; do
	[ -f "$h" ] || continue
	${CC:-cc} $flags $pk "$h" 2>"$B/header.err" || complain "$h does not stand alone: $(head -n 3 "$B/header.err")"
done
rm -f "$B/header.err"
exit $bad
