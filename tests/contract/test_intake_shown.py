"""What intake found out about a mail is shown to whoever reads it (REQUESTS.md 5)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crm.actor import INTAKE
from crm.message.reading import message
from tests.intake_here import Intake, intake_in
from tests.mails_here import mail


@pytest.fixture
def intake(store_url: str) -> Iterator[Intake]:
    with intake_in(store_url) as made:
        yield made


def test_q05_what_our_server_found_out_about_the_sender_is_shown(intake: Intake) -> None:
    intake.change(trusted_authserv=frozenset({"mx.example.org"}))
    said = {"Authentication-Results": "mx.example.org; spf=pass smtp.mailfrom=x; dkim=fail; dmarc=none"}
    taken = intake.take(mail(more=said))
    unproved = intake.take(mail("Two senders", sender="eva@customer.example, bob@customer.example"))
    with intake.database.read() as unit:
        first, second = (message(unit, INTAKE, one.message_id or 0) for one in (taken, unproved))
    assert (first.authentication, first.verified) == ("spf=pass dkim=fail dmarc=none", True)
    assert (second.authentication, second.verified) == ("", False)
