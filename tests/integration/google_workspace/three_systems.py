"""What somebody sees of an item at Google, in Exchange and in Microsoft 365: the same things, read from each server."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from datetime import UTC, datetime

from lxml import etree

from tests.integration.google_workspace import google_system
from tests.integration.google_workspace.google_person import CalendarOwner, ContactsOwner, TasksOwner
from tests.integration.microsoft import cloud_system, exchange_system, outlooks
from tests.integration.rules.person import TWO_YEARS, Person
from tests.integration.rules.system import Opening
from tests.servers.google_workspace.people_checks import MY_CONTACTS, group_names
from tests.servers.microsoft import ews_series, series
from tests.servers.microsoft.ews_xml import instant, stored, t

OPENINGS: dict[str, Opening] = {
    "google": google_system.opened,
    "exchange": exchange_system.opened,
    "cloud": cloud_system.opened,
}
_ATTACHMENTS = "_attachments"
Shown = list[tuple[datetime, str]]


# ------------------------------------------------------------ a contact


def words_of(person: Person, title: str) -> str:
    """All that the server keeps of a contact, but for its photo and its groups."""
    if isinstance(person, ContactsOwner):
        return str(person.one(title).fields)
    assert isinstance(person, outlooks.Outlook)
    item = person.one(title)
    fields = {name: value for name, value in item.fields.items() if name != _ATTACHMENTS}
    return f"{fields} {item.extended}"


def photo_of(person: Person, title: str) -> bytes:
    """The picture; empty without one."""
    if isinstance(person, ContactsOwner):
        return person.book.photos.get(person.one(title).photo, b"")
    assert isinstance(person, outlooks.Outlook)
    item = person.one(title)
    if isinstance(person, outlooks.Cloud):
        return item.photo or b""
    pictures = [one for one in item.fields.get(_ATTACHMENTS, ()) if one["IsContactPhoto"] == "true"]
    return base64.b64decode(pictures[0]["Content"]) if pictures else b""


def show_photo(person: Person, title: str, photo: bytes) -> None:
    """Another picture, by hand."""
    if isinstance(person, ContactsOwner):
        person.book.show_photo(person.one(title).name, photo)
        return
    assert isinstance(person, outlooks.Outlook)
    item = person.one(title)
    if isinstance(person, outlooks.Cloud):
        person.mailbox.set_photo(item.id, photo, silently=False)
        return
    content = base64.b64encode(photo).decode()
    held = {"Id": f"ATT1|{item.id}", "Name": "ContactPicture.jpg", "ContentType": "image/jpeg"}
    person.mailbox.update(item.id, {_ATTACHMENTS: [{**held, "IsContactPhoto": "true", "Content": content}]})


def groups_of(person: Person, title: str) -> set[str]:
    """Labels at Google, categories elsewhere."""
    if isinstance(person, ContactsOwner):
        found = group_names(person.one(title).fields) - group_names({"memberships": [MY_CONTACTS]})
        return {str((person.book.group(one) or {})["name"]) for one in found}
    assert isinstance(person, outlooks.Outlook)
    fields = person.one(title).fields
    if isinstance(person, outlooks.Cloud):
        return set(fields.get("categories", ()))
    return {one.text or "" for one in etree.fromstring(fields["Categories"])} if "Categories" in fields else set()


def put_into(person: Person, title: str, groups: Iterable[str]) -> None:
    """These and no others, by hand."""
    if isinstance(person, ContactsOwner):
        _put_labels(person, title, set(groups))
        return
    assert isinstance(person, outlooks.Outlook)
    item, told = person.one(title), sorted(groups)
    if isinstance(person, outlooks.Cloud):
        person.mailbox.update(item.id, {"categories": told})
    else:
        parts = t("Categories", *(t("String", one) for one in told))
        person.mailbox.update(item.id, {"Categories": stored(parts)})


def _put_labels(person: ContactsOwner, title: str, wanted: set[str]) -> None:
    book, contact = person.book, person.one(title)
    labels = {str(one.fields["name"]): one.name for one in book.groups.living()}
    for name in wanted - labels.keys():
        labels[name] = book.label(name).name
    for name, label in labels.items():
        book.put_label(contact.name, label, on=name in wanted)


# ------------------------------------------------------------ a series


def shown(person: Person, title: str) -> Shown:
    """When it takes place and what it is called then, as the server itself reckons it."""
    if isinstance(person, CalendarOwner):
        zone = person.own.stored.zone
        found = [(one.start.instant(zone), str(one.body["summary"])) for one in person.own.apart(person.one(title))]
    elif isinstance(person, outlooks.Cloud):
        there = series.occurrences(person.one(title), *TWO_YEARS)
        found = [(one.start, str(one.fields["subject"])) for one in there]
    else:
        assert isinstance(person, outlooks.Exchange)
        found = _shown_in_exchange(person, title)
    return sorted(found)


def _shown_in_exchange(person: outlooks.Exchange, title: str) -> Shown:
    item, found = person.one(title), []
    for hit in ews_series.between(item, *TWO_YEARS):
        own = item.exceptions.get(instant(hit), {})
        subject = etree.fromstring(own["Subject"]).text or "" if "Subject" in own else title
        start, _end = ews_series.bounds_of(item, hit)
        found.append((datetime.fromisoformat(start).astimezone(UTC), subject))
    return found


def call(person: Person, title: str, day: str, new: str) -> None:
    """Of a series: on this day (ISO, where the rule has it) it has another title."""
    if isinstance(person, CalendarOwner):
        person.own.patch(person.own.instance(person.one(title), day), {"summary": new})
        return
    assert isinstance(person, outlooks.Outlook)
    item = person.one(title)
    name = person.name_of(item, day)
    own = item.exceptions.get(name, {})
    person.mailbox.change_occurrence(item.id, name, {**own, **person.titled(new)})


# ------------------------------------------------------------ a task


def due_of(person: Person, title: str) -> str:
    """The day, ISO."""
    if isinstance(person, TasksOwner):
        return str(person.one(title)["due"])[:10]
    assert isinstance(person, outlooks.Outlook)
    fields = person.one(title).fields
    if isinstance(person, outlooks.Cloud):
        return str(fields["dueDateTime"]["dateTime"])[:10]
    return (etree.fromstring(fields["DueDate"]).text or "")[:10]


def is_done(person: Person, title: str) -> bool:
    """Ticked off."""
    if isinstance(person, TasksOwner):
        return bool(person.one(title)["status"] == "completed")
    assert isinstance(person, outlooks.Outlook)
    fields = person.one(title).fields
    if isinstance(person, outlooks.Cloud):
        return bool(fields.get("status") == "completed")
    return "Status" in fields and etree.fromstring(fields["Status"]).text == "Completed"


def tick(person: Person, title: str, done: bool) -> None:
    """Done, or not done after all."""
    if isinstance(person, TasksOwner):
        task = person.one(title)
        if done:
            person.book.tick(person.where, task["id"])
        else:
            person.book.change(person.where, task["id"], {"status": "needsAction", "completed": None, "hidden": None})
        return
    assert isinstance(person, outlooks.Outlook)
    item = person.one(title)
    if isinstance(person, outlooks.Cloud):
        at = {"dateTime": "2026-03-02T00:00:00.0000000", "timeZone": "UTC"} if done else None
        person.mailbox.update(item.id, {"status": "completed" if done else "notStarted", "completedDateTime": at})
        return
    parts = {"Status": "Completed" if done else "NotStarted", "PercentComplete": "100" if done else "0"}
    fields = {name: stored(t(name, text)) for name, text in parts.items()}
    finished = stored(t("CompleteDate", "2026-03-02T00:00:00Z")) if done else None
    person.mailbox.update(item.id, {**fields, "CompleteDate": finished})
