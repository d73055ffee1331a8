"""One request to the server: who asks, for which mailbox, and what its ids mean."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from datetime import datetime

from tests.servers.microsoft import ews_series as series
from tests.servers.microsoft.ews_xml import Element, Fault, Refused, find, local, moment, text
from tests.servers.microsoft.mailbox import Collection, Exchange, Item, Mailbox, NotThere

ROOTS = {"msgfolderroot", "root"}


@dataclass
class Mood:
    """How the server is, and what goes wrong next; tests set it."""

    busy: int = 0  # so many requests are answered with ErrorServerBusy
    back_off: int | None = None  # milliseconds that it says then; None: it does not say
    forget_states: int = 0  # so many sync states are not known any more
    terse_errors: bool = False  # errors of SyncFolderItems come without SyncState and IncludesLastItemInRange
    commit_then_wait: float = 0.0  # seconds between the next write and its answer
    sparse: bool = False  # answers leave out what is nothing or as always
    versions: tuple[str, ...] = ("Exchange2010", "Exchange2013", "Exchange2016")  # and what begins so
    heartbeat: float = 0.2  # seconds between status events
    max_streams: int = 3  # connections of one person
    miss_events: bool = False  # streams end with ErrorMissedNotificationEvents
    cut_streams: bool = False  # streams break off in the middle
    close_streams: bool = False  # streams end as agreed, as if their time were over


@dataclass
class Subscription:
    """To the changes in some folders of a mailbox."""

    id: str
    mailbox: Mailbox
    folders: list[str]
    seen: int  # the newest change that was told


@dataclass
class Site:
    """The server: what it keeps, who may what, and what it got."""

    exchange: Exchange = field(default_factory=Exchange)
    mood: Mood = field(default_factory=Mood)
    people: dict[str, tuple[str, str]] = field(default_factory=dict)  # user name -> password, address
    tokens: dict[str, str] = field(default_factory=dict)  # bearer -> address, "" for an application
    impersonators: set[str] = field(default_factory=set)  # user names, tokens
    delegates: set[tuple[str, str]] = field(default_factory=set)  # address of the person -> of the mailbox
    public: set[str] = field(default_factory=set)  # ids of folders that are public
    requests: list[str] = field(default_factory=list)  # operations, as they came
    documents: list[bytes] = field(default_factory=list)  # every answer
    dispositions: list[tuple[str, str]] = field(default_factory=list)  # operation, what it said of mails
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    told: dict[tuple[str, str], set[str]] = field(default_factory=dict)  # folder, item -> its ids in sync answers
    places: dict[str, str] = field(default_factory=dict)  # id of an item as clients know it -> its lasting id
    photos: dict[str, bytes] = field(default_factory=dict)  # address -> of the person
    streams: int = 0  # that are open
    url: str = ""


@dataclass
class Target:
    """What an item id means: an item, or one occurrence of a series."""

    mailbox: Mailbox
    item: Item
    original: datetime | None = None


@dataclass
class Call:
    """One request."""

    site: Site
    login: str  # user name or token
    own: str  # address of whoever signed in; "" for an application
    mailbox: Mailbox  # which the request is about

    def reach(self, address: str) -> Mailbox:
        """Another mailbox, if the caller may (E15)."""
        if address.lower() in {"", self.mailbox.address.lower()}:
            return self.mailbox
        if address.lower() not in self.site.exchange.mailboxes:
            raise Refused("ErrorNonExistentMailbox", "The SMTP address has no mailbox associated with it.")
        if (self.own, address.lower()) not in self.site.delegates:
            raise Refused("ErrorAccessDenied", "Access is denied. Check credentials and try again.")
        return self.site.exchange.mailbox(address)

    def mailboxes(self) -> list[Mailbox]:
        """All that the caller may see, the requested one first."""
        more = [self.site.exchange.mailbox(address) for person, address in self.site.delegates if person == self.own]
        return [self.mailbox, *more]

    def folder(self, key: Element) -> tuple[Mailbox, Collection]:
        """By FolderId or DistinguishedFolderId."""
        name = key.get("Id", "")
        if local(key) == "DistinguishedFolderId":
            near = self.reach(text(key, "t:Mailbox/t:EmailAddress"))
            if name in ROOTS:
                return near, root_of(near)
            found = next((c for c in near.collections.values() if c.well_known == name), None)
            return near, _or_not_found(found)
        for mailbox in self.mailboxes():
            if name == root_of(mailbox).id:
                return mailbox, root_of(mailbox)
            if name in mailbox.collections:
                return mailbox, mailbox.collections[name]
        return self.mailbox, _or_not_found(None)

    def target(self, key: Element) -> Target:
        """By ItemId, OccurrenceItemId or RecurringMasterItemId."""
        if local(key) == "OccurrenceItemId":
            master = self._by_id(key.get("RecurringMasterId", ""))
            return Target(master.mailbox, master.item, series.nth(master.item, int(key.get("InstanceIndex", "0"))))
        if local(key) == "RecurringMasterItemId":
            found = self._by_id(key.get("OccurrenceId", ""))
            return Target(found.mailbox, found.item)
        return self._by_id(key.get("Id", ""))

    def _by_id(self, key: str) -> Target:
        for mailbox in self.mailboxes():
            for name, original in _meanings(key):
                item = self._item(mailbox, name)
                if item is not None and not (original and original in item.cancelled):
                    return Target(mailbox, item, moment(original) if original else None)
        raise Refused("ErrorItemNotFound", "The specified object was not found in the store.")

    def _item(self, mailbox: Mailbox, name: str) -> Item | None:
        """By the id that clients know; what was found once is looked for in its place first."""
        item = mailbox.items.get(self.site.places.get(name, ""))
        if item is None or item.folder_id != name:
            item = next((i for i in mailbox.items.values() if i.folder_id == name), None)
        if item is not None:
            self.site.places[name] = item.id
        return item


def root_of(mailbox: Mailbox) -> Collection:
    """The top of the folders; it has no items."""
    return Collection(f"ROOT{mailbox.address}", "", "Top of Information Store", "", "msgfolderroot")


def impersonated(site: Site, login: str, header: Element | None) -> Mailbox | None:
    """Whom the header says the caller acts for (E15)."""
    sid = None if header is None else find(header, "t:ExchangeImpersonation/t:ConnectingSID")
    if sid is None:
        return None
    if login not in site.impersonators:
        raise Fault("ErrorImpersonateUserDenied", "The account does not have permission to impersonate the user.")
    try:
        return site.exchange.mailbox(sid[0].text or "")
    except NotThere:
        raise Fault("ErrorNonExistentMailbox", "No mailbox with such address.") from None


def _or_not_found(found: Collection | None) -> Collection:
    if found is None:
        raise Refused("ErrorFolderNotFound", "The specified folder could not be found in the store.")
    return found


def _meanings(key: str) -> list[tuple[str, str]]:
    try:
        item, bar, original = base64.b64decode(key, validate=True).decode().partition("|")
    except (binascii.Error, UnicodeDecodeError):
        return [(key, "")]
    return [(item, original)] if bar else [(key, "")]
