"""What `authorise` lets pass, and how it refuses."""

from __future__ import annotations

import pytest

from crm.actions import ACTIONS, BUILTIN, GENERAL, OF_REQUESTS, SCOPES
from crm.actor import INTAKE, Actor
from crm.errors import Forbidden, NotThere
from crm.rights import Subject, authorise, may, scope_of, widest

MINE = Subject(responsible_id=7, groups=frozenset({1}))
GROUPS = Subject(responsible_id=8, groups=frozenset({1, 2}))
FOREIGN = Subject(responsible_id=9, customer_address="else@customer.example", groups=frozenset({3}))
NOBODYS = Subject()
AS_CUSTOMER = Subject(customer_address="ada@example.org")
IN_COPY = Subject(responsible_id=9, people=frozenset({"ada@example.org"}))
REACH = {
    "all": [MINE, GROUPS, FOREIGN, NOBODYS, AS_CUSTOMER, IN_COPY],
    "group": [MINE, GROUPS, AS_CUSTOMER, IN_COPY],
    "own": [MINE, AS_CUSTOMER, IN_COPY],
    "part": [AS_CUSTOMER, IN_COPY],
    "": [],
}


def ada(**rights: str) -> Actor:
    named = {name.replace("_", "."): scope for name, scope in rights.items()}
    return Actor("ada", 7, "ada@example.org", frozenset({1}), named)


@pytest.mark.parametrize("scope", [*SCOPES, ""])
def test_a_scope_reaches_what_it_says_and_the_rest_is_not_there(scope: str) -> None:
    actor = ada(request_read=scope)
    for subject in REACH["all"]:
        if subject in REACH[scope]:
            authorise(actor, "request.read", subject)
        else:
            with pytest.raises(NotThere, match="no such request"):
                authorise(actor, "request.read", subject)


def test_what_may_be_seen_but_not_done_is_forbidden_and_what_may_not_be_seen_is_not_there() -> None:
    actor = ada(request_read="group", request_close="own")
    authorise(actor, "request.close", MINE)
    with pytest.raises(Forbidden, match="close a request"):
        authorise(actor, "request.close", GROUPS)
    with pytest.raises(NotThere):
        authorise(actor, "request.close", FOREIGN)


def test_an_action_on_all_requests_needs_the_widest_scope() -> None:
    for scope in ("group", "own", "part"):
        assert not may(ada(request_read=scope), "request.read")
    assert may(ada(request_read="all"), "request.read")


def test_an_empty_address_takes_part_in_nothing() -> None:
    nobody = Actor("eve", 5, "", frozenset(), {"request.read": "own"})
    assert not may(nobody, "request.read", NOBODYS)
    assert not may(nobody, "request.read", Subject(people=frozenset({""})))
    assert not may(Actor("eve", None, "", frozenset(), {"request.read": "own"}), "request.read", NOBODYS)


@pytest.mark.parametrize("check", [authorise, may, scope_of])
def test_a_misspelt_action_is_an_error_of_the_program_for_everybody(check: object) -> None:
    for actor in (INTAKE, ada()):
        with pytest.raises(KeyError):
            check(actor, "request.raed")  # type: ignore[operator]


def test_the_hub_itself_may_do_everything() -> None:
    for action in ACTIONS:
        authorise(INTAKE, action, FOREIGN)
        authorise(INTAKE, action)
        assert scope_of(INTAKE, action) == "all"


def test_of_several_roles_the_widest_scope_counts_and_unknown_rights_are_left_out() -> None:
    given = [("request.read", "own"), ("request.read", "group"), ("request.read", "part"), ("rule.edit", "all")]
    assert widest([*given, ("old.right", "all"), ("request.close", "galaxy")]) == {
        "request.read": "group",
        "rule.edit": "all",
    }


def test_roles_that_are_always_there_give_rights_that_exist_in_scopes_that_fit() -> None:
    assert set(BUILTIN) == {"administrator", "supervisor", "operator", "client"}
    for rights in BUILTIN.values():
        assert set(rights) <= set(ACTIONS)
        assert set(rights.values()) <= set(SCOPES)
        assert {scope for action, scope in rights.items() if action in GENERAL} <= {"all"}
    assert BUILTIN["client"] == {"request.read": "part"}
    assert set(BUILTIN["administrator"]) > set(BUILTIN["supervisor"]) > set(BUILTIN["operator"])
    assert not set(OF_REQUESTS) & set(GENERAL)
