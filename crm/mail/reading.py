"""From the octets of a mail to what stands in it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from crm.mail import automatic, limits
from crm.mail.addresses import Addresses, read_addresses
from crm.mail.authentication import authentication_of
from crm.mail.body import Body, read_body
from crm.mail.bounces import other_report, report_of
from crm.mail.charsets import one_line, text_of
from crm.mail.dates import instant
from crm.mail.forwards import quoted_mail, says_forward
from crm.mail.headers import Headers
from crm.mail.message_ids import message_id, message_ids
from crm.mail.model import Mail, Party
from crm.mail.parts import Part, Parts, normalised, read_parts

_NOBODY = Party("")


@dataclass(frozen=True, slots=True)
class _People:
    senders: tuple[Party, ...]
    verified: bool
    reply_to: tuple[Party, ...]
    to: tuple[Party, ...]
    cc: tuple[Party, ...]
    problems: tuple[str, ...]

    @property
    def sender(self) -> Party:
        """The only one of From."""
        different = {party.address for party in self.senders}
        return self.senders[0] if len(different) == 1 else _NOBODY


def read_mail(raw: bytes, *, own: frozenset[str] = frozenset(), trusted: frozenset[str] = frozenset()) -> Mail:
    """What stands in a mail. Never raises, whatever the octets are: `problems` says what could not be read.

    `own` are our addresses, lower case: mail from them is automatic. `trusted` are the names of servers whose
    Authentication-Results count, lower case. `original` and `forwarded` go by the form alone: whether who passed the
    mail on is one of us is for the caller to know.
    """
    try:
        return unguarded(raw, own, trusted)
    except Exception as err:  # the promise above holds for what nobody thought of, too
        return _unreadable(raw, err)


def unguarded(raw: bytes, own: frozenset[str] = frozenset(), trusted: frozenset[str] = frozenset()) -> Mail:
    """The same without the net below it: nothing that is known makes it raise, and tests see that it stays so."""
    read = _read(raw, own, trusted)
    inner = _passed_on(normalised(raw), read)
    if inner is None:
        return read[0]
    return replace(read[0], original=inner, forwarded=True)


def _unreadable(raw: bytes, err: Exception) -> Mail:
    text = text_of(raw[:20_000])
    problem = f"This mail could not be read ({type(err).__name__}): its beginning is shown as it came."
    return replace(_plain_mail("", _NOBODY, text, len(raw), (problem,)), automatic=automatic.UNREADABLE)


def _read(raw: bytes, own: frozenset[str], trusted: frozenset[str]) -> tuple[Mail, Parts]:
    octets = normalised(raw)
    parts = read_parts(octets)
    headers = parts.headers
    body = read_body(octets, parts.leaves)
    people = _people(headers)
    subject = headers.text("subject")[: limits.SUBJECT]
    report = report_of(octets, parts, body.text, subject, people.sender.address)
    kind = automatic.BOUNCE if report else other_report(parts)
    answered = message_ids(headers.first("in-reply-to"))[: limits.IDS]
    known = [one for one in reversed(message_ids(" ".join(headers.all("references")))) if one not in answered]
    path = one_line(headers.first("return-path")).strip("<> ").lower()[: limits.ADDRESS]
    mail = Mail(
        message_id=message_id(headers.first("message-id")),
        in_reply_to=tuple(answered),
        references=tuple(known[: limits.IDS]),
        subject=subject,
        sender=people.sender,
        senders=people.senders,
        verified=people.verified,
        reply_to=people.reply_to,
        to=people.to,
        cc=people.cc,
        sent_at=instant(headers.first("date")),
        text=body.text,
        html=body.html,
        attachments=tuple(body.attachments),
        calendars=tuple(body.calendars),
        automatic=kind or automatic.kind_of(headers, subject, people.sender.address, own),
        report=report,
        return_path=path if headers.has("return-path") else None,
        authentication=authentication_of(headers, trusted) if trusted else "",
        size=len(raw),
        problems=_problems(raw, parts, people, body),
    )
    return mail, parts


def _people(headers: Headers) -> _People:
    found = {name: _addresses(headers, name) for name in ("from", "reply-to", "to", "cc")}
    count = sum(bool(party.address) for one in found.values() for party in one.parties)
    problems = []
    if count > limits.ADDRESSES:
        problems.append(f"More than {limits.ADDRESSES} addresses: the rest was left out.")
    left = limits.ADDRESSES
    kept: dict[str, tuple[Party, ...]] = {}
    for name, one in found.items():  # From first: it counts most
        kept[name] = tuple(party for party in one.parties if party.address)[:left]
        left -= len(kept[name])
    froms = headers.all("from")
    verified = len(froms) == 1 and found["from"].strict and len(kept["from"]) == len(found["from"].parties) == 1
    problems += _from_problems(froms, kept["from"], verified)
    return _People(kept["from"], verified, kept["reply-to"], kept["to"], kept["cc"], tuple(problems))


def _addresses(headers: Headers, name: str) -> Addresses:
    """A header that stands there a thousand times is not read a thousand times."""
    parties: list[Party] = []
    strict, left = True, limits.ADDRESS_LISTS
    for value in headers.all(name):
        left -= len(value)
        if left < 0 or len(parties) > limits.ADDRESSES:
            return Addresses(tuple(parties), strict=False)
        one = read_addresses(value)
        parties += one.parties
        strict = strict and one.strict
    return Addresses(tuple(parties), strict)


def _from_problems(froms: list[str], senders: tuple[Party, ...], verified: bool) -> list[str]:
    if not froms:
        return ["The mail does not say who sent it."]
    if len({party.address for party in senders}) > 1:
        return ["The mail names several senders."]
    if not verified:
        return ["The sender is not written as it must be: do not rely on it."]
    if "@" in senders[0].name and senders[0].address not in senders[0].name.lower():
        return ["The sender's name shows another address than the mail's own."]
    return []


def _problems(raw: bytes, parts: Parts, people: _People, body: Body) -> tuple[str, ...]:
    found: list[str] = []
    if len(raw) > limits.MAIL:
        found.append(f"The mail is larger than {limits.MAIL // 1024 // 1024} MiB: its end was not read.")
    if not parts.headers.fields:
        found.append("The mail has no headers.")
    return tuple(dict.fromkeys([*found, *parts.problems, *people.problems, *body.problems]))


# ---------------------------------------------------------------- passed on


def _passed_on(raw: bytes, read: tuple[Mail, Parts]) -> Mail | None:
    """The mail that this one passes on, if it does. Attached: with a forward's subject, or without words of its own."""
    mail, parts = read
    if mail.report is not None or mail.automatic in {automatic.RECEIPT, automatic.FEEDBACK, automatic.LIST}:
        return None
    named = says_forward(mail.subject)
    attached = [part for part in parts.leaves if part.media_type in {"message/rfc822", "message/global"}]
    if len(attached) == 1 and (named or not mail.text.strip()) and parts.media_type != "multipart/digest":
        return _attached(raw, attached[0])
    return _quoted(mail) if named else None


def _attached(raw: bytes, part: Part) -> Mail | None:
    inner, _ = _read(part.octets(raw), frozenset(), frozenset())
    return inner if inner.sender.address else None


def _quoted(mail: Mail) -> Mail | None:
    found = quoted_mail(mail.text)
    if found is None:
        return None
    quoted = _plain_mail(found.subject, found.sender, found.text, 0, ())
    return replace(quoted, to=found.to, sent_at=found.sent_at, attachments=mail.attachments)


def _plain_mail(subject: str, sender: Party, text: str, size: int, problems: tuple[str, ...]) -> Mail:
    return Mail(
        message_id="",
        in_reply_to=(),
        references=(),
        subject=subject,
        sender=sender,
        senders=(sender,) if sender.address else (),
        verified=False,
        reply_to=(),
        to=(),
        cc=(),
        sent_at=None,
        text=text,
        html="",
        attachments=(),
        calendars=(),
        automatic="",
        report=None,
        return_path=None,
        authentication="",
        size=size,
        problems=problems,
    )
