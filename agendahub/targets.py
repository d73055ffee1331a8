"""Who gets the changes of a hub collection."""

from __future__ import annotations

from agendahub.texts import _
from config.settings import BindingSettings, Settings
from storage.admin_config import bound_collections
from storage.unit_of_work import SqlUnitOfWork


def targets(unit: SqlUnitOfWork, settings: Settings) -> dict[int, list[str]]:
    """For each hub collection the accounts (and bindings) that its changes go out to, in the order of settings."""
    rows = bound_collections(unit.session.connection)
    found: dict[int, list[str]] = {}
    for binding in settings.bindings:
        if binding.name in rows and binding.direction != "in":
            found.setdefault(rows[binding.name], []).append(_named(binding))
    return found


def _named(binding: BindingSettings) -> str:
    paused = _(", paused") if binding.paused else ""
    return f"{binding.account} ({binding.name}{paused})"
