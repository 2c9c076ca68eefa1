#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Apache with examples/apache.conf: event MPM, graceful reload, restart. And with examples/apache-dialog.conf,
# where the PIN is asked for.
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

# The old children finish what they have, the new ones know the PIN.
reload_under_load() {
    local load
    before=$(children)
    handshakes 443 200 4 &
    load=$!
    sleep 0.2
    kill -USR1 "$APACHE_PID"
    wait_until 10 "other children" other_children
    wait $load
    expect_signed 20 handshakes 443 20 4
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

reload_under_load
apache_stop
apache_start
expect_signed 20 handshakes 443 20 4
apache_stop

# The same with references that do not say where the PIN is. The program that Apache asks stands in for a person:
# one answer does for both keys, at the start only, and the PIN outlives the keys that Apache reads and frees.
program_overlay /usr/share/apache2
cat >/usr/share/apache2/ask-for-passphrase <<EOF
#!/bin/sh
echo "\$*" >>/run/asked
cat "$KEYS/$NAME.pin"
EOF
install -m 644 "$EXAMPLES/apache-dialog.conf" /etc/apache2/sites-available/dialog.conf
/usr/sbin/a2dissite -q $NAME
/usr/sbin/a2ensite -q dialog
program_reference $NAME 9a
program_reference $NAME.rsa 9e
apdu_log_clear
apache_start
[[ $(apdu_count) == 0 ]] || fail "starting cost $(apdu_list)"
[[ $(wc -l </run/asked) == 1 ]] || fail "asked $(wc -l </run/asked) times: $(</run/asked)"
tls_kinds 443
expect_signed 300 handshakes 443 300 8
reload_under_load
[[ $(wc -l </run/asked) == 1 ]] || fail "asked again: $(</run/asked)"
apache_stop
expect_in "resuming normal operations" /var/log/apache2/error.log
if grep -E ':(error|crit|alert|emerg)\]|exit signal' /var/log/apache2/error.log; then
    fail "Apache complains"
fi
