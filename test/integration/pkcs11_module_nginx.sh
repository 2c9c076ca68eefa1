#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# nginx with examples/nginx.conf and keys behind a PKCS #11 module: the master loads the keys as root, two workers
# use them as www-data, each with a process of its own for the module; nothing is left behind.
source "$(dirname "$0")/lib.sh"
source "$HERE/program.sh"

NGINX=/usr/sbin/nginx
SOFTHSM=/usr/lib/softhsm/libsofthsm2.so

# What is installed is used: nginx passes no variable on to its workers.
program_install
program_overlay /usr/local
install -D -m 755 "$CARD_PKCS11_PROGRAM" /usr/local/libexec/reissue/card-pkcs11-module
unset CARD_PKCS11_PROGRAM SOFTHSM2_CONF
mkdir -p /var/lib/softhsm/tokens
printf 'directories.tokendir = /var/lib/softhsm/tokens\nobjectstore.backend = file\n' >/etc/softhsm/softhsm2.conf
chmod 755 /etc/softhsm /var/lib/softhsm
chmod 644 /etc/softhsm/softhsm2.conf

softhsm2-util --init-token --free --label server --so-pin 87654321 --pin "$PIN" >/dev/null
for key in "01 EC:prime256v1" "02 rsa:2048"; do
    pkcs11-tool --module $SOFTHSM --login --pin "$PIN" --keypairgen --id "${key% *}" --key-type "${key#* }" \
        --usage-sign >/dev/null 2>&1
done
chown -R www-data: /var/lib/softhsm/tokens
command openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -subj "/CN=Example CA" \
    -days 30 -out "$CA_FILE" -addext basicConstraints=critical,CA:TRUE 2>/dev/null
for key in "01 $NAME" "02 $NAME.rsa"; do
    uri="card:slot=${key% *}?module-path=$SOFTHSM&pin-source=file:$KEYS/$NAME.pin"
    openssl pkey -in "$uri" -out "$KEYS/${key#* }.key"
    program_certificate "${key#* }" "$uri" "/CN=$NAME" "subjectAltName=DNS:$NAME,DNS:localhost,IP:127.0.0.1" \
        "extendedKeyUsage=serverAuth"
done
install -m 644 "$EXAMPLES/nginx.conf" /etc/nginx/sites-available/$NAME.conf
rm -f /etc/nginx/sites-enabled/*
ln -s ../sites-available/$NAME.conf /etc/nginx/sites-enabled/
sed -i 's/^worker_processes .*/worker_processes 2;/' /etc/nginx/nginx.conf
echo 'log_format worker "$pid"; access_log /var/log/nginx/workers.log worker;' >/etc/nginx/conf.d/workers.conf
mkdir -p /var/www/html && echo "the page" >/var/www/html/index.html

helpers() {
    ps -e -o stat=,user=,args= | awk '$1 !~ /^Z/ && $3 == "card-pkcs11-module" { print $2 }'
}

nginx_start() {
    "$NGINX" -g 'daemon off;' &
    NGINX_PID=$!
    wait_until 10 "nginx to listen" program_listens 443
}

"$NGINX" -t
nginx_start
[[ -z $(helpers) ]] || fail "starting took a process: $(helpers)"
handshakes 443 400 8 SignatureAlgorithms=ECDSA+SHA256:RSA-PSS+SHA256
handshakes 443 400 8 SignatureAlgorithms=RSA-PSS+SHA256
sort /var/log/nginx/workers.log | uniq -c | tee served
[[ $(awk '$1 >= 10' served | wc -l) == 2 ]] || fail "one of the workers had nothing to do"
# Each worker has a module's process for the token and one that looked for the second key, and those who watch
# them; as www-data.
[[ $(helpers | sort | uniq -c | tr -s ' ') == " 8 www-data" ]] || fail "not four processes for each worker: $(helpers)"

# One worker's module is killed: at most what was being signed is lost, and the next handshake is good.
for process in $(pgrep -f card-pkcs11-module); do
    kill -9 "$process" 2>/dev/null || true
done
sleep 0.3
handshakes 443 100 4

# Reload: the old workers' modules go with them.
kill -HUP "$NGINX_PID"
sleep 1
handshakes 443 100 4
# shellcheck disable=SC2317
eight_left() { (($(helpers | wc -l) <= 8)); }
wait_until 10 "the old workers' modules to end" eight_left
[[ -z $(grep -v -e notice -e 'unknown process' /var/log/nginx/error.log) ]] || fail "nginx complains: $(</var/log/nginx/error.log)"
if grep -q "unknown process" /var/log/nginx/error.log; then fail "nginx found a child of ours"; fi
kill -QUIT "$NGINX_PID"
wait "$NGINX_PID" || fail "nginx ended with $?"
nothing_left() { [[ -z $(helpers) ]]; }
wait_until 10 "no module's process to be left" nothing_left
