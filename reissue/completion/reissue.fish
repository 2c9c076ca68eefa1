# SPDX-License-Identifier: BSD-2-Clause
# Completion for fish. Commands, options and what they take come from the program itself.

# The words of the command line before the cursor: the command, and card's own.
function __reissue_command
    set -l words (commandline -opc)
    if test (count $words) -gt 1
        echo $words[2]
    end
    if test (count $words) -gt 2; and test "$words[2]" = card
        echo $words[3]
    end
end

function __reissue_is
    set -l words (__reissue_command)
    test (count $words) -gt 0; and contains -- $words[1] $argv
end

function __reissue_options
    set -l words (__reissue_command)
    if test (count $words) -gt 0; and not contains -- $words[1] help
        reissue $words --list-options 2>/dev/null | string replace -r '^(--[^=\t]*)=?\t([^\t]*).*' '$1\t$2'
    end
end

# What the option before the cursor takes, if it names the words to choose from.
function __reissue_values
    set -l words (commandline -opc)
    set -l before $words[-1]
    for line in (reissue (__reissue_command) --list-options 2>/dev/null)
        set -l parts (string split \t -- $line)
        if test "$parts[1]" = "$before="
            switch $parts[3]
                case '*FILE*' '*URI*'
                    echo card:
                case '*|*'
                    string split '|' -- $parts[3]
                case NAME
                    test "$before" = --ca; and reissue --list-cas
                case SOURCE
                    printf '%s\n' file: env: credential:
            end
        end
    end
end

function __reissue_is_first
    test (count (commandline -opc)) -eq 1
end

function __reissue_is_card_first
    set -l words (commandline -opc)
    test (count $words) -eq 2; and test $words[2] = card
end

complete -c reissue -n __reissue_is_first -f -a '(reissue --list-commands 2>/dev/null)'
complete -c reissue -n '__reissue_is help' -f -a '(reissue --list-commands 2>/dev/null)'
complete -c reissue -n __reissue_is_card_first -f -a '(reissue card --list-commands 2>/dev/null)'
complete -c reissue -n 'not __reissue_is_first' -a '(__reissue_options)'
complete -c reissue -n 'not __reissue_is_first' -a '(__reissue_values)'
complete -c reissue -n '__reissue_is start show install revoke list' -a '(reissue --list-names 2>/dev/null)'
complete -c reissue -n '__reissue_is resume status cancel download renew' -f -a '(reissue --list-names 2>/dev/null)'
complete -c reissue -n '__reissue_is account' -f -a 'show register update key-rollover deactivate'
complete -c reissue -n '__reissue_is ca' -f -a 'list orders'
complete -c reissue -n '__reissue_is config' -f -a check
