"""What Exchange may answer now and then, and where a write may break off: nothing may be lost or bent by it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from exchangelib import CalendarItem

from connectors.exchange.mapping_recurrence import another_recurrence
from connectors.exchange.mapping_updates import changed_item
from connectors.exchange.plans import to_create
from connectors.exchange.services import UpdateItems
from sync_engine.errors import OutcomeUnknown, SuspectListing
from sync_engine.item import Item
from tests.integration.microsoft.exchange_desk import Desk, Trouble, desk_of_ada
from tests.integration.microsoft.microsoft365_desk import card, moved, weekly, without
from tests.integration.microsoft.test_exchange_series import created, same


@pytest.fixture
def desk() -> Iterator[Desk]:
    with desk_of_ada() as made:
        yield made


@pytest.mark.parametrize("end", ["COUNT=5;", "UNTIL=20260413T070000Z;", ""])
def test_r05_a_series_between_two_recurrences_is_said_anew(desk: Desk, end: str) -> None:
    """Of two changes in one request the first may be done and the second not (E18)."""
    whole = weekly(more=without("20260330"), overrides=(moved("20260323"),))
    before = Item.read(whole.text.replace("COUNT=5;", end).replace(";COUNT=5", f";{end}".rstrip(";")))
    after = Item.read(
        before.text.replace("T090000", "T100000").replace("T093000", "T103000").replace("T070000Z", "T080000Z")
    )
    ref = created(desk, before)
    desk.fail(Trouble("UpdateItem", 502, skip=1))
    with pytest.raises(OutcomeUnknown):
        desk.connector.update(desk.calendar, ref, after, before)
    account = desk.connector.transport.account()
    other = another_recurrence(to_create(after, "", "Europe/Berlin").master["recurrence"])
    half = changed_item(CalendarItem, {"recurrence": other}, id=ref.id, account=account)
    UpdateItems(account=account).update([half], whatever_version=True)
    desk.connector.finish(desk.calendar, ref, after, "key")
    assert same(desk.there(desk.calendar, ref.id), after)


class Fewer:
    """A server, or what stands before it, that loses the last answer of a batch."""

    def __init__(self, app: Any, operation: str) -> None:
        self.app, self.operation = app, operation

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        parts: list[bytes] = []
        head: Any = None

        async def shorter(message: Any) -> None:
            nonlocal head
            if message["type"] == "http.response.start":
                head = message
                return
            parts.append(message.get("body", b""))
            if message.get("more_body"):
                return
            body = self._shorter(b"".join(parts))
            length = (b"content-length", str(len(body)).encode())
            headers = [one for one in head["headers"] if one[0].lower() != b"content-length"]
            await send({**head, "headers": [*headers, length]})
            await send({"type": "http.response.body", "body": body})

        await self.app(scope, receive, shorter)

    def _shorter(self, body: bytes) -> bytes:
        name = f"{self.operation}ResponseMessage".encode()
        last = list(re.finditer(rb"<m:%s .*?</m:%s>" % (name, name), body, re.DOTALL))[-1:]
        return body[: last[0].start()] + body[last[0].end() :] if last else body


def test_r01_a_batch_without_all_answers_is_no_answer(desk: Desk) -> None:
    where = desk.contacts
    refs = [desk.connector.create(where, card(uid=f"c{n}"), f"k{n}") for n in range(2)]
    desk.listening.app = Fewer(desk.listening.app, "GetItem")
    with pytest.raises(SuspectListing):
        list(desk.connector.fetch(where, [ref.id for ref in refs]))


def test_r06_a_step_without_an_answer_is_not_taken_for_done(desk: Desk) -> None:
    whole = desk.listening.app
    before = weekly(overrides=(moved("20260323"),))
    ref = created(desk, before)
    desk.listening.app = Fewer(whole, "DeleteItem")
    with pytest.raises(OutcomeUnknown):
        desk.connector.update(
            desk.calendar, ref, weekly(more=without("20260330"), overrides=(moved("20260323"),)), before
        )
