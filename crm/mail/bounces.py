"""Delivery reports: those made as RFC 3464 says, and those that are only words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crm.mail import automatic
from crm.mail.addresses import normal_address
from crm.mail.bounce_words import STATUS, Words, quoted_headers, report_in_words
from crm.mail.forwards import says_forward
from crm.mail.headers import Headers, read_headers
from crm.mail.model import DeliveryReport
from crm.mail.parts import Part, Parts

_GROUPS = 200  # recipients of one report
_ACTIONS = ("failed", "delayed", "relayed", "expanded", "delivered")  # the worst first
_ORIGINAL = {
    "message/rfc822",
    "text/rfc822-headers",
    "message/rfc822-headers",
    "message/global",
    "message/global-headers",
}


def report_of(raw: bytes, parts: Parts, text: str, subject: str, sender: str) -> DeliveryReport | None:
    """What a mail says of the delivery of another; None when it is no such report."""
    groups = [
        group for part in parts.leaves if part.media_type.endswith("/delivery-status") for group in _groups(raw, part)
    ]
    told = [
        group
        for group in groups
        if group.has("final-recipient") or group.has("original-recipient") or group.has("action")
    ]
    words = Words(text, subject, sender, _original(raw, parts, text))
    if told and says_forward(subject) and parts.media_type != "multipart/report":
        return None  # a person asks about a report that he got, and passes on its parts
    if told:
        return _from_groups(told, words)
    if _kind(parts) in {"disposition-notification", "feedback-report"}:
        return None
    return report_in_words(parts.headers, words)


def other_report(parts: Parts) -> str:
    """The kind of a multipart/report that is about no delivery: a receipt or a complaint; "" for none."""
    return {"disposition-notification": automatic.RECEIPT, "feedback-report": automatic.FEEDBACK}.get(_kind(parts), "")


def _kind(parts: Parts) -> str:
    told = parts.parameters.get("report-type", "").lower() if parts.media_type == "multipart/report" else ""
    if told:
        return told
    found = {part.media_type for part in parts.leaves}
    if "message/disposition-notification" in found:
        return "disposition-notification"
    return "feedback-report" if "message/feedback-report" in found else ""


# ---------------------------------------------------------------- RFC 3464


def _groups(raw: bytes, part: Part) -> Iterator[Headers]:
    octets = part.octets(raw)[:500_000]
    at, count = 0, 0
    while at < len(octets) and count < _GROUPS:
        headers = read_headers(octets, at)
        if headers.fields:
            yield headers
        count += 1
        at = headers.body if headers.body > at else octets.find(b"\n", at) + 1 or len(octets)


def _from_groups(groups: Sequence[Headers], words: Words) -> DeliveryReport:
    actions = [_action(group) for group in groups]
    worst = min(actions, key=_ACTIONS.index)
    about = [group for group, action in zip(groups, actions, strict=True) if action == worst]
    recipients = list(dict.fromkeys(filter(None, map(_recipient, about)))) or words.recipients()
    status = next((found[1] for group in about if (found := STATUS.search(group.first("status")))), "")
    diagnostic = next(filter(None, (group.text("diagnostic-code") for group in about)), "")
    if not status and (found := STATUS.search(diagnostic)):
        status = found[1]
    return DeliveryReport(
        worst, tuple(recipients), status, diagnostic.removeprefix("smtp;").strip()[:1000], words.original_id
    )


def _action(group: Headers) -> str:
    told = group.first("action").split()[0].strip(";").lower() if group.first("action").split() else ""
    if told in _ACTIONS:
        return told
    return "delayed" if group.first("status").startswith("4") else "failed"


def _recipient(group: Headers) -> str:
    """The address that we sent to, where it is told; else where it was sent on to."""
    for name in ("original-recipient", "final-recipient", "x-actual-recipient"):
        value = group.first(name)
        address = normal_address(value.rpartition(";")[2].strip().strip("<>").split(" ")[0])
        if address:
            return address
    return ""


def _original(raw: bytes, parts: Parts, text: str) -> Headers:
    """The headers of the mail that came back: a part of its own, or quoted at the end of the text."""
    for part in parts.leaves:
        if part.media_type in _ORIGINAL:
            octets = part.octets(raw)
            headers = read_headers(octets, len(octets) - len(octets.lstrip(b"\r\n")))
            if headers.has("message-id") or headers.has("to"):
                return headers
    return quoted_headers(text)
