"""vdirsyncer (0.19 or newer): folders of files, kept in step with the gateway."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.clients.client import SLUG, Account, Client, slugs
from tests.clients.files import Files

_PAIR = """[pair {slug}]
a = "{slug}_here"
b = "{slug}_hub"
collections = ["{slug}"]
conflict_resolution = "b wins"
[storage {slug}_here]
type = "filesystem"
path = "{folder}/"
fileext = ".{ending}"
[storage {slug}_hub]
type = "{service}"
url = "{url}/"
username = "{user}"
password = "{password}"
"""


def missing() -> str:
    """It comes with the project's own environment."""
    return "" if _program().exists() else "vdirsyncer is not installed: run make setup."


def _program() -> Path:
    return Path(sys.executable).with_name("vdirsyncer")


class Vdirsyncer:
    """A folder of an account and the program that syncs it."""

    drops: frozenset[str] = frozenset()

    def __init__(self, account: Account) -> None:
        self._folder = account.folder
        self.files = Files(account.folder)
        config = f'[general]\nstatus_path = "{account.folder}/status/"\n'
        for slug in dict.fromkeys(SLUG.values()):
            (account.folder / slug).mkdir(parents=True)
            contacts = slug == "people"
            values = {"slug": slug, "ending": "vcf" if contacts else "ics", "folder": account.folder}
            values |= {"service": "carddav" if contacts else "caldav", "url": account.url}
            values |= {"user": account.user, "password": account.password}
            config += _PAIR.format_map(values)
        (account.folder / "config").write_text(config)
        self._run("discover")

    def discover(self) -> set[str]:
        """Its listing of both services at the address."""
        return set(re.findall('^ +- "([^"]+)" \\(', self._run("discover", "--list"), re.MULTILINE))

    def _run(self, *words: str) -> str:
        command = [str(_program()), "-c", str(self._folder / "config"), "-v", "INFO", *words]
        done = subprocess.run(command, input="y\n" * 20, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def sync(self, *kinds: str) -> None:
        """One cycle of these collections."""
        self._run("sync", *slugs(kinds))

    def texts(self, kind: str) -> list[str]:
        """What is in the files."""
        return self.files.texts(SLUG[kind])

    def create(self, kind: str, text: str) -> None:
        """A new file."""
        self.files.create(SLUG[kind], text, "vcf" if kind == "contact" else "ics")

    def retitle(self, kind: str, uid: str, title: str) -> None:
        """Another title in the file."""
        self.files.retitle(SLUG[kind], uid, title)

    def retitle_one(self, uid: str, start: str, title: str) -> None:
        """A further override in the file."""
        self.files.retitle_one(SLUG["series"], uid, start, title)

    def accept(self, uid: str, user: str) -> None:
        """The answer in the file."""
        self.files.accept(SLUG["event"], uid, user)

    def delete(self, kind: str, uid: str) -> None:
        """The file is gone."""
        self.files.delete(SLUG[kind], uid)


@contextmanager
def running(account: Account) -> Iterator[Client]:
    """It runs for each sync only."""
    yield Vdirsyncer(account)
