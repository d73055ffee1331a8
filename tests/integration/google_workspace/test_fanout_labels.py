"""The label of a fan-out in somebody's contacts: renamed, deleted, changed by its owner."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import update

from agendahub import fanout_folder
from agendahub.outcome import Result
from agendahub.work import Worker
from agendahub.workspace import utc_now
from connectors.google_workspace import connect
from connectors.settings import ConnectorSettings
from storage.tables import links
from sync_engine.ports import Changed
from tests.integration.google_workspace.fanout_world import GoogleCompany
from tests.integration.microsoft.fanout_world import PEOPLE, all_well
from tests.servers.google_workspace.protocol import Fault

ADA, BOB = PEOPLE[0], PEOPLE[1]


def long_ago(company: GoogleCompany) -> None:
    """What we wrote was written long ago: else a list may only not show it yet (R22)."""
    with company.workspace.database.begin() as unit:
        unit.session.connection.execute(update(links).values(pushed_at=utc_now() - timedelta(days=1)))


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
    found = [one.item.record.full_name for page in pages for one in page.changes if isinstance(one, Changed)]  # type: ignore[union-attr]
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
