#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# keys: 1
# A dialogue, answered by a here-document.
openssl req -new -newkey rsa:2048 -nodes -keyout k.pem -out r.csr <<EOF
PL
Mazowieckie
Warszawa
Example
IT
www.example.org
admin@example.org


EOF
