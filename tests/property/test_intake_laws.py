"""Whatever mails come, in whatever order and mailbox: each that says something else is seen, and each once."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage import schema
from storage import tables as t
from tests.intake_here import Intake, intake_in
from tests.mails_here import WRITTEN, mail

_VALUES = (
    ("-", "m1@customer.example", "m2@customer.example"),  # Message-ID; "-": none
    ("eva@customer.example", "mallory@evil.example"),
    (WRITTEN, WRITTEN + timedelta(hours=1)),
    ("Order", "Offer"),
    ("Pay to account 1.", "Pay to account 2."),
    ("", "m1@customer.example", "m2@customer.example"),  # what it answers
)


@st.composite
def mails_coming(draw: st.DrawFn) -> list[tuple[list[Any], str]]:
    """Variants of one mail, most of which differ from it in one thing only; and the mailbox of each."""
    base = [draw(st.sampled_from(values)) for values in _VALUES]
    coming = []
    for _ in range(draw(st.integers(4, 6))):
        said, field = list(base), draw(st.integers(0, 4))
        said[field] = draw(st.sampled_from(_VALUES[field]))
        coming.append((said, draw(st.sampled_from(["support", "sales"]))))
    return coming


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file: Path = tmp_path_factory.mktemp("laws") / "hub.db"
    schema.upgrade(f"sqlite:///{file}")
    return file


@contextmanager
def fresh(template: Path) -> Iterator[Intake]:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(template, Path(folder) / "hub.db")
        with intake_in(f"sqlite:///{folder}/hub.db") as made:
            yield made


@settings(max_examples=20, deadline=None)
@given(coming=mails_coming())
def test_q01_each_mail_that_says_something_is_seen_once(template: Path, coming: list[tuple[list[Any], str]]) -> None:
    with fresh(template) as intake:
        for (name, sender, date, subject, text, answered), mailbox in coming:
            more = {"In-Reply-To": f"<{answered}>"} if answered else {}
            raw = mail(subject, sender=sender, message_id=name, date=date, text=text, more=more)
            taken = intake.take(f"Received: by {mailbox}\r\n".encode() + raw, mailbox)
            assert taken.message_id
            [row] = intake.rows(t.messages, id=taken.message_id)
            assert (row.from_address, row.subject, row.text.strip(), row.sent_at) == (sender, subject, text, date)
        # What a mail answers is no part of what it says: a copy that lost it is the same mail.
        different = {tuple(said[:5]) for said, _mailbox in coming}
        messages = intake.rows(t.messages, direction="in")
        assert len(messages) == len(different)
        assert all(row.request_id for row in messages)
        assert len(intake.rows(t.receipts)) == len(coming)
        opened = Counter(row.request_id for row in messages)
        assert set(opened) == {row.id for row in intake.rows(t.requests)}, "a request without a mail"
        assert not intake.rows(t.mail_quarantine)
