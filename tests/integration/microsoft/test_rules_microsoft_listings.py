"""EWS <-> hub <-> Graph: what is listed, held, lost, late, or not allowed just now (R01, R02, R04, R11, R22 to R27)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage import tables as t
from sync_engine.errors import NotAuthorised, SuspectListing, Throttled, Unavailable
from sync_engine.model import Kind
from tests.integration.microsoft.exchange_desk import Trouble
from tests.integration.microsoft.outlooks import Wish
from tests.integration.microsoft.two_systems import KINDS, NAMES, PAIRS, Company, Lying, company
from tests.servers.microsoft.graph_protocol import Fault

HTML = b"<html><body>Please sign in to the network.</body></html>"
CUT_XML = b'<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
LIES = {  # what is no listing: status, EWS, Graph
    "html": (200, HTML, HTML),
    "nothing": (200, b"", b""),
    "cut": (200, CUT_XML, b'{"value": [{"id": "AAkA'),
    "507": (507, HTML, HTML),
    "503": (503, HTML, b"{}"),
    "404": (404, HTML, b"{}"),
}


@pytest.fixture(params=KINDS)
def firm(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Company]:
    with company(tmp_path, request.param) as made:
        yield made


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Company]:
    with company(tmp_path, Kind.EVENT) as made:
        yield made


def lie(firm: Company, name: str, what: str) -> None:
    status, xml, json = LIES[what]
    if name == "exchange":
        for _ in range(9):  # however often it is tried again
            firm.exchange.fail(Trouble("SyncFolderItems", status, xml, headers={"content-type": "text/html"}))
    else:
        assert isinstance(firm.cloud.listening, Lying)
        firm.cloud.listening.lies += [(status, json)] * 9


def honest(firm: Company) -> None:
    firm.exchange.listening.troubles.clear()
    assert isinstance(firm.cloud.listening, Lying)
    firm.cloud.listening.lies.clear()


def test_r01_a_proxy_that_finds_nothing_says_nothing_of_an_item(firm: Company) -> None:
    firm.fill(1)
    side = firm.world.sides["cloud"]
    (item,) = firm.bob.items()
    for status in (404, 410):
        assert isinstance(firm.cloud.listening, Lying)
        firm.cloud.listening.lies += [(status, HTML)] * 9
        with pytest.raises(Unavailable):
            list(side.connector.fetch(side.collection, [item.id]))
        honest(firm)


def test_r01_what_is_no_listing_deletes_nothing_and_moves_no_cursor(firm: Company) -> None:
    firm.fill(3)
    for name in NAMES:
        for what, afresh in [*((one, False) for one in LIES), ("html", True), ("cut", True)]:
            before = firm.cursor(name)
            lie(firm, name, what)
            if afresh:
                firm.forget_cursors()
            firm.writes()
            with pytest.raises((SuspectListing, Unavailable)):
                firm.cycle(name)
            assert firm.cursor(name) == before
            assert sum(firm.writes().values()) == 0
            honest(firm)
    firm.exchange.site.mood.forget_states = 0
    firm.settle()
    firm.all_hold("t00", "t01", "t02")


@pytest.mark.parametrize("name", NAMES)
def test_r01_a_folder_that_is_suddenly_empty_empties_nothing_else(office: Company, name: str) -> None:
    """No line of a feed says so: everything is listed, and there is nothing."""
    office.fill(4)
    for title in office.ada.titles():
        office.people[name].remove(title)
    office.forget_cursors()
    with pytest.raises(SuspectListing, match="nothing was deleted"):
        office.world.settle()
    assert len(office.hub()) == len(office.across(name).titles()) == 4


@pytest.mark.parametrize(("firm", "name"), PAIRS, indirect=["firm"])
def test_r02_many_deletions_at_one_system_are_held_and_the_rest_goes_on(firm: Company, name: str) -> None:
    firm.fill(13)
    person, other = firm.people[name], firm.across(name)
    for n in range(11):
        person.remove(f"t{n:02}")
    person.rename("t11", "renamed")
    other.rename("t12", "renamed too")
    for _ in range(2):
        assert firm.cycle(name).held == 11
        firm.world.cycle("cloud" if name == "exchange" else "exchange")
    (hold,) = firm.world.rows(t.holds)
    assert (hold.side, hold.count) == ("hub", 11)
    assert "t00" in hold.samples
    assert len(other.titles()) == len(firm.hub()) == 13
    assert {"renamed", "renamed too"} <= set(other.titles()) & set(person.titles())
    firm.world.answer(name)
    firm.cycle(name)
    (across,) = set(NAMES) - {name}
    assert firm.cycle(across).held == 11, "what an admin let into the hub, he lets out of it to the other system too"
    firm.world.answer(across)
    firm.settle()
    firm.all_hold("renamed", "renamed too")


def test_r04_forgotten_cursors_cost_one_listing_and_find_what_went_meanwhile(firm: Company) -> None:
    firm.fill(5)
    firm.forget_cursors()
    firm.writes()
    firm.settle()
    assert firm.writes() == {"exchange": 0, "cloud": 0}
    firm.all_hold("t00", "t01", "t02", "t03", "t04")
    firm.world.clock.pass_time(hours=1)  # what we wrote a moment ago may be missing from a listing (R22)
    firm.ada.remove("t00")
    firm.bob.remove("t01")
    firm.ada.rename("t02", "other")
    firm.cloud.graph.switches.expired_status, firm.cloud.graph.switches.expired_code = 400, "SyncStateInvalid"
    firm.forget_cursors()
    for name in NAMES:  # before each of them meets the news of the other
        firm.cycle(name)
    firm.settle()
    firm.all_hold("other", "t03", "t04")


def test_r11_a_lost_table_of_links_doubles_and_writes_nothing(firm: Company) -> None:
    firm.fill(4)
    firm.ada.enter("from ada")
    firm.bob.enter("from bob")
    firm.settle()
    for name in NAMES:
        firm.rebind(name)
    firm.writes()
    firm.settle()
    assert firm.writes() == {"exchange": 0, "cloud": 0}
    firm.all_hold("t00", "t01", "t02", "t03", "from ada", "from bob")
    firm.ada.remark("from bob", "still linked")
    firm.settle()
    assert firm.bob.remark_of("from bob") == "still linked"


def test_r11_a_hub_that_is_new_finds_the_same_items_in_both(firm: Company, tmp_path: Path) -> None:
    """Nothing is left of the first hub; contacts and tasks know each other by the hidden UID."""
    firm.fill(3)
    folder = tmp_path / "new"
    folder.mkdir()
    with company(folder, firm.kind) as other:  # its servers are not used, only its hub
        firm.world, old = other.world, firm.world
        for name in NAMES:
            firm.world.sides[name].collection = old.sides[name].collection
            number, where = firm.world.sides[name].binding_id, old.sides[name].collection
            with firm.world.database.engine.begin() as connection:
                connection.execute(
                    t.bindings.update().where(t.bindings.c.id == number).values(remote_id=where, cursor=None)
                )
            firm.use(name, old.sides[name].connector)
        firm.writes()
        firm.settle()
        assert firm.writes() == {"exchange": 0, "cloud": 0}
        firm.all_hold("t00", "t01", "t02")


def test_r22_our_own_new_item_that_is_not_listed_yet_is_not_deleted(firm: Company) -> None:
    firm.fill(2)
    later = datetime.now(UTC) + timedelta(hours=1)
    for server in (firm.exchange.site.exchange, firm.cloud.exchange):
        server.clock, server.lag = lambda: later, timedelta(minutes=30)
    firm.world.phone_put(firm.item("fresh", "fresh"))
    for _ in range(2):
        for name in NAMES:
            firm.forget_cursors()
            firm.cycle(name)
    firm.all_hold("t00", "t01", "fresh")
    firm.world.clock.pass_time(hours=2)
    for name in NAMES:
        firm.forget_cursors()
        firm.cycle(name)
    firm.all_hold("t00", "t01", "fresh")
    for server in (firm.exchange.site.exchange, firm.cloud.exchange):
        server.lag = timedelta(0)
    firm.settle()
    firm.all_hold("t00", "t01", "fresh")


def test_r23_what_leaves_the_window_of_the_cloud_is_neither_deleted_nor_doubled(office: Company) -> None:
    near, far = Wish("near"), Wish("far", datetime(2029, 6, 1, 9))
    office.ada.plan(near)
    office.bob.plan(far)
    office.world.settle()
    office.all_hold("near", "far")
    office.bob.shift("near", Wish("near", far.start))
    office.world.settle()
    office.all_hold("near", "far")
    assert office.ada.held("near") == office.bob.held("near") == [] or office.ada.held("near") == [far.at(far.start)]
    for days in (10, 400, 800):
        office.cloud.now += timedelta(days=days)
        office.cloud.graph.sign_in.clock = lambda: datetime.now().astimezone()
        office.world.settle()
        office.all_hold("near", "far")
    office.settle()


@pytest.mark.parametrize(("firm", "name"), PAIRS, indirect=["firm"])
def test_r24_who_may_not_any_more_writes_nothing_and_goes_on_where_it_was(firm: Company, name: str) -> None:
    firm.fill(3)
    before, good = firm.cursor(name), firm.connector(name)
    desk = firm.exchange if name == "exchange" else firm.cloud
    firm.use(name, desk.another(secret="changed"))
    firm.world.phone_edit("u00", lambda text: text.replace("t00", "edited"))
    firm.across(name).rename("t01", "renamed")
    (across,) = set(NAMES) - {name}
    for _ in range(2):
        with pytest.raises(NotAuthorised):
            firm.cycle(name)
        firm.world.cycle(across)
    assert firm.cursor(name) == before
    assert firm.across(name).titles() == ["edited", "renamed", "t02"], "others go on"
    assert firm.people[name].titles() == ["t00", "t01", "t02"]
    firm.use(name, good)
    firm.requests()
    firm.cycle(name)
    asked = firm.requests()[name]
    assert len(asked) <= 8, asked
    firm.settle()
    firm.all_hold("edited", "renamed", "t02")


@pytest.mark.parametrize("name", NAMES)
def test_r27_a_system_that_asks_to_wait_is_left_alone_and_the_other_goes_on(office: Company, name: str) -> None:
    office.fill(2)
    office.ada.rename("t00", "from ada")
    office.bob.rename("t01", "from bob")
    if name == "exchange":
        office.exchange.site.mood.busy, office.exchange.site.mood.back_off = 1, 600_000
    else:
        office.cloud.graph.faults.append(Fault(429, headers={"Retry-After": "600"}, times=1))
    with pytest.raises(Throttled) as told:
        office.cycle(name)
    assert 590 < told.value.retry_after <= 600
    office.requests()
    (across,) = set(NAMES) - {name}
    assert office.world.cycle(across).changes > 0
    with pytest.raises(Throttled):
        office.cycle(name)
    asked = office.requests()
    assert asked[name] == []
    assert asked[across]
