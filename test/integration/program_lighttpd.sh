#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# lighttpd with examples/lighttpd.conf, as www-data.
source "$(dirname "$0")/lib.sh"
source "$HERE/program.sh"

lighttpd_start() {
    /usr/sbin/lighttpd -D -f /etc/lighttpd/lighttpd.conf &
    LIGHTTPD_PID=$!
    wait_until 10 "lighttpd to listen" program_listens 443
}

lighttpd_stop() {
    kill -TERM "$LIGHTTPD_PID"
    wait "$LIGHTTPD_PID" || fail "lighttpd ended with $?: $(</var/log/lighttpd/error.log)"
}

program_install
program_card
program_reference_with_source $NAME 9a
install -m 644 "$EXAMPLES/lighttpd.conf" /etc/lighttpd/conf-available/50-card.conf
/usr/sbin/lighttpd-enable-mod card >/dev/null
mkdir -p /var/www/html && echo "the page" >/var/www/html/index.html
chown -R www-data /var/log/lighttpd /var/cache/lighttpd
expect_apdus 0 /usr/sbin/lighttpd -tt -f /etc/lighttpd/lighttpd.conf
lighttpd_start
tls_kinds 443 ec
expect_signed 100 handshakes 443 100 8
lighttpd_stop
lighttpd_start
expect_signed 20 handshakes 443 20 4
lighttpd_stop
