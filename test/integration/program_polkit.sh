#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# pcscd 2 as Debian starts it, which asks polkit about every client that is not root; a system bus and a polkitd of
# this test's own decide. nginx's workers are www-data: refused by polkit's own rules, and told what to do; let in by
# examples/polkit/50-card.rules.
source "$(dirname "$0")/lib.sh"
source "$HERE/program.sh"

BUS=/run/dbus/system_bus_socket
RULES=/etc/polkit-1/rules.d
LOG=/var/log/nginx/error.log

# The bus starts polkitd when it is first asked for.
bus_start() {
    mkdir -p /run/dbus
    dbus-daemon --system --nofork --nopidfile 2>bus.log &
    wait_until 10 "the system bus" test -S $BUS
    wait_until 60 "polkit to answer" polkit_answers
}

polkit_answers() {
    pkcheck --action-id org.debian.pcsc-lite.access_pcsc --process $$
}

# may_use ACTION: what polkit says of a process of www-data's.
may_use() {
    setpriv --reuid www-data --regid www-data --clear-groups sleep 60 &
    local process=$! code=0
    wait_until 5 "a process of www-data's" eval '[[ $(stat -c %U /proc/'$process') == www-data ]]'
    pkcheck --action-id "org.debian.pcsc-lite.$1" --process $process >pkcheck.out 2>&1 || code=$?
    kill $process
    return $code
}

workers() {
    pgrep -P "$NGINX_PID" -u www-data | sort
}

other_workers() {
    [[ -n $(workers) && -z $(comm -12 <(echo "$before") <(workers)) ]]
}

# refused WHAT: handshakes fail, and the workers tell why in nginx's log, in the line of each.
refused() {
    local handshake told
    : >$LOG
    for handshake in {1..8}; do
        stranger "$TLS_LOAD" 443 1 1 "$CA_FILE" >load.out 2>load.err &&
            fail "handshake $handshake succeeded without polkit's leave: $1"
    done
    told=$(grep 'SSL_do_handshake() failed' $LOG |
        grep -Ec "error:[0-9A-F]*:card:.*pcscd.*refuses this user.*id $(id -u www-data)\).*polkit/50-card.rules" || true)
    [[ $told == 8 ]] || fail "$1: only $told of 8 refusals are told: $(<$LOG)"
}

program_install
rm -f $RULES/* # this machine's own, in the overlay
bus_start
unset PCSCD_OPTIONS # this pcscd asks polkit, which lets root in
program_card
install -m 644 "$EXAMPLES/nginx.conf" /etc/nginx/sites-available/$NAME.conf
rm -f /etc/nginx/sites-enabled/*
ln -s ../sites-available/$NAME.conf /etc/nginx/sites-enabled/
sed -i 's/^worker_processes .*/worker_processes 2;/' /etc/nginx/nginx.conf
mkdir -p /var/www/html && echo "the page" >/var/www/html/index.html
/usr/sbin/nginx -g 'daemon off;' &
NGINX_PID=$!
wait_until 10 "nginx to listen" program_listens 443

# As polkit comes: nobody but root, and who sits before the machine. No PIN has been sent.
apdu_log_clear
refused "without a rule"
[[ $(apdu_count) == 0 ]] || fail "the card was reached all the same: $(apdu_list)"

# Half a rule: pcscd lets them in, but to no card.
sed 's/\.access_card"/.no_such_action"/' "$EXAMPLES/polkit/50-card.rules" >$RULES/50-card.rules
wait_until 60 "polkit to read the rule" may_use access_pcsc
refused "without access to the card"
[[ $(apdu_count) == 0 ]] || fail "the card was reached all the same: $(apdu_list)"

# The rule. The same workers serve, without having been restarted.
install -m 644 "$EXAMPLES/polkit/50-card.rules" $RULES/
wait_until 60 "polkit to read the rule" may_use access_card
tls_kinds 443
expect_signed 100 handshakes 443 100 8
echo "100 handshakes of www-data's: 100 signatures, other commands: $(other_commands)"

# Taken back, it holds for who comes after that: nobody else's leave is touched.
rm $RULES/50-card.rules
wait_until 60 "polkit to forget the rule" eval '! may_use access_pcsc'
before=$(workers)
kill -HUP $NGINX_PID
wait_until 60 "other workers" other_workers
refused "with new workers, and the rule gone"
kill -QUIT $NGINX_PID
wait $NGINX_PID || fail "nginx ended with $?"
