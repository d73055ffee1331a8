"""What the libraries may log, and that none of it shows a secret: also in commands, where no log is set up."""

from __future__ import annotations

import logging

from agendahub.redaction import redact

FLOORS = {  # logger -> the lowest level that is of use
    "apscheduler": logging.ERROR,
    "urllib3": logging.WARNING,
    "urllib3_future": logging.WARNING,
    "caldav": logging.ERROR,
    "asyncio": logging.WARNING,
    # At DEBUG these print headers with tokens, and whole requests with what people wrote into their items.
    "O365": logging.CRITICAL,  # each answer of 4xx is an error to it, also those that we ask for and handle
    "exchangelib": logging.WARNING,
    "msal": logging.WARNING,
    "requests_oauthlib": logging.WARNING,
    "oauthlib": logging.WARNING,
    # Google's write whole addresses into their debug lines, and what the environment asks them to write more.
    "google": logging.WARNING,
    "google_auth_httplib2": logging.WARNING,
    "googleapiclient": logging.ERROR,  # each answer of 4xx is a warning to it, also those that we ask for
    # At DEBUG it prints the mails themselves, and what is said at a sign-in.
    "imapclient": logging.WARNING,
    "requests_ntlm": logging.WARNING,
    "spnego": logging.WARNING,
}


def hold_back(level: int) -> None:
    """Nothing below the floors, nor below the level that the admin chose."""
    for name, floor in FLOORS.items():
        logging.getLogger(name).setLevel(max(floor, level))


def for_commands() -> None:
    """Python prints warnings of libraries that nobody handles on standard error: without secrets."""
    hold_back(logging.WARNING)
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(_Redacting())


class _Redacting(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return str(redact(super().format(record)))
