#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# HAProxy with examples/haproxy.cfg, master and worker as Debian starts them, with Debian's own chroot.
source "$(dirname "$0")/lib.sh"
source "$HERE/program.sh"

haproxy_start() {
    /usr/sbin/haproxy -W -db -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid >>haproxy.err 2>&1 &
    HAPROXY_PID=$!
    wait_until 10 "HAProxy to listen" program_listens 443
}

# The process that serves has left for its chroot: nothing outside can be reached by it.
worker_is_in_chroot() {
    local worker
    worker=$(pgrep -P "$HAPROXY_PID" -u haproxy -n)
    [[ $(readlink "/proc/$worker/root") == /var/lib/haproxy ]]
}

new_worker() {
    local now
    now=$(pgrep -P "$HAPROXY_PID" -u haproxy -n)
    [[ -n $now && $now != "$before" ]] && worker_is_in_chroot
}

program_install
program_card
install -m 644 "$EXAMPLES/haproxy.cfg" /etc/haproxy/haproxy.cfg
program_reference_with_source $NAME 9a
cat "$CERTS/$NAME.pem" "$KEYS/$NAME.key" >"$KEYS/$NAME.bundle.pem"
mkdir -p /run/haproxy
program_web_server

expect_apdus 0 /usr/sbin/haproxy -c -f /etc/haproxy/haproxy.cfg

# Without the socket in the chroot no handshake succeeds.
haproxy_start
wait_until 10 "HAProxy to be in its chroot" worker_is_in_chroot
apdu_log_clear
expect_failure stranger "$TLS_LOAD" 443 1 1 "$CA_FILE"
[[ $(apdu_count) == 0 ]] || fail "the chroot is none"
kill -TERM "$HAPROXY_PID"
wait "$HAPROXY_PID" || true

# What BindPaths= does in examples/systemd/haproxy-card.conf.
source_and_target=$(sed -n 's/^BindPaths=//p' "$EXAMPLES/systemd/haproxy-card.conf")
mkdir -p "${source_and_target#*:}"
mount --bind "${source_and_target%:*}" "${source_and_target#*:}"
haproxy_start
wait_until 10 "HAProxy to be in its chroot" worker_is_in_chroot
tls_kinds 443 ec
expect_signed 200 handshakes 443 200 8
echo "200 handshakes: 200 signatures, other commands: $(other_commands)"
before=$(pgrep -P "$HAPROXY_PID" -u haproxy -n)
handshakes 443 100 4 &
load=$!
kill -USR2 "$HAPROXY_PID"
wait_until 10 "another worker" new_worker
wait $load
expect_signed 20 handshakes 443 20 4
kill -USR1 "$HAPROXY_PID"
wait_until 10 "HAProxy to end" eval '! kill -0 $HAPROXY_PID'
