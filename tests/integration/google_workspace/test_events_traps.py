"""What other programs were caught by at Google, found by going through their trackers: none of it befalls ours."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sync_engine.ports import RemoteRef, Write
from tests.integration.google_workspace.contacts_desk import OnePart
from tests.integration.google_workspace.events_desk import BOB, EventsDesk, events_desk, read, written
from tests.integration.microsoft.microsoft365_desk import weekly


@pytest.fixture
def desk() -> Iterator[EventsDesk]:
    with events_desk() as made:
        made.google.give(BOB)
        yield made


@pytest.fixture
def connector(desk: EventsDesk) -> OnePart:
    return desk.connector()


@pytest.fixture
def where(desk: EventsDesk) -> str:
    return desk.calendar()


# ---------------------------------------------------------------- UIDs


def test_a_series_that_google_knows_by_another_uid_is_changed_among_others(
    desk: EventsDesk, connector: OnePart, where: str
) -> None:
    """It is not to be looked for by the hub's UID alone: it would be taken for gone."""
    before, after = (weekly("u" * 1100, summary=summary) for summary in ("Standup", "Sitdown"))
    found = read(connector, where, connector.create(where, before, "key").id)
    (outcome,) = written(connector, where, Write(found.ref, after, before))
    assert isinstance(outcome, RemoteRef), outcome
    assert desk.entry(where).body["summary"] == "Sitdown"
