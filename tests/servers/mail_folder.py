"""A mailbox that is a folder of files: a source of mails that survives kill -9 of its reader, and fails on demand.

INBOX/000001.eml is a mail; a line is added to INBOX/000001.flags each time it is flagged; what is moved keeps its
octets and gets a new number.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from connectors.mail import After, Arrival, MailFolder, MailPage
from sync_engine.errors import CursorExpired

At = Callable[[str], None]


def _nothing(_point: str) -> None:
    return


@dataclass
class MailFolders:
    """The system itself, and a source that reads it. `at` is called at each step and may raise or kill."""

    root: Path
    page: int = 50
    at: At = _nothing
    epoch: int = 1  # as UIDVALIDITY: cursors and ids of another one are worthless
    arrived_at: datetime | None = datetime(2026, 3, 2, 9, tzinfo=UTC)
    asked: list[str] = field(default_factory=list)  # what the reader did

    _last: dict[str, int] = field(default_factory=dict)

    # ---------------------------------------------------------------- what others do with it

    def put(self, raw: bytes, folder: str = "INBOX") -> str:
        """A mail comes; gives its id."""
        where = self.root / folder
        where.mkdir(parents=True, exist_ok=True)
        number = self._last[folder] = 1 + (self._last.get(folder) or self._highest(where))
        path = where / f"{number:06}.part"
        path.write_bytes(raw)
        path.rename(path.with_suffix(".eml"))
        return f"{self.epoch}/{number}"

    def _highest(self, where: Path) -> int:
        return max((int(path.stem) for path in where.iterdir() if path.suffix in {".eml", ".gone"}), default=0)

    def flags(self, folder: str = "INBOX") -> dict[int, list[str]]:
        """What each mail was flagged with, as often as it was."""
        found = sorted((self.root / folder).glob("*.flags"))
        return {int(path.stem): path.read_text().split() for path in found}

    def count(self, folder: str = "INBOX") -> int:
        """How many mails lie there."""
        return len(list((self.root / folder).glob("*.eml")))

    def remove(self, mail_id: str, folder: str = "INBOX") -> None:
        """Somebody deletes it."""
        path = self._path(folder, mail_id)
        path.rename(path.with_suffix(".gone"))

    # ---------------------------------------------------------------- as `connectors.mail.MailSource`

    def folders(self) -> Sequence[MailFolder]:
        return [MailFolder(path.name, path.name) for path in sorted(self.root.iterdir()) if path.is_dir()]

    def arrivals(self, folder: str, since: str | None) -> Iterator[MailPage]:
        self._step("list")
        epoch, _slash, last = (since or f"{self.epoch}/0").partition("/")
        if int(epoch) != self.epoch:
            raise CursorExpired("The folder is another one now.")
        found = sorted(int(path.stem) for path in (self.root / folder).glob("*.eml"))
        new = [number for number in found if number > int(last)]
        for start in range(0, max(1, len(new)), self.page):
            part = new[start : start + self.page]
            arrivals = tuple(self._arrival(folder, number) for number in part)
            cursor = f"{self.epoch}/{part[-1]}" if part else (since or f"{self.epoch}/0")
            yield MailPage(arrivals, cursor, start + self.page >= len(new))
            self._step("page committed")

    def raw(self, folder: str, mail_id: str) -> bytes | None:
        self._step(f"fetch {mail_id}")
        path = self._path(folder, mail_id)
        return path.read_bytes() if path.exists() else None

    def raws(self, folder: str, mail_ids: Sequence[str]) -> Iterator[tuple[str, bytes | None]]:
        for mail_id in mail_ids:
            raw = self.raw(folder, mail_id)
            self._step("fetched")
            yield mail_id, raw
            self._step("taken")

    def settle(self, folder: str, mail_ids: Sequence[str], after: After) -> None:
        self._step("settle")
        for mail_id in mail_ids:
            path = self._path(folder, mail_id)
            if path.exists():
                with path.with_suffix(".flags").open("a") as file:
                    file.write((after.keyword or "seen") + "\n")
                if after.move_to:
                    self.put(path.read_bytes(), after.move_to)
                    path.rename(path.with_suffix(".gone"))
            self._step("settled one")
        self._step("settled")

    def close(self) -> None:
        self.asked.append("close")

    def _step(self, point: str) -> None:
        self.asked.append(point)
        self.at(point)

    def _arrival(self, folder: str, number: int) -> Arrival:
        size = (self.root / folder / f"{number:06}.eml").stat().st_size
        return Arrival(f"{self.epoch}/{number}", size, self.arrived_at)

    def _path(self, folder: str, mail_id: str) -> Path:
        return self.root / folder / f"{int(mail_id.partition('/')[2]):06}.eml"


def copied(folders: MailFolders, to: Path) -> MailFolders:
    """The same mails in another mailbox."""
    shutil.copytree(folders.root, to)
    return MailFolders(to, folders.page)
