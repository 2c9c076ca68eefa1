# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# What the tests of TLS servers share, after lib.sh: directories of the machine's that a server's
# configuration names, and clients. All of it stays in the test's own namespaces.

# A server is started with the sanitizer's runtime too, where there is one.
# shellcheck disable=SC2034 # used by those who source this
SERVER=("${OPENSSL[@]:0:${#OPENSSL[@]}-1}")

# private_copy DIRECTORY: from here on the test has a copy of its own there, to change as it likes.
private_copy() {
    cp -a "$1" "$WORK/copy${1//\//-}"
    mount --bind "$WORK/copy${1//\//-}" "$1"
}

# private_empty DIRECTORY: the same with nothing in it.
private_empty() {
    mkdir -p "$1"
    mount -t tmpfs -o mode=0755 tmpfs "$1"
}

# listens PORT: whether somebody does; tried without connecting, which would be a handshake that failed.
listens() {
    grep -q ":$(printf %04X "$1") .* 0A " /proc/net/tcp /proc/net/tcp6
}

# handshakes NUMBER CERTIFICATE OPTION...: as many TLS connections to example.org, port 443 of loopback;
# each must verify with that certificate.
handshakes() {
    local number=$1 certificate=$2 i
    shift 2
    for ((i = 0; i < number; i++)); do
        openssl s_client -connect 127.0.0.1:443 -servername example.org -CAfile "$certificate" \
            -verify_hostname example.org -verify_return_error "$@" </dev/null >client.log 2>&1 ||
            fail "handshake $i, $*: $(tail -n 20 client.log)"
        expect_in "Verification: OK" client.log
    done
}

# page CERTIFICATE: what https://example.org/ says, fetched by curl.
page() {
    curl --silent --show-error --fail --max-time 20 --noproxy '*' --cacert "$1" \
        --resolve example.org:443:127.0.0.1 https://example.org/
}

# signatures: how many the card has made since apdu_log_clear.
signatures() {
    apdu_log | jq -r 'select(.ins == "87" and .sw == "9000") | .ins' | grep -c . || true
}
