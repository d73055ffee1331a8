"""What is not of one mailbox: people, time zones, other spellings of ids, settings of Outlook on the web (E19)."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from tests.servers.microsoft.directory import Group, Person, Unknown
from tests.servers.microsoft.ews_call import Call, root_of
from tests.servers.microsoft.ews_items import batch
from tests.servers.microsoft.ews_series import ZONES
from tests.servers.microsoft.ews_xml import (
    Element,
    Refused,
    every,
    failure,
    find,
    m,
    response,
    success,
    t,
    text,
)

MOST = 100  # that are told of a name


def resolve_names(call: Call, request: Element) -> Element:
    """The people and groups whose name or address begins so; one is success, more are a warning."""
    wanted = text(request, "m:UnresolvedEntry").lower().removeprefix("smtp:")
    directory = call.site.exchange.directory
    known: list[Person | Group] = [*directory.people.values(), *directory.groups.values()]
    found = [one for one in known if one.name.lower().startswith(wanted) or one.address.lower().startswith(wanted)]
    if not found:
        none = Refused("ErrorNameResolutionNoResults", "No results were found.")
        return response("ResolveNames", [failure("ResolveNames", none)])
    people = [t("Resolution", mailbox_element("Mailbox", one)) for one in found[:MOST]]
    page = {"TotalItemsInView": str(len(people)), "IncludesLastItemInRange": "true" if found[MOST:] == [] else "false"}
    answer = success("ResolveNames", m("ResolutionSet", *people, **page))
    if len(found) > 1:
        answer.set("ResponseClass", "Warning")
        answer[0].text = "ErrorNameResolutionMultipleResults"
        answer.insert(0, m("MessageText", "Multiple results were found."))
    return response("ResolveNames", [answer])


def expand_dl(call: Call, request: Element) -> Element:
    """The members of a group, of whom groups are told as such and not expanded."""
    directory = call.site.exchange.directory
    try:
        group = directory.find(text(request, "m:Mailbox/t:EmailAddress") or text(request, "m:Mailbox/t:ItemId"))
    except Unknown:
        group = None
    if not isinstance(group, Group):
        none = Refused("ErrorNameResolutionNoResults", "No results were found.")
        return response("ExpandDL", [failure("ExpandDL", none)])
    members = [mailbox_element("Mailbox", one) for one in directory.members(group)]
    page = {"TotalItemsInView": str(len(members)), "IncludesLastItemInRange": "true"}
    return response("ExpandDL", [success("ExpandDL", m("DLExpansion", *members, **page))])


def mailbox_element(name: str, one: Person | Group) -> Element:
    """A person or a group of the address book."""
    kind = "PublicDL" if isinstance(one, Group) else "Mailbox"
    parts = [t("Name", one.name), t("EmailAddress", one.address), t("RoutingType", "SMTP"), t("MailboxType", kind)]
    return t(name, *parts)


def get_server_time_zones(call: Call, request: Element) -> Element:
    """All, or those that are asked for; offsets in full when wanted."""
    asked = [key.text or "" for key in every(request, "m:Ids/t:Id")]
    full = request.get("ReturnFullTimeZoneData", "true") == "true"
    zones = [_zone(name, full) for name in asked or ZONES if name in ZONES]
    return response("GetServerTimeZones", [success("GetServerTimeZones", m("TimeZoneDefinitions", *zones))])


def _zone(name: str, full: bool) -> Element:
    made = t("TimeZoneDefinition", Id=name, Name=f"({ZONES[name]}) {name}")
    if not full:
        return made
    zone = ZoneInfo(ZONES[name])
    offsets = [datetime(2026, month, 15, tzinfo=zone).utcoffset() for month in (1, 7)]
    names = ["Standard"] if offsets[0] == offsets[1] else ["Standard", "Daylight"]
    periods = [
        t("Period", Bias=_bias(offset.total_seconds() if offset else 0), Name=kind, Id=f"trule:{name}-{kind}")
        for kind, offset in zip(names, offsets, strict=False)
    ]
    made.append(t("Periods", *periods))
    group = t("TransitionsGroup", *_transitions(name, names), Id="0")
    made.append(t("TransitionsGroups", group))
    made.append(t("Transitions", t("Transition", t("To", "0", Kind="Group"))))
    return made


def _transitions(name: str, kinds: list[str]) -> list[Element]:
    """Last Sundays of March and October: those of the tests' zones in Europe; others are told without their rule."""
    if len(kinds) == 1:
        return [t("Transition", t("To", f"trule:{name}-Standard", Kind="Period"))]
    return [
        t("RecurringDayTransition", t("To", f"trule:{name}-{kind}", Kind="Period"), t("TimeOffset", offset),
          t("Month", month), t("DayOfWeek", "Sunday"), t("Occurrence", "-1"))
        for kind, month, offset in (("Daylight", "3", "PT2H"), ("Standard", "10", "PT3H"))
    ]  # fmt: skip


def _bias(seconds: float) -> str:
    minutes = int(-seconds // 60)
    sign = "-" if minutes < 0 else ""
    return f"{sign}PT{abs(minutes) // 60}H{abs(minutes) % 60}M"


def convert_id(call: Call, request: Element) -> Element:
    """Ids are the same in every format here. Whatever mailbox a client names, the one that has the id is told."""

    def convert(source: Element) -> Element:
        key = source.get("Id", "")
        owners = [b for b in call.mailboxes() if key in b.collections or key == root_of(b).id]
        other = t("AlternateId", Format=request.get("DestinationFormat", ""), Id=source.get("Id", ""))
        other.set("Mailbox", (owners or [call.mailbox])[0].address)
        other.set("{http://www.w3.org/2001/XMLSchema-instance}type", "t:AlternateIdType")
        other.tag = other.tag.replace("types", "messages")
        return success("ConvertId", other)

    keys = find(request, "m:SourceIds")
    assert keys is not None
    return batch("ConvertId", keys, convert)


def get_user_configuration(call: Call, request: Element) -> Element:
    """OWA.UserOptions with the time zone, which DavMail reads."""
    name = find(request, "m:UserConfigurationName")
    assert name is not None
    if name.get("Name") != "OWA.UserOptions":
        none = Refused("ErrorItemNotFound", "The configuration object was not found.")
        return response("GetUserConfiguration", [failure("GetUserConfiguration", none)])
    key, value = (
        t(tag, t("Type", "String"), t("Value", words))
        for tag, words in (("DictionaryKey", "timezone"), ("DictionaryValue", "W. Europe Standard Time"))
    )
    named = t("UserConfigurationName", t("DistinguishedFolderId", Id="root"), Name="OWA.UserOptions")
    made = m("UserConfiguration", named, t("Dictionary", t("DictionaryEntry", key, value)))
    return response("GetUserConfiguration", [success("GetUserConfiguration", made)])
