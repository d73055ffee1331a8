"""What every `connectors.mail.MailSender` must do, whatever system stands behind it."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Protocol

import pytest

from connectors.mail import MailSender, Sent
from sync_engine.errors import NotAuthorised, OutcomeUnknown, Rejected, Throttled, Unavailable

EVA, OTTO = "eva@customer.example", "otto@customer.example"


@dataclass(frozen=True)
class Gone:
    """A mail that left."""

    raw: bytes
    recipients: frozenset[str]  # all who get it, lower case
    sender: str | None = None  # of the envelope; None where the system does not show it


class FarSide(Protocol):
    """The system that mails are handed to, as somebody else sees it."""

    def gone(self) -> Sequence[Gone]:
        """All mails that it took from us, the oldest first. One that went out twice stands there twice."""

    def loses_answer(self) -> AbstractContextManager[object]:
        """It takes the next mail, and the answer that says so is lost."""

    def breaks_early(self) -> AbstractContextManager[object]:
        """The line breaks before the next mail is handed over whole, each time."""

    def is_busy(self) -> AbstractContextManager[object]:
        """It asks everybody to come again later (429, 421, 451 ...)."""


def written(
    subject: str, *, sender: str, to: Sequence[str] = (EVA,), text: str = "Good morning.\n", message_id: str = ""
) -> bytes:
    """A mail as answers make them."""
    made = EmailMessage(policy=email.policy.SMTP)
    made["From"], made["To"], made["Subject"] = sender, ", ".join(to), subject
    made["Message-ID"] = f"<{message_id or subject.replace(' ', '-')}@example.org>"
    made["Date"] = "Mon, 02 Mar 2026 09:00:00 +0100"
    made.set_content(text)
    return made.as_bytes()


class MailSenderContract:
    """Subclasses give the fixtures `sender`, `again`, `far_side`, `locked_out` and `unreachable`."""

    address = "support@example.org"  # of the mailbox
    can_tell = True  # whether `find_sent` knows
    refused: str | None = None  # an address that the system refuses while a mail is handed over; None: it takes all
    too_large = 0  # octets of a mail that it never takes; 0: not to be tried

    @pytest.fixture
    def far_side(self) -> FarSide:
        raise NotImplementedError

    @pytest.fixture
    def sender(self) -> MailSender:
        """Signed in; closed by the fixture."""
        raise NotImplementedError

    @pytest.fixture
    def again(self) -> MailSender:
        """Another one for the same account: the next process."""
        raise NotImplementedError

    @pytest.fixture
    def locked_out(self) -> MailSender:
        """With a wrong password or a token that was revoked."""
        raise NotImplementedError

    @pytest.fixture
    def unreachable(self) -> MailSender:
        """Where nobody listens."""
        raise NotImplementedError

    def same(self, handed: bytes, gone: bytes) -> bool:
        """Whether what left is what was handed over. A system that rewrites headers says what it keeps."""
        return handed == gone

    def mail(self, subject: str, **more: str | Sequence[str]) -> bytes:
        return written(subject, sender=self.address, **more)  # type: ignore[arg-type]

    # ------------------------------------------------------------ what goes out

    def test_a_mail_goes_out_once_as_it_is(self, sender: MailSender, far_side: FarSide) -> None:
        raw = self.mail("plain")
        assert sender.send(raw, self.address, [EVA]).sent is Sent.ACCEPTED
        (gone,) = far_side.gone()
        assert self.same(raw, gone.raw)
        assert gone.recipients == {EVA}
        assert gone.sender in {self.address, None}

    @pytest.mark.parametrize(
        "text", [".\r\n..\r\n.dots\r\n", "žluťoučký kůň 日本\n", "x" * 2000 + "\n", "0123456789abcdef\n" * 20_000]
    )
    def test_any_text_arrives(self, sender: MailSender, far_side: FarSide, text: str) -> None:
        raw = self.mail("text", text=text)
        sender.send(raw, self.address, [EVA])
        (gone,) = far_side.gone()
        assert _text(gone.raw) == _text(raw)

    def test_all_recipients_get_it_those_of_no_header_too(self, sender: MailSender, far_side: FarSide) -> None:
        sender.send(self.mail("copies", to=[EVA]), self.address, [EVA, OTTO])
        (gone,) = far_side.gone()
        assert gone.recipients == {EVA, OTTO}
        visible = gone.raw.split(b"\r\n\r\n")[0].lower()
        assert b"bcc" not in visible or gone.sender is None  # only the sender's own copy may show them

    def test_automatic_mail_has_no_sender_in_its_envelope(self, sender: MailSender, far_side: FarSide) -> None:
        sender.send(self.mail("automatic"), "", [EVA])
        (gone,) = far_side.gone()
        assert gone.sender in {"", None}

    def test_several_go_out_through_one_sender(self, sender: MailSender, far_side: FarSide) -> None:
        for n in range(3):
            sender.send(self.mail(f"mail {n}"), self.address, [EVA])
        assert [_subject(one.raw) for one in far_side.gone()] == ["mail 0", "mail 1", "mail 2"]

    # ------------------------------------------------------------ what is known of it

    def test_find_sent_tells_what_went_out(self, sender: MailSender, again: MailSender) -> None:
        sender.send(self.mail("sent", message_id="abc.1+x"), self.address, [EVA])
        found = [again.find_sent("abc.1+x@example.org"), again.find_sent("never@example.org")]
        assert found == ([True, False] if self.can_tell else [None, None])

    def test_an_answer_that_was_lost_leaves_the_outcome_unknown(
        self, sender: MailSender, again: MailSender, far_side: FarSide
    ) -> None:
        with far_side.loses_answer(), pytest.raises(OutcomeUnknown):
            sender.send(self.mail("lost", message_id="lost"), self.address, [EVA])
        assert [_subject(one.raw) for one in far_side.gone()] == ["lost"]
        assert again.find_sent("lost@example.org") is (True if self.can_tell else None)

    def test_a_line_that_breaks_before_is_certain(self, sender: MailSender, far_side: FarSide) -> None:
        with far_side.breaks_early(), pytest.raises(Unavailable) as raised:
            sender.send(self.mail("never"), self.address, [EVA])
        assert not isinstance(raised.value, OutcomeUnknown)
        assert far_side.gone() == []
        sender.send(self.mail("after"), self.address, [EVA])
        assert [_subject(one.raw) for one in far_side.gone()] == ["after"]

    def test_a_busy_system_takes_nothing(self, sender: MailSender, far_side: FarSide) -> None:
        with far_side.is_busy(), pytest.raises((Throttled, Unavailable)) as raised:
            sender.send(self.mail("busy"), self.address, [EVA])
        assert not isinstance(raised.value, OutcomeUnknown)
        assert far_side.gone() == []

    # ------------------------------------------------------------ refusals

    def test_one_recipient_of_two_is_refused(self, sender: MailSender, far_side: FarSide) -> None:
        if self.refused is None:
            return
        receipt = sender.send(self.mail("partly"), self.address, [EVA, self.refused])
        assert receipt.sent is Sent.PARTLY
        ((address, said),) = receipt.refused
        assert address == self.refused
        assert said
        assert [one.recipients for one in far_side.gone()] == [{EVA}]

    def test_all_recipients_are_refused(self, sender: MailSender, far_side: FarSide) -> None:
        if self.refused is None:
            return
        with pytest.raises(Rejected):
            sender.send(self.mail("nobody", to=[self.refused]), self.address, [self.refused])
        assert far_side.gone() == []
        sender.send(self.mail("after"), self.address, [EVA])
        assert len(far_side.gone()) == 1

    @pytest.mark.parametrize("address", ["eva@x.example>\r\nRCPT TO:<otto@x.example", "eva@x.example\n", "a b@x", ""])
    def test_an_address_that_is_none_is_refused(self, sender: MailSender, far_side: FarSide, address: str) -> None:
        with pytest.raises(Rejected):
            sender.send(self.mail("injected"), self.address, [address])
        assert far_side.gone() == []

    def test_a_mail_that_is_too_large_is_refused(self, sender: MailSender, far_side: FarSide) -> None:
        if not self.too_large:
            return
        with pytest.raises(Rejected):
            sender.send(
                self.mail("large", text="x" * 70 + "\n") + b"x\r\n" * (self.too_large // 3), self.address, [EVA]
            )
        assert far_side.gone() == []

    # ------------------------------------------------------------ trouble

    def test_a_wrong_sign_in_is_said(self, locked_out: MailSender) -> None:
        with pytest.raises(NotAuthorised):
            locked_out.send(self.mail("no"), self.address, [EVA])

    def test_nobody_there_is_said(self, unreachable: MailSender) -> None:
        with pytest.raises(Unavailable) as raised:
            unreachable.send(self.mail("no"), self.address, [EVA])
        assert not isinstance(raised.value, OutcomeUnknown)

    def test_closing_twice_is_fine(self, again: MailSender) -> None:
        again.send(self.mail("one"), self.address, [EVA])
        again.close()
        again.close()


def _text(raw: bytes) -> str:
    read = email.message_from_bytes(raw, policy=email.policy.SMTP)
    assert isinstance(read, EmailMessage)
    return str(read.get_content()).replace("\r\n", "\n")


def _subject(raw: bytes) -> str:
    return str(email.message_from_bytes(raw, policy=email.policy.SMTP)["Subject"])
