#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# keys: 2
# The tutorial that ends in a certificate authority of one's own.
set -e
openssl genrsa -out ca.key 2048
openssl req -x509 -new -nodes -key ca.key -sha256 -days 1825 -subj "/CN=Example CA" -out ca.pem
openssl genrsa -out k.pem 2048
openssl req -new -key k.pem -subj "/CN=www.example.org" -out r.csr
openssl x509 -req -in r.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out r.crt -days 825 -sha256
openssl verify -CAfile ca.pem r.crt
