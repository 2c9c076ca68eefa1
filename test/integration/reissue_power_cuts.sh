#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The power fails during a job that makes a key in a file, for a certificate that has a predecessor in use.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/acme_lib.sh"
source "$(dirname "$0")/reissue_lib.sh"
source "$(dirname "$0")/reissue_power_lib.sh"

the_certificate "$NAME" "$DISK/new.key" --batch

first_predecessor
expect_reissue 12 start first.crt --key first.key --batch
sign "$DISK"/lib/reissue/jobs/*/request.csr answer.pem
expect_reissue 0 resume --cert answer.pem --batch
rm -r answer.pem "$DISK"/lib/reissue/jobs

record "$WORK/points"
for point in points/*-*; do
    restore "$point"
    check_live
    finish
    check_end
    cmp "$DISK/new.key" "$(live "$NAME" privkey.pem)" || fail "another key is in the file"
done
