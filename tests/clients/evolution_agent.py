"""Works evolution-data-server as Evolution does, by its own libraries; run by the system's Python, which has them.

Reads one JSON array a line, [command, argument ...], and answers each with one JSON line: {"is": value}, or
{"error": text}.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any
from urllib.parse import urlparse

import gi  # type: ignore[import-not-found,unused-ignore]

for _name, _version in {
    "EDataServer": "1.2", "ECal": "2.0", "EBook": "1.2", "EBookContacts": "1.2", "ICalGLib": "3.0",
}.items():  # fmt: skip
    gi.require_version(_name, _version)
from gi.repository import (  # type: ignore[import-not-found,unused-ignore]  # noqa: E402
    EBook,
    EBookContacts,
    ECal,
    EDataServer,
    GLib,
    ICalGLib,
)

WAIT = 30  # seconds until a new account is ready
NOT_LONG = 1  # for its first connection: without a window nobody tells the library that there is one
EVERYTHING = '(contains "x-evolution-any-field" "")'
TYPES = {
    "event": (EDataServer.SOURCE_EXTENSION_CALENDAR, "caldav", ECal.ClientSourceType.EVENTS),
    "task": (EDataServer.SOURCE_EXTENSION_TASK_LIST, "caldav", ECal.ClientSourceType.TASKS),
    "contact": (EDataServer.SOURCE_EXTENSION_ADDRESS_BOOK, "carddav", None),
}


class Agent:
    """The accounts of one person."""

    def __init__(self) -> None:
        self._registry = EDataServer.SourceRegistry.new_sync(None)
        self._clients: dict[str, Any] = {}

    def open(self, kind: str, url: str, user: str, password: str) -> None:
        """Add a collection as an account by hand, and wait until it may be written to."""
        extension, backend, source_type = TYPES[kind]
        source = self._source(f"hub-{kind}", extension, backend, url, user)
        source.store_password_sync(password, True, None)
        if source_type is None:
            client = EBook.BookClient.connect_sync(source, NOT_LONG, None)
        else:
            client = ECal.Client.connect_sync(source, source_type, NOT_LONG, None)
        self._clients[kind] = client
        self._until_it_can_be_written(client)

    def discover(self, url: str, user: str, password: str) -> list[str]:
        """The addresses of all collections that it finds from the server's bare address."""
        source = self._source("hub-search", EDataServer.SOURCE_EXTENSION_COLLECTION, "webdav", url, user)
        credentials = EDataServer.NamedParameters.new()
        credentials.set(EDataServer.SOURCE_CREDENTIAL_USERNAME, user)
        credentials.set(EDataServer.SOURCE_CREDENTIAL_PASSWORD, password)
        wanted = EDataServer.WebDAVDiscoverSupports
        kinds = wanted.EVENTS | wanted.TASKS | wanted.CONTACTS
        found = EDataServer.webdav_discover_sources_sync(source, None, kinds, credentials, None)
        return [one.href for one in found.out_discovered_sources]

    def _source(self, name: str, extension: str, backend: str, url: str, user: str) -> Any:
        address = urlparse(url)
        source = EDataServer.Source.new_with_uid(name, None)
        source.set_display_name(name)
        source.get_extension(extension).set_backend_name(backend)
        sign_in = source.get_extension(EDataServer.SOURCE_EXTENSION_AUTHENTICATION)
        sign_in.set_host(address.hostname)
        sign_in.set_port(address.port)
        sign_in.set_user(user)
        sign_in.set_method("plain/password")
        webdav = source.get_extension(EDataServer.SOURCE_EXTENSION_WEBDAV_BACKEND)
        uri = GLib.Uri.parse(url, GLib.UriFlags.NONE)
        (webdav.set_uri if hasattr(webdav, "set_uri") else webdav.set_soup_uri)(uri)
        source.get_extension(EDataServer.SOURCE_EXTENSION_SECURITY).set_secure(address.scheme == "https")
        self._registry.commit_source_sync(source, None)
        end = time.monotonic() + WAIT
        while time.monotonic() < end:
            if known := self._registry.ref_source(name):
                return known
            _turn()
        raise TimeoutError(name)

    def _until_it_can_be_written(self, client: Any) -> None:
        client.refresh_sync(None)
        end = time.monotonic() + WAIT
        while client.is_readonly() and time.monotonic() < end:
            _turn()

    def sync(self, kind: str) -> None:
        """Begin to bring it into step."""
        self._clients[kind].refresh_sync(None)

    def texts(self, kind: str) -> list[str]:
        """All items; a series and its occurrences that differ are one text."""
        client = self._clients[kind]
        if kind == "contact":
            return [_vcard(card) for card in client.get_contacts_sync(EVERYTHING, None)[1]]
        found: dict[str, str] = {}
        for component in client.get_object_list_sync("#t", None)[1]:
            uid = component.get_uid()
            found[uid] = found.get(uid, "") + component.as_ical_string()
        return list(found.values())

    def create(self, kind: str, text: str) -> None:
        """A new item."""
        client = self._clients[kind]
        if kind == "contact":
            client.add_contact_sync(EBookContacts.Contact.new_from_vcard(text), 0, None)
            return
        component = next(part for part in _parts(text) if part.get_uid())
        client.create_object_sync(component, ECal.OperationFlags.NONE, None)

    def retitle(self, kind: str, uid: str, title: str) -> None:
        """Another title of the whole item; another name of a contact."""
        client = self._clients[kind]
        if kind == "contact":
            contact = client.get_contact_sync(uid, None)[1]
            contact.set_property("full-name", title)
            contact.set_property("file-as", title)
            client.modify_contact_sync(contact, 0, None)
            return
        component = client.get_object_sync(uid, None, None)[1]
        component.set_summary(title)
        client.modify_object_sync(component, ECal.ObjModType.ALL, ECal.OperationFlags.NONE, None)

    def retitle_one(self, uid: str, start: str, title: str) -> None:
        """One occurrence, as Evolution's editor does with "only this instance"."""
        client = self._clients["event"]
        series = client.get_object_sync(uid, None, None)[1]
        zone = series.get_dtstart().get_timezone() or ICalGLib.Timezone.get_builtin_timezone("Europe/Berlin")
        at = ICalGLib.Time.new_from_string(start).convert_to_zone(zone)
        one = series.clone()
        for kind in (ICalGLib.PropertyKind.RRULE_PROPERTY, ICalGLib.PropertyKind.EXDATE_PROPERTY):
            while found := one.get_first_property(kind):
                one.remove_property(found)
        length = series.get_duration()
        one.set_recurrenceid(at)
        one.set_dtstart(at)
        one.set_dtend(at.add(length))
        one.set_summary(title)
        client.modify_object_sync(one, ECal.ObjModType.THIS, ECal.OperationFlags.NONE, None)

    def accept(self, uid: str, user: str) -> None:
        """The "Accept" of an invitation that is in the calendar."""
        client = self._clients["event"]
        component = client.get_object_sync(uid, None, None)[1]
        found = component.get_first_property(ICalGLib.PropertyKind.ATTENDEE_PROPERTY)
        while found:
            if found.get_attendee().lower() == f"mailto:{user}":
                found.set_parameter(ICalGLib.Parameter.new_partstat(ICalGLib.ParameterPartstat.ACCEPTED))
            found = component.get_next_property(ICalGLib.PropertyKind.ATTENDEE_PROPERTY)
        client.modify_object_sync(component, ECal.ObjModType.ALL, ECal.OperationFlags.NONE, None)

    def delete(self, kind: str, uid: str) -> None:
        """The whole item."""
        client = self._clients[kind]
        if kind == "contact":
            client.remove_contact_by_uid_sync(uid, 0, None)
        else:
            client.remove_object_sync(uid, None, ECal.ObjModType.ALL, ECal.OperationFlags.NONE, None)


def _vcard(contact: Any) -> str:
    """With the picture in it, which is kept in a file of its own."""
    contact.inline_local_photos()
    return str(contact.to_string(EBookContacts.VCardFormat(1)))


def _parts(text: str) -> list[Any]:
    whole = ICalGLib.Component.new_from_string(text)
    found, part = [], whole.get_first_component(ICalGLib.ComponentKind.ANY_COMPONENT)
    while part:
        if part.isa() != ICalGLib.ComponentKind.VTIMEZONE_COMPONENT:
            found.append(part)
        part = whole.get_next_component(ICalGLib.ComponentKind.ANY_COMPONENT)
    return found


def _turn() -> None:
    """Let the libraries take what the services say."""
    context = GLib.MainContext.default()
    while context.iteration(False):
        pass
    time.sleep(0.05)


def main() -> None:
    """Answer until the input ends."""
    agent = Agent()
    for line in sys.stdin:
        command, *arguments = json.loads(line)
        _turn()
        try:
            answer = {"is": getattr(agent, command)(*arguments)}
        except Exception as err:
            answer = {"error": f"{command}: {type(err).__name__}: {err}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


main()
