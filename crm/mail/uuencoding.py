"""Attachments of old programs: lines that were encoded by uuencode."""

from __future__ import annotations

import binascii


def uu_octets(raw: bytes) -> bytes:
    """What is between begin and end; lines that cannot be decoded are passed over."""
    out: list[bytes] = []
    for line in raw.splitlines():
        if line == b"end":
            break
        if line.startswith(b"begin "):
            out.clear()
            continue
        out.append(_line(line))
    return b"".join(out)


def _line(line: bytes) -> bytes:
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        size = (((line[0] - 32) & 63) * 4 + 5) // 3 if line else 0  # some programs pad too much
        try:
            return binascii.a2b_uu(line[:size])
        except binascii.Error:
            return b""
