"""People who work at a server or with a phone while things break. What they were told is done goes to the ledger."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field

import requests

from tests.torture.ledger import FIELDS, Kept, Ledger, value_of, with_value

UNKNOWN = frozenset({0, 423, 500, 502, 503, 504, 507})  # it may have been done, or is to be tried later
_PATIENCE = 60.0
_PAUSE = 0.1

_TEXT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Torture//EN\r\nBEGIN:VEVENT\r\nUID:{uid}\r\n"
    "DTSTAMP:20260101T000000Z\r\nDTSTART:20260310T090000Z\r\nDTEND:20260310T093000Z\r\n"
    "SUMMARY:{SUMMARY}\r\nLOCATION:{LOCATION}\r\nURL:{URL}\r\nCATEGORIES:team,daily\r\nX-OWN;X-P=1:kept\r\n"
    "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT10M\r\nDESCRIPTION:Soon\r\nEND:VALARM\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
)


def text_of(kept: Kept) -> str:
    """A new item, before anybody edited it."""
    text = _TEXT.format(uid=kept.uid, **dict.fromkeys(FIELDS, "-"))
    for name in FIELDS:
        text = with_value(text, name, kept.values[name])
    return text


@dataclass
class Place:
    """A collection, as one client sees it. Statuses are 0 where no answer came."""

    name: str
    url: str
    auth: tuple[str, str]
    session: requests.Session = field(default_factory=requests.Session)
    slowest: float = 0.0  # seconds that a request took, answered or not

    def __post_init__(self) -> None:
        self.session.trust_env = False
        self.session.auth = self.auth

    def ask(self, method: str, path: str = "", body: str = "", **headers: str) -> requests.Response | None:
        """None where no answer came, or only half of one."""
        began = time.monotonic()
        try:
            return self.session.request(method, self.url + path, data=body.encode(), headers=headers, timeout=30)
        except requests.RequestException:
            return None
        finally:
            self.slowest = max(self.slowest, time.monotonic() - began)

    def status(self, method: str, path: str = "", body: str = "", **headers: str) -> int:
        """Of the answer."""
        answer = self.ask(method, path, body, **headers)
        return 0 if answer is None else answer.status_code

    def read(self, uid: str) -> tuple[str, str] | None:
        """Text and entity tag, for sure; None when it is not there."""
        end = time.monotonic() + _PATIENCE
        while True:
            answer = self.ask("GET", f"{uid}.ics")
            if answer is not None and answer.status_code == 200:
                return answer.text, answer.headers["ETag"]
            if answer is not None and answer.status_code == 404:
                return None
            said = (answer.status_code, answer.text[:200]) if answer is not None else "no answer"
            if answer is not None and answer.status_code not in UNKNOWN:
                raise AssertionError(f"GET {uid} at {self.name}: {said}")
            assert time.monotonic() < end, f"{self.name} does not answer: {said}"
            time.sleep(_PAUSE)

    def write(self, uid: str, text: str, etag: str = "") -> int:
        """Make it, or change it if it is still as read."""
        condition = {"If-Match": etag} if etag else {"If-None-Match": "*"}
        return self.status("PUT", f"{uid}.ics", text, **condition, **{"Content-Type": "text/calendar; charset=utf-8"})


class Person(threading.Thread):
    """Works at one place until told to stop. `hands` is held while an edit is made."""

    def __init__(self, place: Place, ledger: Ledger, dice: random.Random, pace: float) -> None:
        super().__init__(name=f"person at {place.name}", daemon=True)
        self.place, self.ledger, self.dice, self.pace = place, ledger, dice, pace
        self.hands = threading.Lock()
        self.error: BaseException | None = None
        self._leave = threading.Event()

    def run(self) -> None:
        """Until `stop`, or until something is wrong."""
        try:
            while not self._leave.wait(self.dice.uniform(0.2, 1.8) * self.pace):
                with self.hands:
                    self.act()
        except BaseException as err:
            self.error = err

    def stop(self) -> None:
        """After the edit that is being made."""
        self._leave.set()
        self.join(2 * _PATIENCE)

    def act(self) -> None:
        """One edit."""
        what = self.dice.random()
        if what < 0.25:
            self.create()
        elif what < 0.33:
            self.delete()
        else:
            self.edit()

    def create(self) -> None:
        """A new item."""
        kept = self.ledger.new(self.place.name, self.dice)
        if kept is None:
            return
        while (status := self.place.write(kept.uid, text_of(kept))) >= 300 or status == 0:
            if self.place.read(kept.uid) is not None:
                break  # it was made, only the answer was lost
            self._expect(status, "make", kept)
        self.ledger.was_made(kept)

    def edit(self) -> None:
        """One field of one item, if it is here already."""
        chosen = self.ledger.to_edit(self.place.name, self.dice)
        if chosen is None:
            return
        kept, name = chosen
        value, seen, lost = self.ledger.value(kept.uid, self.place.name), "", False
        while held := self.place.read(kept.uid):
            text, etag = held
            if lost and value_of(text, name) == value:  # it was written, only the answer was lost
                self.ledger.was_edited(kept, name, value, seen)
                return
            seen = value_of(text, name)
            status = self.place.write(kept.uid, with_value(text, name, value), etag)
            if 200 <= status < 300:
                self.ledger.was_edited(kept, name, value, seen)
                return
            lost = lost or status in UNKNOWN
            if status != 412:  # somebody was quicker: read it again
                self._expect(status, "edit", kept)

    def delete(self) -> None:
        """One item."""
        kept = self.ledger.to_delete(self.place.name, self.dice)
        if kept is None:
            return
        while held := self.place.read(kept.uid):
            status = self.place.status("DELETE", f"{kept.uid}.ics", **{"If-Match": held[1]})
            if 200 <= status < 300 or status == 404:
                break
            if status != 412:
                self._expect(status, "delete", kept)
        self.ledger.was_deleted(kept)

    def _expect(self, status: int, what: str, kept: Kept) -> None:
        assert status in UNKNOWN, f"{self.place.name} answers {status} to: {what} {kept.uid}"
        time.sleep(_PAUSE)
