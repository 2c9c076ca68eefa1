#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Apache with examples/apache-store.conf: key and certificate by pkcs11: URIs, which the provider's store answers.
source "$(dirname "$0")/lib.sh"
source "$HERE/program.sh"

SITE=/etc/apache2/sites-available/card.conf
LOG=/var/log/apache2/error.log

apache_start() {
    mkdir -p /run/apache2 /run/lock/apache2
    /usr/sbin/apache2ctl -k start >start.out 2>&1 || fail "Apache does not start: $(tail -n 5 $LOG start.out)"
    wait_until 10 "Apache to listen" program_listens 443
    wait_until 10 "Apache's process id" test -s /run/apache2/apache2.pid
    APACHE_PID=$(</run/apache2/apache2.pid)
}

apache_stop() {
    kill -TERM "$APACHE_PID"
    wait_until 10 "Apache to end" eval '! kill -0 $APACHE_PID'
}

children() {
    pgrep -P "$APACHE_PID" -u www-data | sort
}

other_children() {
    [[ -n $(children) && -z $(comm -12 <(echo "$before") <(children)) ]]
}

# refused CODE URI COMMAND REASON: Apache does not start. mod_ssl keeps to itself what OpenSSL says of a store, but its own words
# have a number; and `openssl` tells the reason, as docs/servers.md says.
refused() {
    : >$LOG
    expect_failure /usr/sbin/apache2ctl -k start
    grep -E ':(error|emerg)\]' $LOG | grep -Fq "$1: " || fail "not $1: $(<$LOG)"
    expect_failure "${OPENSSL[@]}" "$3" -noout -in "$2"
    grep -E ':error:[0-9A-F]*:(card|STORE routines):' err | head -n 1 | grep -Eq ":$4" || fail "not '$4': $(<err)"
}

program_install
sed -i 's/^# \(pkcs11-uris = yes\)$/\1/' /etc/ssl/openssl-card.cnf
program_card --management-algorithm 3des # Debian 12's yubico-piv-tool knows no other
yubico-piv-tool --reader "$READER" --action import-certificate --slot 9a --input "$CERTS/$NAME.pem" >import.out 2>&1 ||
    fail "yubico-piv-tool: $(<import.out)"
install -m 644 "$EXAMPLES/apache-store.conf" $SITE
rm -f /etc/apache2/sites-enabled/*
echo "ServerName $NAME" >/etc/apache2/conf-enabled/name.conf
/usr/sbin/a2enmod -q ssl mpm_event
/usr/sbin/a2ensite -q card
mkdir -p /var/www/html && echo "the page" >/var/www/html/index.html

apache_start
tls_kinds 443 ec
expect_signed 200 handshakes 443 200 8
echo "200 handshakes: 200 signatures, other commands: $(other_commands)"
before=$(children)
kill -USR1 "$APACHE_PID"
wait_until 10 "other children" other_children
expect_signed 20 handshakes 443 20 4
apache_stop

# What can be wrong.
sed -i 's/id=%01;type=private/id=%03;type=private/' $SITE
refused AH10492 'pkcs11:id=%03;type=private' pkey 'card:.*slot 9d is empty'
sed -i 's/id=%03;type=private/id=%01;type=private/; s/id=%01;type=cert/id=%7f;type=cert/' $SITE
refused AH10494 'pkcs11:id=%7f;type=cert' x509 'card:.*id names no slot'
cp "$EXAMPLES/openssl.cnf" /etc/ssl/openssl-card.cnf # which does not answer these names by itself
refused AH10491 'pkcs11:id=%7f;type=cert' x509 'STORE routines:'
