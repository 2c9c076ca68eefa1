#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# keys: 1
# Key first, request second.
set -e
openssl genrsa -out k.pem 2048
chmod 600 k.pem
openssl req -new -sha256 -key k.pem -subj "/CN=www.example.org" -out r.csr
