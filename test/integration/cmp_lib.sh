# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# What the tests of CMP share, on top of lib.sh and reissue_lib.sh: a CA that issues, by `cmp_ca`.
: "${CMP_CA:?must name the CA that speaks CMP}"

CMP_CA_PID=

# make_authority NAME: a CA's own certificate and key.
make_authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "cmp/$1.key" -out "cmp/$1.pem" -days 30 \
        -subj "/O=Example/CN=$1" -addext basicConstraints=critical,CA:TRUE \
        -addext keyUsage=critical,keyCertSign,cRLSign,digitalSignature 2>/dev/null
}

# certify SUBJECT NAME [EXTENSION...]: a certificate of the CA's and its key: NAME.pem, NAME.key.
certify() {
    local subject=$1 name=$2
    shift 2
    [[ -e $name.key ]] ||
        openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$name.key"
    openssl req -new -key "$name.key" -subj "$subject" -out "$name.csr"
    openssl x509 -req -in "$name.csr" -CA cmp/ca.pem -CAkey cmp/ca.key -days 20 -out "$name.pem" \
        -extfile <(printf '%s\n' basicConstraints=CA:FALSE keyUsage=digitalSignature "$@") 2>/dev/null
}

# cmp_make: the CA, one that nobody trusts, and a customer.
cmp_make() {
    mkdir cmp
    make_authority ca
    make_authority other
    certify /CN=customer cmp/customer
}

# cmp_start [OPTION...]
cmp_start() {
    "$CMP_CA" 8080 cmp "$@" 2>>cmp/err &
    CMP_CA_PID=$!
    wait_until 10 "the CA" _port_open 8080
}

cmp_stop() {
    kill "$CMP_CA_PID"
    wait "$CMP_CA_PID" 2>/dev/null || true
}

# behave LINE...: how the CA is to misbehave, each once.
behave() {
    printf '%s\n' "$@" >cmp/behave
}

# behaved: that it has.
behaved() {
    [[ ! -s cmp/behave ]] || fail "the CA did not come to: $(<cmp/behave)"
}

# cmp_said: what went between the CA and us since cmp_forget, in one line.
cmp_said() {
    sed -n 's/^\(got\|sent\|lost\|confirmed\|issued\) /\1:/p' cmp/log | grep -v ^issued | paste -sd' '
}

cmp_forget() {
    : >cmp/log
}

# issued: how many certificates since cmp_forget.
issued() {
    grep -c ^issued cmp/log || true
}

# cmp_config [LINE...]: with that for the CA.
cmp_config() {
    cat >reissue.conf <<END
[reissue]
state = $WORK/state

[ca company]
type = cmp
url = http://127.0.0.1:8080/pkix/
END
    printf '%s\n' "$@" >>reissue.conf
}

# revocation_of CERTIFICATE: the reason it is revoked for; empty where it is not.
revocation_of() {
    local serial
    serial=$(openssl x509 -in "$1" -noout -serial)
    sed -n "s/^${serial#*=} //p" cmp/revoked 2>/dev/null || true
}
