"""Mails that an IMAP server cannot give, and what it cannot do to those that it gives."""

from __future__ import annotations

import pytest

from connectors.mail import After
from sync_engine.errors import NoAccess, Rejected, Unavailable
from tests.scripted_imap_here import MAILS, at, listed
from tests.servers.scripted import Answer, Imap, Talk, asked_uids


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
