"""Delivery reports: those made as RFC 3464 says, and those that are only words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from crm.mail import automatic
from crm.mail.addresses import normal_address
from crm.mail.charsets import one_line
from crm.mail.headers import Headers, read_headers
from crm.mail.message_ids import message_id
from crm.mail.model import DeliveryReport
from crm.mail.parts import Part, Parts

_GROUPS = 200  # recipients of one report
_ACTIONS = ("failed", "delayed", "relayed", "expanded", "delivered")  # the worst first
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_WORDS = 60_000  # characters of a text that are looked at
_ORIGINAL = {
    "message/rfc822",
    "text/rfc822-headers",
    "message/rfc822-headers",
    "message/global",
    "message/global-headers",
}
_MACHINE = re.compile(
    r"(?:mailer-daemon|mail-daemon|maildaemon|mdaemon|postmaster|mmdf|bounces?|mail-?delivery(?:-?subsystem)?"
    r"|double-bounce|amavisd?|virus-?alert)(?:[+=.-].*)?@.*"
)
_SUBJECT = re.compile(
    r"\s*(?:\[?(?:undeliver(?:able|ed)|non[- ]?deliver(?:y|able)|failure notice|returned (?:mail|to sender)|mail (?:could not"
    r"|delivery (?:failed|failure|system|problem|status|error|report)|not delivered|system error|returned)|delivery"
    r" (?:failure|status|notification|report|has failed|unsuccessful|problems?|error|final|not)|dsn:|warning: (?:could not"
    r"|message)|message (?:not|status|delivery|could not|delayed|undeliverable)|could not send|unable to deliver"
    r"|rejected (?:mail|message)|nondeliverable|error sending|unzustellbar|nicht zustellbar|mancata consegna"
    r"|impossibile recapitare|non recapitabile|non remis|échec de la remise|niedostarczon|nie można dostarczyć"
    r"|no entregado|user unknown|failed mail|email delivery failed|permanent delivery failure|delayed mail|failed delivery"
    r"|auto-?reply: delivery|onbestelbaar)\b)",
    re.IGNORECASE,
)
_PHRASES = re.compile(
    r"this is the qmail-send program|this is the mail system at host|created automatically by (?:mail delivery software|the)"
    r"|delivery (?:to the following recipients?|has failed to these recipients|attempts? failed)|permanent fatal errors"
    r"|the following (?:addresses?|recipients?|destinations?) (?:had|did not|failed|could not|cannot|were|was)"
    r"|(?:could not|cannot|couldn't|unable to|not able to|wasn't able to) (?:be )?(?:deliver|send)|undeliverable"
    r"|was not delivered|did not reach|mailbox (?:is )?full|user unknown|unknown user|delivery (?:failed|failure)"
    r"|returned to (?:the )?sender|returned mail|message (?:was )?(?:rejected|undelivered)|permanent error"
    r"|配信|届け|送信できません",
    re.IGNORECASE,
)
_TEMPORARY = re.compile(
    r"will (?:be retried|keep trying|retry|continue to)|temporar|delayed|warning message only|"
    r"not yet been|still trying",
    re.IGNORECASE,
)
_ADDRESS_LINE = re.compile(
    r"^[ \t>*.-]{0,8}(?:to:?|rcpt to:?|recipient:?|user)?[ \t]{0,4}<?([^\s<>:;,()\"]{1,200}@[A-Za-z0-9._-]{1,200})>?",
    re.IGNORECASE | re.MULTILINE,
)
_DIAGNOSTIC = re.compile(
    r"^.{0,400}?\b[45]\d\d[ -].{0,600}$|^.{0,300}#?[45]\.\d{1,3}\.\d{1,3}\b.{0,600}$", re.MULTILINE
)
_INNER_ID = re.compile(r"^[ \t>]{0,4}message-id:\s{0,5}(<[^<>\s]{1,998}>)", re.IGNORECASE | re.MULTILINE)


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
    original = _original_id(raw, parts, text)
    if told:
        return _from_groups(told, original)
    if _kind(parts) in {"disposition-notification", "feedback-report"}:
        return None
    if _looks_like_one(parts.headers, text, subject, sender):
        return _from_words(parts.headers, text, original)
    return None


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


def _from_groups(groups: Sequence[Headers], original: str) -> DeliveryReport:
    actions = [_action(group) for group in groups]
    worst = min(actions, key=_ACTIONS.index)
    about = [group for group, action in zip(groups, actions, strict=True) if action == worst]
    recipients = dict.fromkeys(filter(None, map(_recipient, about)))
    status = next((found[1] for group in about if (found := _STATUS.search(group.first("status")))), "")
    diagnostic = next(filter(None, (group.text("diagnostic-code") for group in about)), "")
    if not status and (found := _STATUS.search(diagnostic)):
        status = found[1]
    return DeliveryReport(worst, tuple(recipients), status, diagnostic.removeprefix("smtp;").strip()[:1000], original)


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


def _original_id(raw: bytes, parts: Parts, text: str) -> str:
    for part in parts.leaves:
        if part.media_type in _ORIGINAL:
            octets = part.octets(raw)
            headers = read_headers(octets, len(octets) - len(octets.lstrip(b"\r\n")))
            if found := message_id(headers.first("message-id")):
                return found
    quoted = _INNER_ID.search(text[-_WORDS:]) or _INNER_ID.search(text[:_WORDS])
    return message_id(quoted[1]) if quoted else ""


# ---------------------------------------------------------------- only words


def _looks_like_one(headers: Headers, text: str, subject: str, sender: str) -> bool:
    """Two signs of three at least: who sends, what the subject says, what the text says."""
    if headers.has("x-failed-recipients") or headers.has("x-mailer-daemon-error"):
        return True
    nobody = headers.has("return-path") and not headers.first("return-path").strip("<> \t")
    machine = nobody or bool(_MACHINE.fullmatch(sender)) or "mailer-daemon" in headers.first("from").lower()
    answers = headers.first("auto-submitted").lower().startswith("auto-replied") and not _SUBJECT.match(subject)
    signs = machine + bool(_SUBJECT.match(subject)) + bool(_PHRASES.search(text[:_WORDS]))
    return machine and signs >= 2 and not answers


def _from_words(headers: Headers, text: str, original: str) -> DeliveryReport:
    words = _before_original(text[:_WORDS])
    told = headers.first("x-failed-recipients").split(",")
    recipients = [address for one in told if (address := normal_address(one.strip(" <>")))] or list(_named(words))
    line = _DIAGNOSTIC.search(words)
    status = _STATUS.search(line[0]) if line else None
    status = status or _STATUS.search(words)
    temporary = bool(_TEMPORARY.search(words)) and not (status and status[1].startswith("5"))
    return DeliveryReport(
        "delayed" if temporary else "failed",
        tuple(dict.fromkeys(recipients))[:_GROUPS],
        status[1] if status else "",
        one_line(line[0])[:1000] if line else "",
        original,
    )


def _before_original(text: str) -> str:
    """Without the copy of the mail that came back: it names addresses of its own."""
    found = re.search(r"^(?:return-path|received|message-id):", text, re.IGNORECASE | re.MULTILINE)
    return text[: found.start()] if found and found.start() > 0 else text


def _named(words: str) -> Iterator[str]:
    for found in _ADDRESS_LINE.finditer(words):
        address = normal_address(found[1].removeprefix("mailto:").strip("'.=").removeprefix("rfc822;"))
        if address and not _MACHINE.fullmatch(address):
            yield address
