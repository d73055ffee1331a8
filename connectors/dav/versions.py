"""Versions of items: strong entity tags where the server gives them, hashes of the content where not.

A weak tag (RFC 9110 8.8.1) does not promise that the text is the same, and cannot be used in ``If-Match``; an item
with a weak tag or none gets a version that begins with ``hash:``.
"""

from __future__ import annotations

import re

from sync_engine.item import digest_of

_HASH = "hash:"
_COMPRESSED = re.compile(r'[-;](?:gzip|br|deflate|zstd)"$')  # added by proxies that compress (Apache mod_deflate)


def strong_tag(written: str | None) -> str:
    """A strong entity tag in its one right spelling; "" for a weak one or none."""
    tag = (written or "").strip()
    if not tag or tag.startswith("W/"):
        return ""
    if not (tag.startswith('"') and tag.endswith('"') and len(tag) > 1):
        tag = f'"{tag.strip(chr(34))}"'
    return _COMPRESSED.sub('"', tag)


def content_version(text: str) -> str:
    """The version of a text whose server gives no strong tag."""
    return _HASH + digest_of(text)


def is_tag(version: str) -> bool:
    """Can this version be sent in ``If-Match``?"""
    return version.startswith('"')


def normal_text(text: str) -> str:
    """The same text, however it was carried: XML turns CRLF into LF and servers indent it."""
    lines = text.lstrip("\ufeff \t\r\n").rstrip().replace("\r\n", "\n")
    return lines.replace("\n", "\r\n") + "\r\n"
