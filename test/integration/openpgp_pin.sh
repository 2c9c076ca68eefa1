#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The PINs of OpenPGP cards: wrong ones, the last try, blocked ones, hashed ones (KDF), and who may see them.
source "$(dirname "$0")/lib.sh"
source "$HERE/gpg.sh"

ADMIN=12345678
SELECT=00A4040006D27600012401

# tool COMMAND...: must work.
tool() {
    "$CARD_TOOL" "$@" >out 2>err || fail "$*: $(<err)"
}

# refused TEXT VERIFIES COMMAND...: fails with that text, after so many PINs were sent.
refused() {
    local text=$1 verifies=$2
    shift 2
    apdu_log_clear
    expect_failure "$CARD_TOOL" "$@"
    expect_in "$text" err
    [[ $(pins_sent) == "$verifies" ]] || fail "$(pins_sent) PINs sent, not $verifies: $(apdu_list)"
    if grep -q -e "$PIN" -e 654321 err; then fail "a PIN is shown: $(<err)"; fi
}

tries() {
    "$CARD_TOOL" pin-status card:app=openpgp | sed 's/.*tries=//'
}

pcscd_start
echo $PIN >good
echo 654321 >bad
printf '\303\244\303\266\303\274123' >utf8 # six characters, nine bytes

# A card that tells the tries left in its answer, and one that does not (YubiKey).
for profile in openpgp yubikey; do
    card_insert --state $profile.state --profile $profile --serial 87000001 --key sig=p256 --key aut=p256 --key dec=p256
    for slot in sig aut; do
        tool sign "card:app=openpgp;slot=$slot?pin-source=file:good" 2
    done
    [[ $(tries) == 3 ]] || fail "$(tries) tries"
    refused "tries left: 2" 1 sign "card:slot=sig?pin-source=file:bad" 1
    [[ $(tries) == 2 ]] || fail "$(tries) tries"
    # The same process does not try again, whichever key asks: fork signs three times.
    refused "tries left: 1" 1 sign "card:slot=aut?pin-source=file:bad" 3
    refused "only one try is left" 0 sign "card:slot=sig?pin-source=file:good"
    [[ $(tries) == 1 ]] || fail "the last try was spent"
    tool sign "card:slot=sig?pin-source=file:good&use-last-try=yes"
    [[ $(tries) == 3 ]] || fail "$(tries) tries after a right one"
    # Too short, too long, or absent: not sent.
    echo 12345 >short
    head -c 200 /dev/zero | tr '\0' 1 >long
    refused "too short" 0 sign "card:slot=sig?pin-source=file:short"
    refused "too long" 0 sign "card:slot=sig?pin-source=file:long"
    refused "pin-source" 0 sign "card:slot=sig"
    # The admin PIN: wrong, and its last try.
    refused "too short" 0 generate card:app=openpgp aut P-384 1234567 overwrite
    refused "tries left: 2" 1 generate card:app=openpgp aut P-384 87654321 overwrite
    refused "tries left: 1" 1 generate card:app=openpgp aut P-384 87654321 overwrite
    refused "admin PIN, and it was not spent" 0 generate card:app=openpgp aut P-384 $ADMIN overwrite
    # Blocked.
    apdu_send $SELECT 0020008106393939393939 0020008106393939393939 0020008106393939393939 >answers
    refused "blocked" 0 sign "card:slot=sig?pin-source=file:good"
    refused "blocked" 0 sign "card:slot=aut?pin-source=file:good"
    # The owner sets another one, with letters of his own: by the admin PIN, whose last try is the right one.
    apdu_send $SELECT 00200083083132333435363738 002C028109C3A4C3B6C3BC313233 >answers
    expect_in "SW1=0x90" answers
    tool sign "card:slot=sig?pin-source=file:utf8"
    refused "tries left: 2" 1 sign "card:slot=sig?pin-source=file:good"
    card_remove
done

# A PIN is hashed where the card wants that, and the card is told nothing else.
for profile in openpgp yubikey; do
    rm -f card.state
    card_insert --profile $profile --serial 87000001
    pins_set 123456 12345678
    gpg_card admin kdf-setup
    gpg_forget
    [[ $("$CARD_TOOL" generate card:app=openpgp sig P-256 $ADMIN) == "EC 256" ]] || fail "no key"
    apdu_log_clear
    tool sign "card:slot=sig?pin-source=file:good" 2
    apdu_log | jq -r 'select(.ins == "20") | .command' | grep -Eq '^00200081(20|40)' || fail "not hashed: $(apdu_log)"
    if apdu_log | grep -q 313233343536; then fail "the PIN went as it is"; fi
    refused "tries left: 2" 1 sign "card:slot=sig?pin-source=file:bad"
    tool sign "card:slot=sig?pin-source=file:good"
    card_remove
done

# What cannot be right is no reason to send anything: too many rounds, too few, no salt, an unknown hash.
SALT=84080102030405060708
for kdf in 810103820108830403E00001$SALT 810103820108830400000000$SALT 8101038201088304001000008404010203 \
    810103820109830400100000$SALT 810102820108830400100000$SALT 81010382010883040010 8101 810103; do
    rm -f card.state
    card_insert --profile openpgp --serial 87000001 --key sig=p256 --openpgp-object "F9=$kdf"
    refused "" 0 sign "card:slot=sig?pin-source=file:good"
    grep -Eq "KDF|data object|ends inside" err || fail "not told why: $(<err)"
    refused "" 0 generate card:app=openpgp aut P-256 $ADMIN
    [[ $(tries) == 3 ]] || fail "$(tries) tries"
    card_remove
done
