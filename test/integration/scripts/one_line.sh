#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# keys: 1
# The line that every certificate authority's help page has.
openssl req -new -newkey rsa:2048 -nodes -keyout k.pem -out r.csr \
    -subj "/C=PL/ST=Mazowieckie/L=Warszawa/O=Example/CN=www.example.org"
