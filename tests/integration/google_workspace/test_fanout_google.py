"""The company's address book in everybody's contacts at Google, by domain-wide delegation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from agendahub import fanout_folder
from agendahub.fanout_cleaning import clean, count, mailboxes_of
from agendahub.fanout_report import member_rows
from agendahub.outcome import Result
from agendahub.work import Worker
from agendahub.workspace import utc_now
from connectors.google_workspace import connect
from connectors.google_workspace.sign_in_scopes import DIRECTORY, SERVICES, Right
from connectors.settings import ConnectorSettings
from storage.admin_config import ensure_collection, forget_binding
from storage.tables import links
from sync_engine.errors import NoAccess
from sync_engine.ports import Changed, Origin
from tests.integration.google_workspace.fanout_world import GoogleCompany, GoogleFront, google_front
from tests.integration.microsoft.fanout_world import PEOPLE, all_well
from tests.samples import event, task
from tests.servers.google_workspace.calendar_store import Box
from tests.servers.google_workspace.protocol import Fault

ADA, BOB, EVE = PEOPLE[0], PEOPLE[1], PEOPLE[2]


@pytest.fixture
def front() -> Iterator[GoogleFront]:
    with google_front() as made:
        yield made


@pytest.fixture
def company(front: GoogleFront, tmp_path: Path) -> Iterator[GoogleCompany]:
    """Three colleagues."""
    for address in PEOPLE[:3]:
        front.add(address)
    made = GoogleCompany(tmp_path, front)
    made.put("u1", "Grace Hopper")
    made.put("u2", "Alan Turing")
    made.refresh()
    yield made
    made.workspace.close()


def long_ago(company: GoogleCompany) -> None:
    """What we wrote was written long ago: else a list may only not show it yet (R22)."""
    with company.workspace.database.begin() as unit:
        unit.session.connection.execute(update(links).values(pushed_at=utc_now() - timedelta(days=1)))


# ---------------------------------------------------------------- everybody has it


def test_twelve_mailboxes_get_everything_and_idle_costs_one_request_each(front: GoogleFront, tmp_path: Path) -> None:
    for address in PEOPLE[:12]:
        front.add(address)
    company = GoogleCompany(tmp_path, front)
    company.put("u1", "Grace Hopper")
    assert company.refresh().joined == tuple(PEOPLE[:12])
    all_well(company.sync())
    assert [company.inside(address) for address in PEOPLE[:12]] == [["Grace Hopper"]] * 12
    all_well(company.sync())
    before, tokens = front.requests(), len(front.google.sign_in.asked)
    all_well(company.sync())
    assert front.requests() - before == 12
    assert len(front.google.sign_in.asked) == tokens == 13, "one for each mailbox, and one for the directory"
    company.put("u1", "Grace Murray")
    all_well(company.sync())
    assert [company.inside(address) for address in PEOPLE[:12]] == [["Grace Murray"]] * 12
    company.workspace.close()


def test_each_mailbox_is_asked_for_with_a_token_of_its_own(company: GoogleCompany) -> None:
    all_well(company.sync())
    writers = {one.user for one in company.front.google.requests if one.method.endswith("contactGroups.create")}
    assert writers == set(PEOPLE[:3])
    readers = {one.user for one in company.front.google.requests if one.method.startswith("directory.")}
    assert readers == {"root@example.org"}
    assert company.everybody("root@example.org") == []


def test_a_new_colleague_gets_everything_and_who_leaves_keeps_it(company: GoogleCompany) -> None:
    all_well(company.sync())
    company.front.add("new@example.org")
    company.front.drop(ADA)
    looked = company.refresh()
    assert (looked.joined, looked.left) == (("new@example.org",), (ADA,))
    company.put("u3", "Mary Shelley")
    outcomes = company.sync()
    assert ADA not in outcomes
    assert company.inside(ADA) == ["Alan Turing", "Grace Hopper"]
    assert company.inside("new@example.org") == ["Alan Turing", "Grace Hopper", "Mary Shelley"]


@pytest.mark.parametrize("forgotten", [False, True])
def test_r11_who_comes_back_is_matched_without_duplicates(company: GoogleCompany, forgotten: bool) -> None:
    all_well(company.sync())
    company.front.drop(ADA)
    company.refresh()
    company.put("u1", "Grace Murray")
    all_well(company.sync())
    if forgotten:
        with company.workspace.database.begin() as unit:
            assert forget_binding(unit.session.connection, f"book/{ADA}")
    company.front.join(ADA)
    assert company.refresh().joined == (ADA,)
    all_well(company.sync())
    all_well(company.sync())
    assert company.inside(ADA) == company.everybody(ADA) == ["Alan Turing", "Grace Murray"]
    assert company.names() == ["Alan Turing", "Grace Murray"]


def test_a_pattern_is_compared_with_the_directory(company: GoogleCompany) -> None:
    company.front.google.world.user("boss@example.org")
    company.front.google.world.user("strange@elsewhere.example")
    company.write(pattern="B*@EXAMPLE.org", **{"except": [ADA]})
    assert company.refresh().members == ("boss@example.org", BOB, EVE)


def test_r01_a_directory_that_is_closed_takes_nobody_out(company: GoogleCompany) -> None:
    company.front.google.directory.enabled = False
    looked = company.refresh()
    assert looked.members == tuple(PEOPLE[:3])
    assert "could not be asked" in looked.problem
    assert "Admin SDK API has not been used" in looked.problem


def test_the_scopes_of_the_directory_are_asked_for_only_where_it_is_looked_into(company: GoogleCompany) -> None:
    company.front.delegate(*map(str, SERVICES))
    company.front.company.person("chief@example.org", admin=True)
    company.front.account["mailbox"] = "chief@example.org"
    company.write()
    looked = company.refresh()
    assert "The directory is not open: give the service account the Admin SDK scopes" in looked.problem
    assert looked.members == tuple(PEOPLE[:3])
    company.front.add("new@example.org")
    company.write(group="", mailboxes=[ADA, "new@example.org"])
    assert company.refresh().problem == ""
    all_well(company.sync())
    assert company.inside("new@example.org") == ["Alan Turing", "Grace Hopper"]


def test_a_service_account_alone_may_not_look_into_the_directory_and_it_is_said(company: GoogleCompany) -> None:
    del company.front.account["mailbox"]
    company.write()
    problem = company.refresh().problem
    assert "set the account's `mailbox` to an administrator of the domain" in problem
    assert "Not Authorized to access this resource/api" in problem


# ---------------------------------------------------------------- the label


def test_a_renamed_label_is_followed(company: GoogleCompany) -> None:
    all_well(company.sync())
    [label] = company.labels(ADA)
    company.book(ADA).groups.put(label.name, {**label.fields, "name": "Our people"})
    company.put("u3", "Mary Shelley")
    all_well(company.sync(worker=Worker(company.workspace)))
    assert company.labels(ADA) == []
    assert company.inside(ADA, "Our people") == ["Alan Turing", "Grace Hopper", "Mary Shelley"]


def test_a_label_that_somebody_uses_himself_is_let_alone_and_it_is_said(company: GoogleCompany) -> None:
    book = company.book(ADA)
    label = book.label("AgendaHub")
    book.put_label(book.add({"names": [{"givenName": "Mum"}]}).name, label.name)
    outcomes = company.sync()
    assert "has a label 'AgendaHub' of its own with contacts in it" in outcomes[ADA].message
    assert outcomes[BOB].result is Result.OK
    assert company.everybody(ADA) == ["Mum"]


def test_r01_a_list_without_labels_is_no_deleted_label(company: GoogleCompany) -> None:
    all_well(company.sync())
    company.put("u3", "Mary Shelley")
    for empty in (b"{}", b'{"contactGroups": []}'):
        fault = Fault(200, page=empty, method="contactGroups.list", user=ADA, times=2)
        company.front.google.faults.append(fault)
        outcome = company.sync([ADA])[ADA]
        assert "was deleted" not in outcome.message
        company.front.google.faults.clear()
    all_well(company.sync([ADA]))
    assert company.inside(ADA) == ["Alan Turing", "Grace Hopper", "Mary Shelley"]


def test_r06_a_lost_answer_to_the_making_makes_no_second_label(company: GoogleCompany) -> None:
    fault = Fault(502, page=b"<html>", method="contactGroups.create", user=ADA, after=True)
    company.front.google.faults.append(fault)
    all_well(company.sync([ADA]))
    assert company.inside(ADA) == ["Alan Turing", "Grace Hopper"]


@pytest.mark.parametrize("with_contacts", [True, False])
def test_a_deleted_label_is_made_again_but_not_twice_a_day(
    company: GoogleCompany, monkeypatch: pytest.MonkeyPatch, with_contacts: bool
) -> None:
    """Google asks whether the contacts go with it. Those that stay get the label again: none is there twice."""
    all_well(company.sync())
    company.book(ADA).add({"names": [{"givenName": "Mum"}]})
    delete_label(company, ADA, with_contacts)
    outcomes = company.sync()
    assert "it is made again when a day has passed" in outcomes[ADA].message
    assert outcomes[BOB].result is Result.OK
    assert company.labels(ADA) == []
    later = utc_now() + timedelta(days=1, minutes=1)
    monkeypatch.setattr(fanout_folder, "utc_now", lambda: later)
    all_well(company.sync([ADA]))
    all_well(company.sync([ADA]))
    assert company.inside(ADA) == ["Alan Turing", "Grace Hopper"]
    assert company.everybody(ADA) == ["Alan Turing", "Grace Hopper", "Mum"]
    delete_label(company, ADA, with_contacts)
    assert company.sync([ADA])[ADA].result is Result.FAILED
    assert company.names() == ["Alan Turing", "Grace Hopper"]


def test_r22_contacts_that_get_their_label_again_are_known_though_lists_are_behind(
    company: GoogleCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_well(company.sync())
    delete_label(company, ADA, False)
    assert company.sync([ADA])[ADA].result is Result.FAILED
    monkeypatch.setattr(fanout_folder, "utc_now", lambda: utc_now() + timedelta(days=1, minutes=1))
    company.front.google.people.switches.lag = timedelta(minutes=5)
    all_well(company.sync([ADA]))
    all_well(company.sync([ADA]))
    assert company.everybody(ADA) == ["Alan Turing", "Grace Hopper"]
    company.front.google.people.switches.lag = timedelta(0)
    all_well(company.sync([ADA]))
    assert company.inside(ADA) == company.everybody(ADA) == ["Alan Turing", "Grace Hopper"]


@pytest.mark.parametrize("deleted", [False, True])
def test_what_is_the_companys_is_not_offered_among_somebodys_own_contacts(
    company: GoogleCompany, deleted: bool
) -> None:
    all_well(company.sync())
    company.book(ADA).add({"names": [{"givenName": "Mum"}]})
    if deleted:
        delete_label(company, ADA, False)
    google = company.front.google
    settings = ConnectorSettings(google.url, secret=google.give(ADA), auth="bearer", timeout=2.0)
    with closing(connect(settings)) as connector:
        pages = list(connector.changes("contacts", None, lambda _: {}))
        offered = [one.id for one in connector.collections() if "contact" in one.kinds]
    found = [one.item.record.full_name for page in pages for one in page.changes if isinstance(one, Changed)]
    assert found == ["Mum"]
    assert len(offered) == (2 if deleted else 3)


def delete_label(company: GoogleCompany, address: str, with_contacts: bool) -> None:
    [label] = company.labels(address)
    company.book(address).remove_label(label.name, with_contacts)


def test_r03_a_deleted_label_deletes_nothing_in_the_hub_when_changes_go_both_ways(company: GoogleCompany) -> None:
    company.write(direction="both")
    all_well(company.sync())
    delete_label(company, ADA, True)
    outcomes = company.sync()
    assert f'agendahub fanout restore "book" {ADA}' in outcomes[ADA].message
    assert company.names() == ["Alan Turing", "Grace Hopper"]
    assert company.inside(BOB) == ["Alan Turing", "Grace Hopper"]


def test_in_direction_both_a_change_in_one_mailbox_reaches_all(company: GoogleCompany) -> None:
    company.write(direction="both")
    all_well(company.sync())
    alan = next(one for one in company.contacts(ADA) if one.fields["names"][0]["familyName"] == "Turing")
    company.book(ADA).change(alan.name, {"names": [{"givenName": "Alan", "familyName": "Mathison"}]})
    company.sync([ADA])
    all_well(company.sync())
    assert company.names() == ["Alan Mathison", "Grace Hopper"]
    assert company.inside(BOB) == ["Alan Mathison", "Grace Hopper"]


def test_in_direction_out_what_was_changed_or_deleted_in_a_mailbox_is_put_right(company: GoogleCompany) -> None:
    all_well(company.sync())
    all_well(company.sync())
    [label] = company.labels(ADA)
    book = company.book(ADA)
    first, second = company.contacts(ADA)
    book.change(first.name, {"names": [{"givenName": "Nonsense"}]})
    book.remove(second.name)
    book.put_label(book.add({"names": [{"givenName": "My", "familyName": "Own"}]}).name, label.name)
    long_ago(company)
    for _ in range(3):
        all_well(company.sync([ADA]))
    assert company.inside(ADA) == ["Alan Turing", "Grace Hopper", "My Own"]
    assert company.names() == ["Alan Turing", "Grace Hopper"]


# ---------------------------------------------------------------- calendars and task lists


@pytest.fixture(params=["event", "task"])
def agenda(front: GoogleFront, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[GoogleCompany]:
    """An event, or a task, for Ada and Bob."""
    for address in (ADA, BOB):
        front.add(address)
    company = GoogleCompany(tmp_path, front, {"kinds": [request.param], "collection": "Agenda"})
    with company.workspace.database.begin() as unit:
        number = ensure_collection(unit.session.connection, "Agenda", [request.param], "", utc_now())
        item = event("ev-1", "Stand-up", extra="") if request.param == "event" else task("ta-1", "Stand-up")
        unit.create_item(number, item, Origin("test"))
    company.refresh()
    all_well(company.sync())
    yield company
    company.workspace.close()


def planned(company: GoogleCompany, address: str) -> list[str]:
    """What is in somebody's calendar or task list of the fan-out; "" stands for one that is not there."""
    google = company.front.google
    if company.settings["kinds"] == ["task"]:
        lists = [one for one in google.tasks.book(address).lists.values() if one.title == "AgendaHub"]
        return (
            [one["title"] for made in lists for one in made.tasks.values() if not one.get("deleted")] if lists else [""]
        )
    boxes = [box for box in boxes_of(company) if box.owner == address]
    return [one.body["summary"] for box in boxes for one in google.calendar.events(box.id)] if boxes else [""]


def boxes_of(company: GoogleCompany) -> list[Box]:
    boxes = company.front.google.calendar.calendars.boxes.values()
    return [box for box in boxes if box.about.get("summary") == "AgendaHub" and not box.gone]


def test_an_agenda_goes_into_everybodys_calendar_or_list_of_that_name(agenda: GoogleCompany) -> None:
    assert planned(agenda, ADA) == planned(agenda, BOB) == ["Stand-up"]
    before = agenda.front.requests()
    all_well(agenda.sync())
    all_well(agenda.sync())
    assert (planned(agenda, ADA), agenda.front.requests() - before <= 6) == (["Stand-up"], True)


def test_r11_an_agenda_that_is_there_is_matched_and_not_doubled(agenda: GoogleCompany) -> None:
    """As when the fan-out was removed, and the same one is added again."""
    with agenda.workspace.database.begin() as unit:
        assert forget_binding(unit.session.connection, f"book/{ADA}")
    all_well(agenda.sync())
    all_well(agenda.sync())
    assert planned(agenda, ADA) == ["Stand-up"]


def test_a_calendar_or_list_that_its_owner_deletes_is_made_again_when_a_day_has_passed(
    agenda: GoogleCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    if agenda.settings["kinds"] == ["task"]:
        lists = agenda.front.google.tasks.book(ADA).lists
        [name] = [one.id for one in lists.values() if one.title == "AgendaHub"]
        del lists[name]
    else:
        for box in boxes_of(agenda):
            box.gone = box.owner == ADA
    outcomes = agenda.sync()
    assert "it is made again when a day has passed" in outcomes[ADA].message
    assert outcomes[BOB].result is Result.OK
    assert (planned(agenda, ADA), planned(agenda, BOB)) == ([""], ["Stand-up"])
    later = utc_now() + timedelta(days=1, minutes=1)
    monkeypatch.setattr(fanout_folder, "utc_now", lambda: later)
    all_well(agenda.sync([ADA]))
    assert planned(agenda, ADA) == ["Stand-up"]


# ---------------------------------------------------------------- one mailbox is not the others


def test_a_mailbox_that_may_not_be_opened_tells_its_reason_and_the_others_go_on(company: GoogleCompany) -> None:
    company.front.suspend(ADA)
    outcomes = company.sync()
    assert isinstance(outcomes[ADA].error, NoAccess)
    assert outcomes[BOB].result is Result.OK
    asked = len(company.front.google.sign_in.asked)
    assert isinstance(company.sync([ADA])[ADA].error, NoAccess)
    assert len(company.front.google.sign_in.asked) == asked, "what was refused is not asked again at once"
    rows = {row.address: row for row in member_rows(company.workspace, company.workspace.settings.fanouts[0])}
    assert (rows[ADA].state, rows[BOB].state) == ("failed", "ok")
    assert f"The mailbox {ADA} is not open" in rows[ADA].detail


def test_without_delegation_every_mailbox_says_what_to_do(company: GoogleCompany) -> None:
    company.front.delegate(str(Right.CALENDAR), *map(str, DIRECTORY))
    for outcome in company.sync().values():
        assert isinstance(outcome.error, NoAccess)
        assert "delegate these scopes to the key's client_id in the Admin console" in outcome.message


# ---------------------------------------------------------------- the end


def test_cleaning_takes_out_what_is_ours_and_leaves_what_was_changed_there(company: GoogleCompany) -> None:
    all_well(company.sync())
    company.front.drop(BOB)
    company.refresh()
    [label] = company.labels(ADA)
    book = company.book(ADA)
    first, _second = company.contacts(ADA)
    book.change(first.name, {"nicknames": [{"value": "Boss"}]})
    book.put_label(book.add({"names": [{"givenName": "Mum"}]}).name, label.name)
    bound = mailboxes_of(company.workspace, company.workspace.settings.fanouts[0])
    assert [count(company.workspace, binding).items for _, binding in bound] == [2, 2, 2]
    done = {one.mailbox: one for one in (clean(company.workspace, *each) for each in bound)}
    assert [(done[who].removed, done[who].kept, done[who].problem) for who in (ADA, BOB)] == [(1, 1, ""), (2, 0, "")]
    assert len(company.inside(ADA)) == 2
    assert "Mum" in company.inside(ADA)
    assert company.everybody(BOB) == [], "also of those who left"
    assert company.names() == ["Alan Turing", "Grace Hopper"]
