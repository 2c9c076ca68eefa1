# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Completion for bash. Commands, options and what they take come from the program itself.

# _reissue_words TEXT: those of the lines on standard input that begin with TEXT, without what is behind a tab.
_reissue_words() {
    local word
    while IFS=$'\t' read -r word _; do
        [[ -z $word || $word != "$1"* ]] || COMPREPLY+=("$word")
    done
}

# _reissue_value TEXT KIND OPTION: what an option takes.
_reissue_value() {
    case $2 in
    *FILE*) mapfile -t COMPREPLY < <(compgen -f -- "$1") ;;
    DIRECTORY) mapfile -t COMPREPLY < <(compgen -d -- "$1") ;;
    *\|*) _reissue_words "$1" < <(tr '|' '\n' <<<"$2") ;;
    NAME) [[ $3 != --ca ]] || _reissue_words "$1" < <("$program" --list-cas 2>/dev/null) ;;
    SOURCE) _reissue_words "$1" <<<$'file:\nenv:\ncredential:' ;;
    *URI*) _reissue_words "$1" <<<card: ;;
    esac
}

# _reissue_argument TEXT COMMAND: what a command's own words are.
_reissue_argument() {
    case $2 in
    start | show | install | revoke | list)
        mapfile -t COMPREPLY < <(compgen -f -- "$1")
        _reissue_words "$1" < <("$program" --list-names 2>/dev/null)
        ;;
    resume | status | cancel | download | renew) _reissue_words "$1" < <("$program" --list-names 2>/dev/null) ;;
    account) _reissue_words "$1" <<<$'show\nregister\nupdate\nkey-rollover\ndeactivate' ;;
    ca) _reissue_words "$1" <<<$'list\norders' ;;
    config) _reissue_words "$1" <<<check ;;
    exec) mapfile -t COMPREPLY < <(compgen -c -f -- "$1") ;;
    check | card) mapfile -t COMPREPLY < <(compgen -f -- "$1") ;;
    esac
}

_reissue() {
    local program=$1 current=$2 previous=$3 command=("${COMP_WORDS[1]}") options name kind
    COMPREPLY=()
    if ((COMP_CWORD == 1)) || [[ ${command[0]} == help ]]; then
        _reissue_words "$current" < <("$program" --list-commands 2>/dev/null)
        return
    fi
    if [[ ${command[0]} == card ]]; then
        if ((COMP_CWORD == 2)); then
            _reissue_words "$current" < <("$program" card --list-commands 2>/dev/null)
            return
        fi
        command+=("${COMP_WORDS[2]}")
    fi
    options=$("$program" "${command[@]}" --list-options 2>/dev/null)
    while IFS=$'\t' read -r name _ kind; do
        if [[ $name == "$previous=" ]]; then
            _reissue_value "$current" "$kind" "$previous"
            return
        fi
    done <<<"$options"
    if [[ $current == -* ]]; then
        _reissue_words "$current" < <(sed 's/=\t/\t/' <<<"$options")
    else
        _reissue_argument "$current" "${command[0]}"
    fi
}

complete -o filenames -F _reissue reissue
