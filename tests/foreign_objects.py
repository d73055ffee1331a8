"""Everything that somebody else can have in the gateway: where it is, and where the same would be if it were not there.

Ada asks; Grace owns things that were never opened to Ada; Bob is blocked. Whatever Grace and Bob own carries `SECRET`.
Lin may read what Grace has: her calendar is shared with him, and he is her delegate; he may change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select

from dav_gateway.paths import Area
from storage import tables as t
from storage.database import Database
from sync_engine.item import Item
from sync_engine.ports import Origin

SECRET = "canary-7f3a"
PRIVATE = f"{SECRET}-hidden"  # what a private event of hers says: also to those who see her calendar, she is only busy
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:{0}\r\nDTSTAMP:20260101T000000Z\r\n"
    "DTSTART:20260301T090000Z\r\nDTEND:20260301T100000Z\r\nSUMMARY:{1}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{0}\r\nFN:{1}\r\nN:{1};;;;\r\nBDAY:1980-04-05\r\nEND:VCARD\r\n"


ATTACHMENT = f"/dav/attachments/grace/{SECRET}-managed/{SECRET}.txt"


def attached(uid: str, address: str) -> str:
    """An event with Grace's attachment."""
    return EVENT.format(uid, SECRET).replace("SUMMARY", f"ATTACH;MANAGED-ID={SECRET}-managed:{address}\r\nSUMMARY", 1)


@dataclass(frozen=True)
class Foreign:
    """One object. `twin` is an address of the same kind at which there is nothing."""

    name: str
    path: str
    twin: str
    area: Area

    def __str__(self) -> str:
        return self.name


def _of(name: str, path: str, twin: str = "") -> Foreign:
    area = Area(path.split("/")[2])
    return Foreign(name, path, twin or path.replace("grace", "nobody").replace("bob", "nobody"), area)


OBJECTS = (
    _of("a home", "/dav/calendars/grace/"),
    _of("a home of address books", "/dav/addressbooks/grace/"),
    _of("a calendar", "/dav/calendars/grace/diary/"),
    _of("a calendar, as if it were shared", "/dav/calendars/ada/diary~grace/"),
    _of("an event", f"/dav/calendars/grace/diary/{SECRET}.ics"),
    _of("an event, as if it were shared", f"/dav/calendars/ada/diary~grace/{SECRET}.ics"),
    _of("a private event", f"/dav/calendars/grace/diary/{SECRET}-private.ics"),
    _of("an address book", "/dav/addressbooks/grace/friends/"),
    _of("an address book, as if it were shared", "/dav/addressbooks/ada/friends~grace/"),
    _of("a card", f"/dav/addressbooks/grace/friends/{SECRET}.vcf"),
    _of("an inbox", "/dav/calendars/grace/~inbox/"),
    _of("an invitation", f"/dav/calendars/grace/~inbox/{SECRET}.ics"),
    _of("an outbox", "/dav/calendars/grace/~outbox/"),
    _of("a calendar of birthdays", "/dav/calendars/grace/~birthdays/"),
    _of("delegates who read", "/dav/principals/grace/calendar-proxy-read/"),
    _of("delegates who write", "/dav/principals/grace/calendar-proxy-write/"),
    _of("files", "/dav/files/grace/"),
    _of("a folder", f"/dav/files/grace/{SECRET}/"),
    _of("a file", f"/dav/files/grace/{SECRET}/{SECRET}.txt"),
    _of("an attachment", ATTACHMENT),
    _of(
        "an attachment, as if it were one's own",
        f"/dav/attachments/ada/{SECRET}-managed/{SECRET}.txt",
        f"/dav/attachments/ada/nothing-managed/{SECRET}.txt",
    ),
    _of("registrations", "/dav/push/grace/"),
    _of("a registration", f"/dav/push/grace/{SECRET}-registration"),
    _of(
        "a registration, as if it were one's own",
        f"/dav/push/ada/{SECRET}-registration",
        "/dav/push/ada/nothing-registration",
    ),
    _of("a blocked user", "/dav/principals/bob/"),
    _of("a blocked user's calendar", "/dav/calendars/bob/diary-of-bob/"),
    _of("a deleted calendar of one's own", "/dav/calendars/ada/gone/", "/dav/calendars/ada/never/"),
    _of("an event in it", f"/dav/calendars/ada/gone/{SECRET}.ics", f"/dav/calendars/ada/never/{SECRET}.ics"),
)
ONES_OWN = OBJECTS[-2:]  # where one may make something new
READABLE = (  # for Lin
    _of("a shared calendar", "/dav/calendars/lin/diary~grace/"),
    _of("an event in it", f"/dav/calendars/lin/diary~grace/{SECRET}.ics"),
    _of("a private event in it", f"/dav/calendars/lin/diary~grace/{SECRET}-private.ics"),
    _of("a home", "/dav/calendars/grace/"),
    _of("a calendar", "/dav/calendars/grace/diary/"),
    _of("an event", f"/dav/calendars/grace/diary/{SECRET}.ics"),
    _of("a private event", f"/dav/calendars/grace/diary/{SECRET}-private.ics"),
    _of("something new", "/dav/calendars/grace/diary/new.ics"),
    _of("a new calendar", "/dav/calendars/grace/new/"),
    _of("an address book", "/dav/addressbooks/grace/friends/"),
    _of("a card", f"/dav/addressbooks/grace/friends/{SECRET}.vcf"),
    _of("birthdays", "/dav/calendars/grace/~birthdays/"),
    _of("an inbox", "/dav/calendars/grace/~inbox/"),
    _of("delegates who read", "/dav/principals/grace/calendar-proxy-read/"),
    _of("delegates who write", "/dav/principals/grace/calendar-proxy-write/"),
    _of("an attachment", ATTACHMENT),
)
COLLEAGUE = Foreign("a colleague", "/dav/principals/grace/", "/dav/principals/nobody/", Area.PRINCIPALS)


class Owned:
    """Writes what `OBJECTS` names into a store."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def fill(self, people: dict[str, int], devices: dict[str, int]) -> None:
        """`people` and `devices`: ids by user's name, of ada, grace, bob and lin."""
        diary = self._collection("diary", people["grace"], "event")
        self._item(diary, f"{SECRET}.ics", attached(f"uid-{SECRET}", f"http://hub{ATTACHMENT}"))
        private = EVENT.format(f"private-{SECRET}", PRIVATE).replace("SUMMARY", "CLASS:PRIVATE\r\nSUMMARY")
        self._item(diary, f"{SECRET}-private.ics", private)
        lin = people["lin"]
        self._run(insert(t.grants).values(collection_id=diary, user_id=lin, access="read"))
        self._run(insert(t.proxies).values(user_id=people["grace"], delegate_id=lin, access="read"))
        friends = self._collection("friends", people["grace"], "contact")
        self._item(friends, f"{SECRET}.vcf", CARD.format(f"card-{SECRET}", SECRET))
        inbox = self._collection("~inbox", people["grace"], "event", role="inbox")
        self._item(inbox, f"{SECRET}.ics", EVENT.format(f"invited-{SECRET}", SECRET))
        self._item(self._collection("diary-of-bob", people["bob"], "event"), "b.ics", EVENT.format("b", SECRET))
        gone = self._collection("gone", people["ada"], "event")
        self._item(gone, f"{SECRET}.ics", EVENT.format("gone", SECRET))
        self._run(t.collections.update().where(t.collections.c.id == gone).values(deleted_at=NOW))
        self._files(people["grace"], diary)
        self._add(
            t.push_registrations,
            registration=f"{SECRET}-registration", device_id=devices["grace"], collection_id=diary, seq=0,
            endpoint=f"https://push.example.org/{SECRET}", endpoint_hash="x", sealed="x",
            expires_at=datetime.now(UTC) + timedelta(days=9), created_at=NOW,
        )  # fmt: skip

    def _files(self, grace: int, diary: int) -> None:
        blob = self._add(t.blobs, size=len(SECRET), created_at=NOW)
        self._run(insert(t.blob_parts).values(blob_id=blob, number=0, content=SECRET.encode()))
        both = {"user_id": grace, "created_at": NOW, "changed_at": NOW, "etag": "e"}
        folder = self._add(t.files, parent_id=0, name=SECRET, folder=True, **both)
        self._add(t.files, parent_id=folder, name=f"{SECRET}.txt", folder=False, blob_id=blob, size=len(SECRET), **both)
        of_hers = t.items.c.collection_id == diary, t.items.c.href == f"{SECRET}.ics"
        item = self._one(select(t.items.c.id).where(*of_hers))
        self._add(
            t.attachments,
            managed_id=f"{SECRET}-managed", item_id=item, user_id=grace, name=f"{SECRET}.txt", media_type="text/plain",
            size=len(SECRET), blob_id=blob, created_at=NOW,
        )  # fmt: skip

    def snapshot(self) -> dict[str, list[tuple[Any, ...]]]:
        """All rows of all tables, but for when devices were last used."""
        with self.database.read() as unit:
            run = unit.session.connection.execute
            return {
                table.name: sorted(tuple(map(str, row)) for row in run(select(table)))
                for table in t.metadata.sorted_tables
                if table.name != "devices"
            }

    # ---------------------------------------------------------------- one row

    def _collection(self, slug: str, owner: int, kinds: str, **columns: Any) -> int:
        row = {"slug": slug, "owner_id": owner, "kinds": kinds, "name": f"{slug} {SECRET}", "epoch": f"{slug}-{SECRET}"}
        number = self._add(t.collections, **row, created_at=NOW, **columns)
        kept = {"collection_id": number, "name": "{urn:x}p", "value": f'<p xmlns="urn:x">{SECRET}</p>'}
        self._run(insert(t.collection_properties).values(**kept))
        return number

    def _item(self, collection: int, href: str, text: str) -> None:
        with self.database.begin() as unit:
            unit.create_item(collection, Item.read(text), Origin("test"), href=href)

    def _add(self, table: Any, **row: Any) -> int:
        key = self._run(insert(table).values(**row)).inserted_primary_key
        return int(key[0])

    def _run(self, statement: Any) -> Any:
        with self.database.begin() as unit:
            return unit.session.connection.execute(statement)

    def _one(self, statement: Any) -> Any:
        with self.database.read() as unit:
            return unit.session.connection.execute(statement).scalar()
