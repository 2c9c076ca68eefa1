#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Apache with examples/apache.conf: event MPM, graceful reload, restart.
source "$(dirname "$0")/lib.sh"
source "$HERE/program.sh"

apache_start() {
    mkdir -p /run/apache2 /run/lock/apache2
    /usr/sbin/apache2ctl -k start
    wait_until 10 "Apache to listen" program_listens 443
    wait_until 10 "Apache's process id" test -s /run/apache2/apache2.pid
    APACHE_PID=$(</run/apache2/apache2.pid)
}

apache_stop() {
    kill -TERM "$APACHE_PID"
    wait_until 10 "Apache to end" eval '! kill -0 $APACHE_PID'
}

children() {
    pgrep -P "$APACHE_PID" -u www-data | paste -sd' '
}

other_children() {
    local now
    now=$(children)
    [[ -n $now && $now != *"${before%% *}"* ]]
}

program_install
program_card
install -m 644 "$EXAMPLES/apache.conf" /etc/apache2/sites-available/$NAME.conf
program_reference_with_source $NAME 9a
program_reference_with_source $NAME.rsa 9e
rm -f /etc/apache2/sites-enabled/*
echo "ServerName $NAME" >/etc/apache2/conf-enabled/name.conf
/usr/sbin/a2enmod -q ssl mpm_event
/usr/sbin/a2ensite -q $NAME
mkdir -p /var/www/html && echo "the page" >/var/www/html/index.html

expect_apdus 0 /usr/sbin/apache2ctl configtest
apdu_log_clear
apache_start
[[ $(apdu_count) == 0 ]] || fail "starting cost $(apdu_list)"
tls_kinds 443
expect_signed 300 handshakes 443 300 8
echo "300 handshakes: 300 signatures, other commands: $(other_commands)"

# Reload under load: the old children finish what they have, the new ones know the PIN.
before=$(children)
handshakes 443 200 4 &
load=$!
sleep 0.2
kill -USR1 "$APACHE_PID"
wait_until 10 "other children" other_children
wait $load
expect_signed 20 handshakes 443 20 4
apache_stop
apache_start
expect_signed 20 handshakes 443 20 4
apache_stop
expect_in "resuming normal operations" /var/log/apache2/error.log
if grep -E ':(error|crit|alert|emerg)\]|exit signal' /var/log/apache2/error.log; then
    fail "Apache complains"
fi
