"""SMTP servers as they are on bad days; what is known of a mail when the line breaks."""

from __future__ import annotations

import base64
import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from connectors.mail import Sent
from connectors.settings import ConnectorSettings
from connectors.smtp import connect
from connectors.smtp.sender import SmtpSender
from sync_engine.errors import NotAuthorised, OutcomeUnknown, Rejected, SyncError, Throttled, Unavailable
from tests.servers.recording import recording
from tests.servers.scripted import Scripted, Talk, scripted
from tests.servers.smtp import PASSWORD, USER, smtp

SECRET = "pw-canary-4711"
ME, EVA, OTTO = "support@example.org", "eva@customer.example", "otto@customer.example"
RAW = b"Subject: hello\r\n\r\nGood morning.\r\n"
LARGE = (b"x" * 998 + b"\r\n") * 12_000  # more than the buffers of both sides hold
EXTENSIONS = (b"250-SIZE 1000000", b"250-8BITMIME", b"250-SMTPUTF8", b"250 AUTH PLAIN")


class Smtp:
    """Answers yes to everything but what it is told."""

    def __init__(self, extensions: tuple[bytes, ...] = EXTENSIONS, **answers: bytes | Callable[[Talk], None]) -> None:
        self.extensions, self.answers = extensions, answers

    def __call__(self, talk: Talk) -> None:
        self.say(talk, "greeting", b"220 mail.example.org ESMTP")
        while True:
            command = talk.hear().split(b" ")[0].decode().upper()
            if command == "EHLO":
                talk.say(b"250-mail.example.org", *self.extensions)
            elif command == "DATA":
                self.say(talk, "DATA", b"354 go on")
                while talk.hear() != b".":
                    pass
                self.say(talk, "END", b"250 taken")
            elif command == "AUTH":
                self.say(talk, "AUTH", b"235 welcome")
            else:
                self.say(talk, command, b"250 OK")

    def say(self, talk: Talk, what: str, usual: bytes) -> None:
        answer = self.answers.get(what, usual)
        if callable(answer):
            answer(talk)
        else:
            talk.say(answer)


@contextmanager
def at(
    server: Smtp, *, timeout: float = 5.0, host: str = "127.0.0.1", username: str = ""
) -> Iterator[tuple[SmtpSender, Scripted]]:
    with scripted(server, host) as found:
        sender = connect(ConnectorSettings(f"smtp://{host}:{found.port}", username, SECRET, timeout=timeout))
        sender.final_wait = 0.3
        try:
            yield sender, found
        finally:
            sender.close()


def failure(server: Smtp, raw: bytes = RAW, timeout: float = 10.0) -> SyncError:
    with at(server, timeout=timeout) as (sender, _), pytest.raises(SyncError) as raised:
        sender.send(raw, ME, [EVA])
    assert SECRET not in f"{raised.value} {raised.value.server_said}"
    return raised.value


def hang_up(talk: Talk) -> None:
    talk.hang_up()


def never_answer(talk: Talk) -> None:
    talk.wait_for_end()


# ---------------------------------------------------------------- what is known


@pytest.mark.parametrize("step", ["greeting", "MAIL", "RCPT", "DATA"])
def test_before_the_end_of_the_text_nothing_went_out(step: str) -> None:
    answers: dict[str, Any] = {step: hang_up}
    found = failure(Smtp(**answers))
    assert isinstance(found, Unavailable)
    assert not isinstance(found, OutcomeUnknown)


@pytest.mark.parametrize(
    "end",
    [hang_up, never_answer, b"what?", b"999 who knows", b"\xff\xfe"],
    ids=["hangs up", "never answers", "words", "no code", "octets"],
)
def test_after_the_end_only_the_answer_tells(end: bytes | Callable[[Talk], None]) -> None:
    assert isinstance(failure(Smtp(END=end), timeout=1.0 if end is never_answer else 10.0), OutcomeUnknown)


@pytest.mark.parametrize(
    ("end", "kind"),
    [
        (b"451 4.3.0 disk full", Unavailable),
        (b"421 4.7.0 too many mails", Throttled),
        (b"452 4.3.1 not now", Unavailable),
        (b"554 5.7.1 spam", Rejected),
    ],
)
def test_a_no_at_the_end_is_certain(end: bytes, kind: type[SyncError]) -> None:
    found = failure(Smtp(END=end))
    assert type(found) is kind
    assert found.server_said == end.decode()


def test_a_line_that_breaks_in_the_middle_of_the_text_is_certain() -> None:
    def reads_some(talk: Talk) -> None:
        talk.line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        talk.say(b"354 go on")
        talk.hear()
        talk.hang_up()

    found = failure(Smtp((b"250 8BITMIME",), DATA=reads_some), RAW + LARGE)
    assert type(found) is Unavailable


def test_a_server_that_has_enough_in_the_middle_says_why() -> None:
    def reads_some(talk: Talk) -> None:
        talk.say(b"354 go on")
        talk.hear()
        talk.say(b"552 5.3.4 message too big")
        talk.line.shutdown(socket.SHUT_RD)
        talk.hang_up()

    found = failure(Smtp((b"250 8BITMIME",), DATA=reads_some), RAW + LARGE)
    assert isinstance(found, Rejected | Unavailable)
    assert not isinstance(found, OutcomeUnknown)


def test_a_connection_that_was_closed_in_between_is_made_anew() -> None:
    sent = 0

    def end(talk: Talk) -> None:
        nonlocal sent
        sent += 1
        talk.say(b"250 taken")
        if sent == 1:
            talk.say(b"421 4.4.2 idle for too long")
            talk.hang_up()

    with at(Smtp(END=end)) as (sender, server):
        assert [sender.send(RAW, ME, [EVA]).sent for _ in range(2)] == [Sent.ACCEPTED] * 2
        assert server.connections == 2
    assert sent == 2


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"550 5.1.1 unknown", Rejected),
        (b"450 4.2.1 greylisted", Throttled),
        (b"451 4.3.5 come back", Unavailable),
        (b"421 4.3.2 shutting down", Throttled),
    ],
)
def test_nobody_takes_it(answer: bytes, kind: type[SyncError]) -> None:
    found = failure(Smtp(RCPT=answer))
    assert type(found) is kind
    assert found.server_said == answer.decode()


def test_a_refused_recipient_is_told_with_the_code() -> None:
    answers = iter([b"250 OK", b"450 4.2.2 mailbox full"])
    with at(Smtp(RCPT=lambda talk: talk.say(next(answers)))) as (sender, _):
        receipt = sender.send(RAW, ME, [EVA, OTTO])
    assert (receipt.sent, receipt.refused) == (Sent.PARTLY, ((OTTO, "450 4.2.2 mailbox full"),))


@pytest.mark.parametrize("code", [b"530 5.7.0 sign in first", b"535 5.7.8 wrong"])
def test_a_server_that_wants_a_sign_in(code: bytes) -> None:
    assert type(failure(Smtp(MAIL=code))) is NotAuthorised


def test_a_server_on_this_machine_that_wants_encryption() -> None:
    found = failure(Smtp(MAIL=b"530 5.7.0 Must issue a STARTTLS command first"))
    assert type(found) is NotAuthorised
    assert "ca_file" in str(found)


@pytest.mark.parametrize(
    ("extensions", "raw", "sender", "recipient", "said"),
    [
        ((b"250 SIZE 20",), RAW, ME, EVA, "takes 20 at most"),
        ((b"250 SIZE 0",), RAW + b"\xc5\xbe\r\n", ME, EVA, "7-bit"),
        ((b"250 8BITMIME",), RAW, ME, "žofie@customer.example", "beyond ASCII"),
        ((b"250 8BITMIME",), "Subject: ž\r\n\r\n".encode(), ME, EVA, "beyond ASCII"),
        ((b"250 8BITMIME",), RAW, "me@x\r\nRCPT TO:<x@y>", EVA, "cannot be the sender"),
    ],
)
def test_what_the_server_cannot_take_is_not_begun(
    extensions: tuple[bytes, ...], raw: bytes, sender: str, recipient: str, said: str
) -> None:
    with at(Smtp(extensions)) as (found, server), pytest.raises(Rejected, match=said):
        found.send(raw, sender, [recipient])
    assert not any(line.startswith(b"MAIL") for line in server.heard)


def test_what_it_can_take_is_said() -> None:
    raw = "Subject: ž\r\n\r\nčaj\r\n".encode()
    with at(Smtp()) as (sender, server):
        sender.send(raw, ME, ["žofie@café.example"])
    mail, recipient = (next(line for line in server.heard if line.startswith(name)) for name in (b"MAIL", b"RCPT"))
    assert mail.split(b" ")[2:] == [b"SIZE=%d" % len(raw), b"BODY=8BITMIME", b"SMTPUTF8"]
    assert recipient == "RCPT TO:<žofie@xn--caf-dma.example>".encode()


# ---------------------------------------------------------------- the wire


@pytest.mark.parametrize("end", [b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n", b"\r\n.\r\n", b"\r.\n"], ids=repr)
def test_no_text_ends_a_mail_early(tmp_path: Path, end: bytes) -> None:
    """A lone LF before a dot has smuggled second mails through servers that are lax."""
    smuggled = (
        b"Subject: one\r\n\r\ntext" + end + b"MAIL FROM:<evil@x>\r\nRCPT TO:<victim@x>\r\nDATA\r\nSubject: two\r\n"
    )
    with smtp(tmp_path) as server:
        sender = connect(ConnectorSettings(server.tls_url, USER, PASSWORD, ca_file=str(server.ca_file), timeout=5.0))
        sender.send(smuggled, ME, [EVA])
        sender.close()
    (taken,) = server.mails
    assert taken.recipients == (EVA,)
    assert b"Subject: two" in taken.raw
    assert taken.raw.replace(b"\r\n", b"").count(b"\n") == taken.raw.replace(b"\r\n", b"").count(b"\r") == 0


def test_a_password_is_never_sent_in_clear_to_another_machine() -> None:
    another = "127.0.0.2"  # this machine too, but that is not known of it
    with at(Smtp(), host=another, username="ada") as (sender, server), pytest.raises(NotAuthorised, match="encryption"):
        sender.send(RAW, ME, [EVA])
    assert not any(line.startswith((b"AUTH", b"MAIL")) for line in server.heard)


def test_a_certificate_that_is_not_trusted_is_refused(tmp_path: Path) -> None:
    with smtp(tmp_path) as server:
        for url in (server.tls_url, server.url):
            sender = connect(ConnectorSettings(url, USER, PASSWORD, ca_file=str(_another_authority(tmp_path))))
            with pytest.raises(Unavailable, match="certificate"):
                sender.send(RAW, ME, [EVA])
        assert server.mails == []


def _another_authority(folder: Path) -> Path:
    from tests.servers.certificates import certificates

    other = folder / "other"
    other.mkdir(exist_ok=True)
    return certificates(other)[1]


def test_a_server_that_knows_login_only() -> None:
    def auth(talk: Talk) -> None:
        for challenge in (b"334 VXNlcm5hbWU6", b"334 UGFzc3dvcmQ6"):
            talk.say(challenge)
            talk.hear()
        talk.say(b"235 welcome")

    with at(Smtp((b"250 AUTH LOGIN",), AUTH=auth), username="ada") as (sender, server):
        sender.send(RAW, ME, [EVA])
    assert server.heard[1:4] == [b"AUTH LOGIN", base64.b64encode(b"ada"), base64.b64encode(SECRET.encode())]


def test_a_server_that_knows_cram_md5_only() -> None:
    """With the words of RFC 2195."""

    def auth(talk: Talk) -> None:
        talk.say(b"334 " + base64.b64encode(b"<1896.697170952@postoffice.reston.mci.net>"))
        talk.hear()
        talk.say(b"235 welcome")

    with scripted(Smtp((b"250 AUTH CRAM-MD5",), AUTH=auth)) as server:
        sender = connect(ConnectorSettings(f"smtp://127.0.0.1:{server.port}", "tim", "tanstaaftanstaaf", timeout=5.0))
        sender.send(RAW, ME, [EVA])
        sender.close()
    assert base64.b64decode(server.heard[2]) == b"tim b913a602c7eda7a495b4e6e7334d3890"


def test_a_token_that_ran_out_waits_for_no_person() -> None:
    answers = iter([b"235 welcome", b"535 5.7.8 expired", b"535 5.7.8 expired"])
    play = Smtp((b"250 AUTH XOAUTH2",), AUTH=lambda talk: talk.say(next(answers)))
    with scripted(play) as server:
        settings = ConnectorSettings(f"smtp://127.0.0.1:{server.port}", "ada", SECRET, auth="bearer", timeout=5.0)
        sender, another = connect(settings), connect(settings)
        sender.send(RAW, ME, [EVA])
        sender.line.drop()
        with pytest.raises(SyncError) as raised:
            sender.send(RAW, ME, [EVA])
        assert type(raised.value) is Unavailable
        with pytest.raises(NotAuthorised):
            another.send(RAW, ME, [EVA])
        sender.close()
        another.close()


def test_a_server_without_any_way_to_sign_in() -> None:
    with (
        at(Smtp((b"250 AUTH GSSAPI",)), username="ada") as (sender, _),
        pytest.raises(NotAuthorised, match="a password"),
    ):
        sender.send(RAW, ME, [EVA])


def test_no_password_stands_in_a_log(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    with caplog.at_level(logging.DEBUG):
        for answer in (b"235 welcome", b"535 5.7.8 wrong"):
            with at(Smtp(AUTH=answer), username="ada") as (sender, server), suppress(NotAuthorised):
                sender.send(RAW, ME, [EVA])
            (given,) = (line.split()[-1] for line in server.heard if line.startswith(b"AUTH PLAIN "))
            assert given.decode() not in caplog.text
    assert SECRET not in caplog.text + "".join(capfd.readouterr())


# ---------------------------------------------------------------- anywhere


def test_wherever_the_line_breaks_what_is_said_of_the_mail_is_true(tmp_path: Path) -> None:
    said: dict[str, int] = {"certainly not": 0, "unknown": 0, "sent": 0}
    with smtp(tmp_path) as server, recording(server.port) as line:
        settings = ConnectorSettings(f"smtp://127.0.0.1:{line.port}", USER, PASSWORD, timeout=10.0)
        for most in range(0, 1000, 7):
            line.breaks_after, server.mails[:] = most, []
            sender = connect(settings)
            try:
                sender.send(RAW, ME, [EVA])
                outcome, possible = "sent", {1}
            except OutcomeUnknown:
                outcome, possible = "unknown", {0, 1}
            except Unavailable:
                outcome, possible = "certainly not", {0}
            sender.close()
            said[outcome] += 1
            assert len(server.mails) in possible, most
            if outcome == "sent":
                break
    assert said["certainly not"] > 20
    assert said["unknown"] >= 1
    assert said["sent"] == 1


# ---------------------------------------------------------------- on to a mailbox


def test_what_is_sent_comes_by_lmtp(tmp_path: Path) -> None:
    passed: list[tuple[bytes, tuple[str, ...], str]] = []
    with smtp(tmp_path) as server:
        server.relay = lambda raw, recipients, sender: passed.append((raw, tuple(recipients), sender))
        sender = connect(ConnectorSettings(server.url, USER, PASSWORD, timeout=5.0))
        sender.send(RAW, "", [EVA])
        sender.close()
    assert passed == [(RAW, (EVA,), "")]
