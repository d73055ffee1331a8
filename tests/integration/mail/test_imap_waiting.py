"""Waiting for new mail at IMAP servers that are silent, hang up, tell too early or know no IDLE."""

from __future__ import annotations

import time

import pytest

from connectors.imap import idling
from sync_engine.errors import Unavailable
from tests.scripted_imap_here import MAILS, at, listed, never
from tests.servers.scripted import Imap, Talk


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
