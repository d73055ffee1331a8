"""More of what Graph does, line by line (G3, G10, G18, G20, G21, G23, G24), seen through O365."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests

from tests.integration.microsoft.o365_account import ADA, World, account, graph_world, single, weekly
from tests.integration.microsoft.test_graph_g18_g23_items import GUID
from tests.integration.microsoft.test_graph_g24_g25_access import Webhook, _wish, webhook
from tests.servers.microsoft import graph_subscriptions

__all__ = ["graph_world", "webhook"]  # fixtures


def test_g03_a_tombstone_may_say_changed_and_the_order_means_nothing(world: World) -> None:
    made = [world.ada.create("contacts", {"displayName": f"P{number}"}).id for number in range(3)]
    _, link = world.round("/contacts/delta")
    world.graph.switches.removed_reason, world.graph.switches.backwards = "changed", True
    world.ada.update(made[0], {"displayName": "Q"})
    world.ada.delete(made[1])
    found, _ = world.round(link)
    assert found[0] == {"id": made[1], "@removed": {"reason": "changed"}}
    assert [one["id"] for one in found] == [made[1], made[0]]


def test_g10_the_calls_of_ten_minutes_are_counted_for_each_mailbox(world: World) -> None:
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    world.exchange.clock = lambda: now
    world.graph.sign_in.clock = world.exchange.clock
    con = account(world.graph, world.graph.sign_in.give()).con
    world.exchange.add_mailbox("bob@example.com")
    url = f"{world.graph.url}/v1.0/users"
    world.graph.switches.quota = 3
    answers = [con.get(f"{url}/{ADA}/contacts") for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert answers[3].headers["Retry-After"] == "600"
    assert con.get(f"{url}/bob@example.com/contacts").status_code == 200
    now += timedelta(minutes=10)
    assert con.get(f"{url}/{ADA}/contacts").status_code == 200


def test_g18_folders_have_one_kind_of_id(world: World) -> None:
    plain = account(world.graph, world.graph.sign_in.give(ADA), immutable=False)
    folder = world.json("post", "/contactFolders", {"displayName": "AgendaHub"})["id"]
    assert plain.con.get(world.url("/contactFolders")).json()["value"][0]["id"] == folder
    calendar = world.json("get", "/calendar")["id"]
    assert plain.con.get(world.url("/calendar")).json()["id"] == calendar


def test_g20_patch_writes_a_photo_too_and_delete_takes_it_away(world: World) -> None:
    made = world.json("post", "/contacts", {"displayName": "Eva"})
    where = world.url(f"/contacts/{made['id']}/photo/$value")
    assert world.o365.con.patch(where, data=b"\xff\xd8", headers={"Content-type": "image/jpeg"}).status_code == 200
    assert world.json("get", f"/contacts/{made['id']}")["changeKey"] != made["changeKey"]
    assert world.o365.con.delete(where).status_code == 204
    assert world.o365.con.get(where).status_code == 404


def test_g21_events_are_found_by_our_property_and_by_their_uid(world: World) -> None:
    own = {"singleValueExtendedProperties": [{"id": f"{GUID} AgendaHubKey", "value": "k1"}]}
    made = world.json("post", "/events", {**weekly(), **own})
    other = world.json("post", "/events", single())
    any_of = f"singleValueExtendedProperties/Any(ep: ep/id eq '{GUID} AgendaHubKey' and ep/value eq 'k1')"
    shown = f"$expand=singleValueExtendedProperties($filter=id eq '{GUID} AgendaHubKey')"
    [found] = world.json("get", f"/events?$filter={any_of}&{shown}")["value"]
    assert (found["id"], found["singleValueExtendedProperties"][0]["value"]) == (made["id"], "k1")
    for name in ("iCalUId", "uid"):
        [found] = world.json("get", f"/events?$filter={name} eq '{other[name]}'")["value"]
        assert found["id"] == other["id"]
    assert world.code("get", "/events?$filter=contains(subject,'x')")[0] == 400


def test_g23_what_is_large_is_uploaded_in_pieces(world: World) -> None:
    made = world.json("post", "/messages", {"subject": "Hello"})["id"]
    wish = {"AttachmentItem": {"attachmentType": "file", "name": "a.bin", "size": 327_690}}
    begun = world.json("post", f"/messages/{made}/attachments/createUploadSession", wish)

    def put(span: str, size: int = 327_680, **headers: str) -> requests.Response:
        """The address is the key: a token is refused there."""
        return requests.put(begun["uploadUrl"], b"x" * size, headers={"Content-Range": span, **headers}, timeout=10)

    first, last = "bytes 0-327679/327690", "bytes 327680-327689/327690"
    assert put(first, Authorization=f"Bearer {world.graph.sign_in.give(ADA)}").status_code == 401
    assert put("bytes 0-9/327690", 10).status_code == 400  # no multiple of 320 KiB
    answers = [put(first), put(last, 10)]
    assert [one.status_code for one in answers] == [200, 201]
    assert answers[0].json()["nextExpectedRanges"] == ["327680-"]
    assert put(first).status_code == 400  # it is done


def _subscribed(world: World, hook: Webhook, count: int = 1) -> Iterator[int]:
    for _ in range(count):
        yield world.ask("post", f"{world.graph.url}/v1.0/subscriptions", _wish(hook)).status_code


def test_g24_a_lost_notification_is_told_as_missed_and_an_old_subscription_is_silent(
    world: World, webhook: Webhook
) -> None:
    assert list(_subscribed(world, webhook)) == [201]
    world.graph.subscriptions.lifecycle("missed")
    assert [one["lifecycleEvent"] for one in webhook.got] == ["missed"]
    world.ada.create("contacts", {"displayName": "Eva"})
    now = datetime.now(UTC) + timedelta(hours=2)
    world.exchange.clock = lambda: now
    assert world.graph.subscriptions.push() == 0


def test_g24_a_mailbox_has_so_many_subscriptions_and_no_more(
    world: World, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graph_subscriptions, "MOST", 2)
    assert list(_subscribed(world, webhook, 3)) == [201, 201, 403]
