#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The help, and the completion of three shells: each is asked for real, and knows every command and option
# that the program has.
source "$(dirname "$0")/lib.sh"
: "${REISSUE:?must name the program}"

COMPLETION=$HERE/../../reissue/completion
mkdir bin
ln -s "$REISSUE" bin/reissue
PATH=$WORK/bin:$PATH
mapfile -t COMMANDS < <(reissue --list-commands | cut -f 1)
mapfile -t CARD_COMMANDS < <(reissue card --list-commands | cut -f 1)
((${#COMMANDS[@]} >= 16 && ${#CARD_COMMANDS[@]} >= 12)) || fail "commands: ${COMMANDS[*]}, ${CARD_COMMANDS[*]}"

# options COMMAND...: each on a line.
options() {
    reissue "$@" --list-options | cut -f 1 | tr -d =
}

# ---- help ------------------------------------------------------------------------------------------------

reissue help >help
reissue --help | cmp - help
expect_failure reissue
cmp err help || fail "without a command it says something else"
for command in "${COMMANDS[@]}"; do
    expect_in "  $command " <(cat help; echo "  help ")
    [[ $command != help ]] || continue
    reissue help "$command" >one
    reissue "$command" --help | cmp - one
    [[ $(wc -l <one) -le 48 && $(wc -L <one) -le 80 ]] ||
        fail "the help on $command is $(wc -l <one) lines of $(wc -L <one)"
    [[ $command == card ]] || for option in $(options "$command"); do
        [[ $option == --help ]] || expect_in "$option" one
    done
done
for command in "${CARD_COMMANDS[@]}"; do
    reissue help card "$command" >one
    [[ $(wc -l <one) -le 40 && $(wc -L <one) -le 80 ]] || fail "the help on card $command: $(<one)"
done
expect_failure reissue strat
expect_in 'is "start" meant?' err
expect_failure reissue help dwnload
expect_in 'is "download" meant?' err
expect_failure reissue frobnicate
expect_in "reissue help lists" err
expect_failure reissue card genrate
expect_in 'is "card generate" meant?' err
code=0
reissue start --frobnicate 2>err || code=$?
[[ $code == 2 ]] || fail "exit code $code"
expect_in "usage: reissue start" err

# ---- each shell ------------------------------------------------------------------------------------------

# complete_bash WORD...: what bash offers for the last of the words.
cat >ask.bash <<END
source "$COMPLETION/reissue.bash"
COMP_WORDS=("\$@")
COMP_CWORD=\$((\$# - 1))
_reissue reissue "\${COMP_WORDS[COMP_CWORD]}" "\${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "\${COMPREPLY[@]}"
END
complete_bash() {
    bash --norc ask.bash "$@"
}

# The functions that only work in the line editor say what they were given.
cat >ask.zsh <<END
_describe() { local name=\${@[-1]}; print -l -- \${\${(P)name}%%:*} }
_values() { shift; print -l -- "\$@" }
_files() { print -l -- * }
compadd() { shift 2; print -l -- "\$@" }
words=("\$@")
CURRENT=\$#
source "$COMPLETION/_reissue"
END
complete_zsh() {
    zsh -f ask.zsh "$@"
}

# The last word is what is being typed; fish leaves out options until it begins with a dash.
complete_fish() {
    local line="$*"
    fish --no-config -c "source $COMPLETION/reissue.fish; complete -C '$line'" | cut -f 1
}

# offers SHELL EXPECTED WORD...: among what the shell offers for the last word is each line of EXPECTED.
offers() {
    local shell=$1 expected=$2
    shift 2
    "complete_$shell" "$@" 2>err | sort -u >offered
    [[ ! -s err ]] || fail "$shell: $(<err)"
    comm -13 offered <(sort -u <<<"$expected") >missing
    [[ ! -s missing ]] || fail "$shell does not offer for \"$*\": $(<missing)"
}

touch request.csr
for shell in bash zsh fish; do
    offers $shell "$(printf '%s\n' "${COMMANDS[@]}")" reissue ""
    offers $shell "$(printf '%s\n' "${CARD_COMMANDS[@]}")" reissue card ""
    offers $shell "$(printf '%s\n' "${COMMANDS[@]}")" reissue help ""
    for command in "${COMMANDS[@]}"; do
        [[ $command == card || $command == help ]] || offers $shell "$(options "$command")" reissue "$command" --
    done
    for command in "${CARD_COMMANDS[@]}"; do
        offers $shell "$(options card "$command")" reissue card "$command" --
    done
    offers $shell $'next-period\ncompromised-key' reissue start --reason ""
    offers $shell manual reissue start --ca ""
    offers $shell key-rollover reissue account ""
    offers $shell request.csr reissue check ""
done
[[ $(complete_bash reissue st | sort | xargs) == "start status" ]] || fail "$(complete_bash reissue st)"
