#!/bin/sh
# The completions: shells take them, and they offer what the command line understands.
set -u
B=${PRISM_BUILD:-build}
bad=0
expect() { # what it is about, what was offered, what is wanted
	[ "$2" = "$3" ] || {
		printf '%s: offered "%s", wanted "%s"\n' "$1" "$2" "$3"
		bad=1
	}
}

if command -v bash >/dev/null 2>&1; then
	offered() {
		bash --norc -c '. "$1/completions/prism-tui.bash"; shift
			COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _prism_tui
			IFS=,; echo "${COMPREPLY[*]}"' bash "$B" prism-tui "$@" 2>&1
	}
	expect "bash: a command" "$(offered -c 'computation\ sto')" 'computation\ stop'
	expect "bash: in quotes" "$(offered -c "'computation sto")" 'computation stop'
	expect "bash: in double quotes" "$(offered -c '"cvm d')" 'cvm delete'
	expect "bash: no such command" "$(offered -c 'nonsense')" ''
	expect "bash: a format" "$(offered -o j)" 'json'
	expect "bash: an option" "$(offered --read)" '--read-only'
else
	echo "SKIP bash is not installed: its completion is not tried"
fi
if command -v fish >/dev/null 2>&1; then
	offered() {
		fish --no-config -c 'source $argv[1]/completions/prism-tui.fish; complete -C $argv[2]' \
			"$B" "$1" 2>&1 | cut -f1 | paste -sd, -
	}
	expect "fish: a command" "$(offered 'prism-tui -c "computation sto')" 'computation stop'
	expect "fish: a format" "$(offered 'prism-tui -o j')" 'json'
	expect "fish: an option" "$(offered 'prism-tui --read')" '--read-only'
else
	echo "SKIP fish is not installed: its completion is not tried"
fi
if command -v zsh >/dev/null 2>&1; then
	expect "zsh: syntax" "$(zsh -f -n "$B/completions/_prism-tui" 2>&1)" ''
	# what _arguments is told, and what a command is completed with
	offered=$(zsh -f -c '_arguments() { print -rn -- "args:$#" }
		_describe() { shift; print -rl -- "${(@P)1}" | grep -c "^computation stop:" }
		source "$1/completions/_prism-tui" >/dev/null; _prism_tui_commands' zsh "$B" 2>&1)
	expect "zsh: a command" "$offered" '1'
else
	echo "SKIP zsh is not installed: its completion is not tried"
fi
exit $bad
