"""What the outbox has for a person, in sentences: for `agendahub status` and the daemon's problems."""

from __future__ import annotations

from collections.abc import Sequence

from agendahub.texts import _
from storage.crm.outbox import Standing


def to_decide(standing: Sequence[Standing]) -> list[str]:
    """Mails in doubt that nobody but a person can tell of."""
    count = sum(one.undecided for one in standing)
    words = _("{count} mails may or may not have been sent; a person decides: agendahub outbox list")
    return [words.format(count=count)] if count else []


def not_sent(standing: Sequence[Standing]) -> list[str]:
    """Mails that will not go out any more, by mailbox."""
    words = _("{count} mails of {mailbox} could not be sent; why, and what can be done: agendahub outbox list")
    return [words.format(count=one.count, mailbox=one.mailbox) for one in standing if one.state == "failed"]
