#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# nginx with examples/nginx-store.conf: the key by its URI, the PIN by ssl_password_file, two workers, reload.
source "$(dirname "$0")/lib.sh"
source "$HERE/program.sh"

SITE=/etc/nginx/sites-available/$NAME.conf
LOG=/var/log/nginx/error.log

workers() {
    pgrep -P "$NGINX_PID" -u www-data | sort
}

other_workers() {
    [[ $(workers | wc -l) == 2 && -z $(comm -12 <(echo "$before") <(workers)) ]]
}

# refused TEXT: the configuration is, and the first of OpenSSL's errors is ours.
refused() {
    expect_failure /usr/sbin/nginx -t
    grep -E '\[emerg\].*error:[0-9A-F]*:' err | sed 's/.*\(error:[0-9A-F]*:[^)]*\).*/\1/' | grep -Eq "^error:[0-9A-F]*:card:.*$1" ||
        fail "not '$1': $(<err)"
}

program_install
program_card
install -m 644 "$EXAMPLES/nginx-store.conf" $SITE
rm -f /etc/nginx/sites-enabled/*
ln -s ../sites-available/$NAME.conf /etc/nginx/sites-enabled/
sed -i 's/^worker_processes .*/worker_processes 2;/' /etc/nginx/nginx.conf
mkdir -p /var/www/html && echo "the page" >/var/www/html/index.html

/usr/sbin/nginx -g 'daemon off;' &
NGINX_PID=$!
wait_until 10 "nginx to listen" program_listens 443
tls_kinds 443 ec
expect_signed 200 handshakes 443 200 8
echo "200 handshakes: 200 signatures, other commands: $(other_commands)"
before=$(workers)
kill -HUP "$NGINX_PID"
wait_until 10 "two other workers" other_workers
expect_signed 20 handshakes 443 20 4
[[ -z $(grep -v notice $LOG) ]] || fail "nginx complains: $(<$LOG)"
kill -QUIT "$NGINX_PID"
wait "$NGINX_PID" || fail "nginx ended with $?"

# What can be wrong.
sed -i 's|store:card:slot=9a"|store:card:slot=9d"|' $SITE
refused 'slot 9d is empty'
sed -i 's|store:card:slot=9d"|store:card:slto=9a"|' $SITE
refused 'slto'
