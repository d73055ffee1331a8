"""Items in files, one in each, as people edit them with a text editor."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from tests.clients.client import plain, with_uid

_TITLE = re.compile("^(SUMMARY|FN)(;[^:\n]*)?:.*$", re.MULTILINE)
_CRLF = "\r\n"


@dataclass(frozen=True, slots=True)
class Files:
    """Folders of files."""

    folder: Path

    def texts(self, name: str) -> list[str]:
        """What is in the files of a folder."""
        return [plain(_read(file)) for file in self._files(name)]

    def create(self, name: str, text: str, ending: str) -> None:
        """A new file."""
        uid = next(line.partition(":")[2] for line in text.splitlines() if line.startswith("UID:"))
        _write(self.folder / name / f"{uid}.{ending}", text)

    def retitle(self, name: str, uid: str, title: str) -> None:
        """Another title; of a series, that of the part without RECURRENCE-ID, wherever it stands."""
        file, text = self._find(name, uid)
        parts = re.split("(?m)^(?=BEGIN:(?:VEVENT|VTODO|VCARD)$)", text)
        changed = [part if "RECURRENCE-ID" in part else _TITLE.sub(rf"\1:{title}", part, count=1) for part in parts]
        _write(file, "".join(changed))

    def retitle_one(self, name: str, uid: str, start: str, title: str) -> None:
        """A further override, an hour long."""
        file, text = self._find(name, uid)
        _write(file, text.replace("END:VCALENDAR", f"{_override(uid, start, title)}END:VCALENDAR"))

    def create_one(self, name: str, uid: str, start: str, title: str) -> None:
        """An override in a file of its own."""
        head = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Example//Calendar//EN\n"
        _write(self.folder / name / f"{uid}-{start}.ics", f"{head}{_override(uid, start, title)}END:VCALENDAR\n")

    def accept(self, name: str, uid: str, user: str) -> None:
        """Another answer in the line of one who is invited."""
        file, text = self._find(name, uid)
        lines = [
            line.replace("PARTSTAT=NEEDS-ACTION", "PARTSTAT=ACCEPTED") if line.endswith(f"mailto:{user}") else line
            for line in text.split("\n")
        ]
        _write(file, "\n".join(lines))

    def delete(self, name: str, uid: str) -> None:
        """Its files are gone."""
        for file in self._files(name):
            if with_uid([plain(_read(file))], uid):
                file.unlink()

    def _files(self, name: str) -> list[Path]:
        return [file for file in sorted((self.folder / name).iterdir()) if not file.name.startswith(".")]

    def _find(self, name: str, uid: str) -> tuple[Path, str]:
        """The file with an item; of a series in several files, that with the rule."""
        found = {file: plain(_read(file)) for file in self._files(name)}
        its = [(file, text) for file, text in found.items() if with_uid([text], uid)]
        return next((one for one in its if "RRULE" in one[1]), its[0])


def _override(uid: str, start: str, title: str) -> str:
    """One occurrence, an hour long."""
    end = (datetime.strptime(start, "%Y%m%dT%H%M%SZ") + timedelta(hours=1)).strftime("%Y%m%dT%H%M%SZ")
    about = f"BEGIN:VEVENT\nUID:{uid}\nDTSTAMP:20260101T000000Z\nRECURRENCE-ID:{start}\nDTSTART:{start}\n"
    return f"{about}DTEND:{end}\nSUMMARY:{title}\nEND:VEVENT\n"


def _read(file: Path) -> str:
    return file.read_bytes().decode()


def _write(file: Path, text: str) -> None:
    file.write_bytes(text.replace("\n", _CRLF).encode())
