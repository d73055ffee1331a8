"""The company's agenda: the collection that activities stand in."""

from __future__ import annotations

from crm.errors import Refused
from crm.settings import CrmSettings
from storage import admin_config
from storage.crm import agenda_lists
from storage.errors import StoreRefused
from storage.unit_of_work import SqlUnitOfWork

_KINDS = ("event", "task")


def agenda_collection(unit: SqlUnitOfWork, settings: CrmSettings) -> int:
    """Its id; made when it is not there. Raises `Refused` when the name belongs to an address book."""
    known = agenda_lists.company_collection(unit.session.connection, settings.agenda)
    if known is not None and set(_KINDS) <= known.kinds:
        return known.id
    try:
        return admin_config.ensure_collection(unit.session.connection, settings.agenda, _KINDS, "", unit.session.now())
    except StoreRefused as err:
        raise Refused(f"Activities cannot be planned: {err} Name another one as agenda in [requests].") from err


def agenda_if_there(unit: SqlUnitOfWork, settings: CrmSettings) -> int | None:
    """Its id; None where nothing was planned yet and no account brought it."""
    known = agenda_lists.company_collection(unit.session.connection, settings.agenda)
    return known.id if known else None
