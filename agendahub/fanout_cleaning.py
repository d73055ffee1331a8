"""Takes the items of a fan-out out of the mailboxes again, when an admin asks for it. The hub keeps all of them.

An item that somebody changed in his mailbox since it was last synced stays there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agendahub.failure import Failure
from agendahub.fanout import FanoutBinding, expanded
from agendahub.outcome import in_words
from agendahub.texts import _
from agendahub.workspace import Workspace
from config.settings import AccountSettings, FanoutSettings
from storage import fanouts as store
from storage.admin_config import binding_id, forget_binding
from sync_engine.errors import CollectionGone, SyncError, VersionConflict
from sync_engine.ports import BatchWrites, Connector, RemoteRef, Write, Written

_TOGETHER = 100


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What was done in one mailbox, or would be."""

    mailbox: str
    items: int  # that are ours there
    removed: int = 0
    kept: int = 0  # changed there since
    problem: str = ""


def mailboxes_of(workspace: Workspace, fanout: FanoutSettings) -> list[tuple[AccountSettings, FanoutBinding]]:
    """Every mailbox that it ever went to, also of those who left."""
    with workspace.database.read() as unit:
        addresses = {member.address for member in store.members(unit.session.connection, fanout.name)}
    alone = workspace.loaded.settings.model_copy(update={"fanouts": (fanout.model_copy(update={"left_out": ()}),)})
    settings = expanded(alone, {fanout.name: addresses})
    accounts = {account.name: account for account in settings.accounts}
    return [(accounts[b.account], b) for b in settings.bindings if isinstance(b, FanoutBinding)]


def count(workspace: Workspace, binding: FanoutBinding) -> Cleaned:
    """What would be removed."""
    return Cleaned(binding.address, len(_refs(workspace, binding)))


def clean(workspace: Workspace, account: AccountSettings, binding: FanoutBinding) -> Cleaned:
    """Remove our items from one mailbox and forget the binding. Errors of the account are in the answer."""
    with workspace.database.read() as unit:
        number = binding_id(unit.session.connection, binding.name)
    if number is None:
        return Cleaned(binding.address, 0)
    with workspace.database.lease(number) as mine:
        if not mine:
            return Cleaned(binding.address, 0, problem=_("another worker is at it; try again"))
        done = _removed(workspace, account, binding)
        if not done.problem:
            with workspace.database.begin() as unit:
                forget_binding(unit.session.connection, binding.name)
        return done


def _removed(workspace: Workspace, account: AccountSettings, binding: FanoutBinding) -> Cleaned:
    refs = _refs(workspace, binding)
    with workspace.database.read() as unit:
        collection = store.remote_id_of(unit.session.connection, binding.name)
    removed = kept = 0
    problem = ""
    try:
        connector = workspace.connector(account)
        try:
            for answer in _deleted(connector, collection, refs):
                removed, kept = removed + (answer is None), kept + isinstance(answer, VersionConflict)
                problem = str(answer) if answer is not None and not isinstance(answer, VersionConflict) else problem
        finally:
            connector.close()
    except CollectionGone:  # with all that was in it
        return Cleaned(binding.address, len(refs), removed, kept)
    except (SyncError, Failure) as err:
        problem = in_words(err)
    return Cleaned(binding.address, len(refs), removed, kept, problem)


def _deleted(connector: Connector, collection: str, refs: Sequence[RemoteRef]) -> Iterator[Written]:
    if isinstance(connector, BatchWrites):
        for start in range(0, len(refs), _TOGETHER):
            yield from connector.write(collection, [Write(ref, None) for ref in refs[start : start + _TOGETHER]])
        return
    for ref in refs:
        try:
            yield connector.delete(collection, ref)  # type: ignore[func-returns-value]
        except VersionConflict as err:
            yield err


def _refs(workspace: Workspace, binding: FanoutBinding) -> list[RemoteRef]:
    with workspace.database.read() as unit:
        return [RemoteRef(*row) for row in store.linked(unit.session.connection, binding.name)]
