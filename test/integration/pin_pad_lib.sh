# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# What the tests of readers with a keypad share, after lib.sh. The reader's driver is test/pinpad (READER_DRIVER).
: "${READER_DRIVER:?must name the driver of the reader with a keypad}"

export PIN_PAD=$WORK/pad
mkdir "$PIN_PAD"

# type_at_pad LINE...: what somebody types, a line for each command that asks; waits for nothing.
type_at_pad() {
    printf '%s\n' "$@" >>"$PIN_PAD/typed"
}

# entries: what the reader was told since the last pad_clear, a line for each command.
entries() {
    cat "$PIN_PAD/entries" 2>/dev/null || true
}

# pad_clear: nothing is left to be typed, and nothing was asked for.
pad_clear() {
    : >"$PIN_PAD/typed"
    : >"$PIN_PAD/entries"
}

# expect_entries NUMBER: so many commands asked for PINs, and all that was typed was asked for.
expect_entries() {
    [[ $(entries | wc -l) == "$1" ]] || fail "$(entries | wc -l) entries, not $1: $(entries)"
    [[ ! -s $PIN_PAD/typed ]] || fail "nobody asked for this: $(<"$PIN_PAD/typed")"
}
pad_clear
