"""Conditional writes, throttling, batches and repeated requests, seen through O365 (G9-G12)."""

from __future__ import annotations

import gc
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
import requests

from tests.integration.microsoft.o365_account import ADA, IMMUTABLE, Json, World, account, graph_world, single
from tests.servers.microsoft.graph_protocol import Fault

__all__ = ["graph_world"]  # a fixture


def _contact(world: World) -> Json:
    return world.json("post", "/contacts", {"displayName": "Eva"})


def test_g09_a_stale_if_match_is_refused_and_without_one_the_last_write_wins(world: World) -> None:
    made = _contact(world)
    where = f"/contacts/{made['id']}"
    assert made["@odata.etag"] == f'W/"{made["changeKey"]}"'
    world.json("patch", where, {"jobTitle": "One"}, if_match=made["@odata.etag"])
    stale = {"if_match": made["@odata.etag"]}
    assert world.code("patch", where, {"jobTitle": "Two"}, **stale) == (412, "ErrorIrresolvableConflict")
    assert world.code("delete", where, **stale) == (412, "ErrorIrresolvableConflict")
    assert world.json("get", where)["jobTitle"] == "One"
    assert world.json("patch", where, {"jobTitle": "Three"})["jobTitle"] == "Three"


def test_g09_of_events_and_their_occurrences_too(world: World) -> None:
    made = world.json("post", "/events", single())
    world.ada.touch(made["id"])
    stale = {"if_match": made["@odata.etag"]}
    assert world.code("patch", f"/events/{made['id']}", {"subject": "x"}, **stale)[0] == 412
    assert world.code("delete", f"/events/{made['id']}", **stale)[0] == 412
    assert world.ada.find(made["id"]).fields["subject"] == "Single 2026-03-10"


def test_g10_throttled_says_when_to_come_back(world: World) -> None:
    world.graph.faults.append(Fault(429, headers={"Retry-After": "7"}, method="POST", path="/contacts$"))
    answer = world.ask("post", "/contacts", {"displayName": "Eva"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert answer.json()["error"]["code"] == "ApplicationThrottled"
    assert list(world.ada.in_collection("contacts")) == []
    assert world.ask("post", "/contacts", {"displayName": "Eva"}).status_code == 201


@pytest.mark.parametrize("status", [500, 503, 504])
def test_g10_sometimes_it_is_another_status(world: World, status: int) -> None:
    world.graph.faults.append(Fault(status, "UnknownError"))
    assert world.code("get", "/contacts") == (status, "UnknownError")


def test_g10_four_at_once_in_a_mailbox_and_no_more(world: World) -> None:
    gate = world.graph.switches.gate = threading.Event()
    token = world.graph.sign_in.give(ADA)

    def ask(_: int) -> tuple[int, str]:
        answer = requests.get(world.url("/contacts"), headers={"Authorization": f"Bearer {token}"}, timeout=10)
        return answer.status_code, answer.text

    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(ask, number) for number in range(6)]
        refused = [one.result() for one in islice(as_completed(asked), 2)]  # the others are held
        gate.set()
        answers = [one.result() for one in asked]
    assert [status for status, _ in refused] == [429, 429]
    assert sorted(status for status, _ in answers) == [200] * 4 + [429] * 2
    assert any("MailboxConcurrency" in text for _, text in answers)
    assert world.graph.most_at_once[ADA] == 4


def _batch(world: World, calls: list[Json]) -> dict[str, Json]:
    answer = world.o365.con.post(f"{world.graph.url}/v1.0/$batch", data={"requests": calls})
    assert answer.status_code == 200, answer.text
    return {one["id"]: one for one in answer.json()["responses"]}


def _post(name: str, body: Json, **more: object) -> Json:
    headers = {"Content-Type": "application/json", **IMMUTABLE}
    return {"id": name, "method": "POST", "url": "/me/contacts", "headers": headers, "body": body, **more}


def test_g11_each_call_of_a_batch_has_an_answer_of_its_own(world: World) -> None:
    world.graph.faults.append(Fault(429, headers={"Retry-After": "3"}, path="/me/events$", inner=True))
    lost = {"id": "3", "method": "GET", "url": "/me/contacts/nobody"}
    answers = _batch(
        world, [_post("1", {"displayName": "Eva"}), {"id": "2", "method": "GET", "url": "/me/events"}, lost]
    )
    assert list(answers) == ["3", "2", "1"]  # in any order
    assert {name: one["status"] for name, one in answers.items()} == {"1": 201, "2": 429, "3": 404}
    assert answers["2"]["headers"]["Retry-After"] == "3"
    assert answers["1"]["body"]["id"] in world.ada.items
    assert answers["3"]["body"]["error"]["code"] == "ErrorItemNotFound"


def test_g11_a_batch_has_at_most_twenty(world: World) -> None:
    assert len(_batch(world, [_post(str(i), {"displayName": str(i)}) for i in range(20)])) == 20
    answer = world.o365.con.post(
        f"{world.graph.url}/v1.0/$batch", data={"requests": [_post(str(i), {"displayName": "x"}) for i in range(21)]}
    )
    assert answer.status_code == 400
    assert len(list(world.ada.in_collection("contacts"))) == 20


def test_g11_what_depends_on_a_failure_is_not_done(world: World) -> None:
    bad = {"id": "1", "method": "DELETE", "url": "/me/contacts/nobody"}
    answers = _batch(world, [bad, _post("2", {"displayName": "Eva"}, dependsOn=["1"])])
    assert {name: one["status"] for name, one in answers.items()} == {"1": 404, "2": 424}
    assert list(world.ada.in_collection("contacts")) == []


def test_g12_a_repeated_transaction_makes_no_second_event(world: World) -> None:
    calendar = world.o365.schedule().get_default_calendar()
    event = calendar.new_event(subject="Once")
    event.start, event.transaction_id = datetime(2026, 3, 10, 9, tzinfo=ZoneInfo("UTC")), "t-1"
    assert event.save()
    again = world.json("post", "/events", single(transactionId="t-1"))
    assert again["id"] == event.object_id
    assert again["subject"] == "Once"
    world.graph.switches.transaction_conflict = True
    assert world.code("post", "/events", single(transactionId="t-1"))[0] == 409
    assert len(list(world.ada.in_collection("calendar"))) == 1
    assert world.code("patch", f"/events/{event.object_id}", {"transactionId": "t-2"})[0] == 400


def test_commit_then_timeout_did_it_all_the_same(world: World) -> None:
    world.graph.faults.append(Fault(hold=2.0, method="POST"))
    hasty = account(world.graph, world.graph.sign_in.give(ADA), timeout=0.5)
    with pytest.raises(requests.Timeout):
        hasty.con.post(world.url("/events"), data=single(transactionId="t-9"))
    deadline = time.monotonic() + 10
    while not list(world.ada.in_collection("calendar")) and time.monotonic() < deadline:
        time.sleep(0.01)
    (made,) = world.ada.in_collection("calendar")
    assert world.json("post", "/events", single(transactionId="t-9"))["id"] == made.id
    del hasty
    gc.collect()
