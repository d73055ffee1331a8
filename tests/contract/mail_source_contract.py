"""What every `connectors.mail.MailSource` must do, whatever system stands behind it.

A subclass gives an empty mailbox for each test, and a way to look at it that is not the source under test.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.mail import After, MailSource, Waits
from sync_engine.errors import CollectionGone, CursorExpired, NotAuthorised, SyncError, Unavailable
from tests.contract.mail_source_world import ODD_MAILS, Lying, Mailbox, Reader, mail, subject


class MailSourceContract:
    """Subclasses give the fixtures `mailbox`, `source`, `again`, `locked_out`, `unreachable`, `inbox` and `done`."""

    many = 25  # mails for the test of pages; the subclass makes its pages smaller than that, or this larger
    odd_mails = ODD_MAILS  # a system that cannot be given one of them leaves it out, and says why
    missing_folder = "Never was"  # an id that looks right
    patience = 10.0  # seconds until the system tells of a new mail, for sources that wait

    @pytest.fixture
    def mailbox(self) -> Mailbox:
        raise NotImplementedError

    @pytest.fixture
    def source(self) -> MailSource:
        """The mailbox, signed in; closed by the fixture."""
        raise NotImplementedError

    @pytest.fixture
    def again(self) -> MailSource:
        """Another one for the same mailbox: the next process."""
        raise NotImplementedError

    @pytest.fixture
    def locked_out(self) -> MailSource:
        """With a wrong password or a token that was revoked."""
        raise NotImplementedError

    @pytest.fixture
    def unreachable(self) -> MailSource:
        """Where nobody listens."""
        raise NotImplementedError

    @pytest.fixture
    def inbox(self) -> str:
        """Id of an empty folder."""
        raise NotImplementedError

    @pytest.fixture
    def done(self) -> str:
        """Id of another empty folder, to move into."""
        raise NotImplementedError

    @pytest.fixture
    def reader(self, source: MailSource, inbox: str) -> Reader:
        return Reader(source, inbox)

    # ------------------------------------------------------------ folders

    def test_folders_are_named_and_told_apart(self, source: MailSource, inbox: str, done: str) -> None:
        found = source.folders()
        ids = [one.id for one in found]
        assert {inbox, done} <= set(ids)
        assert len(set(ids)) == len(ids)
        assert all(one.name for one in found)

    def test_a_folder_that_is_not_there_is_said_to_be_gone(self, source: MailSource) -> None:
        with pytest.raises(CollectionGone):
            Reader(source, self.missing_folder).pull()

    # ------------------------------------------------------------ arrivals

    def test_an_empty_folder_gives_a_cursor(self, mailbox: Mailbox, reader: Reader) -> None:
        assert reader.pull() == []
        assert reader.cursor
        mailbox.put(reader.folder, mail("first"))
        assert reader.subjects() == ["first"]

    def test_everything_that_lies_there_comes_the_oldest_first(self, mailbox: Mailbox, reader: Reader) -> None:
        for name in ("a", "b", "c"):
            mailbox.put(reader.folder, mail(name))
        assert reader.subjects() == ["a", "b", "c"]

    def test_arrivals_tell_size_and_time_where_they_can(self, mailbox: Mailbox, reader: Reader) -> None:
        raw = mail("sized", "ž" * 500)
        mailbox.put(reader.folder, raw)
        (found,) = reader.pull()
        assert found.size == 0 or abs(found.size - len(raw)) <= len(raw) // 10
        if found.arrived_at is not None:
            assert found.arrived_at.utcoffset() == timedelta(0)
            assert abs(datetime.now(UTC) - found.arrived_at) < timedelta(minutes=10)

    def test_only_what_is_new_comes_after_a_cursor(self, mailbox: Mailbox, reader: Reader) -> None:
        mailbox.put(reader.folder, mail("old"))
        reader.pull()
        mailbox.put(reader.folder, mail("new"))
        assert reader.subjects() == ["new"]

    def test_nothing_new_brings_nothing(self, mailbox: Mailbox, reader: Reader) -> None:
        mailbox.put(reader.folder, mail("old"))
        reader.pull()
        assert [reader.pull() for _ in range(3)] == [[], [], []]

    def test_a_cursor_is_good_in_the_next_process(self, mailbox: Mailbox, reader: Reader, again: MailSource) -> None:
        mailbox.put(reader.folder, mail("old"))
        reader.pull()
        mailbox.put(reader.folder, mail("new"))
        assert Reader(again, reader.folder, reader.cursor).subjects() == ["new"]

    def test_many_come_in_pages_and_each_page_can_be_the_last_that_was_kept(
        self, mailbox: Mailbox, reader: Reader, again: MailSource
    ) -> None:
        for n in range(self.many):
            mailbox.put(reader.folder, mail(f"m{n:03}"))
        pages = list(reader.source.arrivals(reader.folder, None))
        assert len(pages) > 1
        assert [page.complete for page in pages] == [False] * (len(pages) - 1) + [True]
        assert sum(len(page.arrivals) for page in pages) == self.many
        for number, page in enumerate(pages):
            rest = Reader(again, reader.folder, page.cursor)
            wanted = [one.id for later in pages[number + 1 :] for one in later.arrivals]
            assert [one.id for one in rest.pull()] == wanted

    def test_mails_are_read_between_pages(self, mailbox: Mailbox, reader: Reader) -> None:
        for n in range(self.many):
            mailbox.put(reader.folder, mail(f"m{n:03}"))
        found: list[str] = []
        for page in reader.source.arrivals(reader.folder, None):
            found += [subject(raw) for raw in reader.raws(page.arrivals) if raw is not None]
            reader.source.settle(reader.folder, [one.id for one in page.arrivals], After(seen=True))
        assert found == [f"m{n:03}" for n in range(self.many)]

    def test_an_id_is_never_another_mails(self, mailbox: Mailbox, reader: Reader) -> None:
        mailbox.put(reader.folder, mail("gone"))
        (gone,) = reader.pull()
        mailbox.remove(reader.folder, mail("gone"))
        mailbox.put(reader.folder, mail("new"))
        (new,) = [one for one in reader.pull() if one.id != gone.id]
        assert reader.raws([gone, new]) == [None, mail("new")]

    def test_what_somebody_else_does_with_old_mails_hides_no_new_one(self, mailbox: Mailbox, reader: Reader) -> None:
        for name in ("read", "deleted", "left"):
            mailbox.put(reader.folder, mail(name))
        reader.pull()
        mailbox.mark_seen(reader.folder, mail("read"))
        mailbox.remove(reader.folder, mail("deleted"))
        mailbox.put(reader.folder, mail("new"))
        assert reader.subjects()[-1] == "new"
        mailbox.remove(reader.folder, mail("new"))
        mailbox.put(reader.folder, mail("newer"))
        assert reader.subjects()[-1] == "newer"

    def test_a_mail_that_was_read_before_we_came_is_an_arrival(self, mailbox: Mailbox, reader: Reader) -> None:
        mailbox.put(reader.folder, mail("read"))
        mailbox.mark_seen(reader.folder, mail("read"))
        assert reader.subjects() == ["read"]

    def test_a_worthless_cursor_says_so_and_all_can_be_listed_again(self, mailbox: Mailbox, reader: Reader) -> None:
        for name in ("a", "b"):
            mailbox.put(reader.folder, mail(name))
        reader.pull()
        mailbox.expire(reader.folder)
        mailbox.put(reader.folder, mail("c"))
        with pytest.raises(CursorExpired):
            reader.pull()
        reader.cursor = None
        assert sorted(reader.subjects()) == ["a", "b", "c"]

    @pytest.mark.parametrize("cursor", ["", "?", "{}", "999999999"])
    def test_a_cursor_nobody_gave_has_expired(self, source: MailSource, inbox: str, cursor: str) -> None:
        with pytest.raises(CursorExpired):
            Reader(source, inbox, cursor).pull()

    # ------------------------------------------------------------ the mails

    def test_q02_a_mail_comes_byte_for_byte(self, mailbox: Mailbox, reader: Reader) -> None:
        for raw in self.odd_mails.values():
            mailbox.put(reader.folder, raw)
        arrivals = reader.pull()
        found = reader.raws(arrivals)
        for (name, raw), one, again in zip(self.odd_mails.items(), arrivals, found, strict=True):
            assert again == raw, name
            assert reader.source.raw(reader.folder, one.id) == raw, name

    def test_reading_marks_nothing(self, mailbox: Mailbox, reader: Reader) -> None:
        mailbox.put(reader.folder, mail("unread"))
        before = mailbox.lying(reader.folder)
        reader.raws(reader.pull())
        reader.source.raw(reader.folder, reader.told[0])
        assert mailbox.lying(reader.folder) == before == [Lying(mail("unread"))]

    def test_what_is_gone_is_none_and_the_others_go_on(self, mailbox: Mailbox, reader: Reader) -> None:
        for name in ("a", "gone", "c"):
            mailbox.put(reader.folder, mail(name))
        arrivals = reader.pull()
        mailbox.remove(reader.folder, mail("gone"))
        assert reader.raws(arrivals) == [mail("a"), None, mail("c")]
        assert reader.source.raw(reader.folder, arrivals[1].id) is None

    def test_asking_for_none_is_fine(self, source: MailSource, inbox: str) -> None:
        assert list(source.raws(inbox, [])) == []
        source.settle(inbox, [], After(seen=True))

    def test_many_come_in_the_order_that_was_asked(self, mailbox: Mailbox, reader: Reader) -> None:
        for n in range(self.many):
            mailbox.put(reader.folder, mail(f"m{n:03}", "x" * (n * 997 % 5000)))
        arrivals = reader.pull()[::-1]
        found = [subject(raw) for raw in reader.raws(arrivals) if raw]
        assert found == [f"m{n:03}" for n in reversed(range(self.many))]

    # ------------------------------------------------------------ settling

    @pytest.mark.parametrize(
        ("after", "wanted"),
        [
            (After(), Lying(b"")),
            (After(seen=True), Lying(b"", seen=True)),
            (After(keyword="AgendaHub"), Lying(b"", keywords=frozenset({"AgendaHub"}))),
            (After(seen=True, keyword="AgendaHub"), Lying(b"", seen=True, keywords=frozenset({"AgendaHub"}))),
        ],
        ids=["nothing", "seen", "keyword", "both"],
    )
    def test_settling_marks_what_it_is_told_and_no_other(
        self, mailbox: Mailbox, reader: Reader, after: After, wanted: Lying
    ) -> None:
        for name in ("a", "other", "c"):
            mailbox.put(reader.folder, mail(name))
        ids = [one.id for one in reader.pull()]
        for _ in range(2):  # twice is fine
            reader.source.settle(reader.folder, [ids[0], ids[2]], after)
        marked = [replace(wanted, raw=mail(name)) for name in ("a", "c")]
        assert _sorted(mailbox.lying(reader.folder)) == _sorted([*marked, Lying(mail("other"))])

    def test_settling_moves_and_loses_nothing(self, mailbox: Mailbox, reader: Reader, done: str) -> None:
        for name in ("a", "stays", "c"):
            mailbox.put(reader.folder, mail(name))
        arrivals = reader.pull()
        for _ in range(2):  # twice is fine
            reader.source.settle(reader.folder, [arrivals[0].id, arrivals[2].id], After(move_to=done))
        assert _raws(mailbox, reader.folder) == Counter([mail("stays")])
        assert _raws(mailbox, done) == Counter([mail("a"), mail("c")])
        assert reader.raws(arrivals) == [None, mail("stays"), None]

    def test_a_move_can_mark_too(self, mailbox: Mailbox, reader: Reader, done: str) -> None:
        mailbox.put(reader.folder, mail("a"))
        ids = [one.id for one in reader.pull()]
        reader.source.settle(reader.folder, ids, After(seen=True, keyword="AgendaHub", move_to=done))
        assert list(mailbox.lying(done)) == [Lying(mail("a"), seen=True, keywords=frozenset({"AgendaHub"}))]
        assert list(mailbox.lying(reader.folder)) == []

    def test_a_move_to_nowhere_loses_nothing(self, mailbox: Mailbox, reader: Reader) -> None:
        mailbox.put(reader.folder, mail("a"))
        ids = [one.id for one in reader.pull()]
        with pytest.raises(SyncError):
            reader.source.settle(reader.folder, ids, After(move_to=self.missing_folder))
        assert _raws(mailbox, reader.folder) == Counter([mail("a")])

    def test_settling_what_is_gone_is_fine(self, mailbox: Mailbox, reader: Reader, done: str) -> None:
        for name in ("a", "gone"):
            mailbox.put(reader.folder, mail(name))
        ids = [one.id for one in reader.pull()]
        mailbox.remove(reader.folder, mail("gone"))
        reader.source.settle(reader.folder, ids, After(seen=True, keyword="AgendaHub"))
        reader.source.settle(reader.folder, ids[1:], After(move_to=done))
        marked = Lying(mail("a"), seen=True, keywords=frozenset({"AgendaHub"}))
        assert (list(mailbox.lying(reader.folder)), list(mailbox.lying(done))) == ([marked], [])

    def test_what_was_settled_comes_to_rest(self, mailbox: Mailbox, reader: Reader, done: str) -> None:
        for name in ("a", "b"):
            mailbox.put(reader.folder, mail(name))
        ids = [one.id for one in reader.pull()]
        reader.source.settle(reader.folder, ids[:1], After(seen=True, keyword="AgendaHub"))
        reader.source.settle(reader.folder, ids[1:], After(move_to=done))
        assert {one.id for one in reader.pull()} <= {ids[0]}  # it may be told once more
        assert reader.pull() == []
        mailbox.put(reader.folder, mail("new"))
        assert reader.subjects() == ["new"]

    # ------------------------------------------------------------ trouble

    def test_a_wrong_sign_in_is_said(self, locked_out: MailSource, inbox: str) -> None:
        with pytest.raises(NotAuthorised):
            Reader(locked_out, inbox).pull()

    def test_nobody_there_is_said(self, unreachable: MailSource, inbox: str) -> None:
        with pytest.raises(Unavailable):
            Reader(unreachable, inbox).pull()

    def test_closing_twice_is_fine(self, again: MailSource, inbox: str) -> None:
        Reader(again, inbox).pull()
        again.close()
        again.close()

    # ------------------------------------------------------------ waiting, where the server tells of new mail

    def test_waiting_ends_when_a_mail_comes(self, mailbox: Mailbox, reader: Reader) -> None:
        if not isinstance(reader.source, Waits):
            return
        reader.pull()
        mailbox.put(reader.folder, mail("new"))
        assert reader.source.wait(reader.folder, self.patience, _never)
        assert reader.subjects() == ["new"]

    def test_waiting_ends_when_the_time_is_over_or_it_is_told_to(self, mailbox: Mailbox, reader: Reader) -> None:
        if not isinstance(reader.source, Waits):
            return
        mailbox.put(reader.folder, mail("old"))
        reader.pull()
        began = time.monotonic()
        assert not reader.source.wait(reader.folder, 0.3, _never)
        assert not reader.source.wait(reader.folder, 60.0, lambda: True)
        assert time.monotonic() - began < self.patience


def _never() -> bool:
    return False


def _raws(mailbox: Mailbox, folder: str) -> Counter[bytes]:
    return Counter(one.raw for one in mailbox.lying(folder))


def _sorted(lying: Sequence[Lying]) -> list[Lying]:
    return sorted(lying, key=lambda one: one.raw)
