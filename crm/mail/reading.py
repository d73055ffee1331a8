"""From the octets of a mail to what stands in it."""

from __future__ import annotations

from crm.mail.model import Mail


def read_mail(raw: bytes, *, own: frozenset[str] = frozenset(), trusted: frozenset[str] = frozenset()) -> Mail:
    """What stands in a mail. Never raises, whatever the octets are: `problems` says what could not be read.

    `own` are our addresses, lower case: mail from them is automatic, forwards of them are passed on to us. `trusted` are
    the names of servers whose Authentication-Results count, lower case.
    """
    raise NotImplementedError
