#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# PostgreSQL with examples/postgresql.conf, in a cluster as Debian makes them, which is postgres from its start; and
# psql with a client certificate on the card.
source "$(dirname "$0")/lib.sh"
source "$HERE/program.sh"

VERSION=$(find /usr/lib/postgresql -mindepth 1 -maxdepth 1 -printf '%f\n' | sort -V | tail -n 1)
CLUSTER=/etc/postgresql/$VERSION/card
LOG=/var/log/postgresql/postgresql-$VERSION-card.log

cluster() {
    pg_ctlcluster --skip-systemctl-redirect "$VERSION" card "$@" ||
        fail "pg_ctlcluster $*: $(tail -n 5 "$LOG")"
}

as_postgres() {
    (cd / && setpriv --reuid postgres --regid postgres --init-groups "$@")
}

# ask CONNECTION ANSWER: connects, and the server's word for the version of TLS and the client's name is that.
ask() {
    psql --no-psqlrc --tuples-only --no-align --field-separator ' ' --command \
        "select version, client_dn from pg_stat_ssl where pid = pg_backend_pid()" \
        "host=$NAME dbname=postgres sslmode=verify-full sslrootcert=$CA_FILE connect_timeout=20 $1" \
        </dev/null >answer 2>ask.err || fail "psql $1: $(<ask.err)"
    [[ $(<answer) == "$2" ]] || fail "'$(<answer)', not '$2': $1"
}

# Connections by as many psql at once.
ask_many() {
    local i process processes=()
    for ((i = 0; i < $1; i++)); do
        stranger psql --no-psqlrc --quiet --command "select pg_sleep(0.1)" \
            "host=$NAME user=visitor dbname=postgres sslmode=verify-full sslrootcert=$CA_FILE" >/dev/null &
        processes+=($!)
    done
    for process in "${processes[@]}"; do
        wait "$process" || fail "one of $1 connections at once failed"
    done
}

program_install
program_card
program_reference_with_source $NAME 9a
chgrp ssl-cert "$KEYS" "$KEYS/$NAME".{key,pin}
chmod 640 "$KEYS/$NAME".{key,pin}

pg_createcluster --port 5432 "$VERSION" card -- --no-sync >create.out || fail "pg_createcluster: $(<create.out)"
mkdir -p "$CLUSTER/conf.d"
install -m 644 "$EXAMPLES/postgresql.conf" "$CLUSTER/conf.d/card.conf"
echo "OPENSSL_CONF = '/etc/ssl/openssl-card.cnf'" >>"$CLUSTER/environment"
cat >"$CLUSTER/pg_hba.conf" <<'END'
local   all all               peer
hostssl all visitor 0.0.0.0/0 trust
hostssl all client  0.0.0.0/0 cert
END
apdu_log_clear
cluster start
[[ $(apdu_count) == 0 ]] || fail "starting cost $(apdu_list)"
as_postgres psql --quiet --command "create role visitor login; create role client login" postgres

# Each connection is served by a process of its own, which signs for itself.
expect_signed 1 ask user=visitor "TLSv1.3 "
expect_signed 20 ask_many 20
CLIENT="user=client sslcert=$CERTS/client.pem sslkey"
expect_signed 2 ask "$CLIENT=$KEYS/client.key sslpassword=$PIN" "TLSv1.3 /CN=client"
expect_signed 2 ask "$CLIENT=$KEYS/client.key sslpassword=$PIN ssl_max_protocol_version=TLSv1.2" "TLSv1.2 /CN=client"
program_reference_with_source client-source 82
expect_signed 2 ask "$CLIENT=$KEYS/client-source.key" "TLSv1.3 /CN=client"

# By the engine, where there is one: its name, and the key's. libpq gives engines no passphrase.
if [[ -n ${ENGINE_DIR-} ]]; then
    export OPENSSL_ENGINES=$ENGINE_DIR
    expect_signed 2 ask "$CLIENT=card:card:slot=82?pin-source=file:$KEYS/$NAME.pin" "TLSv1.3 /CN=client"
    unset OPENSSL_ENGINES
fi

# A wrong PIN costs one try; libpq tells the reason alone.
apdu_log_clear
expect_failure psql "host=$NAME dbname=postgres sslmode=verify-full sslrootcert=$CA_FILE $CLIENT=$KEYS/client.key sslpassword=000000"
expect_in "SSL error: wrong PIN" err
[[ $(apdu_log | jq -r 'select(.ins == "20").sw' | grep -c '^63c') == 1 ]] || fail "not one try: $(apdu_list)"

# Reload: an RSA key, whose PIN comes by ssl_passphrase_command.
chgrp ssl-cert "$KEYS/$NAME.rsa.key"
chmod 640 "$KEYS/$NAME.rsa.key"
cat >"$CLUSTER/conf.d/rsa.conf" <<END
ssl_cert_file = '$CERTS/$NAME.rsa.pem'
ssl_key_file = '$KEYS/$NAME.rsa.key'
ssl_passphrase_command = 'cat $KEYS/$NAME.pin'
ssl_passphrase_command_supports_reload = on
END
cluster reload
wait_until 10 "the other certificate" eval 'stranger openssl s_client -starttls postgres -connect $NAME:5432 </dev/null 2>/dev/null |
    grep -q "public key is 2048 bit"'
expect_signed 1 ask user=visitor "TLSv1.3 "

# Restart with a PIN that cannot be read: told at the first connection, in PostgreSQL's way, which is the reason alone.
cluster stop
rm "$CLUSTER/conf.d/rsa.conf"
chmod 600 "$KEYS/$NAME.pin"
cluster start
expect_failure psql "host=$NAME user=visitor dbname=postgres sslmode=verify-full sslrootcert=$CA_FILE"
wait_until 10 "the server to say so" grep -q "could not accept SSL connection: no PIN" "$LOG"
cluster stop

# Put right, and with a card that was pulled and put back.
chmod 640 "$KEYS/$NAME.pin"
cluster start
card_remove
card_insert
expect_signed 20 ask_many 20
cluster stop
