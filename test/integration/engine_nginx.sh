#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# nginx with the engine: examples/nginx-engine.conf as it stands, as Debian starts nginx: a master, two
# workers as www-data, a reload; and the PIN that is typed instead.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/server.sh"
: "${ENGINE_DIR:?must name the directory with the engine card.so}"
: "${EXAMPLES:?must name the directory of the examples}"
export OPENSSL_ENGINES=$ENGINE_DIR

CONF=/etc/nginx/nginx.conf

nginx() {
    "${SERVER[@]}" nginx "$@"
}

workers() {
    pgrep --parent "$(</run/nginx.pid)" --uid www-data | sort
}

has_workers() {
    [[ $(workers | wc -l) == 2 ]]
}

# Waits until none of those processes is left.
are_gone() {
    local pid
    for pid in "$@"; do
        [[ ! -e /proc/$pid ]] || return 1
    done
}

serve() {
    "$@" || fail "nginx does not start: $(tail -n 5 /var/log/nginx/error.log)"
    wait_until 20 "nginx's two workers" has_workers
    listens 443 || fail "nginx does not listen"
}

stop() {
    local master
    master=$(</run/nginx.pid)
    kill -QUIT "$master" # `nginx -s` would load the key itself first
    wait_until 20 "nginx to end" are_gone "$master"
}

# refused REGEX: nginx refuses the configuration, by an error of ours.
refused() {
    expect_failure setsid "${SERVER[@]}" nginx -t </dev/null
    grep -Eq "ENGINE_load_private_key.*error:[0-9A-F]*:card( engine)?:.*$1" err || fail "not '$1': $(<err)"
}

pcscd_start
private_copy /etc/nginx
private_empty /var/log/nginx
private_empty /var/www/html
echo "served with a card" >/var/www/html/index.html
mkdir /etc/nginx/card
install -m 600 <(echo "$PIN") /etc/nginx/card/pin
cp "$EXAMPLES/nginx-engine.conf" $CONF

for algorithm in rsa2048 p256; do
    rm -f card.state
    card_insert --profile yubikey --key 9a=$algorithm
    openssl req -x509 -engine card -keyform engine -key 'card:slot=9a?pin-source=file:/etc/nginx/card/pin' \
        -subj /CN=example.org -addext subjectAltName=DNS:example.org -out /etc/nginx/card/certificate.pem
    cp /etc/nginx/card/certificate.pem ca.pem
    serve nginx
    apdu_log_clear
    handshakes 10 ca.pem -tls1_2
    handshakes 10 ca.pem -tls1_3
    [[ $(page ca.pem) == "served with a card" ]] || fail "another page"
    [[ $(signatures) == 21 ]] || fail "$(signatures) signatures for 21 handshakes: $(apdu_list)"
    # Each worker meets the card for itself, once; from then on a handshake is one command.
    (($(apdu_count) <= 2 * 5 + 19)) || fail "$(apdu_count) commands: $(apdu_list)"

    # A reload: new workers, the same key; requests go on all the while.
    mapfile -t old < <(workers)
    nginx -s reload
    handshakes 5 ca.pem
    wait_until 20 "the old workers to end" are_gone "${old[@]}"
    wait_until 20 "new workers" has_workers
    handshakes 5 ca.pem
    stop
    card_remove
done

# ---- the PIN, typed ------------------------------------------------------------------------------

# Where the program gives no way to ask, OpenSSL's own is taken; without a terminal, standard input.
card_insert
sed -i 's/?pin-source=[^"]*//' $CONF
typed() {
    setsid "${SERVER[@]}" nginx <<<"$PIN" 2>prompt
}
serve typed
expect_in "pass phrase for" prompt
handshakes 4 ca.pem
# The master knows it from then on, and nobody is asked at a reload.
mapfile -t old < <(workers)
kill -HUP "$(</run/nginx.pid)" # `nginx -s` would load the key itself first
wait_until 20 "the old workers to end" are_gone "${old[@]}"
handshakes 4 ca.pem
stop

# ---- what can be wrong ---------------------------------------------------------------------------

refused 'no answer for.*pin-source'
sed -i 's/engine:card:card:slot=9a/engine:card:card:slot=9d/' $CONF
refused 'slot 9d is empty'
sed -i 's/engine:card:card:slot=9d/engine:card:pkcs11:id=%7f/' $CONF
refused 'id names no slot'
sed -i 's/engine:card:pkcs11:id=%7f/engine:card:card:slot=9a?pin-source=file:\/nowhere/' $CONF
refused 'No such file'
OPENSSL_MODULES=$WORK refused "does not load from $WORK"
sed -i 's/^ssl_engine card;//' $CONF
expect_failure setsid "${SERVER[@]}" nginx -t </dev/null
expect_in "not initialised" err # libcrypto's, before we hear of it: the example says why
