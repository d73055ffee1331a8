"""How long a mailbox waits after a failure: longer each time to a bound, and as ever once it works again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agendahub.crm_settings import crm_settings
from agendahub.mailbox_worker import MailboxWorker
from agendahub.waiting import LONGEST_PAUSE
from agendahub.workspace import Workspace
from config import load
from sync_engine.errors import Unavailable
from tests.commands_here import Cli
from tests.mails_here import mail
from tests.servers.mail_folder import MailFolders
from tests.unit.test_cli_mailboxes import BOX


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    cli = Cli(tmp_path)
    (tmp_path / "mail.secret").write_text("secret-4711\n")
    cli.config.write_text(cli.config.read_text() + BOX.format(port=1))
    made = Workspace(load(cli.config))
    yield made
    made.close()


def test_pauses_grow_to_a_bound_and_begin_anew_after_a_success(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that doubled them for ever would read nothing for days after a bad night."""
    folders = MailFolders(tmp_path / "box")
    folders.put(mail())
    monkeypatch.setattr("agendahub.mailbox_worker.source_of", lambda *_: folders)
    monkeypatch.setattr("agendahub.waiting.random.uniform", lambda _least, most: most)
    [box] = workspace.settings.mailboxes
    worker = MailboxWorker(workspace, crm_settings(workspace), box, lambda _name, _what: None)

    def look(*, fails: bool) -> float:
        def broken(_point: str) -> None:
            raise Unavailable("The line broke.")

        folders.at = broken if fails else lambda _point: None
        return worker._look()

    assert [look(fails=True) for _ in range(3)] == [10, 20, 40]
    assert worker.state.state == "failed"
    assert max(look(fails=True) for _ in range(20)) == LONGEST_PAUSE
    assert look(fails=False) == pytest.approx(box.interval * 1.1)
    assert (worker.state.state, worker.state.detail) == ("ok", "")
    assert look(fails=True) == 10
