"""IMAP servers as they are on bad days: silent, hanging up, with damaged mails, without what we would like."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from connectors.imap import connect, idling
from connectors.imap.source import ImapSource
from connectors.mail import After
from connectors.settings import ConnectorSettings
from sync_engine.errors import NoAccess, NotAuthorised, Rejected, SyncError, Throttled, Unavailable
from tests.servers.scripted import Answer, Imap, Scripted, Talk, asked_uids, scripted

SECRET = "pw-canary-4711"
MAILS = {uid: b"Subject: %d\r\n\r\ntext\r\n" % uid for uid in (3, 5, 8)}


@contextmanager
def at(imap: Imap, *, timeout: float = 5.0, host: str = "127.0.0.1") -> Iterator[tuple[ImapSource, Scripted]]:
    with scripted(imap, host) as server:
        source = connect(ConnectorSettings(f"imap://{host}:{server.port}", "ada", SECRET, timeout=timeout))
        try:
            yield source, server
        finally:
            source.close()


def never() -> bool:
    return False


def listed(source: ImapSource) -> list[str]:
    return [one.id for page in source.arrivals("INBOX", None) for one in page.arrivals]


# ---------------------------------------------------------------- waiting


def test_a_mail_told_together_with_the_beginning_of_idle_is_noticed() -> None:
    """It is in the client's buffer already: nobody may wait for the next packet."""

    def idle(talk: Talk, tag: bytes, _rest: bytes) -> None:
        talk.say(b"+ idling", b"* 4 EXISTS")
        talk.hear()
        talk.say(tag + b" OK done")

    with at(Imap(dict(MAILS), answers={"IDLE": idle})) as (source, _):
        listed(source)
        began = time.monotonic()
        assert source.wait("INBOX", 20.0, never)
        assert time.monotonic() - began < 2.0


def test_a_mail_that_came_between_listing_and_waiting_is_noticed() -> None:
    imap = Imap(dict(MAILS))
    with at(imap) as (source, server):
        listed(source)
        imap.mails[9] = b"new\r\n"
        assert source.wait("INBOX", 20.0, never)
        assert not any(b"IDLE" in line for line in server.heard)


def test_who_waits_without_having_listed_looks_first_and_not_again() -> None:
    with at(Imap(dict(MAILS))) as (source, _):
        assert [source.wait("INBOX", 0.2, never) for _ in range(2)] == [True, False]


def test_a_peer_that_is_dead_is_noticed_when_idle_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    def idle(talk: Talk, _tag: bytes, _rest: bytes) -> None:
        talk.say(b"+ idling")
        talk.wait_for_end()

    monkeypatch.setattr(idling, "LONGEST", 0.2)
    with at(Imap(dict(MAILS), answers={"IDLE": idle}), timeout=2.0) as (source, _):
        listed(source)
        with pytest.raises(Unavailable):
            source.wait("INBOX", 60.0, never)
        assert not source.line.connected


def test_a_server_that_hangs_up_at_once_is_not_asked_without_end() -> None:
    def idle(talk: Talk, _tag: bytes, _rest: bytes) -> None:
        talk.say(b"+ idling")
        talk.hang_up()

    with at(Imap(dict(MAILS), answers={"IDLE": idle})) as (source, server):
        listed(source)
        with pytest.raises(Unavailable):
            source.wait("INBOX", 60.0, never)
        assert server.connections == 1


def test_a_server_that_ends_a_long_idle_only_ended_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def idle(talk: Talk, _tag: bytes, _rest: bytes) -> None:
        talk.say(b"+ idling")
        time.sleep(0.3)
        talk.say(b"* BYE 30 minutes are enough")
        talk.hang_up()

    monkeypatch.setattr(idling, "_STABLE", 0.2)
    with at(Imap(dict(MAILS), answers={"IDLE": idle})) as (source, server):
        listed(source)
        assert source.wait("INBOX", 60.0, never)  # look again
        assert listed(source) == ["7.3", "7.5", "7.8"]
        assert server.connections == 2


def test_no_idle_is_longer_than_some_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert idling.LONGEST <= 600
    monkeypatch.setattr(idling, "LONGEST", 0.1)
    with at(Imap(dict(MAILS))) as (source, server):
        listed(source)
        assert not source.wait("INBOX", 1.0, never)
    begun = [line for line in server.heard if line.endswith(b"IDLE")]
    looked = [line for line in server.heard if b"EXAMINE" in line]
    assert 3 <= len(begun) <= len(looked)


def test_a_server_without_idle_is_looked_at_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0
    imap = Imap(dict(MAILS), capabilities=b"IMAP4rev1 AUTH=PLAIN")

    def examine(talk: Talk, tag: bytes, rest: bytes) -> None:
        nonlocal looks
        looks += 1
        if looks == 4:
            imap.mails[9] = b"new\r\n"
        imap.do_examine(talk, tag, rest)

    imap.answers = {"EXAMINE": examine}
    monkeypatch.setattr(idling, "_LOOK", 0.05)
    with at(imap) as (source, _):
        listed(source)
        assert source.wait("INBOX", 20.0, never)
        assert looks == 4


# ---------------------------------------------------------------- mails that cannot be had


def hangs_up_at(bad: int, imap: Imap) -> Answer:
    def fetch(talk: Talk, tag: bytes, rest: bytes) -> None:
        if b"BODY" in rest and bad in asked_uids(b"A " + rest):
            talk.hang_up()
        imap.do_uid_fetch(talk, tag, rest)

    return fetch


def refuses(bad: int, imap: Imap) -> Answer:
    def fetch(talk: Talk, tag: bytes, rest: bytes) -> None:
        if b"BODY" in rest and bad in asked_uids(b"A " + rest):
            talk.say(tag + b" NO [CANNOT] Some messages could not be fetched")
        else:
            imap.do_uid_fetch(talk, tag, rest)

    return fetch


def gives_nothing(bad: int, imap: Imap) -> Answer:
    def fetch(talk: Talk, tag: bytes, rest: bytes) -> None:
        if b"BODY" in rest and bad in asked_uids(b"A " + rest):
            talk.say(b"* 2 FETCH (UID %d BODY[] NIL)" % bad, tag + b" OK done")
        else:
            imap.do_uid_fetch(talk, tag, rest)

    return fetch


def leaves_out(bad: int, imap: Imap) -> Answer:
    def fetch(talk: Talk, tag: bytes, rest: bytes) -> None:
        left = [uid for uid in asked_uids(b"A " + rest) if uid != bad or b"BODY" not in rest]
        imap.rows(talk, tag, rest, left)

    return fetch


@pytest.mark.parametrize("how", [hangs_up_at, refuses, gives_nothing, leaves_out])
def test_one_damaged_mail_stops_no_other(how: object) -> None:
    imap = Imap(dict(MAILS))
    imap.answers = {"UID FETCH": how(5, imap)}  # type: ignore[operator]
    with at(imap) as (source, _):
        ids = listed(source)
        found = source.raws("INBOX", ids)
        assert next(found) == ("7.3", MAILS[3])
        with pytest.raises(Rejected) as raised:
            next(found)
        assert "mail" in str(raised.value) or "refuses" in str(raised.value)
        assert list(source.raws("INBOX", ids[2:])) == [("7.8", MAILS[8])]


def test_a_server_that_is_down_is_no_damaged_mail() -> None:
    imap = Imap(dict(MAILS))
    broken = False

    def fetch(talk: Talk, tag: bytes, rest: bytes) -> None:
        nonlocal broken
        broken = broken or b"BODY" in rest
        if broken:
            talk.hang_up()
        imap.do_uid_fetch(talk, tag, rest)

    def examine(talk: Talk, tag: bytes, rest: bytes) -> None:
        if broken:
            talk.hang_up()
        imap.do_examine(talk, tag, rest)

    imap.answers = {"UID FETCH": fetch, "EXAMINE": examine}
    with at(imap) as (source, _), pytest.raises(Unavailable):
        list(source.raws("INBOX", listed(source)))


def test_a_mail_that_vanishes_while_it_is_asked_for_is_gone() -> None:
    imap = Imap(dict(MAILS))

    def fetch(talk: Talk, tag: bytes, rest: bytes) -> None:
        if b"BODY" in rest and 5 in imap.mails:
            del imap.mails[5]
            talk.say(tag + b" NO [EXPUNGEISSUED] Some of the mails no longer exist")
        else:
            imap.do_uid_fetch(talk, tag, rest)

    imap.answers = {"UID FETCH": fetch}
    with at(imap) as (source, _):
        assert list(source.raws("INBOX", listed(source))) == [("7.3", MAILS[3]), ("7.5", None), ("7.8", MAILS[8])]


# ---------------------------------------------------------------- the line


def test_a_connection_that_was_closed_in_between_is_made_anew() -> None:
    imap = Imap(dict(MAILS))
    asked = 0

    def examine(talk: Talk, tag: bytes, rest: bytes) -> None:
        nonlocal asked
        asked += 1
        if asked == 2:
            talk.hang_up()
        imap.do_examine(talk, tag, rest)

    imap.answers = {"EXAMINE": examine}
    with at(imap) as (source, server):
        assert listed(source) == listed(source)
        assert server.connections == 2


@pytest.mark.parametrize(
    "greeting",
    [b"HTTP/1.1 400 Bad Request", b"220 mail.example.org ESMTP", b"\x16\x03\x01\x00\xa5", b"* OK" + b" x" * 600_000],
    ids=["web", "smtp", "tls", "endless"],
)
def test_what_speaks_no_imap_is_said(greeting: bytes) -> None:
    with at(Imap(greeting=greeting), timeout=1.0) as (source, _), pytest.raises(Unavailable):
        listed(source)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"NO [AUTHENTICATIONFAILED] wrong", NotAuthorised),
        (b"NO wrong", NotAuthorised),
        (b"NO [UNAVAILABLE] the directory is down", Unavailable),
        (b"NO [LIMIT] Too many simultaneous connections", Throttled),
        (b"BAD what?", NotAuthorised),
    ],
)
def test_a_refused_sign_in_says_what_to_do(answer: bytes, error: type[Exception]) -> None:
    def authenticate(talk: Talk, tag: bytes, _rest: bytes) -> None:
        talk.say(b"+ ")
        talk.hear()
        talk.say(tag + b" " + answer)

    with at(Imap(answers={"AUTHENTICATE": authenticate})) as (source, _):
        with pytest.raises(error) as raised:
            listed(source)
        assert type(raised.value) is error
        assert SECRET not in f"{raised.value} {raised.value.server_said}"  # type: ignore[attr-defined]


@pytest.mark.parametrize("capabilities", [b"IMAP4rev1", b"IMAP4rev1 AUTH=PLAIN"])
def test_a_line_that_breaks_at_the_sign_in_is_no_wrong_password(capabilities: bytes) -> None:
    def sign_in(talk: Talk, _tag: bytes, rest: bytes) -> None:
        if b"AUTHENTICATE" in rest:
            talk.say(b"+ ")
            talk.hear()
        talk.hang_up()

    imap = Imap(capabilities=capabilities, answers={"AUTHENTICATE": sign_in, "LOGIN": sign_in})
    with at(imap) as (source, _), pytest.raises(Unavailable):
        listed(source)


def test_too_many_connections_are_said_with_the_greeting() -> None:
    greeting = b"* BYE Too many connections from your address"
    with at(Imap(greeting=greeting)) as (source, _), pytest.raises(Throttled):
        listed(source)


def test_a_folder_that_is_closed_to_the_account() -> None:
    def examine(talk: Talk, tag: bytes, _rest: bytes) -> None:
        talk.say(tag + b" NO [NOPERM] not yours")

    with at(Imap(answers={"EXAMINE": examine})) as (source, _), pytest.raises(NoAccess):
        listed(source)


def test_a_server_that_knows_login_only_gets_names_with_any_letters() -> None:
    imap = Imap(capabilities=b"IMAP4rev1")
    with scripted(imap) as server:
        source = connect(ConnectorSettings(f"imap://127.0.0.1:{server.port}", 'a "b" \\c', 'p"w\\', timeout=5.0))
        listed(source)
        source.close()
    assert b'LOGIN "a \\"b\\" \\\\c" "p\\"w\\\\"' in b"\n".join(server.heard)


def test_a_password_is_never_sent_in_clear_to_another_machine() -> None:
    another = "127.0.0.2"  # this machine too, but that is not known of it
    with at(Imap(), host=another) as (source, server), pytest.raises(NotAuthorised, match="no encryption"):
        listed(source)
    assert not any(b"AUTH" in line or b"LOGIN" in line for line in server.heard)


@pytest.mark.parametrize(
    ("capabilities", "auth"),
    [(b"IMAP4rev1", "basic"), (b"IMAP4rev1 AUTH=PLAIN", "basic"), (b"IMAP4rev1 AUTH=XOAUTH2", "bearer")],
)
def test_no_password_stands_in_a_log(caplog: pytest.LogCaptureFixture, capabilities: bytes, auth: str) -> None:
    with caplog.at_level(logging.DEBUG), scripted(Imap(capabilities=capabilities)) as server:
        url = f"imap://127.0.0.1:{server.port}"
        source = connect(ConnectorSettings(url, "ada", SECRET, auth=auth, timeout=5.0))
        listed(source)
        source.close()
    begun = next(n for n, line in enumerate(server.heard) if b"AUTHENTICATE" in line or b"LOGIN" in line)
    given = server.heard[begun + 1 if b"AUTHENTICATE" in server.heard[begun] else begun].decode()
    assert SECRET not in caplog.text
    assert given not in caplog.text
    assert "REDACTED" in caplog.text  # the library did log


# ---------------------------------------------------------------- settling


def test_a_server_that_cannot_move_gets_copies_and_marks_and_nothing_is_deleted() -> None:
    imap = Imap(dict(MAILS), capabilities=b"IMAP4rev1 AUTH=PLAIN")
    moved: set[int] = set()

    def store(talk: Talk, tag: bytes, rest: bytes) -> None:
        if b"$AgendaHubMoved" in rest:
            moved.update(asked_uids(b"A " + rest))
        talk.say(tag + b" OK done")

    def fetch(talk: Talk, tag: bytes, rest: bytes) -> None:
        if b"FLAGS" not in rest:
            imap.do_uid_fetch(talk, tag, rest)
            return
        for place, uid in enumerate(asked_uids(b"A " + rest), start=1):
            flags = b"\\Seen $AgendaHubMoved" if uid in moved else b""
            talk.say(b"* %d FETCH (UID %d FLAGS (%b))" % (place, uid, flags))
        talk.say(tag + b" OK done")

    imap.answers = {"UID STORE": store, "UID FETCH": fetch}
    with at(imap) as (source, server):
        ids = listed(source)
        source.settle("INBOX", ids[:2], After(move_to="Done"))
        source.settle("INBOX", ids, After(move_to="Done"))  # again, after a crash
    copies = [line.split(b" ", 1)[1] for line in server.heard if b"COPY" in line]
    assert copies == [b'UID COPY 3,5 "Done"', b'UID COPY 8 "Done"']
    assert moved == {3, 5, 8}
    assert not any(word in line for line in server.heard for word in (b"Deleted", b"EXPUNGE", b"CLOSE"))


def test_a_folder_that_keeps_no_keywords_says_so() -> None:
    imap = Imap(dict(MAILS))

    def select(talk: Talk, tag: bytes, _rest: bytes) -> None:
        talk.say(b"* 3 EXISTS", b"* OK [UIDVALIDITY 7]", b"* OK [PERMANENTFLAGS (\\Seen \\Deleted)]", tag + b" OK done")

    imap.answers = {"SELECT": select}
    with at(imap) as (source, _):
        ids = listed(source)
        source.settle("INBOX", ids, After(seen=True))
        with pytest.raises(Rejected, match="keeps no keywords"):
            source.settle("INBOX", ids, After(keyword="AgendaHub"))


def test_a_folder_that_can_only_be_read_says_so() -> None:
    imap = Imap(dict(MAILS))
    imap.answers = {"SELECT": lambda talk, tag, rest: imap.do_examine(talk, tag, rest)}
    with at(imap) as (source, _):
        ids = listed(source)
        with pytest.raises(NoAccess):
            source.settle("INBOX", ids, After(seen=True))


def test_mails_of_another_numbering_are_left_alone() -> None:
    imap = Imap(dict(MAILS))
    with at(imap) as (source, server):
        ids = listed(source)
        imap.validity = 8
        source.line.drop()
        source.settle("INBOX", ids, After(seen=True, move_to="Done"))
        assert [raw for _, raw in source.raws("INBOX", ids)] == [None] * 3
    assert not any(b"STORE" in line or b"MOVE" in line or b"BODY" in line for line in server.heard)


def test_a_refusal_that_is_about_no_mail_blames_none() -> None:
    imap = Imap(dict(MAILS), answers={"FETCH": lambda talk, tag, rest: talk.say(tag + b" NO not today")})
    with at(imap) as (source, _), pytest.raises(Unavailable):
        listed(source)


def test_where_sizes_are_not_told_mails_come_one_by_one() -> None:
    imap = Imap(dict(MAILS))

    def fetch(talk: Talk, tag: bytes, rest: bytes) -> None:
        if b"BODY" not in rest:
            talk.say(tag + b" NO some cannot be fetched")
        else:
            imap.do_uid_fetch(talk, tag, rest)

    imap.answers = {"UID FETCH": fetch}
    with at(imap) as (source, server):
        ids = listed(source)
        source._sizes.clear()
        assert [raw for _, raw in source.raws("INBOX", ids)] == list(MAILS.values())
    assert [asked_uids(line) for line in server.heard if b"BODY" in line] == [[3], [5], [8]]


@pytest.mark.parametrize("told_with_the_answer", [True, False])
def test_what_a_server_can_do_is_known_after_the_sign_in(*, told_with_the_answer: bool) -> None:
    """Many tell less before it."""
    before, after = b"IMAP4rev1 AUTH=PLAIN", b"IMAP4rev1 IDLE MOVE"
    imap = Imap(dict(MAILS), greeting=b"* OK [CAPABILITY " + before + b"] ready", capabilities=before)

    def authenticate(talk: Talk, tag: bytes, _rest: bytes) -> None:
        talk.say(b"+ ")
        talk.hear()
        imap.capabilities = after
        talk.say(tag + (b" OK [CAPABILITY " + after + b"] welcome" if told_with_the_answer else b" OK welcome"))

    imap.answers = {"AUTHENTICATE": authenticate}
    with at(imap) as (source, server):
        source.settle("INBOX", listed(source), After(move_to="Done"))
    assert any(b"UID MOVE" in line for line in server.heard)


def test_what_is_told_before_idle_begins_is_noticed() -> None:
    def idle(talk: Talk, tag: bytes, _rest: bytes) -> None:
        talk.say(b"* 4 EXISTS", b"+ idling")
        talk.hear()
        talk.say(tag + b" OK done")

    with at(Imap(dict(MAILS), answers={"IDLE": idle})) as (source, server):
        listed(source)
        assert source.wait("INBOX", 20.0, never)
        assert server.heard[-1] == b"DONE"
        assert server.connections == 1


def test_a_server_that_knows_condstore_but_does_not_enable_it() -> None:
    imap = Imap(dict(MAILS), capabilities=b"IMAP4rev1 AUTH=PLAIN CONDSTORE ENABLE")
    imap.answers = {"ENABLE": lambda talk, tag, rest: talk.say(tag + b" NO not today")}
    with at(imap) as (source, _):
        assert len(listed(source)) == 3


@pytest.mark.parametrize("refused", [True, False])
def test_a_mail_whose_size_cannot_be_told_is_an_arrival(*, refused: bool) -> None:
    """Exchange converts a mail to tell its size; one that cannot be converted must not hide itself or the others."""
    imap = Imap(dict(MAILS))

    def fetch(talk: Talk, tag: bytes, rest: bytes) -> None:
        if b"SIZE" not in rest:
            imap.do_fetch(talk, tag, rest)
        elif refused:
            talk.say(tag + b" NO the specified message could not be converted")
        else:
            imap.rows(talk, tag, rest, [3, 8])

    imap.answers = {"FETCH": fetch}
    with at(imap) as (source, _):
        assert listed(source) == ["7.3", "7.5", "7.8"]
        assert [raw for _, raw in source.raws("INBOX", ["7.3", "7.5", "7.8"])] == list(MAILS.values())


def test_a_token_that_ran_out_waits_for_no_person() -> None:
    """The line is made anew by whoever holds it, with the token of then."""
    signed_in = 0

    def authenticate(talk: Talk, tag: bytes, _rest: bytes) -> None:
        nonlocal signed_in
        signed_in += 1
        talk.say(b"+ ")
        talk.hear()
        talk.say(tag + (b" OK welcome" if signed_in == 1 else b" NO [AUTHENTICATIONFAILED] expired"))

    imap = Imap(dict(MAILS), capabilities=b"IMAP4rev1 AUTH=OAUTHBEARER", answers={"AUTHENTICATE": authenticate})
    with scripted(imap) as server:
        settings = ConnectorSettings(f"imap://127.0.0.1:{server.port}", "ada", SECRET, auth="bearer", timeout=5.0)
        source, another = connect(settings), connect(settings)
        listed(source)
        source.line.drop()
        with pytest.raises(SyncError) as raised:
            listed(source)
        assert type(raised.value) is Unavailable
        with pytest.raises(NotAuthorised):
            listed(another)
        source.close()
        another.close()
