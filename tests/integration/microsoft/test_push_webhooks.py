"""Graph subscriptions as hints: our daemon and its webhook, and Graph's server, over HTTP (G24, R28)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from typer.testing import CliRunner

from agendahub import push_door
from agendahub.cli import app
from tests.integration.microsoft.push_hub import GraphHub, graph_hub, until
from tests.servers.microsoft.graph_protocol import Fault

HALF = timedelta(minutes=4225) / 2
"""Of the life that we ask for: what Graph allows, without a margin for clocks that differ."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[GraphHub]:
    """A hub and Ada's mailbox."""
    with graph_hub(tmp_path) as made:
        yield made


def hook_of(world: GraphHub, kind: str = "contacts") -> dict[str, Any]:
    """What Graph was told to call for this collection."""
    return next(one.body for one in world.subscriptions.values() if kind in one.body["resource"])


def told(world: GraphHub, body: dict[str, Any] | None = None, **more: str) -> dict[str, Any]:
    """A call as Graph makes it, with something else in it."""
    hook = hook_of(world)
    entry = {"subscriptionId": "x", "clientState": hook["clientState"], "changeType": "updated"} | more
    return {"value": [entry]} if body is None else body


def test_g24_each_collection_has_a_subscription_and_a_change_comes_by_it(world: GraphHub) -> None:
    world.begin()
    assert world.hub.state() == "live"
    resources = {one.body["resource"] for one in world.subscriptions.values()}
    assert resources == {"me/contacts", f"me/calendars/{world.ada.well_known('calendar').id}/events"}
    secrets = {one.body["clientState"] for one in world.subscriptions.values()}
    addresses = {one.body["notificationUrl"] for one in world.subscriptions.values()}
    assert len(secrets) == len(addresses) == 2
    assert all(32 < len(secret) <= 128 for secret in secrets)
    stored = (world.hub.folder / "hub.db").read_bytes()
    assert not any(word.encode() in stored for word in secrets | {urlsplit(a).path for a in addresses})
    world.ada.create("contacts", {"displayName": "Eva", "givenName": "Eva"})
    assert world.graph.subscriptions.push() == 1
    assert world.hub.hinted() == ["people"], "the calendar is not asked"
    world.hub.hinted_cycles()
    assert world.hub.items() == 1


def test_many_notifications_are_one_cycle(world: GraphHub) -> None:
    world.begin()
    before = len(world.graph.requests)
    for number in range(20):
        world.ada.create("contacts", {"displayName": f"P{number}", "givenName": f"P{number}"})
    assert world.graph.subscriptions.push() == 20
    world.hub.hinted_cycles()
    world.hub.hinted_cycles()
    deltas = [where for _verb, where in world.graph.requests[before:] if "delta" in where]
    assert (world.hub.items(), len(deltas)) == (20, 1)


def test_a_hint_while_a_cycle_is_at_work_is_not_lost(world: GraphHub) -> None:
    world.begin()
    world.graph.faults.append(Fault(path="/me/contacts", hold=0.5))
    world.ada.create("contacts", {"displayName": "A", "givenName": "A"})
    world.graph.subscriptions.push()
    for slot in world.hub.daemon.board.slots():
        slot.hinted = None if slot.hinted is None else 0.0
    world.hub.daemon.tick()
    world.ada.create("contacts", {"displayName": "B", "givenName": "B"})
    world.graph.subscriptions.push()
    until(lambda: not world.hub.daemon._running)
    assert world.hub.hinted() == ["people"]
    world.hub.hinted_cycles()
    assert world.hub.items() == 2


# ---------------------------------------------------------------- the door


def test_g24_the_validation_token_is_given_back_escaped_as_plain_text(world: GraphHub) -> None:
    world.begin()
    where = hook_of(world)["notificationUrl"]
    answer = requests.post(where, params={"validationToken": "a b+<script>&"}, timeout=10)
    assert (answer.status_code, answer.text) == (200, "a b+&lt;script&gt;&amp;")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_address_may_have_a_path_that_a_proxy_takes_away_or_not(world: GraphHub) -> None:
    world.hub.configure(*world.usual(), base_url=f"{world.hub.url}/hub")
    world.hub.boot()
    world.hub.cycles()
    world.hub.look()
    where = hook_of(world)["notificationUrl"]
    assert where.startswith(f"{world.hub.url}/hub/push/")
    for address in (where, where.replace("/hub/push/", "/push/")):
        assert requests.post(address, json=told(world), timeout=10).status_code == 202


def test_a_wrong_secret_is_dropped_and_counted(world: GraphHub) -> None:
    world.begin()
    where = hook_of(world)["notificationUrl"]
    wrong: list[dict[str, Any]] = [told(world, clientState="wrong"), told(world, clientState=""), {"value": [{}]}]
    for body in wrong:
        assert requests.post(where, json=body, timeout=10).status_code == 202, "the caller learns nothing"
    for event in ("missed", "subscriptionRemoved", "reauthorizationRequired"):
        forged = told(world, clientState="wrong", lifecycleEvent=event)
        assert requests.post(where, json=forged, timeout=10).status_code == 202
    assert world.hub.hinted() == []
    assert world.hub.metric("push_calls_total", verdict="forged") == 6
    before = world.asked("PATCH") + world.asked("POST")
    world.hub.look()
    assert world.asked("PATCH") + world.asked("POST") == before
    assert requests.post(where, json=told(world), timeout=10).status_code == 202
    assert world.hub.hinted() == ["people"]


def test_what_is_no_call_of_graph_is_refused(world: GraphHub) -> None:
    world.begin()
    where = hook_of(world)["notificationUrl"]
    for body in (b"", b"nonsense", b"[]", b'{"value": 1}', b'{"value": [1]}', b"\xff", b"[" * 60_000):
        assert requests.post(where, data=body, timeout=10).status_code == 400
    assert requests.post(where, data=b" " * (push_door.BODY + 1), timeout=10).status_code == 413
    assert requests.get(where, timeout=10).status_code == 405
    assert world.hub.hinted() == []


def test_a_flood_of_calls_costs_nothing(world: GraphHub) -> None:
    world.begin()
    where = hook_of(world)["notificationUrl"]
    session = requests.Session()
    unknown = where.rpartition("/")[0] + "/" + "x" * 43
    began = time.process_time()
    codes = {session.post(unknown, json=told(world), timeout=10).status_code for _ in range(50)}
    assert codes == {404}
    assert time.process_time() - began < 2, "both sides of 50 calls"
    assert session.post(unknown + "x" * 1000, data=b"", timeout=10).status_code == 404
    door = push_door.Bucket(lambda: 0.0)
    assert [door.take() for _ in range(201)] == [True] * 200 + [False]
    limit, push_door.BURST = push_door.BURST, 5.0
    try:
        world.hub.app = push_door_app(world)
        answers = [session.post(where, json=told(world), timeout=10).status_code for _ in range(8)]
    finally:
        push_door.BURST = limit
    assert answers.count(429) >= 2
    assert answers[0] == 202
    session.close()


def push_door_app(world: GraphHub) -> Any:
    """The same web server with doors that nobody has called yet."""
    from agendahub.web import application

    return application(world.hub.daemon)


# ---------------------------------------------------------------- the life of a subscription


def test_g24_lifecycle_reauthorization_required_renews_it(world: GraphHub) -> None:
    world.begin()
    ends = {name: one.expires for name, one in world.subscriptions.items()}
    world.hub.ahead += timedelta(hours=1)
    world.graph.subscriptions.lifecycle("reauthorizationRequired")
    world.hub.look()
    assert {name: one.expires - ends[name] >= timedelta(hours=1) for name, one in world.subscriptions.items()} == (
        dict.fromkeys(ends, True)
    )
    patched = world.asked("PATCH")
    world.hub.look()
    assert world.asked("PATCH") == patched == 2


def test_g24_lifecycle_subscription_removed_makes_it_anew(world: GraphHub) -> None:
    world.begin()
    before = set(world.subscriptions)
    world.graph.subscriptions.lifecycle("subscriptionRemoved")
    assert world.subscriptions == {}
    assert set(world.hub.hinted()) == {"people", "agenda"}, "what was not told is looked for"
    world.hub.look()
    assert world.subscriptions == {}, "a subscription this young is not made anew all the time"
    world.hub.look(timedelta(minutes=1))
    assert len(world.subscriptions) == 2
    assert not before & set(world.subscriptions)
    world.ada.create("contacts", {"displayName": "Eva", "givenName": "Eva"})
    world.hub.hinted_cycles()
    assert world.hub.items() == 1


def test_g24_lifecycle_missed_polls_at_once(world: GraphHub) -> None:
    world.begin()
    world.ada.create("contacts", {"displayName": "Eva", "givenName": "Eva"})
    world.graph.subscriptions.lifecycle("missed")
    assert set(world.hub.hinted()) == {"people", "agenda"}
    world.hub.hinted_cycles()
    assert world.hub.items() == 1


def test_r28_renewal_at_half_of_the_life(world: GraphHub) -> None:
    world.begin()
    names = set(world.subscriptions)
    world.hub.look(HALF - timedelta(minutes=1))
    assert world.asked("PATCH") == 0
    world.hub.look(timedelta(minutes=2))
    assert world.asked("PATCH") == 2
    for _ in range(6):
        world.hub.look(HALF)
    assert set(world.subscriptions) == names, "two weeks later it is still the same"
    assert all(one.expires > world.hub.now() for one in world.subscriptions.values())


def test_r28_a_subscription_that_ran_out_is_made_anew_and_what_was_missed_is_looked_for(world: GraphHub) -> None:
    world.begin()
    names = set(world.subscriptions)
    world.graph.subscriptions.all.clear()
    world.ada.create("contacts", {"displayName": "Eva", "givenName": "Eva"})
    world.hub.look(timedelta(days=5))
    assert len(world.subscriptions) == 2
    assert not names & set(world.subscriptions)
    world.hub.hinted_cycles()
    assert world.hub.items() == 1


# ---------------------------------------------------------------- restarts and crashes


def test_r28_a_restart_neither_loses_nor_doubles_them(world: GraphHub) -> None:
    world.begin()
    names = set(world.subscriptions)
    world.hub.reboot()
    where = hook_of(world)["notificationUrl"]
    assert requests.post(where, json=told(world), timeout=10).status_code == 503, "Graph calls again"
    world.hub.cycles()
    world.hub.look()
    assert set(world.subscriptions) == names
    assert (world.asked("POST"), world.asked("DELETE")) == (2, 0)
    world.ada.create("contacts", {"displayName": "Eva", "givenName": "Eva"})
    world.graph.subscriptions.push()
    world.hub.hinted_cycles()
    assert world.hub.items() == 1


def test_r06_a_lost_answer_is_looked_for_and_not_asked_again(world: GraphHub) -> None:
    world.hub.configure(*world.usual(timeout="0.5s"))
    world.hub.boot()
    world.hub.cycles()
    world.graph.faults.append(Fault(method="POST", path="/subscriptions", hold=1.5))
    world.hub.look()
    assert world.hub.state().startswith("renewing"), world.hub.state()
    assert len(world.subscriptions) == 1
    assert world.hub.rows()[0].subscription is not None
    time.sleep(1.2)
    world.hub.look(timedelta(minutes=5))
    assert (len(world.subscriptions), world.asked("POST")) == (2, 2)
    assert world.hub.state() == "live"
    assert {row.subscription.subscription_id for row in world.hub.rows() if row.subscription} == set(
        world.subscriptions
    )
    world.ada.create("contacts", {"displayName": "Eva", "givenName": "Eva"})
    world.graph.subscriptions.push()
    assert "people" in world.hub.hinted()


def test_orphans_of_ours_are_ended_and_those_of_others_are_not(world: GraphHub) -> None:
    world.begin()
    (one, *_rest) = world.graph.subscriptions.all.values()
    body, more = one.body, world.graph.subscriptions.all
    ours = {**body, "notificationUrl": f"{world.hub.url}/push/of-a-restored-store"}
    others = {**body, "notificationUrl": "https://other.example/push/x"}
    more["ours"], more["others"] = (type(one)(**{**vars(one), "body": what}) for what in (ours, others))
    more["ours"].id, more["others"].id = "ours", "others"
    world.hub.look(timedelta(days=1, minutes=1))
    assert set(more) - {"others"} == {row.subscription.subscription_id for row in world.hub.rows() if row.subscription}
    assert "others" in more


# ---------------------------------------------------------------- what is not wanted any more


def test_a_binding_that_goes_takes_its_subscription_along(world: GraphHub) -> None:
    world.begin()
    world.hub.configure(*world.usual()[:2])
    (world.hub.folder / "agendahub.toml").touch()
    world.hub.daemon.reload()
    world.hub.look()
    assert [one.body["resource"] for one in world.subscriptions.values()] == ["me/contacts"]
    assert [row.binding for row in world.hub.rows() if row.subscription] == ["people"]


def test_an_account_that_goes_takes_all_along(world: GraphHub) -> None:
    world.begin()
    addresses = [one.body["notificationUrl"] for one in world.subscriptions.values()]
    world.hub.configure()
    world.hub.daemon.reload()
    world.hub.look()
    assert world.subscriptions == {}
    assert world.hub.state() == ""
    assert [row.subscription for row in world.hub.rows()] == [None, None]
    assert {requests.post(where, json={}, timeout=10).status_code for where in addresses} == {404}


@pytest.mark.parametrize("restarted", [False, True])
def test_push_can_be_switched_off(world: GraphHub, restarted: bool) -> None:
    world.begin()
    world.hub.configure(*world.usual(push="off"))
    if restarted:
        world.hub.reboot()
        world.hub.cycles()
    else:
        world.hub.daemon.reload()
    world.hub.look()
    assert world.subscriptions == {}
    assert world.hub.state() == 'off the configuration says push = "off" for this account'


def test_without_a_public_address_changes_are_polled_and_it_is_said(world: GraphHub) -> None:
    world.hub.configure(*world.usual(), base_url="")
    world.hub.boot()
    world.hub.cycles()
    world.hub.look()
    assert world.hub.state().startswith("off [server] base_url is no https address")
    assert (world.subscriptions, world.asked("POST")) == ({}, 0)
    world.ada.create("contacts", {"displayName": "Eva", "givenName": "Eva"})
    world.hub.daemon.board.hurry_account("m365", 0.0)
    world.hub.cycles()
    assert world.hub.items() == 1


# ---------------------------------------------------------------- failures of the system


def test_a_refusal_is_told_and_tried_again_later(world: GraphHub) -> None:
    world.hub.configure(*world.usual())
    world.hub.boot()
    world.hub.cycles()
    world.graph.faults.append(Fault(method="POST", path="/subscriptions", status=400, code="InvalidRequest"))
    world.hub.look()
    assert world.hub.state().startswith("live but 1 collection is only polled: Microsoft 365 refuses")
    world.hub.look(timedelta(minutes=1))
    assert len(world.subscriptions) == 1
    world.hub.look(timedelta(hours=1))
    assert (len(world.subscriptions), world.hub.state()) == (2, "live")


def test_a_server_that_is_down_is_left_alone_for_a_while(world: GraphHub) -> None:
    world.begin()
    world.graph.faults += [Fault(method="PATCH", path="/subscriptions", status=503, times=3)]
    world.hub.look(HALF + timedelta(minutes=1))
    assert world.hub.state().startswith("renewing")
    asked = world.asked("PATCH")
    world.hub.look(timedelta(seconds=30))
    assert world.asked("PATCH") == asked
    for _ in range(4):
        world.hub.look(timedelta(minutes=30))
    assert world.hub.state() == "live"
    assert len(world.subscriptions) == 2


# ---------------------------------------------------------------- what people are told


def test_status_tells_how_push_is_in_every_form(world: GraphHub) -> None:
    world.begin()
    config = str(world.hub.folder / "agendahub.toml")
    plain = CliRunner().invoke(app, ["-c", config, "status"]).output
    assert "m365: push live since 20" in plain
    (told_json,) = json.loads(CliRunner().invoke(app, ["-c", config, "status", "--json"]).output)["push"]
    assert (told_json["account"], told_json["state"], told_json["detail"]) == ("m365", "live", "")
    served = requests.get(f"{world.hub.url}/status.json", timeout=10).json()
    assert served["push"] == [told_json]
    assert "m365: push live since 20" in requests.get(f"{world.hub.url}/status", timeout=10).text
    metrics = requests.get(f"{world.hub.url}/metrics", timeout=10).text
    assert 'agendahub_push_live{account="m365"} 1.0' in metrics
    assert 'agendahub_push_calls_total{verdict="asked"} 4.0' in metrics, "two addresses, each for two purposes"
    world.hub.end()
    stopped = CliRunner().invoke(app, ["-c", config, "status"]).output
    assert "m365: push off since 20" in stopped
    assert "AgendaHub does not run" in stopped
    world.hub.boot()
