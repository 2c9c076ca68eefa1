# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# What the tests of Certum's Partner API share, on top of lib.sh, acme_lib.sh and reissue_lib.sh: a stand-in for the
# service, and certificates that were ordered from it.

# certum_start: the CA that issues, and the service on port 14443. Its directory is $WORK/certum.
certum_start() {
    mkdir -p certum/orders
    echo '[]' >certum/state.json
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout issuer.key -out issuer.pem -days 500 \
        -subj "/O=Test/CN=Test Issuing CA" -addext basicConstraints=critical,CA:true 2>/dev/null
    (umask 077 && echo "s3cret&<>'" >password)
    cp password certum/password
    python3 "$HERE/certum_server.py" 14443 server.pem server.key issuer.pem issuer.key certum 2>certum.err &
    wait_until 30 "the stand-in for Certum" _port_open 14443
}

# certum_config [LINE...]: a configuration with the CA "certum", and those lines at its end.
certum_config() {
    cat >reissue.conf <<END
[reissue]
state = $WORK/state

[ca certum]
type = certum
url = https://localhost:14443/service/PartnerApi.wsdl
ca-file = $WORK/ca.pem
user = partner
password-file = $WORK/password
END
    printf '%s\n' "$@" >>reissue.conf
}

# ordered NAME ID [USAGE]: a certificate with its key on disk, NAME.crt and NAME.key, that order ID is about; for TLS,
# with a DNS name, where no usage is named.
ordered() {
    printf 'extendedKeyUsage=%s\nbasicConstraints=CA:false\n' "${3:-serverAuth}" >ordered.ext
    [[ -n ${3:-} ]] || echo "subjectAltName=DNS:$1" >>ordered.ext
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -subj "/CN=$1" -out ordered.csr \
        2>/dev/null
    openssl x509 -req -in ordered.csr -CA issuer.pem -CAkey issuer.key -days "${DAYS:-90}" -extfile ordered.ext \
        -set_serial "0x$(openssl rand -hex 8)" -out "$1.crt" 2>/dev/null
    cp "$1.crt" "certum/orders/$2.pem"
}

# control JSON: how the service behaves from here on.
control() {
    echo "$1" >certum/control.json
}

# calls OPERATION: how often that was called.
calls() {
    grep -c "^$1\$" certum/calls || true
}

# order_of FILTER: what the service knows, by jq.
order_of() {
    jq -r "$1" certum/state.json
}

# status_of CERTIFICATE: VALID, REVOKING or REVOKED.
status_of() {
    local serial
    serial=$(openssl x509 -in "$1" -noout -serial)
    jq -r --arg serial "${serial#*=}" '.[] | select(.serial == $serial).status' certum/state.json
}

# the_job: the only one that is open.
the_job() {
    open_jobs | head -n 1
}
