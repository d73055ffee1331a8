"""The requests that a mail may belong to: those that it answers, and the one whose number is in its subject."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from crm.answer.signed_ids import request_of
from crm.intake.placing import Candidate, Way
from crm.invitation.placing import requests_of
from crm.mail.model import Mail
from crm.request.mailing import takes
from crm.request.reading import current_id, id_called, subject_of
from crm.settings import CrmSettings
from storage.crm.mails import mailboxes_of, referred
from storage.unit_of_work import SqlUnitOfWork

_MOST_REFERENCES = 100  # of the newest; a thread that is longer has its beginning among ours already
_MOST_NUMBERS = 3
_MOST_OF_ONE = 3  # requests that have mails with one Message-ID
_NUMBER = re.compile(r"\[\s*((?:[A-Z]{1,8}-)?[0-9]{4}-[0-9]{1,12})\s*\]", re.IGNORECASE)


def candidates(
    unit: SqlUnitOfWork, settings: CrmSettings, mail: Mail, *, also: Sequence[str] = (), original: Mail | None = None
) -> tuple[Candidate, ...]:
    """In the order of the mail's headers. `also`: its Message-ID, if others have it; `original`: what was passed on."""
    same = [(number, Way.SAME) for number, _known_by in _known(unit, also)]
    answered = [*_answered(mail), *(_thread(original) if original else ())]
    answered = list(dict.fromkeys(name for name in answered if name))[:_MOST_REFERENCES]
    invited = [(number, Way.KNOWN) for number in requests_of(unit, settings, mail)]
    known = [*_known(unit, answered), *invited]
    ways = dict.fromkeys([*_signed(settings, [*also, *answered]), *known, *same, *_numbered(unit, mail.subject)])
    return tuple(_candidates(unit, settings, list(ways)))


def _answered(mail: Mail) -> tuple[str, ...]:
    return (*mail.in_reply_to, *mail.references)


def _thread(mail: Mail) -> tuple[str, ...]:
    return (mail.message_id, *_answered(mail))


def _signed(settings: CrmSettings, message_ids: Sequence[str]) -> Iterator[tuple[int, Way]]:
    for message_id in message_ids:
        found = request_of(settings.signing_key, message_id)
        if found is not None:
            yield found, Way.SIGNED


def _known(unit: SqlUnitOfWork, message_ids: Sequence[str]) -> Iterator[tuple[int, Way]]:
    rows = referred(unit.session.connection, message_ids)
    for message_id in message_ids:
        for number in list(dict.fromkeys(rows.get(message_id, ())))[:_MOST_OF_ONE]:
            yield number, Way.KNOWN


def _numbered(unit: SqlUnitOfWork, subject: str) -> Iterator[tuple[int, Way]]:
    for number in list(dict.fromkeys(found.upper() for found in _NUMBER.findall(subject)))[:_MOST_NUMBERS]:
        if (request_id := id_called(unit, number)) is not None:
            yield request_id, Way.TOKEN


def _candidates(unit: SqlUnitOfWork, settings: CrmSettings, found: list[tuple[int, Way]]) -> Iterator[Candidate]:
    now = {number: current_id(unit, number) for number in dict.fromkeys(number for number, _way in found)}
    there = [number for number in now.values() if number is not None]
    boxes = mailboxes_of(unit.session.connection, there)
    told: set[tuple[int, Way]] = set()
    for number, way in found:
        current = now[number]
        if current is None or (current, way) in told:
            continue
        told.add((current, way))
        subject = subject_of(unit, current)
        yield Candidate(
            current,
            way,
            subject.people | ({subject.customer_address} - {""}),
            frozenset(boxes.get(current, ())),
            is_over=takes(unit, settings, current, unit.session.now()) is None,
        )
