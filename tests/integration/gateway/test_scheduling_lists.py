"""An inbox is no calendar: no list of the admin and no agenda shows what is in it."""

from __future__ import annotations

from pathlib import Path

from storage import admin_lists
from storage.crm import agenda_lists
from tests.servers.meetings import calendar, meeting, office


def test_the_inbox_is_in_no_list(tmp_path: Path) -> None:
    with office(tmp_path) as people:
        people.ada.put(calendar(meeting()))
        assert people.bob.names("~inbox")
        with people.hub.database.read() as unit:
            connection = unit.session.connection
            assert {row.slug for row in admin_lists.collections(connection)} == {"mine"}
            found = connection.execute(admin_lists.titled_items()).all()
            calendars = agenda_lists.calendars(connection, None, [1, 2, 3], shared=True)
    assert {row.collection for row in found} == {one.name for one in calendars} == {"Mine"}
    assert len(found) == 2  # Ada's and Bob's
