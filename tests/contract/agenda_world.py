"""A hub whose agenda is also on a phone: what people do there, and what is followed."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import insert, select

from crm.activity import finishing, planning
from crm.activity.model import Activity, Change, NewActivity
from crm.activity.reading import activity
from crm.actor import OUTBOX
from crm.agenda.follow import follow
from crm.request.model import NewRequest, Request
from crm.request.opening import open_request
from storage import tables as t
from storage.admin_config import ensure_collection
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.item import Item
from sync_engine.ports import HubItem, Origin
from tests.contract.answer_world import AnswerWorld

PHONE = "user eva, device iPhone"
MONDAY = datetime(2026, 3, 9, 9, 0, tzinfo=UTC)


class AgendaWorld(AnswerWorld):
    """Activities, and their items as a phone sees them."""

    def plan(self, title: str = "Look at the printer", **more: object) -> Activity:
        new = NewActivity(**{"kind": "visit", "title": title, **more})  # type: ignore[arg-type]
        return self.do(lambda unit: planning.plan(unit, self.settings, self.ada, new))

    def foreign(self) -> Request:
        """A request that nobody is responsible for."""
        new = NewRequest("Somebody else's", customer_name="Max", customer_address="max@other.example", mailbox="help")
        return self.do(lambda unit: open_request(unit, self.settings, OUTBOX, new))

    def change(self, before: Activity, **fields: object) -> Activity:
        wanted = Change.of(**fields)
        return self.do(lambda unit: planning.change(unit, self.settings, self.ada, before.id, before.version, wanted))

    def done(self, before: Activity, result: str = "", minutes: int | None = None) -> Activity:
        def work(unit: SqlUnitOfWork) -> Activity:
            ids = (before.id, before.version)
            return finishing.done(unit, self.settings, self.ada, *ids, result=result, minutes=minutes)

        return self.do(work)

    def cancel(self, before: Activity, reason: str = "") -> Activity:
        return self.do(lambda unit: finishing.cancel(unit, self.settings, self.ada, before.id, before.version, reason))

    def plan_again(self, before: Activity) -> Activity:
        return self.do(lambda unit: finishing.plan_again(unit, self.settings, self.ada, before.id, before.version))

    def activity(self, number: int) -> Activity:
        return self.do(lambda unit: activity(unit, OUTBOX, number))

    def follow(self) -> int:
        return follow(self.database, self.settings)

    def collection(self, name: str, owner: str = "") -> int:
        return self.do(
            lambda unit: ensure_collection(unit.session.connection, name, ["event", "task"], owner, self.now)
        )

    def grant(self, collection_id: int, user_id: int, access: str) -> None:
        row = {"collection_id": collection_id, "user_id": user_id, "access": access}
        self.do(lambda unit: unit.session.connection.execute(insert(t.grants), row))

    # -------------------------------------------------------- what a phone does

    def item(self, item_id: int | None) -> HubItem:
        assert item_id is not None
        return self.do(lambda unit: unit.items([item_id])[item_id])

    def text(self, item_id: int | None) -> str:
        revision = self.item(item_id).revision_id
        return self.do(lambda unit: unit.texts([revision])[revision])

    def edits(self, item_id: int | None, *changes: tuple[str, str], who: str = PHONE) -> None:
        """Replace words of an item's text, each of which is there."""
        text = self.text(item_id)
        for before, after in changes:
            assert before in text, text
            text = text.replace(before, after)
        assert item_id is not None
        self.do(lambda unit: unit.update_item(item_id, Item.read(text), Origin(who)))

    def puts(self, collection_id: int, text: str, who: str = PHONE, href: str | None = None) -> HubItem:
        return self.do(lambda unit: unit.create_item(collection_id, Item.read(text), Origin(who), href=href))

    def deletes(self, item_id: int | None, who: str = PHONE) -> None:
        assert item_id is not None
        self.do(lambda unit: unit.delete_item(item_id, Origin(who)))

    def changes_so_far(self) -> int:
        """How many changes all collections have seen."""
        rows = self.do(lambda unit: unit.session.connection.execute(select(t.collections.c.seq)).scalars().all())
        return sum(rows)

    def lines(self, request_id: int) -> list[tuple[str, str, str, str]]:
        """The history: who, what, which field, what then."""
        return [(line.actor, line.action, line.field, line.after) for line in self.history(request_id)]
