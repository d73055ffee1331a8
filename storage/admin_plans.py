"""Saved plans: which were applied, and what a binding would be that has no row yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from storage import tables as t
from storage.admin_config import find_collection
from storage.bindings import Bindings
from storage.session import Session
from sync_engine.ports import Binding


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A plan that was applied to a binding."""

    plan: str
    binding: str
    actor: str
    begun_at: datetime
    finished_at: datetime | None  # None: at work, or broken off


def applied(connection: Connection, plan: str) -> list[PlanRow]:
    """To which bindings this plan was applied."""
    return _rows(connection, t.plans.c.plan == plan)


def last_plan(connection: Connection, binding: str) -> str:
    """The id of the plan that was applied last to this binding; "": none ever was."""
    found = _rows(connection, t.plans.c.binding == binding)
    return found[-1].plan if found else ""


def begin_plan(connection: Connection, plan: str, binding: str, actor: str, now: datetime) -> None:
    """Remember that a plan is being applied, before its first action."""
    connection.execute(insert(t.plans).values(plan=plan, binding=binding, actor=actor[:300], begun_at=now))


def finish_plan(connection: Connection, plan: str, binding: str, now: datetime) -> None:
    """It came to its end."""
    mine = (t.plans.c.plan == plan) & (t.plans.c.binding == binding)
    connection.execute(update(t.plans).where(mine).values(finished_at=now))


def _rows(connection: Connection, where: object) -> list[PlanRow]:
    columns = [t.plans.c[name] for name in PlanRow.__dataclass_fields__]
    found = connection.execute(select(*columns).where(where).order_by(t.plans.c.id))  # type: ignore[arg-type]
    return [PlanRow(**row) for row in found.mappings()]


def binding_as_configured(
    session: Session, name: str, account: str, remote_id: str, collection: tuple[str, Sequence[str], str]
) -> Binding:
    """The binding as it is, or as it would be (id 0) where its row is not made yet or ties other ends now.

    `collection`: its name, its kinds and its owner. Raises `StoreRefused` as making the rows would.
    """
    connection = session.connection
    collection_id = find_collection(connection, *collection) or 0
    number = connection.execute(select(t.bindings.c.id).where(t.bindings.c.name == name)).scalar_one_or_none()
    found = None if number is None else Bindings(session).binding(number)
    ends = (account, collection_id, remote_id)
    if found is not None and (found.account, found.collection_id, found.remote_id) == ends:
        return found
    return Binding(0, name, *ends)
