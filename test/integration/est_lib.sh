# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# What the tests of EST share, on top of lib.sh and reissue_lib.sh: a CA that issues, by est_server.py.

EST_PID=

# est_authority NAME: a CA's own certificate and key, below est/.
est_authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "est/$1.key" -out "est/$1.pem" -days 30 \
        -subj "/O=Example/CN=EST $1" -addext basicConstraints=critical,CA:TRUE \
        -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
}

# est_certify SUBJECT NAME [EXTENSION...]: a certificate of the CA's and its key: NAME.pem, NAME.key.
est_certify() {
    local subject=$1 name=$2
    shift 2
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$name.key" -subj "$subject" -out "$name.csr" \
        2>/dev/null
    openssl x509 -req -in "$name.csr" -CA est/ca.pem -CAkey est/ca.key -days 20 -out "$name.pem" \
        -extfile <(printf '%s\n' basicConstraints=CA:FALSE "$@") 2>/dev/null
}

# est_make: the CA, one that nobody trusts, and the server's certificate.
est_make() {
    mkdir est
    est_authority ca
    est_authority other
    est_certify /CN=localhost est/server subjectAltName=DNS:localhost,IP:127.0.0.1
}

# est_start [LABEL]
est_start() {
    python3 "$HERE/est_server.py" 8085 est est/server.pem est/server.key "$@" 2>>est/err &
    EST_PID=$!
    wait_until 30 "the CA" _port_open 8085
}

est_stop() {
    kill "$EST_PID"
    wait "$EST_PID" 2>/dev/null || true
}

# est_config [LINE...]: with that for the CA.
est_config() {
    cat >reissue.conf <<END
[reissue]
state = $WORK/state

[ca company]
type = est
url = https://localhost:8085
END
    printf '%s\n' "$@" >>reissue.conf
}

# behave LINE...: how the CA is to misbehave, each once; behaved: that it has.
behave() {
    printf '%s\n' "$@" >est/behave
}

behaved() {
    [[ ! -s est/behave ]] || fail "the CA did not come to: $(<est/behave)"
}

# est_said: what was asked for since est_forget, in one line, and how that was answered.
est_said() {
    sed -n 's|^got .*/||p; s/^\(sent\|lost\) /\1:/p' est/log | paste -sd' '
}

est_forget() {
    : >est/log
}

issued() {
    grep -c ^issued est/log || true
}

est_fingerprint() {
    openssl x509 -in est/ca.pem -noout -fingerprint -sha256 | cut -d= -f2
}
