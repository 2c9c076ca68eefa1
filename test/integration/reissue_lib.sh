# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# What the tests of `reissue`'s jobs share, on top of lib.sh and acme_lib.sh.
: "${REISSUE:?must name the program}" "${REISSUE_FAULTS:?must name the one that can be killed}"

# reissue WORD...: with the test's own configuration and state. Its output is in $WORK/out and $WORK/err.
reissue() {
    local command=$1
    shift
    timeout 120 "${PROGRAM:-$REISSUE}" "$command" --config "$WORK/reissue.conf" "$@" >"$WORK/out" 2>"$WORK/err"
}

# expect_reissue CODE WORD...
expect_reissue() {
    local wanted=$1 code=0
    shift
    reissue "$@" || code=$?
    [[ $code == "$wanted" ]] || fail "exit code $code, not $wanted: reissue $*: $(<"$WORK/err")"
}

# make_config [LINE...]: a configuration with the CA "pebble", and those lines at its end.
make_config() {
    cat >reissue.conf <<END
[reissue]
state = $WORK/state

[ca pebble]
type = acme
directory = https://localhost:14000/dir
ca-file = $WORK/ca.pem
contact = mailto:admin@example.org
terms = agreed
challenge = http-01
listen = 127.0.0.1:5002
END
    printf '%s\n' "$@" >>reissue.conf
}

# first_predecessor: a certificate of nobody's for $NAME, with which a lineage can begin: first.crt, first.key.
first_predecessor() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout first.key -out first.crt -subj "/CN=$NAME" \
        -addext "subjectAltName=DNS:$NAME" -days 3 2>/dev/null
}

# live NAME FILE: the path of a live file.
live() {
    echo "$WORK/state/live/$1/$2"
}

# spki_of CERTIFICATE
spki_of() {
    openssl x509 -in "$1" -noout -pubkey
}

# key_works NAME: the key of the live files signs, and their certificate verifies that.
key_works() {
    echo message >"$WORK/message"
    openssl dgst -sha256 -provider default -provider card -passin "pass:$PIN" -sign "$(live "$1" privkey.pem)" \
        -out "$WORK/signature" "$WORK/message" 2>"$WORK/sign.err" || fail "cannot sign: $(<"$WORK/sign.err")"
    spki_of "$(live "$1" cert.pem)" >"$WORK/public.pem"
    openssl dgst -sha256 -verify "$WORK/public.pem" -signature "$WORK/signature" "$WORK/message" >/dev/null ||
        fail "the live key and certificate of $1 do not fit"
}

# open_jobs: those that are not at their end, one a line.
open_jobs() {
    reissue status --json
    jq -r '.jobs[].job' "$WORK/out"
}
