"""What Exchange may answer now and then, and where a write may break off: nothing may be lost or bent by it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from exchangelib import CalendarItem

from connectors.exchange.mapping_recurrence import another_recurrence
from connectors.exchange.mapping_updates import changed_item
from connectors.exchange.plans import to_create
from connectors.exchange.services import UpdateItems
from sync_engine.errors import OutcomeUnknown
from sync_engine.item import Item
from tests.integration.microsoft.exchange_desk import Desk, Trouble, desk_of_ada
from tests.integration.microsoft.microsoft365_desk import moved, weekly, without
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
