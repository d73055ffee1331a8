"""People at mailboxes of Microsoft's, who work with Outlook."""

from __future__ import annotations

import uuid
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from lxml import etree

from sync_engine.model import Kind
from tests.integration.rules.person import BERLIN, TWO_YEARS, Person, Wish
from tests.servers.microsoft import ews_series, series
from tests.servers.microsoft.ews_xml import Element, instant, local, stored, t
from tests.servers.microsoft.mailbox import Fields, Item, Mailbox


@dataclass
class Outlook(Person):
    """One folder of a mailbox, as its owner sees and changes it."""

    mailbox: Mailbox
    folder: str
    kind: Kind

    @property
    def box(self) -> Mailbox:
        return self.mailbox

    def items(self) -> list[Item]:
        """What lies in it."""
        return list(self.box.in_collection(self.folder))

    def titles(self) -> list[str]:
        return sorted(self.title_of(one) for one in self.items())

    def one(self, title: str) -> Item:
        """The only item with this title."""
        (found,) = [one for one in self.items() if self.title_of(one) == title]
        return found

    def remove(self, title: str) -> None:
        self.box.delete(self.one(title).id)

    def rename(self, title: str, new: str) -> None:
        self.box.update(self.one(title).id, self.titled(new))

    def remark(self, title: str, text: str) -> None:
        self.box.update(self.one(title).id, self.remarked(text))

    def touch(self, title: str) -> None:
        self.box.touch(self.one(title).id)

    def unfinished(self, title: str) -> bool:
        hidden = self.one(title).extended.items()
        return any("Unfinished" in name and value != "-" for name, value in hidden)

    def exceptions(self, title: str) -> tuple[int, int] | None:
        item = self.one(title)
        return (len(item.exceptions), len(item.cancelled)) if "ecurrence" in "".join(item.fields) else None

    def enter(self, title: str) -> Item:
        return self.plan(Wish(title)) if self.kind is Kind.EVENT else self.box.create(self.folder, self.titled(title))

    def plan(self, wish: Wish) -> Item:
        uid = f"040000008200E00074C5B7101A82E008{uuid.uuid4().hex.upper()}"  # servers count from 1, each for itself
        return self.box.create(self.folder, self.wished(wish), uid=uid)

    def shift(self, title: str, wish: Wish) -> None:
        item = self.one(title)
        item.exceptions.clear()
        item.cancelled.clear()
        self.box.update(item.id, dict.fromkeys(self.recurrence_fields) | self.wished(wish))

    def cancel(self, title: str, day: str) -> None:
        item = self.one(title)
        self.box.cancel_occurrence(item.id, self.name_of(item, day))

    def move(self, title: str, day: str, start: datetime, zone: str = BERLIN) -> None:
        item, wish = self.one(title), Wish(title, start, zone=zone)
        self.box.change_occurrence(item.id, self.name_of(item, day), self.times_of(wish))

    recurrence_fields: Sequence[str] = field(default=(), init=False)

    @abstractmethod
    def title_of(self, item: Item) -> str:
        """What is shown."""

    @abstractmethod
    def titled(self, title: str) -> Fields:
        """The fields that say a title."""

    @abstractmethod
    def remarked(self, text: str) -> Fields:
        """The fields that say a remark."""

    @abstractmethod
    def wished(self, wish: Wish) -> Fields:
        """The fields of an appointment."""

    @abstractmethod
    def times_of(self, wish: Wish) -> Fields:
        """Start and end alone."""

    @abstractmethod
    def name_of(self, item: Item, day: str) -> str:
        """What the server calls an occurrence."""


class Exchange(Outlook):
    """In the company's own Exchange."""

    recurrence_fields = ("Recurrence",)

    def title_of(self, item: Item) -> str:
        return _words(item, "DisplayName" if self.kind is Kind.CONTACT else "Subject")

    def remark_of(self, title: str) -> str:
        return _words(self.one(title), self._remark)

    @property
    def _remark(self) -> str:
        return {Kind.CONTACT: "JobTitle", Kind.EVENT: "Location", Kind.TASK: "Body"}[self.kind]

    def titled(self, title: str) -> Fields:
        if self.kind is Kind.CONTACT:
            return _by_name([t("DisplayName", title), t("FileAs", title)])
        return _by_name([t("Subject", title)])

    def remarked(self, text: str) -> Fields:
        more = {"BodyType": "Text"} if self.kind is Kind.TASK else {}
        return _by_name([t(self._remark, text, **more)])

    def wished(self, wish: Wish) -> Fields:
        zones = [t("StartTimeZone", Id=wish.zone), t("EndTimeZone", Id=wish.zone)]
        whole = t("IsAllDayEvent", "true" if wish.whole_day else "false")
        parts = _by_name([t("Subject", wish.title), whole, *zones, *([_weekly(wish)] if wish.weeks else [])])
        return parts | self.times_of(wish)

    def times_of(self, wish: Wish) -> Fields:
        return _by_name([t("Start", instant(wish.at(wish.start))), t("End", instant(wish.at(wish.until)))])

    def name_of(self, item: Item, day: str) -> str:
        zone = ews_series.zone_of(item)
        wall = ews_series.when(item).astimezone(zone).time()
        return instant(datetime.combine(date.fromisoformat(day), wall, zone))

    def held(self, title: str) -> list[datetime]:
        item = self.one(title)
        if not ews_series.is_master(item):
            return [ews_series.when(item)]
        bounds = (ews_series.bounds_of(item, hit) for hit in ews_series.between(item, *TWO_YEARS))
        return sorted(datetime.fromisoformat(start).astimezone(UTC) for start, _end in bounds)

    def days(self, title: str) -> tuple[str, str]:
        item = self.one(title)
        assert _words(item, "IsAllDayEvent") in {"true", "1"}
        zone = ews_series.zone_of(item)
        first, after = (ews_series.when(item, name).astimezone(zone) for name in ("Start", "End"))
        assert (first.hour, after.hour) == (0, 0), "whole days are from midnight to midnight in their zone"
        return first.date().isoformat(), (after.date() - timedelta(days=1)).isoformat()


class Cloud(Outlook):
    """In Microsoft 365."""

    recurrence_fields = ("recurrence",)

    def title_of(self, item: Item) -> str:
        return str(item.fields.get(self._title, ""))

    @property
    def _title(self) -> str:
        return {Kind.CONTACT: "displayName", Kind.EVENT: "subject", Kind.TASK: "title"}[self.kind]

    def remark_of(self, title: str) -> str:
        fields = self.one(title).fields
        return {
            Kind.CONTACT: lambda: str(fields.get("jobTitle", "")),
            Kind.EVENT: lambda: str((fields.get("location") or {}).get("displayName", "")),
            Kind.TASK: lambda: str((fields.get("body") or {}).get("content", "")),
        }[self.kind]()

    def titled(self, title: str) -> Fields:
        """A contact's name is shown, and consists of its parts: so has who types it in."""
        parts = {"givenName": "", "surname": title} if self.kind is Kind.CONTACT else {}
        return {self._title: title} | parts

    def remarked(self, text: str) -> Fields:
        remarks: dict[Kind, Fields] = {
            Kind.CONTACT: {"jobTitle": text},
            Kind.EVENT: {"location": {"displayName": text}},
            Kind.TASK: {"body": {"contentType": "text", "content": text}},
        }
        return remarks[self.kind]

    def wished(self, wish: Wish) -> Fields:
        fields: Fields = {"subject": wish.title, "isAllDay": wish.whole_day, **self.times_of(wish)}
        if wish.weeks:
            pattern = {"type": "weekly", "interval": 1, "daysOfWeek": [wish.start.strftime("%A").lower()]}
            span = {"type": "numbered", "startDate": wish.start.date().isoformat(), "numberOfOccurrences": wish.weeks}
            fields["recurrence"] = {"pattern": {**pattern, "firstDayOfWeek": "monday"}, "range": span}
        return fields

    def times_of(self, wish: Wish) -> Fields:
        walls = {"start": wish.start, "end": wish.until}
        return {name: {"dateTime": wall.isoformat(), "timeZone": wish.zone} for name, wall in walls.items()}

    def name_of(self, item: Item, day: str) -> str:
        return day

    def held(self, title: str) -> list[datetime]:
        return sorted(one.start for one in series.occurrences(self.one(title), *TWO_YEARS))

    def days(self, title: str) -> tuple[str, str]:
        fields = self.one(title).fields
        assert fields["isAllDay"] is True
        first, after = (datetime.fromisoformat(fields[name]["dateTime"][:19]) for name in ("start", "end"))
        assert (first.hour, after.hour) == (0, 0), "whole days are from midnight to midnight"
        return first.date().isoformat(), (after.date() - timedelta(days=1)).isoformat()


def _words(item: Item, name: str) -> str:
    return (etree.fromstring(item.fields[name]).text or "") if name in item.fields else ""


def _weekly(wish: Wish) -> Element:
    day = wish.start.strftime("%A")
    pattern = t("WeeklyRecurrence", t("Interval", "1"), t("DaysOfWeek", day), t("FirstDayOfWeek", "Monday"))
    begins, times = t("StartDate", wish.start.date().isoformat()), t("NumberOfOccurrences", str(wish.weeks))
    return t("Recurrence", pattern, t("NumberedRecurrence", begins, times))


def _by_name(parts: Sequence[Element]) -> dict[str, Any]:
    return {local(part): stored(part) for part in parts}
