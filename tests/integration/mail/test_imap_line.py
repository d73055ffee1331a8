"""Connections and sign-ins to IMAP servers that are no IMAP servers, refuse, break off or tell little of themselves."""

from __future__ import annotations

import logging

import pytest

from connectors.imap import connect
from connectors.mail import After
from connectors.settings import ConnectorSettings
from sync_engine.errors import NoAccess, NotAuthorised, SyncError, Throttled, Unavailable
from tests.scripted_imap_here import MAILS, SECRET, at, listed
from tests.servers.scripted import Imap, Talk, scripted


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


def test_a_server_that_knows_condstore_but_does_not_enable_it() -> None:
    imap = Imap(dict(MAILS), capabilities=b"IMAP4rev1 AUTH=PLAIN CONDSTORE ENABLE")
    imap.answers = {"ENABLE": lambda talk, tag, rest: talk.say(tag + b" NO not today")}
    with at(imap) as (source, _):
        assert len(listed(source)) == 3


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


def test_a_refusal_that_is_about_no_mail_blames_none() -> None:
    imap = Imap(dict(MAILS), answers={"FETCH": lambda talk, tag, rest: talk.say(tag + b" NO not today")})
    with at(imap) as (source, _), pytest.raises(Unavailable):
        listed(source)
