# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# What every integration test starts with: `source "$(dirname "$0")/lib.sh"`. Runs inside `isolate`.
# SOFTCARD is the software card's program, PROVIDER_DIR the directory with card.so (CMake sets both).
set -euo pipefail

if [[ ${ISOLATED-} != 1 ]]; then
    echo "run this as: ${BASH_SOURCE[0]%/*}/isolate bash $0" >&2
    exit 2
fi
: "${SOFTCARD:?must name the software card\'s program}"

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
WORK=$(mktemp -d "${TMPDIR:-/tmp}/card-test.XXXXXX")
PIN=123456
PUK=12345678
MANAGEMENT_KEY=010203040506070801020304050607080102030405060708
READER="${READER_NAME:-Virtual PCD} 00 00"
READER_SECOND="${READER_NAME:-Virtual PCD} 00 01"
PCSCD_PID=
CARD_PID=
CARD_SECOND_PID=
export HERE WORK PIN PUK MANAGEMENT_KEY READER READER_SECOND
# Nobody's configuration may change what a test sees.
export OPENSSL_CONF=/dev/null HOME="$WORK" XDG_CACHE_HOME="$WORK/cache" LC_ALL=C
export OPENSSL_MODULES=$PROVIDER_DIR
cd "$WORK"

_finish() {
    local code=$?
    trap - EXIT ERR
    set +e
    # A sanitizer may have had something to say of the card, after which nothing was asked of it.
    if ((code == 0)) && grep -Eq "Sanitizer|runtime error" "$WORK/softcard.err" 2>/dev/null; then
        code=1
    fi
    # What still runs dies with the namespace; only what holds files in $WORK open is ended here.
    kill ${CARD_PID:+"$CARD_PID"} ${CARD_SECOND_PID:+"$CARD_SECOND_PID"} ${PCSCD_PID:+"$PCSCD_PID"} 2>/dev/null
    if ((code == 0)); then
        cd / && rm -rf "$WORK"
    else
        echo "FAILED ($code): $0; its files are kept in $WORK" >&2
        grep -v "Card not transacted" "$WORK/pcscd.log" 2>/dev/null | tail -n 15 >&2
        [[ -s $WORK/softcard.err ]] && { echo "--- softcard.err" >&2; cat "$WORK/softcard.err" >&2; }
    fi
    exit "$code"
}
trap _finish EXIT
trap 'echo "line $LINENO of ${BASH_SOURCE[0]}: \"$BASH_COMMAND\" failed" >&2' ERR
set -o errtrace

# The program, with the sanitizer's runtime where the provider was built with one; and a function for it.
# A test that runs it in the background takes the array, or it would have the process id of a shell.
# Leaks are looked for where a test says so: the program leaks a little of its own here and there.
OPENSSL=(env "LD_PRELOAD=${SANITIZER_RUNTIME-}" "ASAN_OPTIONS=${CHECK_LEAKS:-detect_leaks=0}" openssl)
openssl() {
    "${OPENSSL[@]}" "$@"
}

# at_least VERSION FOUND: whether what was found is that version, such as 3.5, or a later one.
at_least() {
    [[ $(printf '%s\n' "$1" "$2" | sort -V | head -n 1) == "$1" ]]
}

# openssl_at_least VERSION: whether the program is.
openssl_at_least() {
    at_least "$1" "$(openssl version | cut -d ' ' -f 2)"
}

# fail MESSAGE: ends the test.
fail() {
    trap - ERR
    echo "FAIL: $*" >&2
    exit 1
}

# wait_until SECONDS WHAT COMMAND...: polls every 20 ms until COMMAND succeeds.
wait_until() {
    local deadline=$((${EPOCHREALTIME/[.,]/} + $1 * 1000000)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        ((${EPOCHREALTIME/[.,]/} < deadline)) || fail "waited in vain for $what"
        sleep 0.02
    done
}

_pcscd_listens() {
    [[ -S /run/pcscd/pcscd.comm ]] && { [[ ! -e /etc/reader.conf.d/vpcd ]] || _port_open 35963; }
}

# Whether somebody listens at that port, without connecting (vpcd would take us for a card).
_port_open() {
    grep -q ":$(printf %04X "$1") .* 0A " /proc/net/tcp
}

# pcscd_start [OPTION]...: instead of what PCSCD_OPTIONS says, if there are any.
pcscd_start() {
    (($# > 0)) || set -- ${PCSCD_OPTIONS:+"$PCSCD_OPTIONS"}
    mkdir -p /run/pcscd
    [[ ! -e $WORK/pcscd.log ]] || mv "$WORK/pcscd.log" "$WORK/pcscd.$EPOCHREALTIME.log"
    pcscd --foreground --info "$@" >>"$WORK/pcscd.log" 2>&1 &
    PCSCD_PID=$!
    wait_until 10 "pcscd to listen" _pcscd_listens
}

pcscd_stop() {
    [[ -n $PCSCD_PID ]] || return 0
    kill "$PCSCD_PID" 2>/dev/null || true
    wait "$PCSCD_PID" 2>/dev/null || true
    PCSCD_PID=
    # The cards' programs end by themselves when the reader closes the connection.
    [[ -z $CARD_PID ]] || wait "$CARD_PID" 2>/dev/null || true
    [[ -z $CARD_SECOND_PID ]] || wait "$CARD_SECOND_PID" 2>/dev/null || true
    CARD_PID=
    CARD_SECOND_PID=
    rm -f /run/pcscd/pcscd.comm /run/pcscd/pcscd.pid
}

# How often pcscd has noticed that a card came to, or went from, the reader of that number. Its log is the
# only witness: asking for the reader's state powers the card up, and pcscd looks for a card only every
# 400 ms, so that one which is pulled and put back in between was never gone to it.
_arrivals() {
    grep -c "Card inserted into .* 00 0$1\$" "$WORK/pcscd.log" || true
}

_departures() {
    grep -c "Card Removed From .* 00 0$1\$" "$WORK/pcscd.log" || true
}

_arrived_since() {
    (($(_arrivals "$1") > $2))
}

_card_gone() {
    (($(_departures "$1") >= $(_arrivals "$1")))
}

# _card_start NUMBER PORT STATE LOG [option ...]: leaves the process id in STARTED.
_card_start() {
    local number=$1 port=$2 state=$3 log=$4
    shift 4
    local before
    [[ -n $PCSCD_PID ]] || fail "pcscd_start comes before card_insert"
    before=$(_arrivals "$number")
    "$SOFTCARD" --state "$state" --port "$port" --log "$log" "$@" 2>>"$WORK/softcard.err" &
    STARTED=$!
    local deadline=$((${EPOCHREALTIME/[.,]/} + 60000000))
    until _arrived_since "$number" "$before"; do
        kill -0 "$STARTED" 2>/dev/null || fail "softcard ended: $(cat "$WORK/softcard.err")"
        ((${EPOCHREALTIME/[.,]/} < deadline)) || fail "pcscd sees no card in reader $number"
        sleep 0.02
    done
}

# card_insert [softcard option ...]: a card in the first reader, its state in $WORK/card.state, its log
# in $WORK/card.log. Options given twice count the second time, so both can be named anew.
card_insert() {
    _card_start 0 35963 "$WORK/card.state" "$WORK/card.log" "$@"
    CARD_PID=$STARTED
    apdu_log_clear
}

# The same for the second reader: $WORK/card2.state, $WORK/card2.log.
card_insert_second() {
    _card_start 1 35964 "$WORK/card2.state" "$WORK/card2.log" "$@"
    CARD_SECOND_PID=$STARTED
}

_card_stop() {
    [[ -n $1 ]] || return 0
    kill "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
    card_wait_gone "$2"
}

# card_wait_gone NUMBER: waits until pcscd has noticed that there is no card in reader 0 or 1 any more.
card_wait_gone() {
    [[ -z $PCSCD_PID ]] || wait_until 10 "reader $1 to be empty" _card_gone "$1"
}

# card_remove: pulls both cards out, and waits until pcscd has noticed.
card_remove() {
    local first=$CARD_PID second=$CARD_SECOND_PID
    CARD_PID=
    CARD_SECOND_PID=
    _card_stop "$first" 0
    _card_stop "$second" 1
}

# apdu_log_clear [LOG]: from here on commands are counted. The log itself is not cut short: the card has
# it open.
# shellcheck disable=SC2120 # one test names the log
apdu_log_clear() {
    local log=${1:-$WORK/card.log}
    wc -c <"$log" >"$log.mark"
}

# apdu_log [LOG]: the log since the last apdu_log_clear.
# shellcheck disable=SC2120
apdu_log() {
    local log=${1:-$WORK/card.log} mark=0
    [[ ! -e $log.mark ]] || mark=$(<"$log.mark")
    tail -c "+$((mark + 1))" "$log"
}

# apdu_count [LOG]: how many commands since then.
# shellcheck disable=SC2120
apdu_count() {
    apdu_log "${1:-}" | grep -c '"command"' || true
}

# apdu_list [LOG]: their instructions, in one line.
# shellcheck disable=SC2120
apdu_list() {
    apdu_log "${1:-}" | jq -r 'select(.command) | .ins + ":" + .sw' | paste -sd' '
}

# expect_apdus NUMBER COMMAND...: the command succeeds, and sends the card that many commands at most.
expect_apdus() {
    local budget=$1
    shift
    apdu_log_clear
    "$@" >"$WORK/out" 2>"$WORK/err" || fail "$*: $(<"$WORK/err")"
    (($(apdu_count) <= budget)) || fail "$(apdu_count) commands, not $budget: $*: $(apdu_list)"
}

# pins_sent: how many VERIFY commands with a PIN the card has got since apdu_log_clear.
pins_sent() {
    apdu_log | jq -r 'select(.ins == "20") | .command' | grep -c '^0020008[0-3][0-9a-f]' || true
}

# openssl_configuration [LINE...]: writes $WORK/openssl.cnf, which activates the default provider and ours. The
# lines are for our section, and what is appended to the file goes to the section of algorithm properties.
openssl_configuration() {
    cat >"$WORK/openssl.cnf" <<EOF
openssl_conf = openssl_init

[openssl_init]
providers = provider_sect
alg_section = property_sect

[provider_sect]
default = default_sect
card = card_sect

[default_sect]
activate = 1

[card_sect]
activate = 1
$(printf '%s\n' "$@")

[req]
distinguished_name = name

[name]

[property_sect]
EOF
}

# expect_in TEXT FILE: the file has that text in it.
expect_in() {
    grep -Fq -- "$1" "$2" || fail "'$1' is not in $2: $(head -c 2000 "$2")"
}

# refused REGEX COMMAND...: it fails, and the first error is ours, and says that.
refused() {
    local regex=$1
    shift
    expect_failure "$@"
    grep ':error:' err | head -n 1 | grep -Eq ":card:.*($regex)" || fail "$*: not '$regex': $(<err)"
}

# expect_signature_type KIND ALGORITHM FILE: what s_client says of the server's signature in TLS 1.3: its kind,
# and from OpenSSL 3.5 on the algorithm, of which the beginning is given.
expect_signature_type() {
    if openssl_at_least 3.5; then
        expect_in "Peer signature type: $2" "$3"
    else
        expect_in "Peer signature type: $1" "$3"
    fi
}

# expect_failure COMMAND...: the command must fail, by an exit code of its own: not by a signal, and not
# because it does not exist. Its output is in $WORK/out and $WORK/err.
expect_failure() {
    local code=0
    "$@" >"$WORK/out" 2>"$WORK/err" || code=$?
    ((code != 0)) || fail "succeeded but should not: $*"
    ((code < 124)) || fail "exit code $code: $*: $(head -c 2000 "$WORK/err")"
}

# apdu_send HEX...: sends the commands in one session, without any card driver's own.
apdu_send() {
    local hex arguments=()
    for hex in "$@"; do
        arguments+=(--send-apdu "$hex")
    done
    opensc-tool --reader "$READER" --card-driver default "${arguments[@]}"
}
