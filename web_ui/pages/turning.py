"""What went wrong, as a page of one sentence."""

from __future__ import annotations

from storage.errors import StoreError
from web_ui.hub import Refusal
from web_ui.pages.visit import Shown, Turned, Visit


def turned(visit: Visit, err: Exception) -> Shown:
    """The page. What is not foreseen is told without its details."""
    if isinstance(err, StoreError):
        return _page(503, visit._("The store is away or busy. Try again in a moment."), {"retry-after": "10"})
    if isinstance(err, Refusal):
        return _page(err.status, str(err), err.headers)
    if isinstance(err, Turned):
        return _page(err.status, _sentence(visit, str(err)), err.headers)
    return _page(500, visit._("Something went wrong that AgendaHub did not expect; the log has the details."), {})


def _page(status: int, sentence: str, headers: dict[str, str]) -> Shown:
    return Shown("turned.html", {"sentence": sentence}, status, headers=headers)


def _sentence(visit: Visit, reason: str) -> str:
    say = visit._
    return {
        "insecure": say(
            "Passwords are typed only over https. Open this page with https://. If you did: the address of the "
            "reverse proxy is missing in [server] proxies."
        ),
        "elsewhere": say("This form was sent from another page. Open the page of AgendaHub itself and try again."),
        "form": say("This form is over or not ours. Go back, load the page again and try again."),
        "missing": say("There is no such device in use."),
        "method": say("This address is only for loading a profile."),
        "guesses": say("Too many wrong passwords; wait ten minutes and try again."),
    }[reason]
