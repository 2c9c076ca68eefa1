#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# OpenSC's plainest tool sees the card, its ATR, and what it answers to bare commands.
source "$(dirname "$0")/lib.sh"

pcscd_start
card_insert --profile yubikey --serial 12345678 --key 9a=p256

opensc-tool --list-readers >readers
expect_in "Virtual PCD 00 00" readers
opensc-tool --reader "$READER" --atr >atr
expect_in "3b:fd:13:00:00:81:31:fe:15:80:73:c0:21:c0:57:59:75:62:69:4b:65:79:40" atr

apdu_send 00A4040005A000000308 00F80000 00FD0000 00F7009A00 >answers
expect_in "00 BC 61 4E" answers
expect_in "05 07 01" answers
[[ $(grep -c 'SW1=0x90, SW2=0x00' answers) == 4 ]] || fail "not four good answers: $(cat answers)"
[[ $(apdu_list) == "a4:9000 f8:9000 fd:9000 f7:9000" ]] || fail "logged: $(apdu_list)"
[[ $(apdu_count) == 4 ]] || fail "counted: $(apdu_count)"
