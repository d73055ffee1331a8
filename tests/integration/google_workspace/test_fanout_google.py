"""The company's address book in everybody's contacts at Google, by domain-wide delegation."""

from __future__ import annotations

from pathlib import Path

from agendahub.fanout_cleaning import clean, count, mailboxes_of
from agendahub.fanout_report import member_rows
from agendahub.outcome import Result
from connectors.google_workspace.sign_in_scopes import DIRECTORY, SERVICES, Right
from sync_engine.errors import NoAccess
from tests.integration.google_workspace.fanout_world import GoogleCompany, GoogleFront
from tests.integration.microsoft.fanout_world import PEOPLE, all_well

ADA, BOB, EVE = PEOPLE[0], PEOPLE[1], PEOPLE[2]


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
