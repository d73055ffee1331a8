"""One request to the server: who asks, for which mailbox, and what its ids mean."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from datetime import datetime

from tests.servers.microsoft import ews_series as series
from tests.servers.microsoft.directory import READ, WRITE
from tests.servers.microsoft.ews_xml import Element, Refused, local, moment, text
from tests.servers.microsoft.mailbox import Collection, Exchange, Item, Mailbox
from tests.servers.microsoft.sign_in import SignIn

ROOTS = {"msgfolderroot", "root"}
PUBLIC_ROOT = "publicfoldersroot"


@dataclass
class Mood:
    """How the server is, and what goes wrong next; tests set it."""

    busy: int = 0  # so many requests are answered with ErrorServerBusy
    back_off: int | None = None  # milliseconds that it says then; None: it does not say
    insists: bool = False  # whoever comes before back_off is over gets the same again
    early_tombstones: bool = False  # first rounds of SyncFolderItems tell what was deleted before them
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
    sign_in: SignIn = field(init=False)  # the token endpoint, whose tokens are good here too
    schemes: tuple[str, ...] = ("Basic", "NTLM", "Bearer")  # how one may sign in
    certificate_hash: bytes = b""  # of the server's certificate; set: NTLM is bound to it (extended protection)
    handshakes: int = 0  # of NTLM, that went well
    impersonators: set[str] = field(default_factory=set)  # user names, tokens
    scopes: dict[str, frozenset[str]] = field(default_factory=dict)  # user name -> whom it may impersonate at most
    delegates: set[tuple[str, str]] = field(default_factory=set)  # address of the person -> of the mailbox
    public: set[str] = field(default_factory=set)  # ids of folders that are public
    public_box: Mailbox = field(init=False)  # where the tree of public folders is
    requests: list[str] = field(default_factory=list)  # operations, as they came
    documents: list[bytes] = field(default_factory=list)  # every answer
    dispositions: list[tuple[str, str]] = field(default_factory=list)  # operation, what it said of mails
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    told: dict[tuple[str, str], set[str]] = field(default_factory=dict)  # folder, item -> its ids in sync answers
    places: dict[str, str] = field(default_factory=dict)  # id of an item as clients know it -> its lasting id
    photos: dict[str, bytes] = field(default_factory=dict)  # address -> of the person
    busy_until: float = 0.0  # by time.monotonic(), when the server insists
    streams: int = 0  # that are open
    url: str = ""

    def __post_init__(self) -> None:
        self.sign_in = SignIn(self.exchange.clock)
        self.public_box = Mailbox(self.exchange, "public-folders", "Public folders", "ews")
        self.public_box.collections.clear()

    def add_public_folder(self, kind: str, name: str, parent: str = "", rights: str = READ) -> Collection:
        """For everybody to read, or to write as well."""
        made = self.public_box.add_collection(kind, name, parent)
        self.public.add(made.id)
        self.exchange.directory.share(made.id, "everybody", rights)
        return made


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
        found = self.site.exchange.mailbox(address)
        if not self._delegate_of(found) and not any(self.may(found, one) for one in found.collections.values()):
            raise denied()
        return found

    def _delegate_of(self, mailbox: Mailbox) -> bool:
        return (self.mailbox.address.lower(), mailbox.address.lower()) in self.site.delegates

    def may(self, mailbox: Mailbox, folder: Collection, wanted: str = READ) -> bool:
        """Is the folder open to whoever acts, for this?"""
        if mailbox is self.mailbox or self._delegate_of(mailbox):
            return True
        directory = self.site.exchange.directory
        return directory.may(
            self.mailbox.address if mailbox is not self.site.public_box else "everybody", folder.id, wanted
        )

    def writing(self, mailbox: Mailbox, folder: str) -> None:
        """Raises Refused unless the folder may be written."""
        if not self.may(mailbox, mailbox.collections[folder], WRITE):
            raise denied()

    def mailboxes(self) -> list[Mailbox]:
        """All that the caller may see, the requested one first."""
        me, exchange = self.mailbox.address.lower(), self.site.exchange
        shared = {folder for person, folder in exchange.directory.shares if person == me}
        others = [box for box in exchange.mailboxes.values() if box is not self.mailbox]
        more = [box for box in others if self._delegate_of(box) or shared & set(box.collections)]
        return [self.mailbox, *more, self.site.public_box]

    def folder(self, key: Element) -> tuple[Mailbox, Collection]:
        """By FolderId or DistinguishedFolderId."""
        name = key.get("Id", "")
        if local(key) == "DistinguishedFolderId":
            if name == PUBLIC_ROOT:
                return self.site.public_box, root_of(self.site.public_box)
            near = self.reach(text(key, "t:Mailbox/t:EmailAddress"))
            if name in ROOTS:
                return near, root_of(near)
            found = next((c for c in near.collections.values() if c.well_known == name), None)
            return near, self._open(near, _or_not_found(found))
        for mailbox in self.mailboxes():
            if name == root_of(mailbox).id:
                return mailbox, root_of(mailbox)
            if name in mailbox.collections:
                return mailbox, self._open(mailbox, mailbox.collections[name])
        return self.mailbox, _or_not_found(None)

    def _open(self, mailbox: Mailbox, folder: Collection) -> Collection:
        if not self.may(mailbox, folder):
            raise denied()
        return folder

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
                if item is None or not self.may(mailbox, mailbox.collections[item.collection]):
                    continue
                if not (original and original in item.cancelled):
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


def denied() -> Refused:
    """Not for whoever asks."""
    return Refused("ErrorAccessDenied", "Access is denied. Check credentials and try again.")


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
