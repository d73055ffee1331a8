"""SyncEvolution 2: a two-way sync by its own engine between files and the gateway, with its own data model between."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.clients.client import SLUG, Account, Client, last_segments, slugs
from tests.clients.files import Files

_STORE = {"events": ("calendar", "caldav"), "tasks": ("todo", "caldavtodo"), "people": ("addressbook", "carddav")}
_FORMAT = {"events": "text/calendar", "tasks": "text/calendar", "people": "text/vcard"}


def missing() -> str:
    """What is not installed."""
    return "" if shutil.which("syncevolution") else "SyncEvolution is not installed (Debian: syncevolution)."


class SyncEvolution:
    """Its configuration: the hub as a target, and folders of files."""

    # It holds items in fields of its own: what it has no field for is not in the file that is edited.
    drops = frozenset({"geo:37.331686,-122.030656", "X-APPLE-SORT-ORDER:7", "X-EXAMPLE-CUSTOMER:4711"})

    def __init__(self, account: Account) -> None:
        self._account, self._home = account, account.folder
        self.files = Files(account.folder)
        self._environment = {**os.environ, "HOME": str(self._home), "LC_ALL": "C.UTF-8"}
        for name, below in {"CONFIG": "c", "CACHE": "k", "DATA": "d"}.items():
            self._environment[f"XDG_{name}_HOME"] = str(self._home / below)
        self._environment["XDG_RUNTIME_DIR"] = str(self._home / "run")
        (self._home / "run").mkdir(mode=0o700)
        self._configure(account)

    def _configure(self, account: Account) -> None:
        target, here = (
            ["syncURL=", f"username={account.user}", f"password={account.password}"],
            ["syncURL=local://@hub"],
        )
        for slug, (store, backend) in _STORE.items():
            (self._home / slug).mkdir()
            kind = next(kind for kind, its in SLUG.items() if its == slug)
            target += [f"{store}/backend={backend}", f"{store}/database={account.address(kind)}"]
            here += [f"{store}/backend=file", f"{store}/database=file://{self._home / slug}"]
            here += [f"{store}/databaseFormat={_FORMAT[slug]}", f"{store}/sync=two-way"]
        stores = [store for store, _ in _STORE.values()]
        self._run("--configure", "--keyring=no", *target, "target-config@hub", *stores)
        self._run(
            "--configure", "--keyring=no", "--template", "SyncEvolution_Client", *here, "username=", "password=",
            "dumpData=0", "printChanges=0", "hub@files", *stores,
        )  # fmt: skip
        self._run("--sync", "slow", "hub@files")  # the first one must be asked for by name

    def discover(self) -> set[str]:
        """Its databases at the address."""
        found = ""
        for _, backend in _STORE.values():
            words = (f"backend={backend}", f"syncURL={self._account.url}", f"username={self._account.user}")
            found += self._run("--keyring=no", "--print-databases", *words, f"password={self._account.password}")
        return last_segments(re.findall(r"\((http://\S+)\)", found))

    def _run(self, *words: str) -> str:
        done = subprocess.run(
            ["syncevolution", "--daemon=no", *words], env=self._environment, stdin=subprocess.DEVNULL,
            capture_output=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, (done.stdout + done.stderr).decode(errors="replace")
        return done.stdout.decode()

    def sync(self, *kinds: str) -> None:
        """One sync of these stores."""
        self._run("hub@files", *(_STORE[slug][0] for slug in slugs(kinds)))

    def texts(self, kind: str) -> list[str]:
        """What is in the files; an occurrence that differs has a file of its own."""
        texts = self.files.texts(SLUG[kind])
        if kind != "series":
            return texts
        uids = {_uid(text): "" for text in texts}
        for text in texts:
            uids[_uid(text)] += text
        return list(uids.values())

    def create(self, kind: str, text: str) -> None:
        """A new file, named as it names its own."""
        self.files.create(SLUG[kind], text, "vcf" if kind == "contact" else "ics")

    def retitle(self, kind: str, uid: str, title: str) -> None:
        """Another title in the file."""
        self.files.retitle(SLUG[kind], uid, title)

    def retitle_one(self, uid: str, start: str, title: str) -> None:
        """A further file."""
        self.files.create_one(SLUG["series"], uid, start, title)

    def accept(self, uid: str, user: str) -> None:
        """The answer in the file."""
        self.files.accept(SLUG["event"], uid, user)

    def delete(self, kind: str, uid: str) -> None:
        """The file is gone."""
        self.files.delete(SLUG[kind], uid)


def _uid(text: str) -> str:
    return next(line for line in text.splitlines() if line.startswith("UID:"))


@contextmanager
def running(account: Account) -> Iterator[Client]:
    """It runs for each sync only."""
    yield SyncEvolution(account)
