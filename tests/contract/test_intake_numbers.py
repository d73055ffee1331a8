"""A folder whose server gives the numbers of its mails a second time (REQUESTS.md 1)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from crm.intake.model import What
from storage import tables as t
from sync_engine.errors import CursorExpired
from tests.intake_here import intake_in
from tests.mails_here import mail
from tests.servers.mail_folder import MailFolders


def test_q01_a_mail_that_has_the_number_of_another_one_is_not_lost(store_url: str, tmp_path: Path) -> None:
    """The folder was put back from a copy, under its old UIDVALIDITY; what came after the copy was made is gone."""
    box = MailFolders(tmp_path / "box", page=4)
    for number in range(10):
        box.put(mail(f"mail {number}"))
    with intake_in(store_url) as intake:
        reader = intake.reader(box)
        reader.look()
        for number in (9, 10):
            (box.root / "INBOX" / f"{number:06}.eml").unlink()
        set_back = MailFolders(box.root, page=4, arrived_at=intake.clock() + timedelta(days=1))
        assert set_back.put(mail("another", sender="bob@customer.example")) == "1/9"

        def told(point: str) -> None:
            if point == "list":
                set_back.at = lambda _point: None
                raise CursorExpired("The folder was set back.")

        set_back.at = told
        reader = intake.reader(set_back)
        looked = reader.look()
        assert (looked.taken, looked.counts[What.KNOWN]) == (1, 8)
        assert intake.exactly_once() == {"another": 1} | {f"mail {number}": 1 for number in range(10)}
        assert reader.look().taken == 0
        assert all(row.settled_at for row in intake.rows(t.receipts)), "nothing of the old folder is flagged in the new"
