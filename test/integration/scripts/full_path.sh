#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# keys: 1
# By its full path, and with checks of what came out.
set -e
/usr/bin/openssl req -new -newkey rsa:2048 -nodes -keyout k.pem -out r.csr -subj "/CN=www.example.org"
/usr/bin/openssl req -in r.csr -noout -verify
key=$(/usr/bin/openssl rsa -in k.pem -noout -modulus | /usr/bin/openssl md5)
request=$(/usr/bin/openssl req -in r.csr -noout -modulus | /usr/bin/openssl md5)
[ "$key" = "$request" ]
/usr/bin/openssl rsa -in k.pem -noout -check
/usr/bin/openssl pkey -in k.pem -pubout -out public.pem
/usr/bin/openssl req -in r.csr -noout -pubkey | cmp - public.pem
