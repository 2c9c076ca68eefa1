#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Apache's mod_ssl with the engine: examples/apache-engine.conf as a site of Debian's Apache, enabled as
# its first lines say, with the event MPM; key and certificate by the pkcs11: names that mod_ssl knows.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/server.sh"
: "${ENGINE_DIR:?must name the directory with the engine card.so}"
: "${EXAMPLES:?must name the directory of the examples}"
export OPENSSL_ENGINES=$ENGINE_DIR

SITE=/etc/apache2/sites-available/card.conf
LOG=/var/log/apache2/error.log

# What Debian's apache2ctl does, but for its clean environment, without which the build is not found.
apache() {
    (
        set +u
        source /etc/apache2/envvars
        mkdir -p "$APACHE_RUN_DIR" "$APACHE_LOCK_DIR"
        exec "${SERVER[@]}" apache2 "$@"
    )
}

master_is_gone() {
    [[ ! -e /run/apache2/apache2.pid ]]
}

children() {
    pgrep --parent "$(</run/apache2/apache2.pid)" --uid www-data | sort
}

has_children() {
    [[ -e /run/apache2/apache2.pid && $(children) != "" ]] && listens 443
}

has_others_than() {
    has_children && [[ $(comm -12 <(echo "$1") <(children)) == "" ]]
}

serve() {
    apache -k start || fail "Apache does not start: $(tail -n 5 $LOG)"
    wait_until 30 "Apache's children" has_children
}

stop() {
    apache -k stop
    wait_until 30 "Apache to end" master_is_gone
}

# refused REGEX: Apache does not start, and the first of OpenSSL's errors in its log is ours.
refused() {
    : >$LOG
    expect_failure apache -k start </dev/null
    grep 'SSL Library Error' $LOG | head -n 1 | grep -Eq "error:[0-9A-F]*:card( engine)?:.*$1" ||
        fail "not '$1': $(<$LOG)"
}

pcscd_start
private_copy /etc/apache2
private_empty /var/log/apache2
private_empty /var/www/html
echo "served with a card" >/var/www/html/index.html
cp "$EXAMPLES/apache-engine.conf" $SITE
mkdir /etc/apache2/card
printf '#!/bin/sh\necho asked >>%s\necho %s\n' "$WORK/asked" "$PIN" >/etc/apache2/card/pin.sh
chmod 700 /etc/apache2/card/pin.sh
echo "ServerName localhost" >/etc/apache2/conf-enabled/name.conf
a2enmod --quiet ssl
a2dissite --quiet 000-default
a2ensite --quiet card
apache -M >modules 2>&1
expect_in mpm_event_module modules

for algorithm in rsa2048 p256; do
    rm -f card.state asked
    card_insert --profile yubikey --key 9a=$algorithm --certificate 9a=/CN=example.org
    openssl x509 -provider default -provider card -in card:slot=9a -out ca.pem
    serve
    [[ $(wc -l <asked) == 1 ]] || fail "asked $(wc -l <asked) times for the PIN, not once"
    apdu_log_clear
    handshakes 10 ca.pem -tls1_2
    handshakes 10 ca.pem -tls1_3
    [[ $(page ca.pem) == "served with a card" ]] || fail "another page"
    [[ $(signatures) == 21 ]] || fail "$(signatures) signatures for 21 handshakes: $(apdu_list)"

    before=$(children)
    apache -k graceful
    handshakes 5 ca.pem
    wait_until 30 "new children" has_others_than "$before"
    handshakes 5 ca.pem
    [[ $(wc -l <asked) == 1 ]] || fail "asked again for the PIN after a graceful restart"
    stop
    card_remove
done

# mod_ssl at the level debug sends the engine a command more.
card_insert
sed -i 's/ErrorLog .*/&\n    LogLevel ssl:debug/; s/^SSLPassPhraseDialog.*//' $SITE
sed -i 's|id=%01;type=private|&?pin-source=file:/etc/apache2/card/pin|' $SITE
install -m 600 <(echo "$PIN") /etc/apache2/card/pin
serve
handshakes 2 ca.pem
stop

# ---- what can be wrong ---------------------------------------------------------------------------

rm /etc/apache2/card/pin
refused 'card/pin: No such file'
sed -i 's/id=%01;type=private/id=%03;type=private/' $SITE
refused 'slot 9d is empty'
OPENSSL_MODULES=$WORK refused "does not load from $WORK"
sed -i 's/id=%01;type=cert/id=%7f;type=cert/' $SITE
refused 'id names no slot'
OPENSSL_ENGINES=$WORK expect_failure apache -t
expect_in "SSLCryptoDevice: Invalid argument" err
