#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# keys: 1
# A key for a certificate authority of one's own, of the newer kind.
set -e
openssl genpkey -algorithm ED25519 -out k.pem
openssl req -new -key k.pem -subj "/CN=www.example.org" -out r.csr
openssl pkey -in k.pem -pubout -out k.pub
