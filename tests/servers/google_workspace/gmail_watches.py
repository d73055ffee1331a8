"""Push of Gmail: it calls nobody, it publishes to a topic of Google Pub/Sub (M6).

google.gmail.watches.published    # what would be published: Published(topic, address, place), the oldest first
google.gmail.watches.live("support@example.com")    # the Watch, until it is stopped or has run out
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.servers.google_workspace.gmail_box import Box, Json
from tests.servers.google_workspace.protocol import Answer, Call, GoogleError, Handler
from tests.servers.google_workspace.world import World

LIFE = timedelta(days=7)
_TOPIC = re.compile(r"projects/[^/\s]+/topics/[^/\s]+")


@dataclass(frozen=True)
class Watch:
    """A mailbox has at most one."""

    topic: str
    labels: frozenset[str]  # none: whatever happens
    exclude: bool  # all but those labels
    expires: datetime

    def wants(self, record: Json) -> bool:
        """Is this record of the history about its labels?"""
        return not self.labels or bool(self.labels & _labels(record)) != self.exclude


@dataclass(frozen=True)
class Published:
    """What a subscriber gets: no mail, only whose mailbox changed, and its place in the history then."""

    topic: str
    address: str
    place: str


class Watches:
    """users.watch and users.stop. Google drops what is more than one a second for a mailbox; here all is kept."""

    def __init__(self, world: World, box_of: Callable[[Call], Box]) -> None:
        self._world, self._of = world, box_of
        self._all: dict[str, Watch] = {}  # by address
        self.published: list[Published] = []

    def handlers(self) -> dict[str, Handler]:
        """By method id."""
        return {"gmail.users.watch": self._watch, "gmail.users.stop": self._stop}

    def live(self, address: str) -> Watch | None:
        """The one of this mailbox."""
        found = self._all.get(address)
        return found if found and found.expires > self._world.clock() else None

    def changed(self, box: Box, record: Json) -> None:
        """For `Box.listeners`."""
        watch = self.live(box.address)
        if watch and watch.wants(record):
            self.published.append(Published(watch.topic, box.address, str(record["id"])))

    def _watch(self, call: Call) -> Answer:
        """A new one, or the same again for another week. A first message shows that the topic can be published to."""
        box, made = self._of(call), self._asked(call)
        box.must_know(made.labels)
        known = self.live(box.address)
        if known and known.topic != made.topic:
            text = "Only one user push notification client allowed per developer (call /stop then try again)"
            raise GoogleError(400, "invalidArgument", text)
        self._all[box.address] = made
        self.published.append(Published(made.topic, box.address, str(box.place)))
        return Answer({"historyId": str(box.place), "expiration": str(int(made.expires.timestamp() * 1000))})

    def _asked(self, call: Call) -> Watch:
        body, topic = call.body, str(call.body.get("topicName") or "")
        if not topic:
            raise GoogleError(400, "invalidArgument", "topicName required")
        if not _TOPIC.fullmatch(topic):
            raise GoogleError(400, "invalidArgument", "Invalid topicName does not match projects/*/topics/*")
        behaviour = body.get("labelFilterBehavior") or body.get("labelFilterAction") or "include"
        labels = frozenset(body.get("labelIds") or ())
        return Watch(topic, labels, behaviour == "exclude", self._world.clock() + LIFE)

    def _stop(self, call: Call) -> Answer:
        """There need not be one."""
        self._all.pop(self._of(call).address, None)
        return Answer()


def _labels(record: Json) -> set[str]:
    """Those of its mails then, and those that were given or taken."""
    about = [one for name, some in record.items() if name != "id" for one in some]
    return {label for one in about for label in [*one["message"]["labelIds"], *one.get("labelIds", ())]}
