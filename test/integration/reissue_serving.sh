#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A web server that serves from the card, under load all the time, while its certificate gets a successor whose key the
# card takes long to make: no handshake fails, and after the hook's reload the successor is served. How long handshakes
# had to wait for the card meanwhile is reported.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/acme_lib.sh"
source "$(dirname "$0")/reissue_lib.sh"
source "$HERE/program.sh"

SECONDS_TO_GENERATE=${SECONDS_TO_GENERATE:-20}
SECRETS=(--pin-source "file:$KEYS/$NAME.pin" --management-key-source factory --batch)

program_install
acme_begin
pcscd_start
card_insert --profile yubikey --serial 12345678 --key 9a=p256 --generate-seconds "$SECONDS_TO_GENERATE"

# The first certificate is for the key that there is. The hook tells nginx, which is not there yet.
cat >hook <<END
#!/bin/sh
[ ! -e $WORK/nginx.pid ] || kill -HUP "\$(cat $WORK/nginx.pid)"
END
chmod 755 hook
make_config "[certificate $NAME]" "ca = pebble" "deploy-hook = nginx" "[hook nginx]" "command = $WORK/hook"
first_predecessor
expect_reissue 0 start first.crt --ca pebble --key card:slot=9a "${SECRETS[@]}"
cp "$(live "$NAME" cert.pem)" old.pem

cat >nginx.conf <<END
daemon off;
pid $WORK/nginx.pid;
worker_processes 2;
error_log $WORK/nginx.log;
events {}
http {
    access_log off;
    server {
        listen 127.0.0.1:443 ssl;
        ssl_certificate     $(live "$NAME" fullchain.pem);
        ssl_certificate_key $(live "$NAME" privkey.pem);
        ssl_password_file   $KEYS/$NAME.pin;
    }
}
END
/usr/sbin/nginx -c "$WORK/nginx.conf" &
wait_until 10 "nginx to listen" program_listens 443

# A handshake after the other, in two threads, until told to stop: when it began, how long it took, which certificate.
cat >load.py <<'END'
import hashlib, os, socket, ssl, sys, threading, time
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
printing = threading.Lock() # a line and its end are written one by one
def work():
    while not os.path.exists("stop"):
        began = time.monotonic()
        try:
            with socket.create_connection(("127.0.0.1", 443), timeout=60) as plain, context.wrap_socket(plain) as tls:
                outcome = hashlib.sha256(tls.getpeercert(True)).hexdigest()
        except OSError as error:
            outcome = "failed: %s" % error
        with printing:
            print(began, time.monotonic() - began, outcome, flush=True)
        time.sleep(0.02)
threads = [threading.Thread(target=work) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
END
env -u OPENSSL_CONF /usr/bin/python3 load.py >load.out 2>load.err &
LOAD_PID=$!
wait_until 30 "the first handshakes" eval '[[ $(wc -l <load.out) -ge 20 ]]'

expect_reissue 0 start "$NAME" --ca pebble --new-key card: --alg P-256 --revoke now "${SECRETS[@]}"
! cmp -s old.pem "$(live "$NAME" cert.pem)" || fail "the old certificate is still in use"
fingerprint_of() {
    openssl x509 -in "$1" -outform DER | sha256sum | cut -d ' ' -f 1
}
new=$(fingerprint_of "$(live "$NAME" cert.pem)")
served_new() {
    [[ $(tail -n 40 load.out | awk '{print $3}' | sort -u) == "$new" ]]
}
wait_until 60 "handshakes with the new certificate alone" served_new
touch stop
wait "$LOAD_PID" || fail "$(<load.err)"

! grep failed load.out || fail "handshakes failed; nginx: $(<nginx.log)"
[[ $(awk '{print $3}' load.out | sort -u) == "$(printf '%s\n' "$(fingerprint_of old.pem)" "$new" | sort)" ]] ||
    fail "something else was served: $(awk '{print $3}' load.out | sort | uniq -c)"
[[ $(revocation_status old.pem) == Revoked ]] || fail "the old certificate is not revoked"
awk '{ if ($2 > most) most = $2 } END { printf "%d handshakes, none failed; the longest took %.1f s\n", NR, most }' load.out
