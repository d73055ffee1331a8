"""One mail becomes a message of a request, in one transaction (REQUESTS.md 1 to 9)."""

from __future__ import annotations

from dataclasses import dataclass

from crm.actor import INTAKE
from crm.answer.acknowledging import acknowledge
from crm.answer.bounces import reached, take_report
from crm.intake import sameness
from crm.intake.candidates import candidates
from crm.intake.customers import Writer, writer_of
from crm.intake.model import Delivered, Taken, What, is_backlog
from crm.intake.opening import Opened, open_for
from crm.intake.placing import Facts, Placement, place
from crm.intake.rows import message_row
from crm.invitation.incoming import take_invitations
from crm.mail.model import Mail
from crm.mail.reading import read_mail
from crm.request.history import note
from crm.request.mailing import answered, message_came
from crm.request.model import Person
from crm.request.people import add_person
from crm.request.reading import subject_of
from crm.settings import CrmSettings
from storage.crm.mail_raws import keep
from storage.crm.mails import add_message, set_request
from storage.crm.quarantined import resolve
from storage.crm.receipts import add_receipt, receipts_at, resolve_receipt
from storage.unit_of_work import SqlUnitOfWork


def take(unit: SqlUnitOfWork, settings: CrmSettings, delivered: Delivered) -> Taken:
    """Take a mail in. Taking it again, from wherever it lies, changes nothing but that its place is noted.

    Raises what went wrong, and then nothing of it may be committed: `crm.intake.aside.take_or_keep` is for callers.
    """
    there = (delivered.mailbox, delivered.folder)
    receipt = receipts_at(unit.session.connection, *there, [delivered.remote_id]).get(delivered.remote_id)
    if receipt is not None and receipt.message_id is not None:
        return Taken(receipt.message_id, None, What.KNOWN)
    taken = take_in(unit, settings, delivered)
    connection, now = unit.session.connection, unit.session.now()
    if receipt is None:
        add_receipt(connection, *there, delivered.remote_id, now, message_id=taken.message_id)
    elif taken.message_id is not None:  # it was kept aside before
        resolve_receipt(connection, receipt.id, taken.message_id)
        resolve(connection, receipt.quarantine_id, now)
    return taken


def take_in(unit: SqlUnitOfWork, settings: CrmSettings, delivered: Delivered) -> Taken:
    """The same without noting where it lay."""
    mail = read_mail(delivered.raw, own=settings.own_addresses, trusted=settings.trusted_authserv)
    same = sameness.look(unit, settings, mail, delivered.raw)
    if same.message_id is not None:
        return Taken(same.message_id, same.request_id, What.KNOWN)
    return _Taking(unit, settings, delivered, mail, same).run()


@dataclass(frozen=True, slots=True)
class _Taking:
    """One mail that we do not have."""

    unit: SqlUnitOfWork
    settings: CrmSettings
    delivered: Delivered
    mail: Mail
    same: sameness.Sameness

    def run(self) -> Taken:
        """Write the message, find its request, and do what follows from it."""
        writer = writer_of(self.unit, self.settings, self.mail)
        message_id = self._write(writer)
        if (reported := self._report(message_id)) is not None:
            return reported
        placement = self._placement(writer)
        if placement.request_id is not None:
            return self._add(message_id, placement.request_id, placement, writer)
        if self.mail.report is not None and self.mail.automatic:  # of a mail that was not ours to send
            return Taken(message_id, None, What.IGNORED)
        return self._open(message_id, placement, writer)

    def _write(self, writer: Writer) -> int:
        connection, now = self.unit.session.connection, self.unit.session.now()
        digest = keep(connection, self.delivered.raw, now)
        received = self.delivered.arrived_at or now
        row = message_row(self.mail, writer, key=self.same.key, digest=digest, received_at=received)
        return add_message(connection, row, now)

    def _report(self, message_id: int) -> Taken | None:
        if self.mail.report is None:
            return None
        bounced = take_report(self.unit, INTAKE, message_id, self.mail)
        return None if bounced is None else Taken(message_id, bounced.request_id, What.REPORT)

    def _placement(self, writer: Writer) -> Placement:
        also = (self.mail.message_id,) if self.same.differs else ()
        original = self.mail.original if writer.forwarded_by else None
        found = candidates(self.unit, self.settings, self.mail, also=also, original=original)
        sender = "" if self.mail.forged else writer.party.address  # he takes part in nothing in somebody's name
        return place(Facts(sender, self.delivered.mailbox, found, automatic=bool(self.mail.automatic)))

    def _add(self, message_id: int, request_id: int, placement: Placement, writer: Writer) -> Taken:
        set_request(self.unit.session.connection, message_id, request_id)
        if self._is_answer(request_id, writer):
            answered(self.unit, INTAKE, request_id, self.unit.session.now())
        else:
            self._came(request_id)
        if placement.trusted and writer.party.address and not self.mail.automatic and not self.mail.forged:
            self._let_take_part(request_id, writer)
            reached(self.unit, writer.party.address)
        self._tell(request_id, message_id, "placed", _WAYS[placement.way])
        return Taken(message_id, request_id, What.ADDED)

    def _open(self, message_id: int, placement: Placement, writer: Writer) -> Taken:
        opened = open_for(self.unit, self.settings, self.delivered, self.mail, placement, writer)
        if opened is None:
            return Taken(message_id, None, What.IGNORED)
        set_request(self.unit.session.connection, message_id, opened.request_id)
        self._came(opened.request_id)
        self._tell(opened.request_id, message_id, "sorted", opened.explanation)
        self._acknowledge(message_id, opened, writer)
        return Taken(message_id, opened.request_id, What.OPENED)

    def _came(self, request_id: int) -> None:
        automatic = bool(self.mail.automatic)
        message_came(self.unit, self.settings, INTAKE, request_id, at=self.unit.session.now(), automatic=automatic)

    def _is_answer(self, request_id: int, writer: Writer) -> bool:
        """A colleague answered the customer from his own program, with a copy to us: nothing is asked of us."""
        if writer.colleague_id is None or writer.forwarded_by or self.mail.automatic:
            return False
        customer = subject_of(self.unit, request_id).customer_address
        return bool(customer) and customer in {party.address for party in (*self.mail.to, *self.mail.cc)}

    def _tell(self, request_id: int, message_id: int, action: str, reason: str) -> None:
        """The history says how the request was found, and what is odd about it; invitations go to the agenda."""
        if reason:
            note(self.unit, request_id, INTAKE, action, after=str(message_id), reason=reason)
        for warning in (*self.same.warnings, *self.mail.problems):
            note(self.unit, request_id, INTAKE, "warning", after=str(message_id), reason=warning)
        if self.mail.calendars:
            take_invitations(self.unit, self.settings, message_id, request_id, self.mail)

    def _let_take_part(self, request_id: int, writer: Writer) -> None:
        """Whoever answers a mail of ours got it; he may go on by the number in the subject from now on."""
        subject = subject_of(self.unit, request_id)
        if writer.party.address in subject.people or writer.party.address == subject.customer_address:
            return
        role = "colleague" if writer.colleague_id is not None and not writer.forwarded_by else "copy"
        add_person(self.unit, INTAKE, request_id, Person(writer.party.address, writer.party.name, role))

    def _acknowledge(self, message_id: int, opened: Opened, writer: Writer) -> None:
        """Never of what a colleague passed on: whoever forges his address would have us write to strangers."""
        if writer.forwarded_by or opened.spam:
            return
        backlog = is_backlog(self.delivered, self.mail, self.unit.session.now())
        mailbox = self.delivered.mailbox
        acknowledge(self.unit, self.settings, mailbox, opened.request_id, message_id, self.mail, backlog=backlog)


_WAYS = {
    "signed": "It answers a mail of ours.",
    "known": "It answers a mail of this request.",
    "same": "A mail of this request has its Message-ID, and its sender takes part in it.",
    "token": "The number of this request is in its subject, and its sender takes part in it.",
}
