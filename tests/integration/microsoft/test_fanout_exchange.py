"""The company's address book in thirty mailboxes of an Exchange server, by impersonation (E15)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agendahub.outcome import Result
from sync_engine.errors import NoAccess
from tests.integration.microsoft.fanout_world import (
    PEOPLE,
    SERVICE,
    Company,
    EwsFront,
    all_well,
    company_of_three,
    ews_front,
)

ADA, BOB = PEOPLE[0], PEOPLE[1]


@pytest.fixture
def front() -> Iterator[EwsFront]:
    with ews_front() as made:
        yield made


@pytest.fixture
def company(front: EwsFront, tmp_path: Path) -> Iterator[Company]:
    with company_of_three(front, tmp_path, Company) as made:
        yield made


def test_lists_in_lists_are_opened(company: Company) -> None:
    directory = company.front.exchange.directory
    company.front.exchange.add_mailbox("boss@example.org", "Boss", "ews")
    directory.add_person("boss@example.org", "Boss")
    directory.add_group("board@example.org", "Board", "boss@example.org", PEOPLE[0])
    directory.find("all@example.org").members.append(directory.find("board@example.org").id)
    directory.find("board@example.org").members.append(directory.find("all@example.org").id)  # a circle
    assert company.refresh().members == ("boss@example.org", *PEOPLE[:3])


def test_a_pattern_is_compared_with_everybody_however_many_there_are(company: Company) -> None:
    directory = company.front.exchange.directory
    for n in range(130):  # more than one answer holds; "clerk1" begins more addresses than "clerk9"
        directory.add_person(f"clerk{n}@example.net", f"Clerk {n}")
    directory.add_person("Zoe@Example.NET", "Zoe")
    company.write(pattern="*@example.net")
    told = company.refresh()
    assert told.problem == ""
    members = told.members
    assert members == tuple(sorted([*PEOPLE[:3], *(f"clerk{n}@example.net" for n in range(130)), "zoe@example.net"]))


def test_r01_an_unknown_list_is_told_and_takes_nobody_out(company: Company) -> None:
    company.write(pattern="", group="nobody@example.org")
    assert "There is no distribution list nobody@example.org" in company.refresh().problem
    assert len(company.bindings()) == 3


def test_r34_r11_who_leaves_keeps_everything_and_is_matched_when_he_comes_back(company: Company) -> None:
    all_well(company.sync())
    company.front.drop(ADA)
    assert company.refresh().left == (ADA,)
    company.put("u1", "Grace Murray")
    assert ADA not in company.sync()
    assert company.inside(ADA) == ["Alan Turing", "Grace Hopper"]
    company.front.join(ADA)
    company.refresh()
    all_well(company.sync())
    assert company.inside(ADA) == ["Alan Turing", "Grace Murray"]
    assert company.names() == ["Alan Turing", "Grace Murray"]


def test_the_folder_is_made_below_contacts(company: Company) -> None:
    all_well(company.sync([ADA]))
    [folder] = company.folders(ADA)
    assert folder.parent == company.mailbox(ADA).well_known("contacts").id


def test_a_deleted_folder_deletes_nothing_and_a_renamed_one_is_followed(company: Company) -> None:
    company.write(direction="both")
    all_well(company.sync())
    company.mailbox(ADA).remove_collection(company.folders(ADA)[0].id)
    company.mailbox(BOB).rename_collection(company.folders(BOB)[0].id, "Our people")
    company.put("u3", "Mary Shelley")
    outcomes = company.sync()
    assert "was deleted in the mailbox" in outcomes[ADA].message
    assert company.names() == ["Alan Turing", "Grace Hopper", "Mary Shelley"]
    assert company.inside(BOB, "Our people") == ["Alan Turing", "Grace Hopper", "Mary Shelley"]
    assert company.folders(BOB) == []


def test_a_mailbox_that_is_not_there_tells_its_reason_and_the_others_go_on(company: Company) -> None:
    del company.front.exchange.mailboxes[ADA]
    outcomes = company.sync()
    assert isinstance(outcomes[ADA].error, NoAccess)
    assert "ErrorNonExistentMailbox" in outcomes[ADA].message
    assert outcomes[BOB].result is Result.OK


def test_a_service_account_that_may_not_impersonate_is_told_for_each_mailbox(company: Company) -> None:
    company.front.site.impersonators.clear()
    outcomes = company.sync()
    assert all(isinstance(outcome.error, NoAccess) for outcome in outcomes.values())
    assert "ApplicationImpersonation" in outcomes[ADA].message


def test_e15_mailboxes_that_were_opened_to_a_delegate_are_filled_without_impersonation(company: Company) -> None:
    site = company.front.site
    site.impersonators.clear()
    site.delegates.update((SERVICE, address) for address in PEOPLE[1:3])
    company.front.account["access"] = "delegate"
    company.write()
    outcomes = company.sync()
    assert isinstance(outcomes[ADA].error, NoAccess), "who did not open his mailbox"
    assert company.inside(BOB) == company.inside(PEOPLE[2]) == ["Alan Turing", "Grace Hopper"]
    assert company.mailbox(SERVICE).of_kind("contacts") == [company.mailbox(SERVICE).well_known("contacts")]
    all_well(company.sync(PEOPLE[1:3]))
    before = company.front.requests()
    all_well(company.sync(PEOPLE[1:3]))
    assert company.front.requests() - before == 2
