"""What can go wrong with the database, named after the reaction it asks for.

StoreError                    one clear sentence for an admin
├── StoreUnavailable          it cannot be reached or opened: try again later
│   ├── StoreBusy             somebody else holds it, or two transactions met: run the whole transaction again
│   ├── StoreFull             no space is left: nothing was written, goes on by itself once there is space
│   └── CommitInDoubt         the connection broke during a commit: it may have happened; read before doing it again
├── StoreDamaged              the file or the server's data is damaged: restore a backup
├── StoreOutdated             the schema is not the one this program needs: `agendahub db upgrade`
└── StoreRefused              a rule of the schema (unique UID, unique href, reference) forbids this write
"""

from __future__ import annotations

import re

from sqlalchemy.exc import DBAPIError, IntegrityError

from sync_engine.errors import NotStored


class StoreError(Exception):
    """Base of all. ``str(error)`` is one clear sentence for an admin."""


class StoreUnavailable(StoreError):
    """The database cannot be reached or opened."""


class StoreBusy(StoreUnavailable):
    """Locked for too long, a deadlock, or a serialization failure: the transaction can be run again."""


class StoreFull(StoreUnavailable):
    """No space is left on the database's disk."""


class CommitInDoubt(StoreUnavailable):
    """The answer to a commit never came."""


class StoreDamaged(StoreError):
    """The database's content is damaged."""


class StoreOutdated(StoreError):
    """The database has another schema than this program."""


class StoreRefused(StoreError, NotStored):
    """A rule of the schema forbids this write."""


_FULL = "The database's disk is full: nothing was written; free some space and AgendaHub goes on by itself."
_BUSY = "The database is locked by another program or a long transaction; try again."
_DAMAGED = "The database is damaged ({detail}); stop AgendaHub and restore a backup."
_IO = (
    "The database's file cannot be read or written ({detail}): its disk is full, over a quota or failing; "
    "AgendaHub goes on by itself once that is mended."
)
_READ_ONLY = "The database cannot be written ({detail}); check the permissions of its file and folder."
_GONE = "The database cannot be reached ({detail}); check that it runs and that the database address is right."
_OUTDATED = "The database does not have the tables this version needs ({detail}); run `agendahub db upgrade`."
_REFUSED = "The database refused a write that breaks its rules ({detail})."
_OTHER = "The database reported an error ({detail})."

_NO_SNAPSHOTS = (
    "The database does not allow snapshots ({detail}); run ALTER DATABASE ... SET ALLOW_SNAPSHOT_ISOLATION ON "
    "(docs/install.md)."
)

# SQLite tells by words, psycopg by SQLSTATE. Of SQL Server's drivers pyodbc ends with "(1205) (SQLExecDirectW)",
# pymssql begins with "(1205, b'...", and mssql-python gives the words alone.
_BY_WORDS: tuple[tuple[str, type[StoreError], str], ...] = (
    (
        r"database or disk is full|no space left|\((1105|9002)\b|could not allocate space|transaction log .* is full",
        StoreFull,
        _FULL,
    ),
    (
        r"database (table )?is locked|deadlock|\((1205|1222|3960)\b|lock request time out|due to update conflict",
        StoreBusy,
        _BUSY,
    ),
    (r"snapshot isolation is not allowed", StoreOutdated, _NO_SNAPSHOTS),
    (r"malformed|not a database|disk image", StoreDamaged, _DAMAGED),
    (r"disk I/O error", StoreUnavailable, _IO),  # how SQLite words a quota (EDQUOT, EFBIG), too
    (r"readonly database|read-only", StoreUnavailable, _READ_ONLY),
    (r"no such (table|column)|invalid object name|invalid column name", StoreOutdated, _OUTDATED),
    (r"unable to open|closed unexpectedly|connection|timeout expired|08S01|08001|HYT00", StoreUnavailable, _GONE),
)
_BY_STATE: tuple[tuple[str, type[StoreError], str], ...] = (
    (r"53100", StoreFull, _FULL),
    (r"40001|40P01|55P03|57014", StoreBusy, _BUSY),
    (r"XX001|XX002", StoreDamaged, _DAMAGED),
    (r"25006", StoreUnavailable, _READ_ONLY),
    (r"42P01|42703", StoreOutdated, _OUTDATED),
    (r"08...|53...|57P..|28...|3D000", StoreUnavailable, _GONE),
)


def translate(error: DBAPIError) -> StoreError:
    """The database's error in our words; its own words are in ``__cause__``."""
    said = _first_line(error)
    if isinstance(error, IntegrityError):
        return StoreRefused(_REFUSED.format(detail=said))
    state = getattr(error.orig, "sqlstate", None) or ""
    for pattern, kind, sentence in _BY_STATE:
        if re.fullmatch(pattern, state):
            return kind(sentence.format(detail=said))
    for pattern, kind, sentence in _BY_WORDS:
        if not state and re.search(pattern, said, re.IGNORECASE):
            return kind(sentence.format(detail=said))
    return _unknown(error, said)


def _unknown(error: DBAPIError, said: str) -> StoreError:
    if error.connection_invalidated:
        return StoreUnavailable(_GONE.format(detail=said))
    return StoreError(_OTHER.format(detail=said))


def _first_line(error: DBAPIError) -> str:
    lines = str(error.orig).strip().splitlines()
    return (lines[0] if lines else type(error.orig).__name__)[:300]
