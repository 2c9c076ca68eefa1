#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# nginx with examples/nginx.conf: master as root, two workers as www-data, reload, restart, 1,000 handshakes.
source "$(dirname "$0")/lib.sh"
source "$HERE/program.sh"

NGINX=/usr/sbin/nginx

workers() {
    pgrep -P "$NGINX_PID" -u www-data | paste -sd' '
}

two_new_workers() {
    local now
    now=$(workers)
    [[ $(wc -w <<<"$now") == 2 && $now != *"${before% *}"* && $now != *"${before#* }"* ]]
}

nginx_start() {
    "$NGINX" -g 'daemon off;' &
    NGINX_PID=$!
    wait_until 10 "nginx to listen" program_listens 443
}

nginx_stop() {
    kill -QUIT "$NGINX_PID"
    wait "$NGINX_PID" || fail "nginx ended with $?"
}

program_install
program_card
install -m 644 "$EXAMPLES/nginx.conf" /etc/nginx/sites-available/$NAME.conf
rm -f /etc/nginx/sites-enabled/*
ln -s ../sites-available/$NAME.conf /etc/nginx/sites-enabled/
sed -i 's/^worker_processes .*/worker_processes 2;/' /etc/nginx/nginx.conf
# Which worker it was, for each request.
echo 'log_format worker "$pid"; access_log /var/log/nginx/workers.log worker;' >/etc/nginx/conf.d/workers.conf
mkdir -p /var/www/html && echo "the page" >/var/www/html/index.html

# Reading the configuration costs the card nothing, with two keys in it.
expect_apdus 0 "$NGINX" -t
apdu_log_clear
nginx_start
[[ $(apdu_count) == 0 ]] || fail "starting cost $(apdu_list)"
tls_kinds 443

# A thousand, of both workers: each one good, and one signature each, which is one exchange with the card.
: >/var/log/nginx/workers.log
expect_signed 1000 handshakes 443 1000 8 SignatureAlgorithms=ECDSA+SHA256:RSA-PSS+SHA256
others=$(other_commands)
echo "1,000 handshakes: 1,000 signatures, other commands: ${others:-none}"
sort /var/log/nginx/workers.log | uniq -c | tee served
[[ $(awk '$1 >= 10' served | wc -l) == 2 ]] || fail "one of the workers had nothing to do"
[[ $(wc -w <<<"$others") -le 8 ]] || fail "more than what two workers' first uses cost: $others"
[[ -z $(grep -v notice /var/log/nginx/error.log) ]] || fail "nginx complains: $(</var/log/nginx/error.log)"

# Reload under load: new workers, no handshake lost, and the PIN is not asked for by the old ones' end.
before=$(workers)
handshakes 443 200 4 &
load=$!
sleep 0.2
kill -HUP "$NGINX_PID"
wait_until 10 "two other workers" two_new_workers
wait $load
expect_signed 20 handshakes 443 20 4

# A worker that is killed is replaced, and the other one and the new one go on.
before=$(workers)
kill -KILL "${before% *}"
wait_until 10 "a worker in its place" eval '[[ $(workers) != "$before" && $(workers | wc -w) == 2 ]]'
expect_signed 20 handshakes 443 20 4

# Restart; then a card that was pulled and put back.
nginx_stop
nginx_start
expect_signed 20 handshakes 443 20 4
card_remove
card_insert
expect_signed 20 handshakes 443 20 4
nginx_stop

# verify = load: the master does not start with a wrong PIN, of which it spends one try though there are two keys, or
# without the card; and says which it was.
refused() {
    expect_failure "$NGINX" -g 'daemon off;'
    head -n 1 "$WORK/err" | grep -Eq "\[emerg\] .*cannot load certificate key .*error:[0-9A-F]*:card:.*$1" ||
        fail "not '$1': $(<"$WORK/err")"
}
sed -i '/^\[card_sect\]/a verify = load' /etc/ssl/openssl-card.cnf
nginx_start
expect_signed 20 handshakes 443 20 4
nginx_stop
cp "$KEYS/$NAME.pin" right-pin
echo 654321 >"$KEYS/$NAME.pin"
apdu_log_clear
refused 'PIV card 12345678 refused the PIN \(tries left: 2\)'
[[ $(pins_sent) == 1 && $(signatures) == 0 ]] || fail "$(pins_sent) PINs were sent, $(signatures) signatures made"
cp right-pin "$KEYS/$NAME.pin"
card_remove
refused 'PIV card 12345678, which is not here: insert that card'
card_insert
nginx_start
expect_signed 20 handshakes 443 20 4
nginx_stop
