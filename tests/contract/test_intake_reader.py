"""A mailbox is read: fetched, committed, flagged, and only then left behind (REQUESTS.md 1, 2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from connectors.mail import After, Arrival
from crm.intake import reader as reading
from crm.intake.model import What
from crm.intake.reader import Reader, Reading
from storage import tables as t
from sync_engine.errors import CollectionGone, NoAccess, NotAuthorised, Rejected, SyncError, Unavailable
from tests.intake_here import Intake, intake_in
from tests.mails_here import mail
from tests.servers.mail_folder import MailFolders


@pytest.fixture
def intake(sqlite_url: str) -> Iterator[Intake]:
    with intake_in(sqlite_url) as made:
        yield made


@pytest.fixture
def box(tmp_path: Path) -> MailFolders:
    return filled(MailFolders(tmp_path / "box", page=4), 10)


def filled(folders: MailFolders, count: int) -> MailFolders:
    for number in range(count):
        folders.put(mail(f"mail {number}", sender=f"eva{number}@customer.example"))
    return folders


def all_of(count: int) -> dict[str, int]:
    return {f"mail {number}": 1 for number in range(count)}


def cursor_of(intake: Intake) -> str | None:
    [row] = intake.rows(t.mail_cursors)
    return None if row.cursor is None else str(row.cursor)


@dataclass
class Fault:
    """Raises an error at a step, as often as it is told."""

    point: str
    error: Exception
    times: int = 1
    seen: list[str] = field(default_factory=list)

    def __call__(self, point: str) -> None:
        self.seen.append(point)
        if point == self.point and self.times:
            self.times -= 1
            raise self.error


def test_q01_all_that_lies_there_is_taken_flagged_and_left_behind(intake: Intake, box: MailFolders) -> None:
    looked = intake.reader(box).look()
    assert (looked.counts[What.OPENED], looked.settled, looked.complete) == (10, 10, True)
    assert intake.exactly_once() == all_of(10)
    assert box.flags() == {number: ["AgendaHub"] for number in range(1, 11)}
    assert (cursor_of(intake), box.count()) == ("1/10", 10)
    assert all(row.settled_at for row in intake.rows(t.receipts))


def test_q01_nothing_is_flagged_before_it_is_committed(intake: Intake, box: MailFolders) -> None:
    def look(point: str) -> None:
        if point == "settle":
            assert len(intake.exactly_once()) == len(box.flags()) + 4 or intake.count(t.receipts) == 10
        if point == "page committed":
            assert cursor_of(intake) == f"1/{len(box.flags())}"

    box.at = look
    intake.reader(box).look()
    assert len(box.flags()) == 10


def test_q01_a_second_look_reads_and_writes_nothing(intake: Intake, box: MailFolders) -> None:
    reader = intake.reader(box)
    reader.look()
    box.asked.clear()
    written: list[str] = []
    event.listen(intake.database.engine, "before_cursor_execute", lambda *call: written.append(call[2]))
    assert reader.look().taken == 0
    assert not [sql for sql in written if not sql.startswith(("SELECT", "BEGIN"))]
    assert box.asked == ["list", "page committed"]
    box.put(mail("one more"))
    assert reader.look().taken == 1


def test_q01_a_look_that_took_a_mail_is_written_down_at_once(intake: Intake, box: MailFolders) -> None:
    reader = intake.reader(box)
    reader.look()
    [before] = intake.rows(t.mail_cursors)
    box.put(mail("one more"))
    assert reader.look().taken == 1
    [row] = intake.rows(t.mail_cursors)
    [newest] = intake.rows(t.receipts)[-1:]
    assert before.looked_at < newest.at <= row.looked_at


def test_q01_a_failing_account_leaves_the_cursor_where_it_was(intake: Intake, box: MailFolders) -> None:
    box.at = Fault("fetch 1/7", Unavailable("The line broke."))
    reader = intake.reader(box)
    with pytest.raises(Unavailable):
        reader.look()
    assert cursor_of(intake) == "1/4"
    assert len(intake.exactly_once()) == 6, "what was taken in stays"
    [row] = intake.rows(t.mail_cursors)
    assert (row.problem, row.looked_at) == ("The line broke.", None)
    looked = reader.look()
    assert (looked.taken, intake.exactly_once()) == (4, all_of(10))
    assert len(box.flags()) == 10, "those that were committed and not flagged, too"
    [row] = intake.rows(t.mail_cursors)
    assert (row.problem, row.looked_at is None) == ("", False)


def test_q01_a_worthless_cursor_means_a_full_list_and_no_second_request(intake: Intake, box: MailFolders) -> None:
    reader = intake.reader(box)
    reader.look()
    box.epoch = 2
    box.put(mail("mail 10"))
    looked = reader.look()
    assert (looked.counts[What.KNOWN], looked.counts[What.OPENED]) == (10, 1)
    assert intake.exactly_once() == all_of(11)
    assert (intake.count(t.requests), cursor_of(intake)) == (11, "2/11")


def test_q01_stopped_in_the_middle_it_goes_on_where_it_was(intake: Intake, box: MailFolders) -> None:
    stop: list[bool] = []
    box.at = lambda point: stop.append(True) if point == "fetch 1/6" else None
    looked = intake.reader(box, stopped=lambda: bool(stop)).look()
    assert (looked.complete, cursor_of(intake), len(intake.exactly_once())) == (False, "1/4", 5)
    assert intake.reader(box).look().complete
    assert intake.exactly_once() == all_of(10)


def test_q01_flagging_that_failed_is_done_later(intake: Intake, box: MailFolders) -> None:
    box.at = Fault("settled one", Unavailable("The line broke."))
    with pytest.raises(Unavailable):
        intake.reader(box).look()
    assert len(box.flags()) == 1
    assert intake.reader(box).look().settled == 10
    assert set(box.flags()) == set(range(1, 11))


@pytest.mark.parametrize(
    "refusal", [Rejected("No keywords here."), NotAuthorised("Read only."), CollectionGone("Gone.")]
)
def test_q01_a_server_that_lets_nothing_be_flagged_is_read_nevertheless(
    intake: Intake, box: MailFolders, refusal: Exception
) -> None:
    box.at = Fault("settle", refusal, times=99)
    reader = intake.reader(box)
    looked = reader.look()
    assert (looked.taken, looked.settled) == (10, 0)
    assert str(refusal) in looked.problem
    assert cursor_of(intake) == "1/10"
    assert box.at.seen.count("settle") == 1, "not asked again and again"
    box.at = lambda _point: None
    assert reader.look().settled == 0
    intake.clock.time += timedelta(minutes=20)
    looked = reader.look()
    assert (looked.settled, looked.problem) == (10, "")


def test_q01_mails_may_be_let_alone_or_moved_and_are_never_deleted(intake: Intake, box: MailFolders) -> None:
    intake.reader(box, after=None).look()
    assert (box.flags(), box.count()) == ({}, 10)
    assert all(row.settled_at for row in intake.rows(t.receipts))
    box.put(mail("mail 10"))
    intake.reader(box, after=After(move_to="Done")).look()
    assert (box.count(), box.count("Done"), intake.exactly_once()) == (10, 1, all_of(11))


def test_q02_one_mail_that_its_server_does_not_give_stops_no_other(intake: Intake, box: MailFolders) -> None:
    box.at = Fault("fetch 1/3", Rejected("Internal error.", server_said="NO [SERVERBUG]"), times=2)
    reader = intake.reader(box)
    looked = reader.look()
    assert (looked.counts[What.OPENED], looked.counts[What.KEPT_ASIDE]) == (9, 1)
    [entry] = intake.rows(t.mail_quarantine)
    assert (entry.remote_id, entry.raw_digest) == ("1/3", "")
    assert "NO [SERVERBUG]" in entry.reason
    assert 3 not in box.flags(), "people see at the server that nobody has it"

    assert not reader.look().taken, "not asked each minute"
    intake.clock.time += timedelta(hours=2)
    assert reader.look().taken == 1
    assert intake.exactly_once() == all_of(10)
    [entry] = intake.rows(t.mail_quarantine)
    assert entry.resolved_at is not None
    reader.look()
    assert 3 in box.flags()


def test_q02_a_mail_that_cannot_be_taken_in_is_not_flagged(intake: Intake, box: MailFolders) -> None:
    [*_rest, last] = range(1, 11)
    (box.root / "INBOX" / f"{last:06}.eml").write_bytes(mail("strange", sender="zoe@elsewhere.example"))
    intake.add_contact("x@y.example", "X", book="Book")
    known = [intake.add_contact(f"eva{n}@customer.example", f"Eva {n}", book="Book") for n in range(9)]
    with intake.database.begin() as unit:  # an address book that no contact can be put into: it is a calendar
        unit.session.connection.execute(
            t.collections.insert(),
            {"slug": "w", "name": "Wrong", "kinds": "event", "epoch": "e", "created_at": intake.clock()},
        )
    intake.change(contacts="Wrong")
    looked = intake.reader(box).look()
    assert (looked.counts[What.OPENED], looked.counts[What.KEPT_ASIDE]) == (len(known), 1)
    assert last not in box.flags()
    assert cursor_of(intake) == "1/10"


@pytest.mark.parametrize("error", [CollectionGone("There is no folder."), NoAccess("The folder is closed.")])
def test_q01_a_folder_that_is_gone_stops_no_other(intake: Intake, box: MailFolders, error: SyncError) -> None:
    box.put(mail("in the other one"), "Other")
    box.at = Fault("list", error)
    folders = Reading("support", ("Gone", "Other", "INBOX"))
    reader = Reader(intake.database, intake.settings, box, folders)
    with pytest.raises(type(error)):
        reader.look()
    assert len(intake.exactly_once()) == 11
    problems = {row.folder: row.problem for row in intake.rows(t.mail_cursors)}
    assert problems == {"Gone": str(error), "Other": "", "INBOX": ""}


def test_a_mail_that_is_gone_before_it_is_fetched_is_no_failure(intake: Intake, box: MailFolders) -> None:
    def gone(point: str) -> None:
        if point == "fetch 1/2":
            box.remove("1/3")

    box.at = gone
    looked = intake.reader(box).look()
    assert (looked.taken, looked.gone) == (9, 1)


def test_q01_a_mail_that_was_not_there_yet_when_it_was_fetched_is_not_lost(intake: Intake, box: MailFolders) -> None:
    """Large systems list a mail before each of their parts has it."""
    late = box.root / "INBOX" / "000003.eml"

    def hidden(point: str) -> None:
        if point == "fetch 1/3":
            late.rename(late.with_suffix(".late"))

    box.at = hidden
    reader = intake.reader(box)
    assert reader.look().gone == 1
    box.at = lambda _point: None
    reader.look()
    late.with_suffix(".late").rename(late)
    assert reader.look().taken == 1
    assert intake.exactly_once() == all_of(10)
    asked = len(box.asked)
    reader.look()
    assert "fetch 1/3" not in box.asked[asked:]


def test_a_mail_that_is_gone_is_not_asked_for_for_ever(intake: Intake, box: MailFolders) -> None:
    box.at = lambda point: box.remove("1/3") if point == "fetch 1/3" and box.count() == 10 else None
    reader = intake.reader(box)
    for _ in range(6):
        reader.look()
    assert box.asked.count("fetch 1/3") == 4


class _Huge(MailFolders):
    def _arrival(self, folder: str, number: int) -> Arrival:
        found = super()._arrival(folder, number)
        return Arrival(found.id, reading.MOST_OCTETS + 1) if number == 2 else found


def test_q02_a_mail_that_is_far_too_large_is_told_and_not_fetched(intake: Intake, tmp_path: Path) -> None:
    box = filled(_Huge(tmp_path / "box"), 3)
    looked = intake.reader(box).look()
    assert (looked.counts[What.OPENED], looked.counts[What.KEPT_ASIDE]) == (2, 1)
    assert "fetch 1/2" not in box.asked
    [entry] = intake.rows(t.mail_quarantine)
    assert "larger than" in entry.reason


class _Batches(MailFolders):
    def raws(self, folder: str, mail_ids: Sequence[str]) -> Iterator[tuple[str, bytes | None]]:
        self.asked.append(f"together {len(mail_ids)}")
        return super().raws(folder, mail_ids)


def test_mails_are_fetched_many_at_a_time_but_not_too_many_octets(
    intake: Intake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_BATCH_OCTETS", 3 * len(mail("mail 0", sender="eva0@customer.example")))
    box = filled(_Batches(tmp_path / "box"), 7)
    intake.reader(box).look()
    assert [point for point in box.asked if point.startswith("together")] == ["together 3", "together 3", "together 1"]
