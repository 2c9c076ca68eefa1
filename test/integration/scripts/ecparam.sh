#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# keys: 1
# The old way to an elliptic curve key.
set -e
openssl ecparam -genkey -name prime256v1 -noout -out k.pem
openssl req -new -sha256 -key k.pem -subj "/CN=www.example.org" -out r.csr
