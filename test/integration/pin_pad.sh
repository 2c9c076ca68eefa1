#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# PINs that are typed at the reader's keypad: who is asked, how often, and what comes of a slip of the finger.
source "$(dirname "$0")/lib.sh"
source "$HERE/pin_pad_lib.sh"
source "$HERE/gpg.sh"

P=(-provider default -provider card)
SHOWN_PIN="present, 6 to 8 digits, block 8, 30 seconds"

# request KEY [OPTION...]: a request by the program, with nobody at a terminal.
request() {
    setsid -w "${OPENSSL[@]}" req -new "${P[@]}" -key "$@" -subj /CN=x -out request.pem </dev/null >out 2>err
}

# forget: somebody else resets the card. (A card that keeps its power keeps what was verified, for the next
# process as well.)
printf '#!/bin/bash\nexec opensc-tool --reader "%s" --reset=warm\n' "$READER" >reset
chmod 700 reset
forget() {
    ./reset >/dev/null
}

# asks LINE KEY [OPTION...]: somebody types that, once, and there is a good request.
asks() {
    forget
    pad_clear
    type_at_pad "$1"
    apdu_log_clear
    request "${@:2}" || fail "${*:2}: $(<err)"
    openssl req -verify -noout -in request.pem 2>/dev/null
    expect_entries 1
}

# asks_nobody KEY [OPTION...]: a good request, and the keypad has nothing to do with it.
asks_nobody() {
    pad_clear
    request "$@" || fail "$*: $(<err)"
    expect_entries 0
}

# refused TEXT ENTRIES COMMAND...: fails, says that first, and so many commands asked for a PIN.
refused() {
    local text=$1 count=$2
    shift 2
    forget
    apdu_log_clear
    : >"$PIN_PAD/entries"
    expect_failure "$@"
    grep ':error:' err | head -n 1 | grep -Fq -- "$text" || grep -Fq -- "$text" err || fail "not '$text': $(<err)"
    expect_entries "$count"
    if grep -q -e "$PIN" -e 654321 err; then fail "a PIN is shown: $(<err)"; fi
}

tries() {
    forget
    "$CARD_TOOL" pin-status "card:app=${1:-piv}" | sed 's/.*tries=//'
}

echo $PIN >good
pcscd_start

# ---- PIV, with and without Yubico's metadata ------------------------------------------------

for profile in piv yubikey; do
    rm -f card.state
    card_insert --profile $profile --serial 12345678 --key 9a=p256 --key 9c=p256:always --certificate 9a=/CN=x --certificate 9c=/CN=x
    asks $PIN "card:slot=9a"
    [[ $(entries) == "verify 00200080 $SHOWN_PIN: 9000" ]] || fail "$(entries)"
    [[ $(pins_sent) == 1 ]] || fail "$(pins_sent) PINs: $(apdu_list)"
    (($(apdu_count) <= 8)) || fail "$(apdu_count) commands: $(apdu_list)"

    # Once in a process, or each time, as the key wants it.
    forget
    pad_clear
    type_at_pad $PIN
    "$CARD_TOOL" sign "card:slot=9a" 3
    expect_entries 1
    type_at_pad $PIN $PIN $PIN
    "$CARD_TOOL" sign "card:slot=9c" 3
    expect_entries 4
    # Processes that share the card share what was typed: each of these would ask by itself.
    forget
    pad_clear
    type_at_pad $PIN
    "$CARD_TOOL" fork "card:slot=9a"
    expect_entries 1

    # Somebody else resets the card between two signatures: what was typed is gone, and is wanted again.
    forget
    pad_clear
    type_at_pad $PIN $PIN
    "$CARD_TOOL" sign "card:slot=9a" 2 ./reset
    expect_entries 2

    # Sources that are named go first; so does a person at the host, if somebody says so.
    asks_nobody "card:slot=9a?pin-source=file:good"
    asks_nobody "card:slot=9a?pin-source=host:" -passin pass:$PIN
    asks $PIN "card:slot=9a?pin-source=pad:" -passin pass:654321
    refused "there is no terminal" 0 request "card:slot=9a?pin-source=host:"

    # Nobody types, somebody thinks better of it, or types too little: no try is gone, and nothing is asked twice.
    [[ $(tries) == 3 ]] || fail "$(tries) tries"
    echo 200 >"$PIN_PAD/patience"
    refused "no PIN was typed" 1 request "card:slot=9a"
    rm "$PIN_PAD/patience"
    type_at_pad cancel
    refused "was cancelled" 1 request "card:slot=9a"
    type_at_pad 12345
    refused "it takes 6 to 8 digits" 1 request "card:slot=9a"
    [[ $(pins_sent) == 0 ]] || fail "a PIN was sent: $(apdu_list)"
    [[ $(tries) == 3 ]] || fail "$(tries) tries"

    # A wrong one costs a try, and is not asked for again; the last try is kept.
    type_at_pad 654321
    refused "typed at the reader's keypad (tries left: 2)" 1 request "card:slot=9a"
    type_at_pad 654321
    refused "(tries left: 1)" 1 "$CARD_TOOL" sign "card:slot=9a" 1
    [[ $(pins_sent) == 1 ]] || fail "$(pins_sent) PINs sent: $(apdu_list)"
    refused "only one try is left" 0 request "card:slot=9a"
    [[ $(tries) == 1 ]] || fail "the last try was spent"
    asks $PIN "card:slot=9a?use-last-try=yes"
    [[ $(tries) == 3 ]] || fail "$(tries) tries after a right one"
    card_remove
done

# ---- the program, a person, a server --------------------------------------------------------

card_insert --state server.state --profile yubikey --serial 12345678 --key 9a=p256 --key 9e=p256:never
openssl pkey "${P[@]}" -in "card:slot=9e" -pubout -out /dev/null
# At a terminal it is said where to type, and nothing is asked.
forget
type_at_pad $PIN
python3 "$HERE/person.py" -- "${OPENSSL[@]}" req -x509 "${P[@]}" -key "card:slot=9a" -subj /CN=example.org \
    -out server.crt >screen
expect_in "Type the PIN of the PIV card at the keypad of the reader \"$READER\"" screen
[[ $(wc -l <screen) == 1 ]] || fail "more than that: $(<screen)"

# A server asks at its first handshake, not before, and not again.
forget
pad_clear
"${OPENSSL[@]}" s_server "${P[@]}" -accept 127.0.0.1:4433 -cert server.crt -key "card:slot=9a" -quiet -naccept 4 \
    </dev/null >server.log 2>&1 &
server=$!
wait_until 10 "the server" _port_open 4433
expect_entries 0
handshake() {
    echo | openssl s_client -connect 127.0.0.1:4433 -CAfile server.crt -verify_return_error >client.log 2>&1 ||
        fail "handshake: $(tail -n 5 client.log server.log)"
}
type_at_pad $PIN
handshake
handshake
expect_entries 1
# What another program makes the card forget has to be typed again: by selecting another application, by a reset.
"$SELECT_OTHER" "$READER" 1
type_at_pad $PIN
handshake
expect_entries 2
forget
type_at_pad $PIN
handshake
expect_entries 3
wait $server || true

# verify = load: the PIN is typed when the key is loaded, and a wrong one is known then.
openssl_configuration "verify = load"
pad_clear
type_at_pad 654321
refused "(tries left: 2)" 1 env OPENSSL_CONF="$WORK/openssl.cnf" "${OPENSSL[@]}" pkey -in "card:slot=9a" -noout
type_at_pad $PIN
: >"$PIN_PAD/entries"
OPENSSL_CONF=$WORK/openssl.cnf openssl pkey -in "card:slot=9a" -noout
expect_entries 1
# What the configuration names goes before the keypad.
openssl_configuration "pin-source = file:$WORK/good"
OPENSSL_CONF=$WORK/openssl.cnf asks_nobody "card:slot=9a"

# ---- references -----------------------------------------------------------------------------

openssl pkey "${P[@]}" -in "card:slot=9a" -out pad.pem
openssl pkey "${P[@]}" -in "card:slot=9a?pin-source=host:" -passin pass:$PIN -out host.pem
openssl pkey "${P[@]}" -in "card:slot=9e" -out never.pem
how() {
    openssl asn1parse -in "$1" | sed -n 's/.*ENUMERATED *://p'
}
[[ $(how pad.pem) == 03 && $(how host.pem) == 01 && $(how never.pem) == 00 ]] || fail "$(how pad.pem) $(how host.pem)"
pad_clear
expect_apdus 0 openssl pkey "${P[@]}" -in pad.pem -noout
expect_entries 0
asks $PIN pad.pem -passin pass:654321
asks_nobody host.pem -passin pass:$PIN
asks_nobody never.pem
OPENSSL_CONF=$WORK/openssl.cnf asks_nobody pad.pem

# ---- readers that say something else --------------------------------------------------------

# told FILE HEX...: that is what the reader says, and there is no keypad then: the PIN is asked for here.
told() {
    echo "${@:2}" >"$PIN_PAD/$1"
    asks_nobody "card:slot=9a" -passin pass:$PIN
}
told features
refused "has none that serves" 0 request "card:slot=9a?pin-source=pad:"
refused "no keypad for PINs" 0 request pad.pem
expect_in "pin-source" err
told features 06 04 42 33 00
refused "list of features is malformed" 0 request "card:slot=9a?pin-source=pad:"
told features 06 05 42 33 00 06 07 04 42 33 00 07
told features 12 04 42 33 00 12 ff
told features 07 04 42 33 00 07
rm "$PIN_PAD/features"
told properties 06 01 0a 07 01 08
refused "list of properties is malformed" 0 request "card:slot=9a?pin-source=pad:"
told properties 06 01
told properties 06 02 04 00
told properties 06 01 04 07 01 05
refused "takes 4 to 5 digits" 0 request "card:slot=9a?pin-source=pad:"
echo 08 02 56 31 06 01 07 >"$PIN_PAD/properties"
type_at_pad $PIN
refused "it takes 7 to 8 digits" 1 request "card:slot=9a"
rm "$PIN_PAD/properties"
# A feature that the reader does not serve after all.
echo 06 04 42 33 00 99 >"$PIN_PAD/features"
refused "keypad" 0 request "card:slot=9a"
rm "$PIN_PAD/features"
[[ $(tries) == 3 ]] || fail "$(tries) tries"
card_remove

# ---- Certum: what no keypad pads -----------------------------------------------------------

card_insert --state certum.state --profile certum --key rsa1=rsa2048
asks_nobody "card:slot=rsa1" -passin pass:$PIN
refused "cannot be typed at a reader's keypad" 0 request "card:slot=rsa1?pin-source=pad:"
card_remove

# ---- OpenPGP: as long as they are -----------------------------------------------------------

for profile in openpgp yubikey; do
    card_insert --state openpgp.$profile --profile $profile --serial 87000001 --key sig=p256 --key dec=p256 --key aut=p256
    asks $PIN "card:slot=aut"
    [[ $(entries) == "verify 00200082 present, 6 to 16 digits, block 0, 30 seconds: 9000" ]] || fail "$(entries)"
    asks $PIN "card:slot=sig"
    [[ $(entries) == "verify 00200081 "* ]] || fail "$(entries)"
    type_at_pad 654321
    refused "(tries left: 2)" 1 request "card:slot=sig"
    type_at_pad cancel
    refused "was cancelled" 1 request "card:slot=sig"
    [[ $(tries openpgp) == 2 ]] || fail "$(tries openpgp) tries"
    card_remove
done

# A card that wants its PIN hashed: no keypad does that, so it is asked for here, or the reason is said.
card_insert --state kdf.state --profile yubikey --serial 87000001 --key sig=p256
echo disable-pinpad >>"$GNUPGHOME/scdaemon.conf"
pins_set $PIN 12345678
gpg_card admin kdf-setup
gpg_forget
asks_nobody "card:slot=sig" -passin pass:$PIN
refused "hashed (KDF)" 0 request "card:slot=sig"
refused "hashed (KDF)" 0 request "card:slot=sig?pin-source=pad:" -passin pass:$PIN
[[ $(tries openpgp) == 3 ]] || fail "$(tries openpgp) tries"
