#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# dns-01 with examples/hooks/nsupdate: BIND's server takes the updates, the CA looks there, and nothing is left behind.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/acme_lib.sh"
source "$(dirname "$0")/reissue_lib.sh"

NAME=www.example.org
make_ca
mkdir named
(umask 077 && printf 'key "reissue" { algorithm hmac-sha256; secret "%s"; };\n' "$(openssl rand -base64 32)" >nsupdate.key)
cat >named/example.org.zone <<'END'
$TTL 60
@ IN SOA ns.example.org. admin.example.org. 1 3600 600 86400 60
@ IN NS ns.example.org.
ns IN A 127.0.0.1
END
cat >named.conf <<END
include "$WORK/nsupdate.key";
options {
    directory "$WORK/named";
    pid-file "$WORK/named/named.pid";
    session-keyfile "$WORK/named/session.key";
    listen-on port 8053 { 127.0.0.1; };
    listen-on-v6 { none; };
    recursion no;
    dnssec-validation no;
};
controls { };
zone "example.org" {
    type primary;
    file "example.org.zone";
    update-policy { grant reissue zonesub TXT CNAME; };
};
END
/usr/sbin/named -c "$WORK/named.conf" -g -n 1 >named.log 2>&1 &
wait_until 30 "the name server" _port_open 8053
pebble_config
pebble_start PEBBLE_AUTHZREUSE=0

# configure KEY: the CA, with the example's hook.
configure() {
    make_config
    sed -i '/^challenge/d; /^listen/d' reissue.conf
    printf '%s\n' "challenge = dns-01" "dns-hook = nsupdate" "[hook nsupdate]" \
        "command = $EXAMPLES/hooks/nsupdate 127.0.0.1 8053 $1" >>reissue.conf
}
records() {
    dig +short +norecurse @127.0.0.1 -p 8053 TXT _acme-challenge.example.org
}

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout old.key -out old.pem -days 3 -subj "/CN=$NAME" \
    -addext "subjectAltName=DNS:*.example.org,DNS:example.org" 2>/dev/null

# Somebody else's key changes nothing: the hook's words are told.
sed 's/secret ".*"/secret "'"$(openssl rand -base64 32 | sed 's,/,\\/,g')"'"/' nsupdate.key >other.key
configure "$WORK/other.key"
expect_reissue 1 start old.pem --name zone --ca pebble --new-key zone.key --batch
expect_in "BADSIG" err
[[ -z $(records) ]] || fail "left behind: $(records)"

# A wildcard and its domain have two records of the same name.
configure "$WORK/nsupdate.key"
expect_reissue 0 resume --batch
key_works zone
[[ -z $(records) ]] || fail "left behind: $(records)"
grep -q "adding an RR at '_acme-challenge.example.org' TXT" named.log || fail "$(tail named.log)"
[[ $(grep -c "deleting an RR at _acme-challenge.example.org TXT" named.log) -ge 2 ]] || fail "$(tail named.log)"
