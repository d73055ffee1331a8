"""A request that waits for a person to say whose it is gets its customer, and can be worked on and closed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from agendahub.crm_settings import crm_settings
from crm.intake.model import Delivered
from crm.intake.taking import take
from storage import tables as t
from tests.contract.requests_api_world import CONFIGURED
from tests.mails_here import mail
from tests.requests_api_here import ApiHere, api_here

QUEUE = CONFIGURED + '\n[requests]\nunknown_sender = "queue"\n'


@pytest.fixture
def here(tmp_path: Path, _sqlite_template: Path) -> Iterator[ApiHere]:
    (tmp_path / "hub.db").write_bytes(_sqlite_template.read_bytes())
    with api_here(tmp_path, f"sqlite:///{tmp_path / 'hub.db'}", QUEUE) as found:
        with found.database.begin() as unit:
            for role in ("supervisor", "client"):
                found.user(unit, role, role)
        yield found


def arrives(here: ApiHere, sender: str = "Nora New <nora@new.example>") -> int:
    with here.database.begin() as unit:
        number = unit.session.connection.execute(select(func.count()).select_from(t.messages)).scalar_one()
        raw = mail(f"Question {number}", sender=sender)
        taken = take(unit, crm_settings(here.workspace), Delivered("info", "INBOX", str(number), raw))
    assert taken.request_id is not None
    return taken.request_id


def ask(here: ApiHere, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, Any]:
    answer = here.client(more.pop("who", "supervisor")).ask(method, path, body, **more)
    return answer.status, answer.json()


def tie(here: ApiHere, number: int, *, who: str = "supervisor", **more: Any) -> tuple[int, Any]:
    """With the version that is there."""
    version = ask(here, "GET", f"/requests/{number}")[1]["version"]
    return ask(here, "POST", f"/requests/{number}/customer", {"version": version, **more}, who=who)


def contacts(here: ApiHere) -> int:
    with here.database.read() as unit:
        return int(unit.session.connection.execute(select(func.count()).select_from(t.contacts)).scalar_one())


def test_of_the_sender_a_contact_is_made_and_the_request_can_be_closed(here: ApiHere) -> None:
    number, responsible = arrives(here), here.users["supervisor"]
    status, made = tie(here, number)
    assert (status, made["customer_state"]) == (200, "known")
    found = ask(here, "GET", f"/customers/{made['customer_id']}")[1]
    assert (found["full_name"], found["addresses"], contacts(here)) == ("Nora New", ["nora@new.example"], 1)
    lines = ask(here, "GET", f"/requests/{number}/history")[1]
    assert (lines[0]["field"], lines[0]["actor"]) == ("customer", "supervisor")
    assert lines[0]["after"] == f"Nora New ({made['customer_id']})"
    _, made = ask(here, "POST", f"/requests/{number}/assign", {"version": made["version"], "user_id": responsible})
    assert ask(here, "POST", f"/requests/{number}/close", {"version": made["version"], "reason": "done"})[0] == 200
    with here.database.begin() as unit:
        raw = mail("Again", sender="nora@new.example")
        again = take(unit, crm_settings(here.workspace), Delivered("info", "INBOX", "again", raw))
    seen = ask(here, "GET", f"/requests/{again.request_id}")[1]
    assert (seen["customer_id"], seen["customer_state"]) == (made["customer_id"], "known"), "a person said who he is"


def test_a_contact_that_is_there_is_taken_and_no_second_one_made(here: ApiHere) -> None:
    first, second, third = arrives(here), arrives(here), arrives(here, "Max <max@else.example>")
    named = tie(here, first, name="Nora Neumann")[1]
    assert named["customer_name"] == "Nora Neumann"
    same = tie(here, second)[1]
    assert (same["customer_id"], same["customer_name"]) == (named["customer_id"], "Nora Neumann")
    chosen = tie(here, third, customer_id=named["customer_id"])[1]
    assert (chosen["customer_id"], chosen["customer_address"]) == (named["customer_id"], "nora@new.example")
    assert contacts(here) == 1


def test_what_cannot_be_tied_is_refused_and_makes_nothing(here: ApiHere) -> None:
    number, nobody = arrives(here), arrives(here, "a@x.example, b@x.example")
    wrong: tuple[tuple[int, dict[str, Any], int], ...] = (
        (number, {"version": 9}, 409),
        (number, {"version": None}, 428),
        (number, {"customer_id": 999}, 422),
        (number, {"customer_id": 999, "name": "X"}, 422),
        (nobody, {}, 422),
    )
    for request, body, status in wrong:
        assert tie(here, request, **body)[0] == status, body
    assert tie(here, number, who="client")[0] == 404
    assert contacts(here) == 0


def test_a_provisional_customer_is_confirmed_with_a_line(here: ApiHere) -> None:
    number = arrives(here)
    customer = tie(here, number)[1]["customer_id"]
    with here.database.begin() as unit:
        unit.session.connection.execute(t.requests.update().values(customer_state="provisional"))
    status, made = tie(here, number)
    assert (status, made["customer_id"], made["customer_state"]) == (200, customer, "known")
    line = ask(here, "GET", f"/requests/{number}/history")[1][0]
    assert (line["field"], line["before"], line["after"]) == ("customer", "provisional", "known")
