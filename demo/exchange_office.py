"""Exchange in the demo: our own server, and a person who works there through exchangelib."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from exchangelib import BASIC, DELEGATE, Account, Build, Configuration, Credentials, EWSDateTime, EWSTimeZone, Version

from demo.offices import SPAN, Joining, Look, is_of
from tests.servers.microsoft.ews_call import Site

OUTLOOK, PASSWORD = "outlook@example.net", "secret"


@dataclass
class ExchangeOffice:
    """On premises, through exchangelib."""

    site: Site
    name: str = "Exchange"
    account_name: str = "Outlook"
    _account: Any = field(default=None, init=False)

    def joining(self) -> Joining:
        """See `Office`."""
        words = ("--connector", "exchange", "--url", self.site.url, "--username", OUTLOOK)
        return Joining(words, PASSWORD, {"contact": "Contacts", "event": "Calendar", "task": "Tasks"})

    @property
    def account(self) -> Any:
        """The person's."""
        if self._account is None:
            config = Configuration(
                service_endpoint=self.site.url,
                credentials=Credentials(OUTLOOK, PASSWORD),
                auth_type=BASIC,
                version=Version(build=Build(15, 1, 2507, 6)),
                max_connections=1,
            )
            zone = EWSTimeZone("Europe/Zurich")
            self._account = Account(
                OUTLOOK, config=config, autodiscover=False, access_type=DELEGATE, default_timezone=zone
            )
        return self._account

    def _items(self, kind: str) -> list[Any]:
        name = "display_name" if kind == "contact" else "subject"
        folder = {"contact": self.account.contacts, "event": self.account.calendar, "task": self.account.tasks}[kind]
        return list(folder.all().only(name, "changekey"))

    @staticmethod
    def _title(item: Any) -> str:
        return str(getattr(item, "display_name", None) or getattr(item, "subject", None) or "")

    def titles(self, kind: str) -> Counter[str]:
        """See `Office`."""
        return Counter(self._title(item) for item in self._items(kind))

    def rename(self, kind: str, title: str, new: str) -> None:
        """See `Office`."""
        item = self._found(kind, title)
        if kind == "contact":  # as Outlook's form does: it makes the whole name of the parts
            given, _, family = new.rpartition(" ")
            said = {"given_name": given, "surname": family, "display_name": new}
        else:
            said = {"subject": new}
        for name, text in said.items():
            setattr(item, name, text)
        more = {"send_meeting_invitations": "SendToNone"} if kind == "event" else {}
        item.save(update_fields=[*said], **more)

    def delete(self, kind: str, title: str) -> None:
        """See `Office`."""
        self._found(kind, title).move_to_trash()

    def _found(self, kind: str, title: str) -> Any:
        return next(item for item in self._items(kind) if self._title(item) == title)

    def versions(self) -> dict[str, str]:
        """See `Office`."""
        return {item.id: item.changekey for kind in ("contact", "event", "task") for item in self._items(kind)}

    def mails(self) -> int:
        """See `Office`."""
        return len(self.site.exchange.outbox)

    def look(self, person: str, series: str) -> Look:
        """See `Office`."""
        found = self._found("contact", person)
        contact = self.account.contacts.get(id=found.id)
        zone = EWSTimeZone("UTC")
        first, last = (EWSDateTime(at.year, at.month, at.day, tzinfo=zone) for at in SPAN)
        view = self.account.calendar.view(start=first, end=last)
        starts = [one.start for one in view if is_of(series, str(one.subject))]
        return Look(
            frozenset(datetime.fromtimestamp(start.timestamp(), UTC) for start in starts),
            any(getattr(one, "is_contact_photo", False) for one in contact.attachments or ()),
            frozenset(contact.categories or ()),
        )
