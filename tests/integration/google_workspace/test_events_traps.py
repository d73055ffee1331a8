"""What other programs were caught by at Google, found by going through their trackers: none of it befalls ours."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sync_engine.errors import VersionConflict
from sync_engine.ports import RemoteRef, Write
from tests.integration.google_workspace.contacts_desk import OnePart
from tests.integration.google_workspace.events_desk import ADA, BOB, EventsDesk, events_desk, hub, read, written
from tests.integration.microsoft.microsoft365_desk import weekly

HERS, BOBS = f"calendars/{ADA}", f"calendars/{BOB}"


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


def invited_to_days(desk: EventsDesk, *days: str) -> list[str]:
    """Bob invites Ada to some days of his series, and not to the others."""
    series = desk.connector(BOB).create(BOBS, weekly(), "key").id
    desk.entry(BOBS).body.pop("privateCopy")
    names = [f"{series}_{day}T080000Z" for day in days]
    for name in names:
        desk.by_hand(BOBS, name, {"attendees": [{"email": ADA}]}, BOB)
    return names


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


# ---------------------------------------------------------------- invitations to single days


@pytest.mark.parametrize("together", [False, True])
def test_who_deletes_an_invitation_to_some_days_deletes_all_of_them(
    together: bool, desk: EventsDesk, connector: OnePart
) -> None:
    invited_to_days(desk, "20260316", "20260323")
    seen = hub(connector, HERS)
    (name,) = seen.items
    ref = RemoteRef(name, seen.versions[name])
    if together:
        assert written(connector, HERS, Write(ref, None)) == [None]
    else:
        connector.delete(HERS, ref)
    assert desk.entries(HERS) == []
    assert seen.pull().items == {}


@pytest.mark.parametrize("together", [False, True])
def test_r08_an_invitation_to_days_that_was_changed_is_not_deleted(
    together: bool, desk: EventsDesk, connector: OnePart
) -> None:
    _, second = invited_to_days(desk, "20260316", "20260323")
    seen = hub(connector, HERS)
    (name,) = seen.items
    ref = RemoteRef(name, seen.versions[name])
    desk.by_hand(BOBS, second, {"summary": "Farewell"}, BOB)
    if together:
        (outcome,) = written(connector, HERS, Write(ref, None))
        assert isinstance(outcome, VersionConflict)
    else:
        with pytest.raises(VersionConflict):
            connector.delete(HERS, ref)
    assert len(desk.entries(HERS)) == 2
