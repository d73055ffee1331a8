"""Watch channels: an address that is called whenever a calendar changed (CONNECTORS.md, C14)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.integration.google_workspace.calendar_user import ADA, BOB, Json, calendar_of, timed
from tests.servers.google_workspace.client import Desk, refused
from tests.servers.microsoft.serving import serving


@dataclass
class Hook:
    """An address that is called."""

    url: str = ""
    status: int = 200
    calls: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def endpoint(self, request: Request) -> Response:
        """Whatever comes."""
        self.calls.append((dict(request.headers), await request.body()))
        return Response(status_code=self.status)

    def states(self) -> list[str]:
        """What was said, one after the other."""
        return [headers["x-goog-resource-state"] for headers, _ in self.calls]


@pytest.fixture
def hook() -> Iterator[Hook]:
    """On a port of its own."""
    made = Hook()
    with serving(Starlette(routes=[Route("/hook", made.endpoint, methods=["POST"])])) as address:
        made.url = f"{address}/hook"
        yield made


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def test_c14_a_channel_says_sync_and_then_exists_and_no_more(google: Desk, hook: Hook) -> None:
    ada = calendar_of(google)
    wish = {"id": "channel-1", "type": "web_hook", "address": hook.url, "token": "secret"}
    channel = ada.events.watch(calendarId="primary", body=wish).execute()
    assert channel["kind"] == "api#channel"
    assert int(channel["expiration"]) > time.time() * 1000
    _until(lambda: hook.states() == ["sync"])
    ada.insert(timed())
    _until(lambda: hook.states() == ["sync", "exists"])
    headers, body = hook.calls[1]
    assert body == b""
    assert (headers["x-goog-channel-id"], headers["x-goog-channel-token"]) == ("channel-1", "secret")
    assert (headers["x-goog-resource-id"], headers["x-goog-message-number"]) == (channel["resourceId"], "2")
    assert headers["x-goog-resource-uri"] == channel["resourceUri"]
    assert headers["x-goog-channel-expiration"].endswith("GMT")
    ada.page()
    assert google.google.push() == 0, "reading is no change"


def test_c14_a_channel_is_stopped_by_id_and_resource(google: Desk, hook: Hook) -> None:
    ada = calendar_of(google)
    google.google.switches.pushes = False
    wish = {"id": "channel-1", "type": "web_hook", "address": hook.url}
    channel = ada.events.watch(calendarId="primary", body=wish).execute()
    assert google.google.push() == 1
    stop = ada.api.channels().stop
    assert refused(stop(body={"id": "channel-1", "resourceId": "other"})) == (404, "notFound")
    bob = calendar_of(google, BOB)
    whole = {"id": "channel-1", "resourceId": channel["resourceId"]}
    assert refused(bob.api.channels().stop(body=whole)) == (404, "notFound")
    stop(body=whole).execute()
    ada.insert(timed())
    assert google.google.push() == 0
    assert refused(stop(body=whole)) == (404, "notFound")


def test_c14_channels_end_and_have_their_limits(google: Desk, hook: Hook) -> None:
    now = [datetime(2026, 11, 22, 9, tzinfo=UTC)]
    google.google.world.clock = lambda: now[0]
    google.google.switches.pushes = False
    ada = calendar_of(google)
    wish: Json = {"id": "c1", "type": "web_hook", "address": hook.url, "params": {"ttl": "3600"}}
    made = ada.events.watch(calendarId="primary", body=wish).execute()
    assert int(made["expiration"]) == 1000 * int((now[0] + timedelta(hours=1)).timestamp())
    assert ada.no("watch", body=wish) == (400, "channelIdNotUnique")
    far = {**wish, "id": "c2", "params": None, "expiration": str(1000 * int(now[0].timestamp() + 10**9))}
    week = ada.events.watch(calendarId="primary", body=far).execute()
    assert int(week["expiration"]) == 1000 * int((now[0] + timedelta(days=7)).timestamp())
    assert google.google.push() == 2
    now[0] += timedelta(hours=2)
    ada.insert(timed())
    assert google.google.push() == 1, "the first one ended by itself"


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        ({"address": "http://hub.example.org/hook"}, "push.webhookUrlNotHttps"),
        ({"type": "sms"}, "channelUnknown"),
        ({"id": "with space"}, "invalid"),
        ({"token": "x" * 257}, "invalid"),
        ({"expiration": "1000"}, "invalid"),
    ],
)
def test_c14_channels_that_are_refused(google: Desk, wish: dict[str, Any], reason: str) -> None:
    good = {"id": "channel-1", "type": "web_hook", "address": "https://hub.example.org/hook"}
    assert calendar_of(google).no("watch", body={**good, **wish}) == (400, reason)
    assert google.google.calendar.channels.all == {}


def test_c14_a_calendar_that_goes_away_says_so(google: Desk, hook: Hook) -> None:
    box = google.google.calendar.calendars.make(ADA, {"summary": "Gone"})
    ada = calendar_of(google, calendar=box.id)
    google.google.switches.pushes = False
    ada.events.watch(calendarId=box.id, body={"id": "c1", "type": "web_hook", "address": hook.url}).execute()
    google.google.push()
    ada.api.calendars().delete(calendarId=box.id).execute()
    google.google.push()
    assert hook.states() == ["sync", "not_exists"]
    assert google.google.calendar.channels.all == {}


def test_c14_an_address_that_does_not_answer_breaks_nothing(google: Desk, hook: Hook) -> None:
    ada = calendar_of(google)
    hook.status = 500
    ada.events.watch(calendarId="primary", body={"id": "c1", "type": "web_hook", "address": hook.url}).execute()
    _until(lambda: google.google.calendar.channels.refused == ["c1: 500"])
