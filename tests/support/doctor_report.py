# SPDX-License-Identifier: Apache-2.0
"""Compares the whole report of `ocibuild doctor`."""

import re

import peer


def says(client, expected, exit_code, *arguments, names=(), **variables):
    """Runs the doctor; the report is `expected` once what differs between machines is replaced: the first line's numbers and the
    count of CAs by N, times by T, and each (text, name) of `names`."""
    text = client("doctor", *arguments, exit_code=exit_code, **variables).stdout
    for found, name in names:
        text = text.replace(found, name)
    text = re.sub(r"^ocibuild .*\n", "", text)
    text = re.sub(r"\b\d+ ms\b", "T", text)
    text = re.sub(r"clock [-+]\d+\.\d+s", "clock T", text)
    text = re.sub(r"\b\d+ CAs trusted", "N CAs trusted", text)
    text = re.sub(r"\bport \d+", "port N", text)
    text = re.sub(r"\b\d{9,} s\b", "N s", text)
    text = re.sub(r"trust     \d+ CAs /etc/ssl/certs/ca-certificates.crt", "trust     N CAs SYSTEM", text)
    peer.equal("\n" + text, expected, "report")
