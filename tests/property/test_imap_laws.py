"""Laws of reading an IMAP folder: places and pages, cursors, names, answers of a bearable size."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from imapclient import imap_utf7

from connectors.imap.cursor import ImapCursor, mail_id, uid_of
from connectors.imap.folders import folder_name, wire_names
from connectors.imap.line import Opened
from connectors.imap.position import first_after
from connectors.imap.reading import AT_ONCE, LARGEST, _groups
from connectors.imap.settling import keyword_of
from connectors.smtp.envelope import Envelope, whole_lines
from sync_engine.errors import CursorExpired, Rejected

UIDS = st.lists(st.integers(1, 2**32 - 1), unique=True, max_size=300).map(sorted)


@given(UIDS, st.integers(0, 2**32 - 1), st.integers(-5, 400))
def test_the_first_new_mail_is_found_with_few_looks(uids: list[int], after: int, hint: int) -> None:
    looks: list[int] = []

    def uid_at(place: int) -> int:
        looks.append(place)
        return uids[place - 1]

    found = first_after(after, len(uids), hint, uid_at)
    assert found == sum(uid <= after for uid in uids) + 1
    assert len(looks) <= 2 * math.log2(len(uids) + 1) + 3
    assert len(set(looks)) == len(looks)


@given(UIDS.filter(bool), st.data())
def test_a_good_hint_costs_two_looks(uids: list[int], data: st.DataObject) -> None:
    place = data.draw(st.integers(1, len(uids)))
    looks: list[int] = []

    def uid_at(at: int) -> int:
        looks.append(at)
        return uids[at - 1]

    assert first_after(uids[place - 1], len(uids), place + 1, uid_at) == place + 1
    assert len(looks) <= 2


@given(st.integers(0, 2**32), st.integers(0, 2**32), st.integers(0, 2**63))
def test_a_cursor_comes_back_as_it_was_written(validity: int, uid: int, modseq: int) -> None:
    cursor = ImapCursor(validity, uid, modseq)
    assert ImapCursor.read(cursor.written()) == cursor


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=4).map(json.dumps))
def test_any_other_text_is_no_cursor(text: str) -> None:
    with pytest.raises(CursorExpired):
        ImapCursor.read(text)


@pytest.mark.parametrize(
    ("opened", "good"),
    [
        (Opened("INBOX", False, 7, 3, 11, 50, frozenset()), True),
        (Opened("INBOX", False, 7, 3, 0, 0, frozenset()), True),  # the server does not tell
        (Opened("INBOX", False, 8, 3, 11, 50, frozenset()), False),  # numbered anew
        (Opened("INBOX", False, 7, 3, 10, 50, frozenset()), False),  # UID 10 is not given any more: set back
        (Opened("INBOX", False, 7, 3, 11, 49, frozenset()), False),  # less happened than we know of: set back
    ],
)
def test_numbers_that_mean_other_mails_are_noticed(opened: Opened, good: bool) -> None:
    cursor = ImapCursor(7, 10, 50)
    if good:
        cursor.check(opened)
    else:
        with pytest.raises(CursorExpired):
            cursor.check(opened)


@given(st.integers(1, 2**32 - 1), st.integers(1, 2**32 - 1), st.integers(1, 2**32 - 1))
def test_an_id_is_of_one_numbering(validity: int, uid: int, another: int) -> None:
    written = mail_id(validity, uid)
    assert uid_of(written, validity) == uid
    assert another == validity or uid_of(written, another) is None


@given(st.text(max_size=30))
def test_any_text_is_some_id_or_none(text: str) -> None:
    found = uid_of(text, 7)
    assert found is None or (text.startswith("7.") and int(text[2:]) == found)


# ---------------------------------------------------------------- names


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_a_folder_may_have_any_name(name: str) -> None:
    raw = bytes(imap_utf7.encode(name))
    assert folder_name(raw) == name
    assert wire_names(name)[0] == raw
    assert all(one.isascii() and b"\n" not in one and b"\r" not in one for one in wire_names(name))


@given(st.binary(min_size=1))
def test_any_octets_may_be_a_folders_name(raw: bytes) -> None:
    name = folder_name(raw)
    assert name == "" or raw in wire_names(name) or not name.isprintable()


@given(st.text(min_size=1))
def test_a_keyword_is_one_word_of_the_protocol(name: str) -> None:
    found = keyword_of(name)
    assert found.isascii()
    assert found.decode().isprintable()
    assert not set(b' (){%*"\\]') & set(found)


def test_a_keyword_that_needs_nothing_stays() -> None:
    assert keyword_of("AgendaHub") == b"AgendaHub"
    assert keyword_of("$Label1") == b"$Label1"


# ---------------------------------------------------------------- answers of a bearable size


@given(st.lists(st.integers(0, 3 * AT_ONCE), max_size=120))
def test_answers_are_of_a_bearable_size_and_leave_nothing_out(sizes: list[int]) -> None:
    ids = [str(n) for n in range(len(sizes))]
    known = dict(zip(ids, sizes, strict=True))
    groups = list(_groups(ids, known))
    assert [one for group in groups for one in group] == ids
    assert all(len(group) == 1 or sum(known[one] for one in group) <= AT_ONCE for group in groups)
    assert all(1 <= len(group) <= 50 for group in groups)


def test_what_is_too_large_is_refused_at_its_turn() -> None:
    found = _groups(["a", "b", "c"], {"a": 1, "b": LARGEST + 1, "c": 1})
    assert next(found) == ["a"]
    with pytest.raises(Rejected):
        next(found)


# ---------------------------------------------------------------- what goes out


@given(st.binary(max_size=300) | st.lists(st.sampled_from([b"\r", b"\n", b".", b"a"])).map(b"".join))
def test_no_octets_end_a_mail_early_and_all_arrive(raw: bytes) -> None:
    sent = Envelope.of(raw, "", ["eva@x.example"]).stuffed()
    lines = sent.split(b"\r\n")
    assert lines.pop() == b""
    assert b"." not in lines
    assert all(b"\r" not in line and b"\n" not in line for line in lines)
    arrived = b"".join((line[1:] if line.startswith(b".") else line) + b"\r\n" for line in lines)
    assert arrived == whole_lines(raw)


@given(st.text(max_size=60))
def test_an_address_says_nothing_else_on_the_wire(address: str) -> None:
    try:
        found = Envelope.of(b"", "", [address])
    except Rejected:
        return
    assert found.recipients == (address,)
    assert not set(address) & set("<> \r\n\t\0")
    assert address.count("@") == 1
