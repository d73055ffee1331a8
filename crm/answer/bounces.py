"""Delivery reports: a mail of ours that did not arrive says so at its request (REQUESTS.md 7).

Anybody can write a report. It counts only when it names the Message-ID of a mail that we sent, which nobody can guess,
and only for addresses that this mail went to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from crm.actor import Actor
from crm.answer.model import Bounced
from crm.mail.model import DeliveryReport, Mail
from crm.request.history import note
from crm.request.mailing import message_came
from crm.request.reading import current_id
from crm.settings import CrmSettings
from storage.crm import bounced, mails, written
from storage.crm import outbox as rows
from storage.crm.written import Written
from storage.unit_of_work import SqlUnitOfWork

_MOST_IDS = 50  # of one report that are looked up
_OURS = re.compile(r"\br[1-9][0-9]{0,17}\.[a-z2-7]{16}\.[a-z2-7]{26}@[a-z0-9.\-]+", re.IGNORECASE)
_TEXT = 200_000  # characters of the report that are searched


def take_report(unit: SqlUnitOfWork, actor: Actor, message_id: int, mail: Mail) -> Bounced | None:
    """Tie a report (`message_id` is its own row of `messages`, `mail` what was read of it) to the mail it is about.

    Sets the report's `bounce_of_id` and `request_id`, the state of our mail, `bounced_addresses` and the request's
    history; a closed request stays closed. None where it is about no mail of ours.
    """
    ours = _ours(unit, mail) if mail.report else None
    if ours is None or mail.report is None:
        return None
    connection = unit.session.connection
    request_id = None if ours.request_id is None else current_id(unit, ours.request_id)
    bounced.tie(connection, message_id, ours.id, request_id)
    addresses = _addresses(unit, ours, mail.report)
    if mail.report.action == "failed":
        _mark(unit, ours, mail.report, addresses, message_id)
    if request_id is not None:  # it comes to the top of the lists; being automatic it opens nothing
        message_came(unit, CrmSettings(), actor, request_id, at=unit.session.now(), automatic=True)
        _note(unit, actor, request_id, mail.report, addresses)
    return Bounced(ours.id, request_id, addresses, mail.report.permanent)


def reached(unit: SqlUnitOfWork, address: str) -> None:
    """Somebody answered a mail of ours from this address (a Message-ID that we signed): it takes mail after all."""
    bounced.unmark(unit.session.connection, address)


def _ours(unit: SqlUnitOfWork, mail: Mail) -> Written | None:
    for found in list(dict.fromkeys(_ids(mail)))[:_MOST_IDS]:
        ours = written.with_header_id(unit.session.connection, mails.id_hash(found))
        if ours is not None:
            return ours
    return None


def _ids(mail: Mail) -> Iterator[str]:
    if mail.report and mail.report.original_id:
        yield mail.report.original_id
    yield from (*mail.in_reply_to, *mail.references)
    yield from (found.lower() for found in _OURS.findall(mail.text[:_TEXT]))


def _addresses(unit: SqlUnitOfWork, ours: Written, report: DeliveryReport) -> tuple[str, ...]:
    """Those that our mail went to. One that forwards names the address behind it: then it is the only one there is."""
    people = written.addresses_of(unit.session.connection, ours.id)
    went_to = tuple(dict.fromkeys(one.address for one in people if one.role in ("to", "cc", "bcc")))
    named = tuple(address for address in went_to if address in {one.lower() for one in report.recipients})
    return named or (went_to if len(went_to) == 1 else ())


def _mark(
    unit: SqlUnitOfWork, ours: Written, report: DeliveryReport, addresses: tuple[str, ...], report_id: int
) -> None:
    connection, now = unit.session.connection, unit.session.now()
    entry = rows.of_message(connection, ours.id)
    if entry and entry.state in ("doubt", "sending"):  # it went out: that much is known now
        rows.move(connection, entry.id, entry.state, "sent", sent_at=entry.started_at or now, next_at=None)
    bounced.set_state(connection, ours.id, "bounced")
    said = " ".join(f"{report.status} {report.diagnostic}".split())
    for address in addresses:
        bounced.mark(connection, address, now, permanent=report.permanent, reason=said, report_id=report_id)


def _note(
    unit: SqlUnitOfWork, actor: Actor, request_id: int, report: DeliveryReport, addresses: tuple[str, ...]
) -> None:
    action = "bounced" if report.action == "failed" else "delivery"
    said = " ".join(f"{report.status} {report.diagnostic}".split())
    note(unit, request_id, actor, action, field=report.action, after=", ".join(addresses), reason=said[:900])
