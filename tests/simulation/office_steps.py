"""What three people do on their phones, at random: meetings, shares, moves; and what is known of it afterwards."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from requests import Response

from storage.tables import collections
from tests.servers.gateway import Hub
from tests.simulation.office_phones import SyncingPhone
from tests.simulation.office_texts import (
    SECRET,
    answered,
    events,
    mail,
    master,
    new_event,
    organizer,
    uid_of,
    unfolded,
    with_override,
    without_occurrence,
)

NAMES = ("ada", "bob", "cleo")
FINE = (200, 201, 204, 207, 403, 404, 409, 412)
_ICS = {"Content-Type": "text/calendar; charset=utf-8"}
_WISHES = ("<C:set>{}<C:read/></C:set>", "<C:set>{}<C:read-write/></C:set>", "<C:remove>{}</C:remove>")
_XML = {"Content-Type": "text/xml"}
_WORD = re.compile(rf"{SECRET}-\w+-\d+")


@dataclass
class Known:
    """What the one who watches knows."""

    readers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # of secret words
    makers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # of UIDs
    mixed: set[str] = field(default_factory=set)  # UIDs that were carried from one person to another
    loose: set[tuple[str, str]] = field(
        default_factory=set
    )  # UID and who takes no part in it any more, by his own will


@dataclass
class Steps:
    """Random deeds; one seed is one story."""

    hub: Hub
    phones: list[SyncingPhone]
    dice: random.Random
    known: Known = field(default_factory=Known)
    told: list[str] = field(default_factory=list)  # what was done, for whoever reads of a failure
    number: int = 0
    alone: bool = True  # nobody else does anything meanwhile

    def step(self) -> None:
        """One deed of one phone."""
        phone = self.dice.choice(self.phones)
        deeds = (
            (self.sync, 6),
            (self.create, 5),
            (self.change, 9),
            (self.answer, 7),
            (self.delete, 3),
            (self.carry, 3),
            (self.store_again, 2),
            (self.share, 2),
            (self.delegate, 1),
            (self.leave, 1),
            (self.copy_calendar, 1),
        )
        (deed,) = self.dice.choices([one for one, _ in deeds], [weight for _, weight in deeds])
        deed(phone)

    # ------------------------------------------------------------ what is done

    def sync(self, phone: SyncingPhone) -> None:
        """It reads what changed."""
        self.told.append(f"{phone.user} syncs")
        phone.sync()

    def create(self, phone: SyncingPhone) -> None:
        """A new event or meeting, perhaps a private one."""
        at = self._calendar(phone)
        if at is None:
            return
        self.number += 1
        actor, private = self._actor(phone, at), self.dice.random() < 0.3
        others = [one for one in NAMES if one != actor]
        guests = self.dice.sample(others, self.dice.choice((0, 1, 1, 2)))
        text = new_event(self.dice, f"u{self.number}", actor, guests, private=private)
        text = text.replace(f"{SECRET}-{actor}", f"{SECRET}-{actor}-{self.number}")
        self._put(phone, f"{at}u{self.number}.ics", text, "*")

    def change(self, phone: SyncingPhone) -> None:
        """The organiser, or whoever has an event alone, changes something."""
        found = self._pick(phone, lambda text, actor: organizer(text) in ("", actor))
        if not found or "CANCELLED" in found[1] or not master(found[1]):
            return
        href, text, actor = found
        fresh = self._changed(text, actor)
        self._put(phone, href, fresh, phone_tag(phone, href) if self.dice.random() < 0.6 else "")

    def _changed(self, text: str, actor: str) -> str:
        series, self.number = master(text), self.number + 1
        kind, at = self.dice.randrange(10), self.dice.randrange(4)
        if kind == 0:
            return re.sub(r"^SUMMARY:Plan.*$", f"SUMMARY:Plan {self.number}", text, flags=re.MULTILINE)
        if kind == 1:
            return text.replace(series, re.sub(r"T09(\d\d)", r"T08\1", series))
        if kind == 2 and "RRULE" in series:
            return with_override(text, at, hour=self.dice.choice(("11", "14")))
        if kind == 3 and "RRULE" in series:
            return without_occurrence(text, at)
        if kind == 4:
            return self._other_class(text, actor)
        if kind in (5, 6) and organizer(text):
            return self._other_guests(text, actor, single=kind == 6)
        if kind == 7 and organizer(text):
            return text.replace("SUMMARY:", "STATUS:CANCELLED\nSUMMARY:") if self.dice.random() < 0.3 else text
        if kind == 8 and "RRULE" in series:
            return re.sub(r"COUNT=\d", f"COUNT={self.dice.randint(2, 6)}", text)
        if kind == 9 and "RRULE" in series and not _WORD.search(text):
            return with_override(text, at, summary=f"Plan {self.number}")
        return text

    def _other_class(self, text: str, actor: str) -> str:
        text = re.sub(r"^CLASS:.*\n", "", text, flags=re.MULTILINE)
        if _WORD.search(text):
            shown = self.dice.choice(("", "CLASS:PUBLIC\n"))
            return _WORD.sub("Plan", text).replace("END:VEVENT", f"{shown}END:VEVENT")
        text = re.sub(r"^SUMMARY:.*$", f"SUMMARY:{SECRET}-{actor}-{self.number}", text, flags=re.MULTILINE)
        return text.replace("END:VEVENT", "CLASS:PRIVATE\nEND:VEVENT")

    def _other_guests(self, text: str, actor: str, *, single: bool) -> str:
        other = self.dice.choice([one for one in NAMES if one != actor])
        where = self.dice.choice(events(text)) if single else ""
        line = re.compile(rf"^ATTENDEE[^\n]*{re.escape(mail(other))}\n", re.MULTILINE)
        for one in [where] if where else events(text):
            fresh = line.sub("", one)
            if fresh == one:
                fresh = one.replace("SUMMARY", f"ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:{mail(other)}\nSUMMARY", 1)
            text = text.replace(one, fresh)
        return text

    def answer(self, phone: SyncingPhone) -> None:
        """A guest answers, to all or one occurrence, takes one out, or sets himself a reminder."""
        found = self._pick(phone, lambda text, actor: organizer(text) not in ("", actor) and mail(actor) in text)
        if not found or "~inbox" in found[0]:
            return
        href, text, actor = found
        said = self.dice.choice(("ACCEPTED", "DECLINED", "TENTATIVE"))
        kind, at = self.dice.randrange(5), self.dice.randrange(4)
        fresh = answered(text, actor, said)
        if kind == 1 and "RRULE" in text and master(text):
            one = with_override(text, at)
            fresh = answered(one, actor, said, events(one)[1]) if one != text else fresh
        elif kind == 2 and "RRULE" in text and master(text):
            fresh = without_occurrence(text, at)
        elif kind == 3:
            fresh = answered(text, actor, said, self.dice.choice(events(text)))
        elif kind == 4:
            fresh = text.replace("END:VEVENT", f"X-MINE:OWNWORD-{actor}\nEND:VEVENT", 1)
        self._put(phone, href, fresh, phone_tag(phone, href) if self.dice.random() < 0.6 else "")

    def delete(self, phone: SyncingPhone) -> None:
        """An event goes, a guest's perhaps without a word."""
        found = self._pick(phone, lambda _text, _actor: True)
        if not found:
            return
        href, text, actor = found
        silent = self.dice.random() < 0.2
        answer = phone.phone.delete(href, headers={"Schedule-Reply": "F"} if silent else {})
        self._note(f"{phone.user} deletes {href} {uid_of(text)} {'silently' if silent else ''}", answer)
        if answer.ok and silent and organizer(text) != actor:
            self.known.loose.add((uid_of(text), actor))

    def carry(self, phone: SyncingPhone) -> None:
        """COPY or MOVE."""
        found, at = self._pick(phone, lambda _text, _actor: True), self._calendar(phone)
        if not found or at is None:
            return
        href, text, actor = found
        name = self.dice.choice((href.rpartition("/")[2], f"n{self.number}.ics"))
        method = self.dice.choice(("MOVE", "MOVE", "COPY"))
        over = self.dice.choice(("T", "F"))
        target = self._actor(phone, at)
        answer = phone.phone.request(method, href, headers={"Destination": at + name, "Overwrite": over})
        self._note(f"{phone.user} {method} {href} {uid_of(text)} to {at + name} {over}", answer)
        if answer.ok:
            now = phone.phone.get(at + name)
            text = unfolded(now.text) if now.status_code == 200 else text
            self._remember(phone, at, text, made=method == "COPY")
            if target != actor or "team" in at + href or "~" in at + href:
                self.known.mixed.add(uid_of(text))
                self.known.loose |= {(uid_of(text), one) for one in NAMES}

    def store_again(self, phone: SyncingPhone) -> None:
        """The same once more: nothing changes anywhere."""
        found = self._pick(phone, lambda _text, _actor: True)
        if not found or "~inbox" in found[0]:
            return
        now = phone.phone.get(found[0])
        if now.status_code != 200:
            return
        before = self.numbers()
        answer = phone.phone.put(found[0], data=now.content, headers={**_ICS, "If-Match": now.headers["etag"]})
        self._note(f"{phone.user} stores {found[0]} again", answer)
        after = self.numbers()
        assert before == after or not self.alone, (now.text, phone.phone.get(found[0]).text)

    def share(self, phone: SyncingPhone) -> None:
        """A calendar is shared, or not any more."""
        other = self.dice.choice([one for one in NAMES if one != phone.user])
        wish = self.dice.choice(_WISHES)
        who = f"<D:href>{mail(other)}</D:href>"
        body = f'<C:share xmlns:D="DAV:" xmlns:C="http://calendarserver.org/ns/">{wish.format(who)}</C:share>'
        calendar = self.dice.choice(("mine", "other"))
        answer = phone.phone.post(f"/dav/calendars/{phone.user}/{calendar}/", data=body, headers=_XML)
        self._note(f"{phone.user} shares {calendar} with {other}: {wish}", answer)

    def delegate(self, phone: SyncingPhone) -> None:
        """Somebody becomes a delegate, or nobody is one any more."""
        access = self.dice.choice(("read", "write"))
        others = self.dice.sample([one for one in NAMES if one != phone.user], self.dice.choice((0, 1)))
        members = "".join(f"<D:href>/dav/principals/{one}/</D:href>" for one in others)
        body = (
            '<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop>'
            f"<D:group-member-set>{members}</D:group-member-set></D:prop></D:set></D:propertyupdate>"
        )
        address = f"/dav/principals/{phone.user}/calendar-proxy-{access}/"
        answer = phone.phone.request("PROPPATCH", address, data=body, headers=_XML)
        self._note(f"{phone.user} has {others} for delegates ({access})", answer)

    def leave(self, phone: SyncingPhone) -> None:
        """A share is given back, or a copy of a calendar is thrown away."""
        able = [one for one in phone.calendars if one.startswith(f"/dav/calendars/{phone.user}/")]
        able = [one for one in able if re.search("/(mine|other)~|/copy/", one)]
        if able:
            address = self.dice.choice(sorted(able))
            self._note(f"{phone.user} leaves {address}", phone.phone.delete(address))

    def copy_calendar(self, phone: SyncingPhone) -> None:
        """A second calendar with the same in it."""
        home = f"/dav/calendars/{phone.user}/"
        answer = phone.phone.request("COPY", f"{home}mine/", headers={"Destination": f"{home}copy/", "Overwrite": "F"})
        self._note(f"{phone.user} copies his calendar", answer)

    # ------------------------------------------------------------ how

    def numbers(self) -> dict[int, int]:
        """The number of the newest change of each collection."""
        with self.hub.database.read() as unit:
            rows = unit.session.connection.execute(collections.select())
            return {row.id: row.seq for row in rows}

    def _calendar(self, phone: SyncingPhone) -> str | None:
        able = [one for one in phone.calendars if "~inbox" not in one and "~birthdays" not in one]
        return self.dice.choice(sorted(able)) if able else None

    def _actor(self, phone: SyncingPhone, address: str) -> str:
        """As whom somebody acts there: in the home of another as that one."""
        return address.split("/")[3]

    def _pick(self, phone: SyncingPhone, fits: Callable[[str, str], bool]) -> tuple[str, str, str] | None:
        """The address of an event that the phone shows, its text as it knows it, and as whom he acts there."""
        able = []
        for at, kept in sorted(phone.calendars.items()):
            for href, (_, text) in sorted(kept.shown.items()):
                text = unfolded(text)
                if text and "~birthdays" not in at and fits(text, self._actor(phone, at)):
                    able.append((href, text, self._actor(phone, at)))
        return self.dice.choice(able) if able else None

    def _put(self, phone: SyncingPhone, href: str, text: str, tag: str) -> None:
        headers = dict(_ICS)
        if tag:
            headers |= {"If-None-Match": "*"} if tag == "*" else {"If-Match": tag}
        body = text.replace("\n", "\r\n").encode()
        answer = phone.phone.put(href, data=body, headers=headers)
        self._note(f"{phone.user} puts {href} {headers.get('If-Match', '')}\n{text}", answer)
        if answer.ok:
            self._remember(phone, href.rpartition("/")[0] + "/", text, made=answer.status_code == 201)
            if answer.status_code == 201 and organizer(text) not in ("", href.split("/")[3]):
                self.known.loose.add((uid_of(text), href.split("/")[3]))  # he wants it, whatever became of the meeting

    def _remember(self, phone: SyncingPhone, at: str, text: str, *, made: bool) -> None:
        uid, home = uid_of(text), at.split("/")[3]
        owner = at.rstrip("/").rpartition("~")[2] if "~" in at else home
        if made:
            self.known.makers[uid] |= {phone.user, owner}
        if owner != home or "/team/" in at:
            self.known.mixed.add(uid)
        guests = {one for one in NAMES if mail(one) in text}
        for word in _WORD.findall(text):
            self.known.readers[word] |= {phone.user, owner, *guests, *self.known.makers[uid]}

    def _note(self, deed: str, answer: Response) -> None:
        self.told.append(f"{answer.status_code} {deed}")
        assert answer.status_code in FINE, (deed, answer.status_code, answer.text)


def phone_tag(phone: SyncingPhone, href: str) -> str:
    """The entity tag that a phone knows."""
    kept = phone.calendars[href.rpartition("/")[0] + "/"]
    return kept.shown[href][0]
