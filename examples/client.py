#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Fetches a page from a server that asks for a client certificate, whose key is on a smart card.

    OPENSSL_CONF=/etc/ssl/openssl-card.cnf ./client.py URL CA_FILE CERTIFICATE KEY PIN_FILE

KEY is a key reference. What Python calls its password is the card's PIN.
"""
import ssl
import sys
import urllib.request

url, ca_file, certificate, key, pin_file = sys.argv[1:6]
context = ssl.create_default_context(cafile=ca_file)
with open(pin_file, encoding="ascii") as file:
    context.load_cert_chain(certificate, key, password=file.readline().strip())
with urllib.request.urlopen(url, context=context, timeout=20) as answer:
    print(answer.read().decode(), end="")
