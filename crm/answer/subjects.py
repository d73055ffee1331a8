"""Subjects of what we send: one `Re:`, and the request's number in brackets so that people can find it."""

from __future__ import annotations

import re

_ANSWERS = re.compile(r"^\s*((re|aw|sv|antw|odp|rif|r|fwd?|wg|tr|i)\s*(\[\d+\])?\s*:\s*)+", re.IGNORECASE)
_LONGEST = 500


def with_token(subject: str, number: str) -> str:
    """`Broken printer [R-2026-17]`; as it is where the token stands there."""
    token = f"[{number}]"
    if token.lower() in subject.lower():
        return subject.strip()[:_LONGEST]
    return f"{subject.strip()[: _LONGEST - len(token) - 1]} {token}".strip()


def answer_to(subject: str) -> str:
    """`Re: Broken printer`, whatever stood in front before."""
    return f"Re: {_plain(subject)}".strip()


def forward_of(subject: str) -> str:
    """`Fwd: Broken printer`."""
    return f"Fwd: {_plain(subject)}".strip()


def _plain(subject: str) -> str:
    one_line = " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", subject).split())
    return _ANSWERS.sub("", one_line).strip()
