"""The company's address book in thirty mailboxes of Microsoft 365."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from agendahub import fanout_folder
from agendahub.fanout_cleaning import clean, count, mailboxes_of
from agendahub.fanout_holds import approve_all
from agendahub.fanout_members import problems
from agendahub.fanout_report import fanout_rows, member_rows
from agendahub.outcome import Result
from agendahub.work import Worker
from agendahub.workspace import utc_now
from storage.admin_config import ensure_collection
from storage.fanouts import set_folder_made
from storage.tables import links
from sync_engine.errors import NoAccess
from sync_engine.ports import Origin
from tests.integration.microsoft.fanout_world import (
    PEOPLE,
    Company,
    GraphFront,
    all_well,
    company_of_three,
    graph_front,
)
from tests.samples import event
from tests.servers.microsoft.graph_protocol import Fault

ADA, BOB = PEOPLE[0], PEOPLE[1]


@pytest.fixture
def front() -> Iterator[GraphFront]:
    with graph_front() as made:
        yield made


@pytest.fixture
def company(front: GraphFront, tmp_path: Path) -> Iterator[Company]:
    with company_of_three(front, tmp_path, Company) as made:
        yield made


# ---------------------------------------------------------------- people come and go


def test_a_new_colleague_gets_everything_at_the_next_refresh(company: Company) -> None:
    all_well(company.sync())
    company.front.add("new@example.org")
    assert company.refresh().joined == ("new@example.org",)
    all_well(company.sync())
    assert company.inside("new@example.org") == ["Alan Turing", "Grace Hopper"]


def test_r34_who_leaves_keeps_everything_and_gets_nothing_more(company: Company) -> None:
    all_well(company.sync())
    company.front.drop(ADA)
    assert company.refresh().left == (ADA,)
    company.put("u3", "Mary Shelley")
    outcomes = company.sync()
    assert ADA not in outcomes
    assert company.states()[ADA] == "left"
    assert company.inside(ADA) == ["Alan Turing", "Grace Hopper"]
    assert company.names() == ["Alan Turing", "Grace Hopper", "Mary Shelley"]


def test_lists_and_patterns_and_exceptions_add_up(company: Company) -> None:
    company.front.exchange.add_mailbox("guest@other.example", "Guest")
    company.front.exchange.directory.add_person("boss@example.org", "Boss")
    company.front.exchange.add_mailbox("boss@example.org", "Boss")
    more = {"pattern": "B*@EXAMPLE.org", "mailboxes": ["guest@other.example"], "except": [ADA]}
    company.write(**more)
    assert company.refresh().members == ("boss@example.org", "guest@other.example", *PEOPLE[1:3])


# ---------------------------------------------------------------- a directory that cannot be believed


def test_r01_a_directory_that_is_down_takes_nobody_out(company: Company) -> None:
    company.front.graph.switches.directory = False
    looked = company.refresh()
    assert looked.members == tuple(PEOPLE[:3])
    assert "could not be asked" in looked.problem
    assert set(company.states().values()) == {"active"}
    assert "could not be asked" in problems(company.workspace, company.workspace.settings)[0]
    company.front.graph.switches.directory = True
    assert company.refresh().problem == ""
    assert problems(company.workspace, company.workspace.settings) == []


@pytest.mark.parametrize("gone", [2, 3])
def test_r01_a_directory_that_is_half_empty_or_empty_takes_nobody_out(company: Company, gone: int) -> None:
    for address in PEOPLE[:gone]:
        company.front.drop(address)
    looked = company.refresh()
    assert (looked.members, looked.left) == (tuple(PEOPLE[:3]), ())
    assert f"{gone} of 3 members are gone" in looked.problem
    assert "--accept" in looked.problem
    assert len(company.bindings()) == 3
    assert company.refresh(accept=True).left == tuple(PEOPLE[:gone])
    assert len(company.bindings()) == 3 - gone


def test_a_group_that_is_not_there_is_told(company: Company) -> None:
    company.write(group="nobody@example.org")
    assert "nobody@example.org" in company.refresh().problem
    assert len(company.bindings()) == 3


# ---------------------------------------------------------------- the folder


def test_a_renamed_folder_is_followed(company: Company) -> None:
    all_well(company.sync())
    [folder] = company.folders(ADA)
    company.mailbox(ADA).rename_collection(folder.id, "Our people")
    company.put("u3", "Mary Shelley")
    all_well(company.sync(worker=Worker(company.workspace)))
    assert company.folders(ADA) == []
    assert company.inside(ADA, "Our people") == ["Alan Turing", "Grace Hopper", "Mary Shelley"]


def test_a_folder_of_this_name_is_used_and_not_doubled(company: Company) -> None:
    """As after a kill between making the folder and remembering it."""
    company.mailbox(ADA).add_collection("contacts", "agendahub")
    all_well(company.sync())
    assert company.folders(ADA) == []
    assert company.inside(ADA, "agendahub") == ["Alan Turing", "Grace Hopper"]


def test_a_lost_answer_to_the_making_makes_no_second_folder(company: Company) -> None:
    company.front.graph.faults.append(Fault(status=0, hold=3.0, method="POST", path="contactFolders$"))
    company.front.account["timeout"] = 1.0
    company.write()
    all_well(company.sync([ADA]))
    assert company.inside(ADA) == ["Alan Turing", "Grace Hopper"]


def test_a_deleted_folder_is_made_again_but_not_twice_a_day(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    all_well(company.sync())
    delete_folder(company, ADA)
    outcomes = company.sync()
    assert "it is made again when a day has passed" in outcomes[ADA].message
    assert outcomes[BOB].result is Result.OK
    assert company.folders(ADA) == []
    later = utc_now() + timedelta(days=1, minutes=1)
    monkeypatch.setattr(fanout_folder, "utc_now", lambda: later)
    all_well(company.sync([ADA]))
    assert company.inside(ADA) == ["Alan Turing", "Grace Hopper"]
    delete_folder(company, ADA)
    assert company.sync([ADA])[ADA].result is Result.FAILED
    assert company.names() == ["Alan Turing", "Grace Hopper"]


def test_r03_a_deleted_folder_deletes_nothing_in_the_hub_when_changes_go_both_ways(company: Company) -> None:
    company.write(direction="both")
    all_well(company.sync())
    delete_folder(company, ADA)
    outcomes = company.sync()
    assert f'agendahub fanout restore "book" {ADA}' in outcomes[ADA].message
    assert company.sync()[ADA].result is Result.FAILED, "until an admin says so"
    assert company.names() == ["Alan Turing", "Grace Hopper"]
    assert company.inside(BOB) == ["Alan Turing", "Grace Hopper"]
    with company.workspace.database.begin() as unit:
        set_folder_made(unit.session.connection, "book", ADA, None)
    all_well(company.sync())
    assert company.inside(ADA) == ["Alan Turing", "Grace Hopper"]


def test_a_folder_that_is_not_shown_any_more_is_found_missing_once_a_day(company: Company) -> None:
    """Outlook moves a folder that is deleted among the deleted things, where it can still be read."""
    all_well(company.sync())
    [folder] = company.folders(ADA)
    folder.parent = company.mailbox(ADA).well_known("drafts").id
    [binding] = [binding for binding in company.bindings() if binding.address == ADA]
    outcome = company.cycle(Worker(company.workspace), binding, everything=True)
    assert "was deleted in the mailbox" in outcome.message


def test_in_direction_both_a_change_in_one_mailbox_reaches_all(company: Company) -> None:
    company.write(direction="both")
    all_well(company.sync())
    [folder] = company.folders(ADA)
    item = next(i for i in company.mailbox(ADA).in_collection(folder.id) if i.fields["displayName"] == "Alan Turing")
    company.mailbox(ADA).update(item.id, {"displayName": "Alan Mathison", "surname": "Mathison"})
    company.sync([ADA])
    all_well(company.sync())
    assert company.names() == ["Alan Mathison", "Grace Hopper"]
    assert company.inside(BOB) == ["Alan Mathison", "Grace Hopper"]


def test_in_direction_out_what_was_changed_or_deleted_in_a_mailbox_is_put_right(company: Company) -> None:
    all_well(company.sync())
    all_well(company.sync())  # the feed has told what was written: else it does not tell that it went
    [folder] = company.folders(ADA)
    first, second = company.mailbox(ADA).in_collection(folder.id)
    company.mailbox(ADA).update(first.id, {"displayName": "Nonsense"})
    company.mailbox(ADA).delete(second.id)
    company.mailbox(ADA).create(folder.id, {"displayName": "My Own"})
    with company.workspace.database.begin() as unit:  # written long ago: else it may only not be listed yet (R22)
        unit.session.connection.execute(update(links).values(pushed_at=utc_now() - timedelta(days=1)))
    for _ in range(3):
        all_well(company.sync([ADA]))
    assert company.inside(ADA) == ["Alan Turing", "Grace Hopper", "My Own"]
    assert company.names() == ["Alan Turing", "Grace Hopper"]


def test_r02_deletions_in_the_hub_wait_in_every_mailbox_and_are_approved_together(company: Company) -> None:
    for number in range(6):
        company.put(f"n{number}", f"Number {'ABCDEF'[number]}")
    all_well(company.sync())
    with company.workspace.database.begin() as unit:
        for number in range(6):
            item = unit.items_by_uid(company.collection, [f"n{number}"])[f"n{number}"]
            unit.delete_item(item.id, Origin("test"))
    company.sync()
    assert len(company.inside(ADA)) == 8
    company.bindings()
    fanout = company.workspace.settings.fanouts[0]
    assert [row.count for row in approve_all(company.workspace, fanout, dry_run=True)] == [6, 6, 6]
    company.sync()
    assert len(company.inside(ADA)) == 8
    assert len(approve_all(company.workspace, fanout)) == 3
    all_well(company.sync())
    assert company.inside(ADA) == company.inside(BOB) == ["Alan Turing", "Grace Hopper"]


def test_an_agenda_goes_into_everybodys_calendar_of_that_name(front: GraphFront, tmp_path: Path) -> None:
    front.add(ADA)
    company = Company(tmp_path, front, {"kinds": ["event"], "collection": "Agenda"})
    with company.workspace.database.begin() as unit:
        agenda = ensure_collection(unit.session.connection, "Agenda", ["event"], "", utc_now())
        unit.create_item(agenda, event("ev-1", "Stand-up", extra=""), Origin("test"))
    company.refresh()
    company.sync()
    [calendar] = [one for one in company.mailbox(ADA).of_kind("calendar") if one.name == "AgendaHub"]
    assert [item.fields["subject"] for item in company.mailbox(ADA).in_collection(calendar.id)] == ["Stand-up"]
    assert front.exchange.outbox == []
    company.workspace.close()


def delete_folder(company: Company, address: str) -> None:
    [folder] = company.folders(address)
    company.mailbox(address).remove_collection(folder.id)


# ---------------------------------------------------------------- one mailbox is not the others


def test_a_forbidden_mailbox_tells_its_reason_and_the_others_go_on(company: Company) -> None:
    company.front.forbid(ADA)
    outcomes = company.sync()
    assert isinstance(outcomes[ADA].error, NoAccess)
    assert outcomes[BOB].result is Result.OK
    rows = {row.address: row for row in member_rows(company.workspace, company.workspace.settings.fanouts[0])}
    assert (rows[ADA].state, rows[BOB].state) == ("failed", "ok")
    assert "not open to" in rows[ADA].detail or "does not allow" in rows[ADA].detail
    [row] = fanout_rows(company.workspace)
    assert (row.members, row.well, row.left) == (3, 2, 0)
    assert "agendahub fanout members book" in row.problem
    all_well(company.sync([BOB, PEOPLE[2]]))


# ---------------------------------------------------------------- the end


def test_cleaning_takes_out_what_is_ours_and_leaves_what_was_changed_there(company: Company) -> None:
    all_well(company.sync())
    company.front.drop(BOB)
    company.refresh()
    [folder] = company.folders(ADA)
    items = list(company.mailbox(ADA).in_collection(folder.id))
    company.mailbox(ADA).update(items[0].id, {"jobTitle": "Boss"})
    company.mailbox(ADA).create(folder.id, {"displayName": "My own"})
    fanout = company.workspace.settings.fanouts[0]
    bound = mailboxes_of(company.workspace, fanout)
    assert [count(company.workspace, binding).items for _, binding in bound] == [2, 2, 2]
    done = {one.mailbox: one for one in (clean(company.workspace, *each) for each in bound)}
    assert [(done[who].removed, done[who].kept, done[who].problem) for who in (ADA, BOB)] == [(1, 1, ""), (2, 0, "")]
    assert company.inside(ADA) == sorted([items[0].fields["displayName"], "My own"])
    assert company.inside(BOB) == [], "also of those who left"
    assert company.names() == ["Alan Turing", "Grace Hopper"]


def test_a_mailbox_that_cannot_be_cleaned_is_told_and_remembered(company: Company) -> None:
    all_well(company.sync())
    company.front.forbid(ADA)
    bound = mailboxes_of(company.workspace, company.workspace.settings.fanouts[0])
    done = {one.mailbox: one for one in (clean(company.workspace, *each) for each in bound)}
    assert done[ADA].problem
    assert done[BOB].removed == 2
    company.front.grant.only = None
    again = {one.mailbox: one for one in (clean(company.workspace, *each) for each in bound)}
    assert (again[ADA].removed, again[ADA].problem) == (2, "")
