"""One request for a page, and what a page answers."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from storage.web_sessions import WebSession
from web_ui.pages import cookies
from web_ui.pages.desk import Desk
from web_ui.pages.texts import language, translation


class Turned(Exception):
    """Ends a visit with a page of one sentence."""

    def __init__(self, status: int, sentence: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = dict(headers or {})


@dataclass(slots=True)
class Shown:
    """An answer: a template with what it shows, a file, or a way elsewhere (`location`)."""

    template: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    location: str = ""  # below our root; answered with 303
    content: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    set_cookies: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Visit:
    """Somebody asks for a page."""

    desk: Desk
    method: str
    origin: str  # scheme://host[:port] as the browser sees us
    secure: bool  # over https
    root: str  # what a proxy puts before every path, such as /hub
    client: str  # the address it comes from
    headers: Mapping[str, str]  # names in lower case
    form: Mapping[str, str]
    path: Mapping[str, str]  # what the address names
    query: Mapping[str, str]
    session: WebSession | None = None

    @property
    def now(self) -> datetime:
        """The present time."""
        return self.desk.clock()

    @property
    def language(self) -> str:
        """Of the answer."""
        return language(self.headers.get("accept-language", ""))

    def _(self, message: str) -> str:
        """In the visitor's language."""
        return translation(self.language).gettext(message)

    @property
    def person(self) -> WebSession:
        """Who is signed in."""
        assert self.session is not None, "the table lets nobody else in"
        return self.session

    @property
    def address(self) -> str:
        """What is typed on a phone: as configured, else where this browser reached us."""
        return (self.desk.base_url or f"{self.origin}{self.root}").rstrip("/") + "/"

    def cookie(self, name: str) -> str:
        """The value of one of ours; "" for none."""
        return cookies.value_of(self.headers.get("cookie", ""), name, secure=self.secure)

    def proves_form(self, token: str) -> bool:
        """Whether a form is one of ours, shown to this browser: by its hidden token."""
        given = self.form.get("csrf", "")
        return bool(token) and hmac.compare_digest(given.encode(), token.encode())


def new_secret() -> str:
    """For a cookie or a form: 256 random bits."""
    return secrets.token_urlsafe(32)


def hash_of(secret: str) -> str:
    """What is kept of it: 64 hexadecimal digits."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
