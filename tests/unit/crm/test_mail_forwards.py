"""A colleague passes a mail on: who wrote it is the customer."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crm.mail.model import Party
from crm.mail.reading import read_mail
from tests.unit.crm.test_mail_reading import read


def test_q04_a_mail_passed_on_as_an_attachment() -> None:
    mail = read("forwarded_attached")
    assert mail.forwarded
    assert mail.original is not None
    assert mail.original.sender == Party("carla@customer.example", "Carla")
    assert (mail.original.message_id, mail.original.text) == ("carla.1@customer.example", "Please send me a quote.")
    assert (mail.sender.address, mail.text) == ("ada@company.example", "FYI")


def test_q04_a_mail_passed_on_in_the_text() -> None:
    mail = read("forwarded_inline")
    assert mail.forwarded
    assert mail.original is not None
    assert mail.original.sender == Party("carla@customer.example", "Carla Verdi")
    assert mail.original.subject == "Preventivo"
    assert mail.original.sent_at == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert mail.original.text == "Vorrei un preventivo per due caldaie."
    assert not mail.original.verified
    assert mail.text.startswith("Chi se ne occupa?")


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        (
            "Fwd: x",
            "---------- Forwarded message ---------\nFrom: Eva <eva@x.example>\nDate: x\nSubject: x\nTo: a@b.c\n\nold",
        ),
        ("WG: x", "Von: Eva <eva@x.example>\nGesendet: Montag\nAn: a@b.c\nBetreff: x\n\nold"),
        ("TR: x", "De : Eva <eva@x.example>\nEnvoyé : lundi\nÀ : a@b.c\nObjet : x\n\nold"),
        ("PD: x", "Od: Eva <eva@x.example>\nWysłano: poniedziałek\nDo: a@b.c\nTemat: x\n\nold"),
        ("I: x", "Da: Eva <eva@x.example>\nInviato: lunedì\nA: a@b.c\nOggetto: x\n\nold"),
        (
            "Fw: x",
            "________________________________\nFrom: Eva <eva@x.example>\nSent: Monday\nTo: a@b.c\nSubject: x\n\nold",
        ),
        ("Fwd: x", "Begin forwarded message:\n\n> From: Eva <eva@x.example>\n> Subject: x\n> Date: x\n>\n> old"),
    ],
)
def test_q04_as_many_programs_write_it(subject: str, text: str) -> None:
    mail = read_mail(
        f"From: ada@company.example\nSubject: {subject}\nContent-Type: text/plain; charset=utf-8\n\n{text}".encode()
    )
    assert mail.original is not None
    assert (mail.original.sender.address, mail.original.text) == ("eva@x.example", "old")


@pytest.mark.parametrize("subject", ["Re: x", "x", "I have a question: x", "Forward planning: x"])
def test_an_answer_is_no_forward(subject: str) -> None:
    text = "Ok.\n\n-----Original Message-----\nFrom: Eva <eva@x.example>\nSubject: x\n\nold"
    mail = read_mail(f"From: ada@company.example\nSubject: {subject}\n\n{text}".encode())
    assert (mail.original, mail.forwarded) == (None, False)


def test_lines_made_to_cost_time_do_not() -> None:
    line = "2024/1/1 " + " <@" * 500 + "\n"
    mail = read_mail(b"Subject: Fwd: x\n\n" + line.encode() * 300 + b"From: a@x.example\nSubject: y\n\nold")
    assert mail.original is not None
    assert mail.original.sender.address == "a@x.example"
