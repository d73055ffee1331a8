"""What exchangelib is taught: extended properties, and how to read dates and zones. All of it here, once a process.

exchangelib cuts a birthday at midnight UTC, and takes the zone of this machine where it does not know a zone's name
(SYNC.md R19); the fields that do so are replaced by ones that do not.
"""

from __future__ import annotations

import copy
from typing import Any

from exchangelib import CalendarItem, Contact, EWSDate, EWSTimeZone, Task
from exchangelib.errors import UnknownTimeZone
from exchangelib.extended_properties import ExtendedProperty
from exchangelib.fields import DateTimeBackedDateField, DateTimeField, TimeZoneField

from connectors.days import day_at
from connectors.exchange.mapping_zones import custom_zone
from connectors.microsoft import own_set


class _Own(ExtendedProperty):  # type: ignore[misc]
    """One of our own keys."""

    property_set_id = own_set.OWN_SET
    property_type = "String"


class HubUid(_Own):
    """The UID under which the hub made an item."""

    property_name = own_set.UID


class HubKey(_Own):
    """The key of the write that made it."""

    property_name = own_set.KEY


class HubUnfinished(_Own):
    """The digest of what an item is to be that is written in several steps."""

    property_name = own_set.UNFINISHED


class NamePrefix(ExtendedProperty):  # type: ignore[misc]
    """PidTagDisplayNamePrefix (MS-OXOCNTC 2.2.1.1.3), such as "Dr."; EWS itself only reads it."""

    property_tag = 0x3A45
    property_type = "String"


class TeamsLink(ExtendedProperty):  # type: ignore[misc]
    """Where an online meeting takes place."""

    distinguished_property_set_id = "PublicStrings"
    property_name = "SkypeTeamsMeetingUrl"
    property_type = "String"


class SkypeLink(ExtendedProperty):  # type: ignore[misc]
    """The same of Skype for Business."""

    distinguished_property_set_id = "PublicStrings"
    property_name = "OnlineMeetingExternalLink"
    property_type = "String"


class NearestDay(DateTimeBackedDateField):  # type: ignore[misc]
    """A day that programs write as midnight of their own zone: the nearest one is meant."""

    def from_xml(self, elem: Any, account: Any) -> EWSDate | None:  # noqa: ARG002 - the signature is exchangelib's
        """The day; None where there is none."""
        day = day_at(self._get_val_from_elem(elem))
        return EWSDate.from_date(day) if day else None


class KnownZone(TimeZoneField):  # type: ignore[misc]
    """A zone by its Windows name, or by the rules that the server says with it."""

    def from_xml(self, elem: Any, account: Any) -> EWSTimeZone | None:  # noqa: ARG002 - the signature is exchangelib's
        """The zone; None where none is said."""
        said = elem.find(self.response_tag())
        if said is None:
            return None
        try:
            return EWSTimeZone.from_ms_id(said.get("Id") or said.get("Name") or "")
        except (UnknownTimeZone, ValueError, OSError):  # a name with a slash is taken for one of a file
            return custom_zone(copy.deepcopy(said))


_EVERYWHERE = {"hub_uid": HubUid, "hub_key": HubKey, "hub_unfinished": HubUnfinished}
_REGISTERED = {
    Contact: _EVERYWHERE | {"name_prefix": NamePrefix},
    CalendarItem: _EVERYWHERE | {"teams_link": TeamsLink, "skype_link": SkypeLink},
    Task: _EVERYWHERE,
}
_REPLACED = {
    Contact: {"birthday": NearestDay, "wedding_anniversary": NearestDay},
    CalendarItem: {"_start_timezone": KnownZone, "_end_timezone": KnownZone},
    Task: {"start_date": NearestDay, "due_date": NearestDay},
}


_READ_AGAIN = {"starts_at": "start", "ends_at": "end"}
"""Instants of appointments as they were sent: of whole days exchangelib makes dates, one too early for an end on the
day after the clock was put forward."""


def _teach() -> None:
    for item, found in _REGISTERED.items():
        for name, prop in found.items():
            if name not in item.FIELDS:
                item.register(name, prop)
    for item, kinds in _REPLACED.items():
        for name, kind in kinds.items():
            item.FIELDS[name].__class__ = kind  # the same field with another way to read it
    for name, same in _READ_AGAIN.items():
        if name not in CalendarItem.FIELDS:
            told = DateTimeField(name, field_uri=CalendarItem.FIELDS[same].field_uri, is_read_only=True)
            CalendarItem.add_field(told, insert_after=same)


_teach()
