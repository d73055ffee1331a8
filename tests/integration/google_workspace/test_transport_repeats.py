"""What is asked again at Google, when, and what never."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from connectors.google_workspace import transport as transports
from connectors.google_workspace.failures import Duplicate, Expired, Garbled, Gone
from connectors.google_workspace.transport import Transport
from connectors.settings import ConnectorSettings
from connectors.token_source import TokenSource
from sync_engine.errors import (
    NoAccess,
    NotAuthorised,
    OutcomeUnknown,
    Rejected,
    SyncError,
    Throttled,
    Unavailable,
    VersionConflict,
)
from tests.servers.google_workspace.raw_answers import RawServer, Reply, Seen, raw_answers, refusal, told

GOOD = told({"id": "mine"})
PAGE = Reply(b"<html><h1>Sign in to this network</h1></html>", kind="text/html")


class Accounts:
    """Opens accounts at a server, and takes down for how long they wait."""

    def __init__(self) -> None:
        self.opened: list[Transport] = []
        self.waits: list[float] = []

    def open(self, server: RawServer, name: str = "ada", **more: object) -> Transport:
        """A user's account; two with one name are one user."""
        settings = {"url": server.url, "secret": f"token-{name}", "auth": "bearer", "timeout": 2.0, "mailbox": name}
        made = Transport(ConnectorSettings(**settings | more), sleep=self._sleep)  # type: ignore[arg-type]
        self.opened.append(made)
        return made

    def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        time.sleep(seconds)


@pytest.fixture
def accounts() -> Iterator[Accounts]:
    """Closed at the end."""
    made = Accounts()
    yield made
    for one in made.opened:
        one.close()


class Script:
    """One answer after the other; the last one for ever."""

    def __init__(self, *replies: Reply) -> None:
        self._left = list(replies)

    def __call__(self, seen: Seen) -> Reply:
        return self._left.pop(0) if len(self._left) > 1 else self._left[0]


def look(transport: Transport) -> dict[str, object]:
    """A read."""
    return transport.ask(transport.calendar.calendars().get(calendarId="mine"))


def make(transport: Transport) -> dict[str, object]:
    """A write that makes a second one when it is done twice."""
    return transport.ask(transport.calendar.calendars().insert(body={"summary": "New"}))


# ---------------------------------------------------------------- too much


@pytest.mark.parametrize(("status", "act"), [(429, look), (403, make)])
def test_r27_a_short_retry_after_is_waited_for(
    status: int, act: Callable[[Transport], object], accounts: Accounts
) -> None:
    """Also by a write: Google says that it was not done."""
    with raw_answers(Script(refusal(status, "rateLimitExceeded", Retry_After="1"), GOOD)) as server:
        begun = time.monotonic()
        act(accounts.open(server, f"{status}{act.__name__}"))
        assert 1 <= time.monotonic() - begun < 3
        assert len(server.seen) == 2


def test_r27_nobody_asks_for_this_user_before_the_time_that_google_named(accounts: Accounts) -> None:
    with raw_answers(Script(refusal(429, "rateLimitExceeded", Retry_After="60"), GOOD)) as server:
        first, same, other = accounts.open(server), accounts.open(server), accounts.open(server, "bob")
        with pytest.raises(Throttled) as caught:
            look(first)
        assert caught.value.retry_after == 60
        with pytest.raises(Throttled) as caught:
            look(same)
        assert 55 < caught.value.retry_after <= 60
        assert "asked again in 60 seconds" in str(caught.value)
        assert look(other) == {"id": "mine"}
        assert [one.token for one in server.seen] == ["token-ada", "token-bob"]


def test_without_a_time_each_wait_is_longer(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transports, "DEFAULT_WAIT", 0.05)
    with raw_answers(Script(refusal(403, "userRateLimitExceeded"))) as server:
        with pytest.raises(Throttled):
            make(accounts.open(server))
        assert len(server.seen) == 4
        first, second, third = accounts.waits
        assert 0.03 < first < second < third < 1


def test_a_quota_that_is_used_up_is_not_waited_for(accounts: Accounts) -> None:
    with raw_answers(Script(refusal(403, "quotaExceeded"))) as server:
        with pytest.raises(Throttled) as caught:
            make(accounts.open(server))
        assert caught.value.retry_after > 600
        said = str(caught.value)
        assert "quota is used up (POST /" in said
        assert "asked again in 900 seconds" in said
        assert "Google Cloud console" in said
        assert len(server.seen) == 1


# ---------------------------------------------------------------- failures of the server


def test_a_read_is_repeated_when_the_server_failed(accounts: Accounts) -> None:
    with raw_answers(Script(refusal(500, "backendError"), refusal(503, "backendError"), GOOD)) as server:
        assert look(accounts.open(server)) == {"id": "mine"}
        assert len(server.seen) == 3


def test_a_read_is_not_repeated_for_ever(accounts: Accounts) -> None:
    with raw_answers(Script(refusal(500, "backendError"))) as server:
        with pytest.raises(Unavailable):
            look(accounts.open(server))
        assert len(server.seen) == 3


@pytest.mark.parametrize("reply", [refusal(500, "backendError"), refusal(503, "x", Retry_After="0"), PAGE])
def test_r06_a_write_that_may_have_been_done_is_sent_once(reply: Reply, accounts: Accounts) -> None:
    with raw_answers(Script(reply)) as server:
        with pytest.raises(OutcomeUnknown):
            make(accounts.open(server))
        assert len(server.seen) == 1


def test_r27_a_write_that_may_have_been_done_makes_all_wait(accounts: Accounts) -> None:
    with raw_answers(Script(refusal(503, "backendError", Retry_After="60"))) as server:
        with pytest.raises(OutcomeUnknown):
            make(accounts.open(server))
        with pytest.raises(Throttled):
            look(accounts.open(server))
        assert len(server.seen) == 1


def test_the_time_for_all_tries_together_has_an_end(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transports, "PATIENCE", 0.1)

    def slow(_: Seen) -> Reply:
        time.sleep(0.3)
        return refusal(500, "backendError")

    with raw_answers(slow) as server:
        with pytest.raises(Unavailable):
            look(accounts.open(server))
        assert len(server.seen) == 1  # else three


# ---------------------------------------------------------------- sign-in


class Renewing:
    """A source whose first token is not good any more."""

    def __init__(self, *tokens: str) -> None:
        self.tokens = list(tokens)

    def token(self) -> str:
        """The one that counts now."""
        return self.tokens[0]

    def refused(self, token: str) -> None:
        """The next one."""
        if len(self.tokens) > 1:
            self.tokens.remove(token)


def only_good(seen: Seen) -> Reply:
    """401 with a challenge that httplib2 could not even read."""
    if seen.token == "good":
        return GOOD
    error = {"code": 401, "message": "Invalid Credentials", "errors": [{"reason": "authError", "message": "x"}]}
    return told({"error": error}, 401, WWW_Authenticate='Bearer realm="a, error=invalid')


def with_tokens(transport: Transport, source: TokenSource) -> Transport:
    """Before it was used."""
    transport._source = source
    return transport


@pytest.mark.parametrize("act", [look, make])
def test_a_token_that_is_refused_is_renewed_once(act: Callable[[Transport], object], accounts: Accounts) -> None:
    with raw_answers(only_good) as server:
        transport = with_tokens(accounts.open(server), Renewing("old", "good"))
        act(transport)
        act(transport)
        assert [one.token for one in server.seen] == ["old", "good", "good"]


@pytest.mark.parametrize("tokens", [("old",), ("old", "older")])
def test_r24_without_another_token_somebody_has_to_sign_in(tokens: tuple[str, ...], accounts: Accounts) -> None:
    with raw_answers(only_good) as server:
        with pytest.raises(NotAuthorised, match="Google refused the sign-in"):
            look(with_tokens(accounts.open(server), Renewing(*tokens)))
        assert len(server.seen) == len(tokens)


# ---------------------------------------------------------------- what answers mean


def refusal_of_people(status: int, name: str, reason: str) -> Reply:
    """As the newer services say it."""
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}
    return told({"error": {"code": status, "message": "No", "status": name, "details": [info]}}, status)


@pytest.mark.parametrize(
    ("reply", "reading", "writing"),
    [
        (refusal(400, "invalid"), Unavailable, Rejected),
        (refusal(403, "forbidden"), NoAccess, NoAccess),
        (refusal(403, "requiredAccessLevel"), NoAccess, NoAccess),
        (refusal(403, "forbiddenForNonOrganizer"), NoAccess, Rejected),
        (refusal(403, "insufficientPermissions"), NoAccess, NoAccess),
        (refusal_of_people(403, "PERMISSION_DENIED", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"), NoAccess, NoAccess),
        (refusal_of_people(403, "PERMISSION_DENIED", "SERVICE_DISABLED"), NoAccess, NoAccess),
        (refusal(404, "notFound"), Gone, Gone),
        (refusal(410, "deleted"), Gone, Gone),
        (refusal(410, "fullSyncRequired"), Expired, Rejected),
        (refusal(410, "updatedMinTooLongAgo"), Expired, Rejected),
        (refusal_of_people(400, "FAILED_PRECONDITION", "EXPIRED_SYNC_TOKEN"), Expired, VersionConflict),
        (refusal_of_people(400, "FAILED_PRECONDITION", "x"), Unavailable, VersionConflict),
        (refusal(409, "duplicate"), Unavailable, Duplicate),
        (refusal(412, "conditionNotMet"), Unavailable, VersionConflict),
        (refusal(413, "uploadTooLarge"), Unavailable, Rejected),
        (PAGE, Garbled, OutcomeUnknown),
        (Reply(b'{"id": "mi'), Garbled, OutcomeUnknown),
        (Reply(b"[]"), Garbled, OutcomeUnknown),
        (Reply(PAGE.body, 404, "text/html"), Unavailable, OutcomeUnknown),
        (Reply(PAGE.body, 403, "text/html"), Unavailable, OutcomeUnknown),
        (Reply(b'{"error": "message"}', 403), Unavailable, OutcomeUnknown),
    ],
)
def test_answers_are_told_by_their_meaning(
    reply: Reply, reading: type[SyncError], writing: type[SyncError], accounts: Accounts
) -> None:
    with raw_answers(Script(reply)) as server:
        transport = accounts.open(server)
        for act, expected in ((look, reading), (make, writing)):
            with pytest.raises(SyncError) as caught:
                act(transport)
            assert type(caught.value) is expected


def test_r01_a_proxy_that_finds_nothing_does_not_say_that_an_item_is_gone(accounts: Accounts) -> None:
    with raw_answers(Script(Reply(PAGE.body, 404, "text/html"))) as server:
        with pytest.raises(SyncError) as caught:
            look(accounts.open(server))
        assert not isinstance(caught.value, VersionConflict)


def test_what_is_too_long_for_an_address_goes_as_a_form(accounts: Accounts) -> None:
    with raw_answers(Script(GOOD)) as server:
        transport = accounts.open(server)
        transport.ask(transport.calendar.events().list(calendarId="mine", iCalUID="ü" * 900, showDeleted=True))
        (seen,) = server.seen
        assert (seen.method, seen.headers["x-http-method-override"]) == ("POST", "GET")
        assert seen.path == "/calendar/v3/calendars/mine/events"
        assert b"iCalUID=%C3%BC%C3%BC" in seen.body
