"""Keeps secrets out of logs and messages: by the name of a field, by the shape of a header, and by the known values."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from itertools import chain
from threading import Lock
from typing import Any

HIDDEN = "***"
_NAMES = re.compile(r"authorization|password|passwd|secret|token|cookie|api.?key|assertion", re.IGNORECASE)
_HEADER = re.compile(r"\b(Basic|Bearer|Digest)\s+[^\s,'\"]+", re.IGNORECASE)
_SHAPES = (
    (re.compile(r"\b(NTLM|Negotiate)\s+[\w+/=]{16,}", re.IGNORECASE), rf"\1 {HIDDEN}"),
    (re.compile(r"(://[^/@\s:]*:)[^@/\s]+@"), rf"\1{HIDDEN}@"),
    # What libraries print of a sign-in: {"access_token": "..."}, refresh_token=...&, 'device_code': '...'
    (
        re.compile(
            r"\b((?:access|refresh|id)_token|client_secret|client_assertion|code_verifier|device_code|assertion)"
            r"(\\?['\"]?\s*[:=]\s*\\?['\"]?)[^\s\\,;&'\"}\])]+"
        ),
        rf"\1\2{HIDDEN}",
    ),
    # A code of a sign-in is long and has digits; the code of an error has none.
    (re.compile(r"\b(code\\?['\"]?\s*[:=]\s*\\?['\"]?)(?=[\w.~-]*\d)[\w.~-]{16,}"), rf"\1{HIDDEN}"),
    # Google's are known by how they begin: access and refresh tokens, codes, the secrets of its clients.
    (re.compile(r"\bya29\.[\w.~/+-]+|\b1//[\w-]{16,}|\b4(?:/|%2F)0[\w-]{16,}|\bGOCSPX-[\w-]+"), HIDDEN),
    (re.compile(r"(X-Goog-Channel-Token['\"]?\s*[:=]\s*['\"]?)[^\s,'\"]+", re.IGNORECASE), rf"\1{HIDDEN}"),
    (re.compile(r"\bTlRMTVNT[\w+/=]{8,}"), HIDDEN),  # a message of NTLM, which begins with its name in base64
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)*"), HIDDEN),  # a JSON web token, wherever it stands
    (re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----).+?(-----END|$)", re.DOTALL), rf"\1{HIDDEN}\2"),
)
_SHORTEST = 4  # a shorter secret would make every log unreadable; it is still hidden by names and shapes
_RENEWED = 3  # how many of those that followed each other are known
_known: set[str] = set()
_series: dict[str, deque[str]] = {}
_learning = Lock()
_all_known: tuple[str, ...] = ()  # both, in the order in which they are looked for


def learn(secret: str, of: str = "") -> None:
    """From now on this value is hidden wherever it appears.

    `of`: whose it is, where others follow it every hour. Only the latest are remembered: the older ones have run out,
    and every line of a log is compared with all that is known.
    """
    if len(secret) < _SHORTEST:
        return
    with _learning:
        if secret in (_series.setdefault(of, deque(maxlen=_RENEWED)) if of else _known):
            return
        if of:
            _series[of].append(secret)
        else:
            _known.add(secret)
        _put_in_order()


def _put_in_order() -> None:
    """The longest first: one that begins like another must not leave the rest of that in sight."""
    global _all_known  # noqa: PLW0603
    _all_known = tuple(sorted({*_known, *chain.from_iterable(_series.values())}, key=len, reverse=True))


def redact(value: Any, name: str = "") -> Any:
    """The value without secrets; containers are copied."""
    if name and _NAMES.search(name) and value not in (None, "", 0, False):
        return HIDDEN
    if isinstance(value, Mapping):
        return {key: redact(inner, str(key)) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [redact(inner) for inner in value]
    if isinstance(value, bytes):
        return redact(value.decode("utf-8", "replace"))
    return _HEADER.sub(rf"\1 {HIDDEN}", sentence(value)) if isinstance(value, str) else value


def sentence(text: str) -> str:
    """Our own words to a person: without known secrets, but "digest or bearer" stays what it is."""
    for secret in _all_known:
        if secret in text:
            text = text.replace(secret, HIDDEN)
    for shape, instead in _SHAPES:
        text = shape.sub(instead, text)
    return text
