"""serverinfo.xml of Apple's CalDAVTester: where a server has what, as it says itself by PROPFIND and OPTIONS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import requests
from lxml import etree
from lxml.etree import _Element

from tests.conformance.servers import Account, Tested

_NAMES = {
    "d": "DAV:",
    "c": "urn:ietf:params:xml:ns:caldav",
    "a": "urn:ietf:params:xml:ns:carddav",
    "s": "http://calendarserver.org/ns/",
}
_PATIENCE = 30  # seconds
_WAITS = (("waitcount", "8"), ("waitdelay", "0.25"), ("waitsuccess", "2"))
_BY_TOKEN = {  # what a DAV header says, as the suite calls it
    "calendar-access": ("caldav", "no-duplicate-uids"),
    "addressbook": ("carddav",),
    "extended-mkcol": ("Extended MKCOL",),
    "calendar-auto-schedule": ("implicit-scheduling",),
    "calendar-managed-attachments": ("managed-attachments",),
    "calendar-proxy": ("proxy",),
    "calendarserver-sharing": ("shared-calendars",),
}
_BY_METHOD = {"COPY": ("COPY Method",), "MOVE": ("MOVE Method",), "ACL": ("ACL Method",)}
_BY_REPORT = {
    "sync-collection": ("sync-report",),
    "expand-property": ("expand-property",),
    "acl-principal-prop-set": ("acl-principal-prop-set REPORT",),
    "principal-match": ("principal-match REPORT",),
}
_SHORT = {
    "$multistatus-response-prefix:": "/{DAV:}multistatus/{DAV:}response",
    "$multistatus-href-prefix:": "/{DAV:}multistatus/{DAV:}response/{DAV:}href",
    "$verify-response-prefix:": "{DAV:}response/{DAV:}propstat/{DAV:}prop",
    "$verify-property-prefix:": "/{DAV:}multistatus/{DAV:}response/{DAV:}propstat/{DAV:}prop",
    "$verify-bad-response:": "/{DAV:}multistatus/{DAV:}response/{DAV:}status",
    "$verify-error-response:": "/{DAV:}multistatus/{DAV:}response/{DAV:}error",
    "$CALDAV:": _NAMES["c"],
    "$CARDDAV:": _NAMES["a"],
    "$CS:": _NAMES["s"],
    "$calendar:": "calendar",
    "$tasks:": "tasks",
    "$addressbook:": "addressbook",
    "$calendar_sync_extra_items:": "[]",  # a first report of a sync tells of members only (RFC 6578 3.4)
    "$calendar_sync_extra_count:": "0",
}
# Properties that servers put right or write anew: the suite leaves them out when it compares.
_FILTERS = {
    "calendardatafilter": (
        *("CALSCALE", "PRODID", "DTSTAMP", "CREATED", "LAST-MODIFIED", "X-WR-CALNAME"),
        *("CLASS=PUBLIC", "PRIORITY=0", "TRANSP", "SEQUENCE=0"),
    ),
    "addressdatafilter": ("PRODID", "REV"),
}


def serverinfo(server: Tested) -> bytes:
    """The file for a server; makes what the suite takes each user to have: empty calendars and an address book."""
    address = urlsplit(server.url)
    people = [_Person(server, account) for account in server.accounts]
    names = {**_SHORT, "$root:": address.path, "$inbox:": _last(people[0].inbox), "$outbox:": _last(people[0].outbox)}
    names |= dict.fromkeys(("$principalcollection:", "$principals_users:"), _parent(people[0].principal))
    names |= dict.fromkeys(("$calendars:", "$calendars_users:", "$calendars_uids:"), _parent(people[0].calendars))
    names |= dict.fromkeys(("$addressbooks:", "$addressbooks_uids:"), _parent(people[0].books))
    for person in [*people, *people]:  # what one calls off comes to the others
        person.clear()
    for number, person in enumerate(people, 1):
        person.begin()
        names |= person.named(number)
    host, port = str(address.hostname), str(address.port)
    return _written(
        host, port, sorted(set(people[0].features())), {key: value for key, value in names.items() if value}
    )


def _written(host: str, port: str, features: list[str], names: Mapping[str, str]) -> bytes:
    root = etree.Element("serverinfo")
    # The suite wants a port for TLS, too, and does not use it without --ssl.
    for name, value in (("host", host), ("nonsslport", port), ("sslport", port), ("authtype", "basic"), *_WAITS):
        etree.SubElement(root, name).text = value
    listed = etree.SubElement(root, "features")
    for feature in features:
        etree.SubElement(listed, "feature").text = feature
    substitutions = etree.SubElement(root, "substitutions")
    for key, value in names.items():
        one = etree.SubElement(substitutions, "substitution")
        etree.SubElement(one, "key").text, etree.SubElement(one, "value").text = key, value
    for kind, left_out in _FILTERS.items():
        for name in left_out:
            etree.SubElement(root, kind).text = name
    return bytes(etree.tostring(root, xml_declaration=True, encoding="utf-8", pretty_print=True))


def _last(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]


def _parent(path: str) -> str:
    return path.rstrip("/").rpartition("/")[0] + "/"


class _Person:
    """One user on a server, and where his things are: paths, "" for what the server does not have."""

    def __init__(self, server: Tested, account: Account) -> None:
        self._server, self._account = server, account
        self.principal = self._href(server.url, "d:current-user-principal") or urlsplit(server.url).path
        of_principal = self._absolute(self.principal)
        self.calendars = self._href(of_principal, "c:calendar-home-set")
        self.books = self._href(of_principal, "a:addressbook-home-set")
        self.inbox = self._href(of_principal, "c:schedule-inbox-URL")
        self.outbox = self._href(of_principal, "c:schedule-outbox-URL")

    def _absolute(self, path: str) -> str:
        address = urlsplit(self._server.url)
        return f"{address.scheme}://{address.netloc}{path}"

    def _sent(self, method: str, url: str, body: str = "", **headers: str) -> requests.Response:
        who = (self._account.name, self._account.password)
        said = {"Content-Type": "application/xml", **headers}
        return requests.request(method, url, data=body.encode(), auth=who, headers=said, timeout=_PATIENCE)

    def _found(self, url: str, name: str, inside: str = "", depth: str = "0", around: str = "") -> list[_Element]:
        """The property's elements; those inside it that `inside` names, or those of the answer that `around` names."""
        declared = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in _NAMES.items())
        body = f"<d:propfind {declared}><d:prop><{name}/></d:prop></d:propfind>"
        answer = self._sent("PROPFIND", url, body, Depth=depth)
        if answer.status_code != 207:
            return []
        return etree.fromstring(answer.content).findall(
            around or f".//{name}" + (f"//{inside}" if inside else ""), _NAMES
        )

    def _href(self, url: str, name: str) -> str:
        found = self._found(url, name, "d:href")
        return urlsplit((found[0].text or "").strip()).path if found else ""

    def clear(self) -> None:
        """Delete whatever is in the calendars and address books."""
        for home in filter(None, (self.calendars, self.books)):
            for inside in self._inside(home):
                for item in self._inside(inside):
                    self._sent("DELETE", self._absolute(item))

    def _inside(self, path: str) -> list[str]:
        """What a collection holds; nothing, if it is none."""
        found = self._found(self._absolute(path), "d:resourcetype", depth="1", around="d:response/d:href")
        paths = {urlsplit((one.text or "").strip()).path for one in found}
        return sorted(one for one in paths if one.rstrip("/") != path.rstrip("/"))

    def begin(self) -> None:
        """Make what the suite takes to be there."""
        for name in ("calendar", "tasks"):
            self._sent("MKCALENDAR", self._absolute(f"{self.calendars}{name}/"))
        kind = "<d:resourcetype><d:collection/><a:addressbook/></d:resourcetype>"
        body = f'<d:mkcol xmlns:d="DAV:" xmlns:a="{_NAMES["a"]}"><d:set><d:prop>{kind}</d:prop></d:set></d:mkcol>'
        self._sent("MKCOL", self._absolute(f"{self.books}addressbook/"), body)

    def features(self) -> Iterator[str]:
        """What the server says it does, as the suite calls it."""
        url = self._absolute(f"{self.calendars}calendar/")
        options = self._sent("OPTIONS", url).headers
        reports = [etree.QName(one).localname for one in self._found(url, "d:supported-report-set", "d:report/*")]
        for said, known in (
            (_listed(options.get("DAV", "")), _BY_TOKEN),
            (_listed(options.get("Allow", "")), _BY_METHOD),
            (reports, _BY_REPORT),
        ):
            for word in said:
                yield from known.get(word, ())
        if any(one.text for one in self._found(url, "s:getctag")):
            yield "ctag"
        kinds = {one.get("name") for one in self._found(url, "c:supported-calendar-component-set", "c:comp")}
        if kinds and "VFREEBUSY" not in kinds:
            yield "split-calendars"  # what the suite calls those that do not take every kind of component
        yield from ("current-user-principal",) if self.principal != urlsplit(self._server.url).path else ()

    def named(self, number: int) -> dict[str, str]:
        """The names that the suite has for this user's things."""
        mail = self._account.name if "@" in self._account.name else f"{self._account.name}@example.com"
        home, books = self.calendars.rstrip("/"), self.books.rstrip("/")
        values = {
            "userid": self._account.name,
            "username": self._account.name,
            "pswd": self._account.password,
            "principal": self.principal,
            "principaluri": self.principal,
            "calendarhome": home,
            "calendarhomealt": home,
            "addressbookhome": books,
            **{f"{kind}path": f"{home}/{name}" for kind, name in (("calendar", "calendar"), ("tasks", "tasks"))},
            "calendarpathalt": f"{home}/calendar",
            "addressbookpath": f"{books}/addressbook",
            "inboxpath": self.inbox.rstrip("/"),
            "outboxpath": self.outbox.rstrip("/"),
            "email": mail,
            **dict.fromkeys(("cuaddr", "cuaddralt", "cuaddraltnoslash", "cuaddrurn"), f"mailto:{mail}"),
        }
        names = {f"${name}{number}:": value for name, value in values.items()}
        return {**names, f"$principal{number}noslash:": self.principal.rstrip("/")}


def _listed(header: str) -> list[str]:
    return [word.strip() for word in header.split(",")]
