"""Requests to Google, made by its library: sign-in, pace, repeats, batches.

The library's own repeats are off: they know no Retry-After, and repeat a POST. `connectors.pacing` has the only ones
after an answer that says it is too much (429, 403 rateLimitExceeded), counted by user as Google does. A read is
repeated when the line broke, a write never (SYNC.md R06). Redirects are not followed: the token goes to Google only.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import count
from random import SystemRandom
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit

import google.auth.credentials
from google_auth_httplib2 import AuthorizedHttp
from googleapiclient.http import MAX_URI_LENGTH, HttpRequest

from connectors.broken_connections import connection_failure, never_sent
from connectors.google_workspace.answers import Answer, answer_of
from connectors.google_workspace.batch import Asked, Batch
from connectors.google_workspace.failures import (
    DEFAULT_WAIT,
    PASSING,
    READ_TRIES,
    Garbled,
    Gone,
    failure,
    is_throttled,
    throttled,
    wait_of,
)
from connectors.google_workspace.lines import BROKEN, MAX_DOWNLOAD, PATIENCE, Line
from connectors.google_workspace.services import services_at
from connectors.needs_sign_in import account_of
from connectors.pacing import Pace, Paced, pace_of
from connectors.request_log import noted
from connectors.settings import ConnectorSettings
from connectors.token_source import StandingToken, TokenSource
from sync_engine.errors import NotAuthorised, Throttled

FIRST_PAUSE = 0.2  # seconds; doubled for each further try, plus up to the same again at random
_PICTURES = "googleusercontent.com"
_jitter = SystemRandom()


class _Token(google.auth.credentials.Credentials):  # type: ignore[misc,unused-ignore]
    """Gives each request the token of our source. Of one thread."""

    def __init__(self, source: TokenSource, account: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._source = source
        self._account = account  # as its admin types it
        self._last = ""

    def before_request(self, request: object, method: str, url: str, headers: dict[str, str]) -> None:  # noqa: ARG002
        """Before each try. Raises NotAuthorised, Unavailable."""
        self._last = self._source.token()
        headers["authorization"] = f"Bearer {self._last}"

    def refresh(self, request: object) -> None:  # noqa: ARG002
        """After 401: the library asks once more. Raises NotAuthorised when there is no other token."""
        self._source.refused(self._last)
        if self._source.token() == self._last:
            message = "Google refused the sign-in: its token is not good any more; give another one: "
            raise NotAuthorised(f"{message}agendahub account secret {self._account}.")


class Transport:
    """One account's requests."""

    def __init__(
        self, settings: ConnectorSettings, sleep: Callable[[float], None] = time.sleep, *, use: str = "sync"
    ) -> None:
        """`use`: sync or mail, which have scopes of their own."""
        self.requests = 0  # sent, for status and benchmarks; a batch is one
        self.mailbox = settings.mailbox
        self._settings = settings
        self._sleep = sleep
        self._services = services_at(settings.url)
        self._source = token_source(_for_use(settings, use))
        self._own_pace = Pace()
        self._mine = threading.local()  # each thread's AuthorizedHttp: a shared one mixes up answers
        self._lines: list[Line] = []  # of all threads

    # ------------------------------------------------------------ the services

    @property
    def calendar(self) -> Any:
        """Google's resource; makes requests for `ask`. Keep what its methods give: it is slow to make."""
        return self._services.calendar

    @property
    def people(self) -> Any:
        """As `calendar`."""
        return self._services.people

    @property
    def tasks(self) -> Any:
        """As `calendar`."""
        return self._services.tasks

    @property
    def admin(self) -> Any:
        """As `calendar`; the directory."""
        return self._services.admin

    @property
    def gmail(self) -> Any:
        """As `calendar`."""
        return self._services.gmail

    def upload_address(self, path: str) -> str:
        """Where the octets of a mail go: a path below the root of Gmail."""
        return str(urljoin(self._services.document("gmail")["rootUrl"], path))

    def batch_address(self, request: HttpRequest) -> str:
        """Where a batch goes that this request is in."""
        return self._services.batch_address(str(request.methodId).partition(".")[0])

    @property
    def who(self) -> str:
        """Whose quota counts; the name of a pace that all connectors of this user share. "" when nobody can say."""
        known = self.mailbox or self._settings.username or self._settings.options.get("account", "")
        if not known and not self._settings.secret:
            return ""
        anonymous = hashlib.sha256(self._settings.secret.encode()).hexdigest()[:16]
        return f"{self._settings.url or 'google'} {known.lower() or anonymous}"

    # ------------------------------------------------------------ requests

    def ask(self, request: HttpRequest, *, if_match: str = "", writing: bool | None = None) -> dict[str, Any]:
        """What Google answers; {} when it is nothing. `writing`: else told by the method.

        Raises errors of `sync_engine.errors`, as `failures` says: also Expired, Gone, Duplicate, Garbled.
        """
        writes = request.method != "GET" if writing is None else writing
        answer = self.answer(request, if_match=if_match, writing=writes)
        if not answer.ok:
            raise failure(answer, str(request.methodId), writing=writes)
        return answer.document

    def answer(self, request: HttpRequest, *, if_match: str = "", writing: bool) -> Answer:
        """As `ask`, with any answer that is not about load or sign-in returned as it is."""
        url, method, body, headers = _shortened(request)
        if if_match:
            headers["If-Match"] = if_match
        return self.send(method, url, body, headers, writing=writing)

    def batch(self, asked: Sequence[Asked], *, writing: bool) -> list[Answer]:
        """Many requests to one service in few, at most 50 in one; an answer for each, in their order.

        As `Batch.read` and `Batch.write` say: what they raise, and which answers mean that nothing is known.
        """
        return Batch(self).write(asked) if writing else Batch(self).read(asked)

    def send(
        self, method: str, url: str, body: str | bytes | None, headers: dict[str, str], *, writing: bool
    ) -> Answer:
        """One request, repeated where that does no harm. Raises Throttled, Unavailable and NotAuthorised."""
        until = time.monotonic() + PATIENCE * self._settings.timeout
        paced = Paced(self._pace(), self._settings.max_wait, self._sleep)
        tries = count()

        def call() -> Answer:
            answer = self._once(method, url, body, headers)
            if is_throttled(answer) or (answer.status == 503 and not writing and wait_of(answer) is not None):
                raise _too_much(answer, f"{method} {urlsplit(url).path}", tries)
            self._pace().hold_off(wait_of(answer) or 0.0)  # a write that may have been done all the same
            return answer

        for attempt in count(1):
            try:
                answer = paced.ask(call)
            except BROKEN as err:
                if _is_last(attempt, until, writing) or never_sent(err) or isinstance(err, TimeoutError):
                    raise connection_failure(err, urlsplit(url).hostname or url, writing=writing) from err
            else:
                if answer.status not in PASSING or _is_last(attempt, until, writing):
                    return answer
            pause = FIRST_PAUSE * 2 ** (attempt - 1)
            self._sleep(pause + _jitter.uniform(0, pause))
        raise AssertionError("unreachable")

    def hold_off(self, seconds: float) -> float:
        """One of a batch was throttled: nobody asks before. Gives the seconds back when they are too many to wait."""
        self._pace().hold_off(seconds)
        return seconds if seconds > self._settings.max_wait else 0.0

    def renew(self) -> bool:
        """The token was refused in a batch; whether there is another one now."""
        try:
            self._authorized().credentials.refresh(None)
        except NotAuthorised:
            return False
        return True

    def download(self, url: str) -> bytes:
        """A picture, by the address that an answer told. No token goes there.

        Raises Gone where it is not given out, Garbled for an address elsewhere or what is no file, and the errors of
        a read.
        """
        host = urlsplit(url).hostname or ""
        google = url.startswith("https:") and (host == _PICTURES or host.endswith(f".{_PICTURES}"))
        if not google and not self._services.is_ours(url):
            raise Garbled(f"Google names an address that is not its own: {url[:100]!r}.")
        answer, content = self._downloaded(url)
        if 400 <= answer.status < 500 and not is_throttled(answer):  # no JSON says so: it is no API
            raise Gone(f"Google does not give this picture out (HTTP {answer.status}).", server_said=answer.words)
        if not 200 <= answer.status < 300:
            raise failure(answer, "a picture", writing=False)
        if not content or "html" in answer.headers.get("content-type", "") or len(content) > MAX_DOWNLOAD:
            raise Garbled("Google sent something that is no picture; it is read again later.")
        return content

    def close(self) -> None:
        """Give back all connections. For when no thread asks any more."""
        for line in self._lines:
            line.close()

    # ------------------------------------------------------------ one try

    def _once(self, method: str, url: str, body: str | bytes | None, headers: dict[str, str]) -> Answer:
        if not self._services.is_ours(url):
            raise Garbled(f"The token goes to Google only, not to {url[:100]!r}; check the account's URL.")
        self.requests += 1
        with noted(method, url) as note:
            response, content = self._authorized().request(url, method, body=body, headers=headers)
            note.status = response.status
        return answer_of(response.status, response, content)

    def _downloaded(self, url: str) -> tuple[Answer, bytes]:
        for attempt in count(1):
            self.requests += 1
            try:
                with noted("GET", url) as note:
                    response, content = self._authorized().http.request(url)
                    note.status = response.status
            except BROKEN as err:
                if attempt >= READ_TRIES or never_sent(err) or isinstance(err, TimeoutError):
                    raise connection_failure(err, urlsplit(url).hostname or url, writing=False) from err
            else:
                if not 200 <= response.status < 300:
                    return answer_of(response.status, response, content), b""
                return Answer(response.status, dict(response)), content
        raise AssertionError("unreachable")

    def _authorized(self) -> AuthorizedHttp:
        """This thread's own; no other thread uses it."""
        found: AuthorizedHttp | None = getattr(self._mine, "http", None)
        if found is None:
            line = Line(self._settings)
            self._lines.append(line)
            found = self._mine.http = AuthorizedHttp(
                _Token(self._source, account_of(self._settings)), line, max_refresh_attempts=1
            )
        return found

    def _pace(self) -> Pace:
        return pace_of(self.who) if self.who else self._own_pace


def _too_much(answer: Answer, what: str, tries: Iterator[int]) -> Throttled:
    """Without a time that Google names: each time twice as long, and not all users together."""
    return throttled(answer, what, wait_of(answer) or DEFAULT_WAIT * 2 ** next(tries) * _jitter.uniform(1, 1.25))


def _for_use(settings: ConnectorSettings, use: str) -> ConnectorSettings:
    """An app's token is good for what was asked for: one of each use would push the other out of the store."""
    tokens = None if settings.auth == "app" and use == "mail" else settings.tokens
    return replace(settings, options={**settings.options, "use": use}, tokens=tokens)


def token_source(settings: ConnectorSettings) -> TokenSource:
    """Where an account's access tokens come from."""
    if settings.auth == "bearer":
        return StandingToken(settings.secret)
    from connectors.google_workspace.sign_in import token_source as signed_in

    return signed_in(settings)


def _is_last(attempt: int, until: float, writing: bool) -> bool:
    return writing or attempt >= READ_TRIES or time.monotonic() > until


def _shortened(request: HttpRequest) -> tuple[str, str, str | None, dict[str, str]]:
    """Address, method, body, headers; what is too long for an address goes as a form, as the library does it."""
    headers = {str(name): str(value) for name, value in request.headers.items()}
    if request.method != "GET" or len(request.uri) <= MAX_URI_LENGTH:
        return request.uri, request.method, request.body, headers
    where = urlsplit(request.uri)
    form = {"x-http-method-override": "GET", "content-type": "application/x-www-form-urlencoded"}
    return urlunsplit(where._replace(query="")), "POST", where.query, headers | form
