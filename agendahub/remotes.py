"""Finds the remote collection that somebody means by an id, an address or a name."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import unquote, urlsplit

from agendahub.failure import Failure
from agendahub.texts import _
from connectors.capabilities import PartlyClosed
from sync_engine.errors import NoAccess
from sync_engine.ports import Connector, RemoteCollection


def find_remote(connector: Connector, meant: str, account: str) -> RemoteCollection:
    """Raises Failure when none or several are meant; `SyncError` when the account cannot be asked, or not for all.

    NoAccess when a service is closed that may have it.
    """
    found = connector.collections()
    exact = [c for c in found if c.id == meant] or [c for c in found if _path(c.id) == _path(meant)]
    named = exact or [c for c in found if c.name == meant]
    if len(named) == 1:
        return named[0]
    missing = _several(meant, account) if named else _none(meant, account, found)
    if not named and isinstance(connector, PartlyClosed) and connector.closed:
        raise _closed(missing, connector.closed)
    raise Failure(missing)


def _closed(missing: str, reasons: Sequence[NoAccess]) -> NoAccess:
    """It may well be there: a service that would show it is closed."""
    text = _("{missing} It may be there all the same: {reasons}")
    said = "; ".join(dict.fromkeys(reason.server_said for reason in reasons if reason.server_said))
    return NoAccess(text.format(missing=missing, reasons=" ".join(map(str, reasons))), server_said=said)


def _path(address: str) -> str:
    return unquote(urlsplit(address).path).strip("/")


def _several(meant: str, account: str) -> str:
    hint = _(
        "Account {account} has several collections named {meant}; use the id from `agendahub collections {account}`."
    )
    return hint.format(account=account, meant=meant)


def _none(meant: str, account: str, found: Sequence[RemoteCollection]) -> str:
    names = ", ".join(c.name for c in found) or _("none at all")
    hint = _("Account {account} has no collection {meant}; it has: {names}.")
    return hint.format(account=account, meant=meant, names=names)
