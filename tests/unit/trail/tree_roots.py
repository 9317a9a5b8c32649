#!/usr/bin/python3
"""Prints tree_roots.inc: the RFC 6962 roots of the logs of 0 to 300 entries, where entry i is the
decimal number i. Written from section 2.1 of the RFC, in no hurry, with nothing of the exchange's.
"""
import hashlib


def mth(entries):
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    k = 1
    while k * 2 < len(entries):
        k *= 2
    return hashlib.sha256(b"\x01" + mth(entries[:k]) + mth(entries[k:])).digest()


for size in range(301):
    print(f'"{mth([str(i).encode() for i in range(size)]).hex()}",')
