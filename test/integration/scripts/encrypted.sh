#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# keys: 1
# A key file with a passphrase, which is not the card's PIN.
set -e
echo "correct horse" > passphrase
openssl genrsa -aes256 -passout file:passphrase -out k.pem 2048
openssl req -new -key k.pem -passin file:passphrase -subj "/CN=www.example.org" -out r.csr
