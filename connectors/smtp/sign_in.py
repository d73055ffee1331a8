"""Signing in (RFC 4954): PLAIN, LOGIN or CRAM-MD5 with a password, OAUTHBEARER or XOAUTH2 with a token."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence
from smtplib import SMTP

from connectors.mail_tokens import TOKEN_WAYS
from connectors.settings import ConnectorSettings
from connectors.smtp.failures import sign_in_refusal
from sync_engine.errors import NotAuthorised

_Answers = Sequence[Callable[[bytes], bytes]]  # to the challenges; the first is sent with the command


def sign_in(client: SMTP, settings: ConnectorSettings, host: str) -> None:
    """If the account has a user. Raises NotAuthorised, or what the server asks for instead."""
    if not settings.username:
        return
    offered = client.esmtp_features.get("auth", "").upper().split()
    ways = _by_token(settings) if settings.auth == "bearer" else _by_password(settings)
    for name, first, answers in ways:
        if name in offered:
            _say(client, name, first, answers, (host, settings.username))
            return
    what = "a token" if settings.auth == "bearer" else "a password"
    raise NotAuthorised(f"{host} lets nobody sign in with {what} here; see docs/mail.md for the other ways.")


def _by_token(settings: ConnectorSettings) -> list[tuple[str, bytes | None, _Answers]]:
    found: list[tuple[str, bytes | None, _Answers]] = []
    for name, answer in TOKEN_WAYS.items():
        first, after_error = (text.encode() for text in answer(settings.username, settings.secret))
        found.append((name, first, [lambda _challenge, text=after_error: text]))  # type: ignore[misc]
    return found


def _by_password(settings: ConnectorSettings) -> list[tuple[str, bytes | None, _Answers]]:
    user, secret = settings.username.encode(), settings.secret.encode()

    def digest(challenge: bytes) -> bytes:
        return user + b" " + hmac.new(secret, challenge, hashlib.md5).hexdigest().encode()

    return [
        ("PLAIN", b"\0" + user + b"\0" + secret, []),
        ("LOGIN", None, [lambda _user: user, lambda _password: secret]),
        ("CRAM-MD5", None, [digest]),
    ]


def _say(client: SMTP, name: str, first: bytes | None, answers: _Answers, who: tuple[str, str]) -> None:
    begin = name if first is None else f"{name} {_base64(first)}"
    code, said = client.docmd("AUTH", begin)
    for answer in answers:
        if code != 334:
            break
        code, said = client.docmd(_base64(answer(base64.b64decode(said))))
    if code not in {235, 503}:  # 503: signed in already
        raise sign_in_refusal(code, said, *who)


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode() or "="
