"""Who a fan-out goes to: asked of the directory, believed only if it can be true, and remembered (SYNC.md R01, R34)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from agendahub.failure import Failure
from agendahub.outcome import in_words
from agendahub.texts import _
from agendahub.workspace import Workspace, utc_now
from config.settings import FanoutSettings, Settings
from connectors.capabilities import Directory
from storage import fanouts as store
from sync_engine.errors import Rejected, SyncError


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look into the directory brought. With a `problem` nothing was changed but what the configuration says."""

    fanout: str
    members: tuple[str, ...]
    joined: tuple[str, ...] = ()  # new, or back
    left: tuple[str, ...] = ()
    problem: str = ""


def refresh(workspace: Workspace, fanout: FanoutSettings, *, accept: bool = False, dry_run: bool = False) -> Looked:
    """Look who is in it now, and remember. Raises StoreError.

    `accept`: believe also that most of the members are gone.
    """
    now = utc_now()
    with workspace.database.read() as unit:
        known = {m.address for m in store.members(unit.session.connection, fanout.name) if m.state == store.ACTIVE}
    looked = _looked(workspace, fanout, known, accept=accept)
    if not dry_run:
        with workspace.database.begin() as unit:
            store.set_members(unit.session.connection, fanout.name, looked.members, now)
            store.note_refreshed(unit.session.connection, fanout.name, now, looked.problem)
    return looked


def uses_directory(fanout: FanoutSettings) -> bool:
    """Whether its members are told by a directory too."""
    return bool(fanout.pattern or fanout.group)


def active_members(workspace: Workspace) -> dict[str, set[str]]:
    """By fan-out, as they are remembered; what the configuration says of mailboxes holds at once. Raises StoreError."""
    settings = workspace.loaded.settings
    with workspace.database.read() as unit:
        rows = store.members(unit.session.connection)
    known: dict[str, set[str]] = {fanout.name: set() for fanout in settings.fanouts}
    for row in rows:
        if row.state == store.ACTIVE and row.fanout in known:
            known[row.fanout].add(row.address)
    changed = {f.name: _as_configured(f, known[f.name]) for f in settings.fanouts}
    _remember(workspace, {name: found for name, found in changed.items() if found != known[name]}, utc_now())
    return changed


def problems(workspace: Workspace, settings: Settings) -> list[str]:
    """What an admin should know of directories that were not believed. Raises StoreError."""
    if not settings.fanouts:
        return []
    with workspace.database.read() as unit:
        rows = store.refreshed(unit.session.connection)
    names = [fanout.name for fanout in settings.fanouts]
    return [f"{name}: {rows[name].problem}" for name in names if name in rows and rows[name].problem]


def _remember(workspace: Workspace, changed: Mapping[str, Iterable[str]], now: datetime) -> None:
    if changed:
        with workspace.database.begin() as unit:
            for name, found in changed.items():
                store.set_members(unit.session.connection, name, found, now)


def _as_configured(fanout: FanoutSettings, known: set[str]) -> set[str]:
    """Without asking the directory."""
    listed = set(fanout.mailboxes)
    return (known | listed if uses_directory(fanout) else listed) - set(fanout.left_out)


def _looked(workspace: Workspace, fanout: FanoutSettings, known: set[str], *, accept: bool) -> Looked:
    try:
        found = _found(workspace, fanout)
    except (SyncError, Failure) as err:
        problem = _("The directory could not be asked who is in it, so nobody was added or taken out: {reason}")
        return _told(fanout, known, _as_configured(fanout, known), problem.format(reason=in_words(err)))
    found -= set(fanout.left_out)
    gone = known - found - set(fanout.left_out)
    if uses_directory(fanout) and gone and not accept and (not found or len(gone) * 2 > len(known)):
        problem = _(
            "The directory says that {gone} of {known} members are gone, which is hard to believe, so nobody was added "
            'or taken out. If it is right: agendahub fanout refresh "{name}" --accept'
        )
        text = problem.format(gone=len(gone), known=len(known), name=fanout.name)
        return _told(fanout, known, _as_configured(fanout, known), text)
    return _told(fanout, known, found, "")


def _told(fanout: FanoutSettings, known: set[str], now: set[str], problem: str) -> Looked:
    joined, left = tuple(sorted(now - known)), tuple(sorted(known - now))
    return Looked(fanout.name, tuple(sorted(now)), joined, left, problem)


def _found(workspace: Workspace, fanout: FanoutSettings) -> set[str]:
    """Everybody, complete. Raises SyncError, Failure."""
    found = set(fanout.mailboxes)
    if not uses_directory(fanout):
        return found
    connector = workspace.connector(workspace.account(fanout.account))
    try:
        if not isinstance(connector, Directory):
            raise Rejected(_("Accounts of this kind have no directory; list the `mailboxes`."))
        if fanout.group:
            found |= {person.address.lower() for person in connector.members(fanout.group)}
        if fanout.pattern:
            everybody = (person.address.lower() for person in connector.people())
            found |= {address for address in everybody if fnmatchcase(address, fanout.pattern.lower())}
    finally:
        connector.close()
    return found
