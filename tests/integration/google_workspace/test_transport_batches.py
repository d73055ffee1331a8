"""Many requests in one, each with an answer of its own; and feeds by sync tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from email.parser import BytesParser

import pytest

from connectors.google_workspace import batch as batches
from connectors.google_workspace.batch import Asked
from connectors.google_workspace.failures import Expired
from connectors.google_workspace.feeds import pages, token_pages
from connectors.google_workspace.transport import Transport
from connectors.settings import ConnectorSettings
from sync_engine.errors import CollectionGone, NotAuthorised, OutcomeUnknown, SuspectListing, Throttled, Unavailable
from tests.servers.google_workspace.raw_answers import RawServer, Reply, Seen, raw_answers, refusal, told

PAGE = Reply(b"<html><h1>Sign in to this network</h1></html>", kind="text/html")
Opener = Callable[..., Transport]


def inside(seen: Seen) -> list[tuple[str, str]]:
    """Content-ID and last word of the path of each part."""
    head = f"Content-Type: {seen.headers['content-type']}\r\n\r\n".encode()
    message = BytesParser().parsebytes(head + seen.body)
    found = []
    for part in message.get_payload():
        line = part.get_payload().split("\r\n")[0]  # type: ignore[union-attr]
        found.append((str(part["Content-ID"]).strip("<>"), line.split()[1].partition("?")[0].rpartition("/")[2]))  # type: ignore[index]
    return found


class Answering:
    """Answers each part by the word that its path ends with, one after the other, the last for ever."""

    def __init__(self, **replies: Reply | list[Reply]) -> None:
        self._replies = {name: [one] if isinstance(one, Reply) else list(one) for name, one in replies.items()}
        self.asked: list[list[str]] = []

    def __call__(self, seen: Seen) -> Reply:
        assert seen.path == "/batch/calendar/v3"
        parts = inside(seen)
        self.asked.append([word for _, word in parts])
        lines = []
        for name, word in reversed(parts):
            left = self._replies.get(word, [told({"id": word})])
            reply = left.pop(0) if len(left) > 1 else left[0]
            if reply.drop:
                continue
            lines += ["--b", "Content-Type: application/http", f"Content-ID: <response-{name}>", ""]
            lines += [f"HTTP/1.1 {reply.status} Said", f"Content-Type: {reply.kind}"]
            lines += [f"{key}: {value}" for key, value in reply.headers.items()]
            lines += ["", reply.body.decode()]
        return Reply("\r\n".join([*lines, "--b--", ""]).encode(), kind="multipart/mixed; boundary=b")


@pytest.fixture
def connect() -> Iterator[Opener]:
    """Closes what it opened; nothing waits."""
    opened: list[Transport] = []

    def open_it(server: RawServer, **more: object) -> Transport:
        settings = ConnectorSettings(**{"url": server.url, "secret": "good", "auth": "bearer", "timeout": 2.0} | more)  # type: ignore[arg-type]
        opened.append(Transport(settings))
        return opened[-1]

    yield open_it
    for one in opened:
        one.close()


def gets(transport: Transport, *names: str) -> list[Asked]:
    """Requests for calendars."""
    calendars = transport.calendar.calendars()
    return [Asked(calendars.get(calendarId=name)) for name in names]


def puts(transport: Transport, *names: str) -> list[Asked]:
    """Changes of calendars."""
    calendars = transport.calendar.calendars()
    return [Asked(calendars.patch(calendarId=name, body={"summary": "é\n"}), f'"{name}"') for name in names]


def test_each_request_has_its_own_answer_in_the_order_asked(connect: Opener) -> None:
    with raw_answers(Answering(b=refusal(404, "notFound"))) as server:
        transport = connect(server)
        answers = transport.batch(gets(transport, "a", "b", "c"), writing=False)
        assert [(one.status, one.document.get("id")) for one in answers] == [(200, "a"), (404, None), (200, "c")]
        assert transport.requests == 1
        assert server.seen[0].token == "good"


def test_conditions_and_bodies_go_with_each_part(connect: Opener) -> None:
    with raw_answers(Answering()) as server:
        transport = connect(server)
        transport.batch(puts(transport, "a", "b"), writing=True)
        body = server.seen[0].body.decode()
        assert body.count('{"summary": "\\u00e9\\n"}') == 2
        assert 'If-Match: "a"' in body
        assert "authorization" not in body.lower()


def test_more_than_fifty_go_in_several(connect: Opener) -> None:
    say = Answering()
    with raw_answers(say) as server:
        transport = connect(server)
        names = [f"c{n}" for n in range(120)]
        answers = transport.batch(gets(transport, *names), writing=False)
        assert [one.document["id"] for one in answers] == names
        assert [len(asked) for asked in say.asked] == [50, 50, 20]


def test_what_was_throttled_inside_is_asked_again_alone(connect: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "DEFAULT_WAIT", 0.01)
    slow = [refusal(403, "rateLimitExceeded"), told({"id": "b"})]
    for writing, ask in ((False, gets), (True, puts)):
        say = Answering(b=list(slow))
        with raw_answers(say) as server:
            transport = connect(server)
            answers = transport.batch(ask(transport, "a", "b"), writing=writing)
            assert [one.status for one in answers] == [200, 200]
            assert say.asked == [["a", "b"], ["b"]]


def test_r27_a_long_wait_inside_holds_for_the_whole_user(connect: Opener) -> None:
    say = Answering(b=refusal(429, "rateLimitExceeded", Retry_After="90"))
    with raw_answers(say) as server:
        transport = connect(server)
        with pytest.raises(Throttled):
            transport.batch(gets(transport, "a", "b"), writing=False)
        with pytest.raises(Throttled):
            transport.batch(gets(transport, "a", "c"), writing=False)
        assert say.asked == [["a", "b"]]


def test_r06_a_write_that_failed_inside_is_not_repeated(connect: Opener) -> None:
    say = Answering(b=refusal(500, "backendError"))
    with raw_answers(say) as server:
        transport = connect(server)
        answers = transport.batch(puts(transport, "a", "b"), writing=True)
        assert [one.status for one in answers] == [200, 500]
        assert say.asked == [["a", "b"]]


def test_a_read_that_failed_inside_is_repeated(connect: Opener) -> None:
    say = Answering(b=[refusal(500, "backendError"), told({"id": "b"})])
    with raw_answers(say) as server:
        transport = connect(server)
        answers = transport.batch(gets(transport, "a", "b"), writing=False)
        assert [one.status for one in answers] == [200, 200]


def test_r01_a_batch_that_lacks_an_answer_proves_nothing(connect: Opener) -> None:
    with raw_answers(Answering(b=Reply(drop=True))) as server:
        transport = connect(server)
        with pytest.raises(SuspectListing):
            transport.batch(gets(transport, "a", "b"), writing=False)
        assert [one.status for one in transport.batch(puts(transport, "a", "b"), writing=True)] == [200, 0]


@pytest.mark.parametrize("reply", [PAGE, Reply(b"--b\r\n", kind="multipart/mixed; boundary=b"), told({})])
def test_r01_a_page_instead_of_a_batch_proves_nothing(reply: Reply, connect: Opener) -> None:
    with raw_answers(lambda _: reply) as server:
        transport = connect(server)
        with pytest.raises(SuspectListing):
            transport.batch(gets(transport, "a", "b"), writing=False)
        assert [one.status for one in transport.batch(puts(transport, "a", "b"), writing=True)] == [0, 0]


def test_a_batch_as_a_whole_may_fail(connect: Opener) -> None:
    with raw_answers(lambda _: refusal(502, "backendError")) as server:
        transport = connect(server)
        with pytest.raises(Unavailable):
            transport.batch(gets(transport, "a", "b"), writing=False)
        with pytest.raises(OutcomeUnknown):
            transport.batch(puts(transport, "a", "b"), writing=True)
        assert len(server.seen) == 4


def test_a_sign_in_that_is_refused_inside_is_one_for_all(connect: Opener) -> None:
    with raw_answers(Answering(a=refusal(401, "authError"))) as server:
        transport = connect(server)
        with pytest.raises(NotAuthorised):
            transport.batch(gets(transport, "a", "b"), writing=False)


class Renewing:
    """A source whose first token has just run out."""

    def __init__(self) -> None:
        self.now = "old"

    def token(self) -> str:
        return self.now

    def refused(self, token: str) -> None:
        self.now = "new"


@pytest.mark.parametrize("writing", [False, True])
def test_a_token_that_runs_out_inside_a_batch_is_renewed(writing: bool, connect: Opener) -> None:
    """Google answers 200 to the batch then, and 401 to the requests in it."""
    late = Answering(b=[refusal(401, "authError"), told({"id": "b"})])
    with raw_answers(late) as server:
        transport = connect(server)
        transport._source = Renewing()
        asked = puts(transport, "a", "b") if writing else gets(transport, "a", "b")
        answers = transport.batch(asked, writing=writing)
        assert [one.status for one in answers] == [200, 200]
        assert late.asked == [["a", "b"], ["b"]]
        assert [one.token for one in server.seen] == ["old", "new"]


def test_writes_beside_one_whose_token_was_refused_are_told_as_done(connect: Opener) -> None:
    with raw_answers(Answering(b=refusal(401, "authError"))) as server:
        transport = connect(server)
        answers = transport.batch(puts(transport, "a", "b"), writing=True)
        assert [one.status for one in answers] == [200, 401]


# ---------------------------------------------------------------- feeds


def feed(transport: Transport, **more: object) -> list[tuple[list[object], str]]:
    """All pages of a calendar's changes: ids, and the sync token."""
    events = transport.calendar.events()
    first = events.list(calendarId="mine", maxResults=2500, **more)
    found = token_pages(transport, first, events.list_next)
    return [([one["id"] for one in page.records("items")], page.sync_token) for page in found]


def test_a_feed_goes_to_its_last_page_with_the_same_parameters(connect: Opener) -> None:
    replies = {
        "": told({"items": [{"id": "a"}], "nextPageToken": "2", "nextSyncToken": "no"}),
        "2": told({"items": [], "nextPageToken": "3"}),
        "3": told({"items": [{"id": "b"}], "nextSyncToken": "next"}),
    }
    with raw_answers(lambda seen: replies[seen.path.partition("pageToken=")[2].partition("&")[0]]) as server:
        transport = connect(server)
        assert feed(transport, syncToken="s/1") == [(["a"], ""), ([], ""), (["b"], "next")]
        for one in server.seen:
            assert "syncToken=s%2F1" in one.path
            assert "maxResults=2500" in one.path


@pytest.mark.parametrize(
    "reply",
    [
        told({"items": []}),  # neither token
        told({}),
        told({"items": {}, "nextSyncToken": "next"}),
        told({"items": [], "nextPageToken": "again"}),  # for ever
        PAGE,
        Reply(b'{"items": [{"id"'),
        refusal(410, "fullSyncRequired"),  # although nothing was asked with a token
    ],
)
def test_r01_what_cannot_be_the_whole_feed_is_none(reply: Reply, connect: Opener) -> None:
    with raw_answers(lambda _: reply) as server, pytest.raises(SuspectListing):
        feed(connect(server))


def test_r04_an_expired_token_says_so(connect: Opener) -> None:
    with raw_answers(lambda _: refusal(410, "fullSyncRequired")) as server, pytest.raises(Expired):
        feed(connect(server), syncToken="old")


def test_a_calendar_that_is_not_there_is_no_item(connect: Opener) -> None:
    with raw_answers(lambda _: refusal(404, "notFound")) as server, pytest.raises(CollectionGone):
        feed(connect(server))


def test_a_list_without_a_sync_token_ends_at_its_last_page(connect: Opener) -> None:
    with raw_answers(lambda _: told({"items": [{"id": "a"}]})) as server:
        transport = connect(server)
        calendars = transport.calendar.calendarList()
        (page,) = pages(transport, calendars.list(), calendars.list_next)
        assert page.records("items") == [{"id": "a"}]
