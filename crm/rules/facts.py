"""From a mail to what rules look at."""

from __future__ import annotations

from collections.abc import Sequence

from crm.mail.model import Mail
from crm.rules.model import Facts


def facts_of(
    mail: Mail, raw: bytes, *, mailbox: str = "", customer_known: bool = False, categories: Sequence[str] = ()
) -> Facts:
    """`raw` gives the headers. Of a mail that was passed on, the sender is the original one."""
    raise NotImplementedError
