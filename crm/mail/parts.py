"""The parts of a mail."""

from __future__ import annotations


def content(raw: bytes, number: int) -> bytes:
    """What is in an attachment, decoded. Raises `crm.errors.NotThere` for a number that the mail does not have."""
    raise NotImplementedError
