"""Watch channels: an address is called, with headers and no body, whenever a calendar has changed (C14)."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import requests

from tests.servers.google_workspace.calendar_rules import invalid
from tests.servers.google_workspace.calendar_store import Box, Calendars
from tests.servers.google_workspace.discovery import Json
from tests.servers.google_workspace.protocol import Answer, Call, GoogleError, Handler

PATIENCE = 10.0  # seconds that an address has
_ID = re.compile(r"[A-Za-z0-9\-_+/=]{1,64}")
_LOOPBACK = re.compile(r"http://(127\.0\.0\.1|localhost)[:/]")


@dataclass
class Channel:
    """Who wants to be called."""

    id: str
    user: str
    box: Box
    address: str
    token: str
    expires: datetime
    uri: str
    seen: int  # the last change of the calendar that was told
    number: int = 0  # of messages that were sent

    @property
    def resource(self) -> str:
        """What is watched; the same for all channels to one calendar."""
        return f"res-{self.box.id.encode().hex()}"


class Channels:
    """events.watch and channels.stop. Google has no list of them."""

    def __init__(self, calendars: Calendars) -> None:
        self.calendars, self.world = calendars, calendars.world
        self.all: dict[str, Channel] = {}
        self.refused: list[str] = []  # calls that were not answered with 2xx: the channel, and what came
        self._sending = threading.Lock()

    def handlers(self) -> dict[str, Handler]:
        """By method id."""
        return {"calendar.events.watch": self._watch, "calendar.channels.stop": self._stop}

    @property
    def live(self) -> list[Channel]:
        """Those that are called."""
        with self.world.lock:
            now = self.world.clock()
            return [one for one in self.all.values() if one.expires > now]

    def push(self) -> int:
        """Call every address that has something to be told; how many calls that were."""
        with self._sending:
            return sum(self._told(one) for one in self.live)

    def _watch(self, call: Call) -> Answer:
        box = self.calendars.box(call.user, call.text("calendarId"))
        name, body = str(call.body.get("id") or ""), call.body
        if not _ID.fullmatch(name):
            raise invalid("Invalid channel id.")
        if any(one.id == name for one in self.live):
            raise invalid(f"Channel id {name} not unique", "channelIdNotUnique")
        if body.get("type") not in {"web_hook", "webhook"}:
            raise invalid("Unknown channel type.", "channelUnknown")
        address = str(body.get("address") or "")
        if not address.startswith("https://") and not _LOOPBACK.match(address):
            raise invalid(f"WebHook callback must be HTTPS: {address}", "push.webhookUrlNotHttps")
        if len(body.get("token") or "") > 256:
            raise invalid("The channel token is too long.")
        uri = f"{call.root}calendar/v3/calendars/{box.id}/events?alt=json"
        made = Channel(name, call.user.address, box, address, body.get("token") or "", self._end(body), uri, -1)
        self.all[name] = made
        return Answer(_about(made))

    def _end(self, body: Json) -> datetime:
        """As long as it was asked for, but not longer than channels live."""
        now = self.world.clock()
        last = now + timedelta(seconds=self.world.switches.channel_life)
        if ttl := (body.get("params") or {}).get("ttl"):
            last = min(last, now + timedelta(seconds=int(ttl)))
        if asked := body.get("expiration"):
            wanted = datetime.fromtimestamp(int(asked) / 1000, UTC)
            if wanted <= now:
                raise invalid("The expiration is in the past.")
            last = min(last, wanted)
        return last.replace(microsecond=last.microsecond // 1000 * 1000)

    def _stop(self, call: Call) -> Answer:
        found = self.all.get(str(call.body.get("id")))
        known = found is not None and found.resource == call.body.get("resourceId") and found in self.live
        if found is None or not known or found.user != call.user.address:
            text = f"Channel '{call.body.get('id')}' not found for project 'agendahub'"
            raise GoogleError(404, "notFound", text)
        del self.all[found.id]
        return Answer()

    def _told(self, one: Channel) -> int:
        """sync comes first, then exists; not_exists when the calendar has gone."""
        with self.world.lock:
            if one.seen >= one.box.seq and not one.box.gone:
                return 0
            state = "sync" if one.seen < 0 else "not_exists" if one.box.gone else "exists"
            one.seen, one.number = one.box.seq, one.number + 1
            if state == "not_exists":
                self.all.pop(one.id, None)
        try:
            answer = requests.post(one.address, headers=_headers(one, state), timeout=PATIENCE)
        except requests.RequestException as error:
            self.refused.append(f"{one.id}: {type(error).__name__}")
            return 1
        if not answer.ok:
            self.refused.append(f"{one.id}: {answer.status_code}")
        return 1


def _about(one: Channel) -> Json:
    about: Json = {"kind": "api#channel", "id": one.id, "resourceId": one.resource, "resourceUri": one.uri}
    about["expiration"] = str(int(one.expires.timestamp() * 1000))
    return about | ({"token": one.token} if one.token else {})


def _headers(one: Channel, state: str) -> dict[str, str]:
    headers = {
        "X-Goog-Channel-ID": one.id,
        "X-Goog-Channel-Expiration": format_datetime(one.expires, usegmt=True),
        "X-Goog-Message-Number": str(one.number),
        "X-Goog-Resource-ID": one.resource,
        "X-Goog-Resource-State": state,
        "X-Goog-Resource-URI": one.uri,
        "User-Agent": "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)",
    }
    return headers | ({"X-Goog-Channel-Token": one.token} if one.token else {})
