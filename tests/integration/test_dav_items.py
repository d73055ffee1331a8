"""Items that cannot be read, and what becomes of the others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.dav.connector import DavConnector
from sync_engine.ports import Broken, Changed
from tests.contract.connector_contract import card, event
from tests.servers.three_events import opened, with_three_events
from tests.servers.unkind_dav import BOOK, CALENDAR, Fault, UnkindDav


@pytest.fixture
def server(unkind_server: UnkindDav) -> UnkindDav:
    return with_three_events(unkind_server)


@pytest.fixture
def dav(server: UnkindDav) -> Iterator[DavConnector]:
    yield from opened(server, timeout=30.0)


def test_r09_an_item_that_cannot_be_read_does_not_stop_the_others(server: UnkindDav, dav: DavConnector) -> None:
    server.put(CALENDAR, "bad.ics", "BEGIN:NONSENSE\r\n")
    changes = [c for page in dav.changes(CALENDAR, None, lambda ids: {}) for c in page.changes]
    broken = [c for c in changes if isinstance(c, Broken)]
    assert [b.ref.id for b in broken] == [f"{CALENDAR}bad.ics"]
    assert "BEGIN:NONSENSE" in broken[0].raw
    assert sum(isinstance(c, Changed) for c in changes) == 3


def test_a_20_mb_card_is_left_alone_and_the_others_arrive(server: UnkindDav, dav: DavConnector) -> None:
    server.put(BOOK, "good.vcf", card("good").text)
    server.put(BOOK, "huge.vcf", card("huge").text.replace("END:VCARD", "NOTE:" + "x" * (20 << 20) + "\r\nEND:VCARD"))
    changes = [c for page in dav.changes(BOOK, None, lambda ids: {}) for c in page.changes]
    assert sorted(type(c).__name__ for c in changes) == ["Broken", "Changed"]
    broken = next(c for c in changes if isinstance(c, Broken))
    assert "2048 KiB" in str(broken.error)


def test_a_character_that_xml_forbids_spoils_one_item_at_most(server: UnkindDav, dav: DavConnector) -> None:
    server.put(CALENDAR, "odd.ics", event("odd", "odd").text.replace("SUMMARY:odd", "SUMMARY:o\x0bdd"))
    changes = [c for page in dav.changes(CALENDAR, None, lambda ids: {}) for c in page.changes]
    assert len(changes) == 4
    assert sum(isinstance(c, Changed) for c in changes) >= 3


def test_a_contact_without_uid_gets_the_name_of_its_resource(server: UnkindDav, dav: DavConnector) -> None:
    server.put(BOOK, "grace.vcf", card("Grace").text.replace("UID:", "X-NO:"))
    (found,) = dav.fetch(BOOK, [f"{BOOK}grace.vcf"])
    assert isinstance(found, Changed)
    assert found.item.uid == "grace"


@pytest.mark.parametrize("status", [403, 406, 500])
def test_an_item_the_server_does_not_give_out_is_broken(server: UnkindDav, dav: DavConnector, status: int) -> None:
    server.mood.multiget = False
    server.faults.append(Fault("GET", status, body=b"no way", path="e1.ics", times=9))
    changes = [c for page in dav.changes(CALENDAR, None, lambda ids: {}) for c in page.changes]
    (broken,) = (c for c in changes if isinstance(c, Broken))
    assert (broken.ref.id, broken.error.server_said) == (f"{CALENDAR}e1.ics", "no way")


@pytest.mark.parametrize("multiget", [True, False])
@pytest.mark.parametrize(
    ("rule", "reason"), [("FREQ=SECONDLY", "must have COUNT or UNTIL"), ("FREQ=DAILY;COUNT=99999", "from 1 to 3500")]
)
def test_a_recurrence_that_could_run_away_is_broken_and_the_others_arrive(
    server: UnkindDav, dav: DavConnector, rule: str, reason: str, multiget: bool
) -> None:
    server.mood.multiget = multiget
    server.put(CALENDAR, "bomb.ics", event("bomb", "bomb").text.replace("SUMMARY:", f"RRULE:{rule}\r\nSUMMARY:"))
    changes = [c for page in dav.changes(CALENDAR, None, lambda ids: {}) for c in page.changes]
    (broken,) = (c for c in changes if isinstance(c, Broken))
    assert broken.ref.id == f"{CALENDAR}bomb.ics"
    assert reason in str(broken.error)
    assert rule in broken.raw
    assert sum(isinstance(c, Changed) for c in changes) == 3
