"""agendahub account sign-in|sign-out: at Google or Microsoft, in a browser, by a code, or as an app"""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from agendahub.context import AsJson, examples, workspace_of
from agendahub.failure import Failure
from agendahub.output import console, say
from agendahub.texts import _

if TYPE_CHECKING:
    from connectors.person_sign_in import ByCode, InBrowser

_BROWSER_PATIENCE = 600.0  # seconds that a person gets to sign in with a browser

_NOWHERE = "http://127.0.0.1:9/"  # where nothing listens: the browser keeps the answer in its address bar

Name = Annotated[str, typer.Argument(help=_("The account."))]


def add_to(group: typer.Typer) -> None:
    """Register the commands."""
    group.command(
        "sign-in",
        help=_("Sign in: at Microsoft by a code to type on this or any other device, at Google with a browser."),
        epilog=examples(
            "agendahub account sign-in office",
            "agendahub account sign-in office --web",
            "agendahub account sign-in gmail --paste",
            "agendahub account sign-in office --json",
        ),
    )(sign_in)
    group.command(
        "sign-out",
        help=_("Forget an account's sign-in. What was synced stays; it goes on after the next sign-in."),
        epilog=examples("agendahub account sign-out office"),
    )(sign_out)


def sign_in(
    context: typer.Context,
    name: Name,
    web: Annotated[bool, typer.Option("--web", help=_("With a browser on this machine instead of a code."))] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help=_("Where the browser comes back to."))] = 0,
    paste: Annotated[
        bool, typer.Option("--paste", help=_("Google only: with a browser on another machine, by copying an address."))
    ] = False,
    as_json: AsJson = False,
) -> None:
    from agendahub.sign_in_end import advice, end_of, sentence
    from agendahub.signing_in import GOOGLE, by_code, in_browser, try_app

    workspace = workspace_of(context)
    account = workspace.account(name)
    if account.auth == "app":
        _done(name, try_app(workspace, account), as_json=as_json)
        return
    at_google = account.connector == GOOGLE
    if paste and not at_google:
        raise Failure(_("Microsoft puts its answer in no address; sign in with a code: without --paste and --web."))
    if at_google and account.auth == "web" and not port:
        hint = _(
            'A client of the type "Web application" takes people back only to addresses that it names: sign in by the '
            "admin API (docs/google.md), or give it http://127.0.0.1:8765/ as a redirect URI and add --port 8765."
        )
        raise Failure(hint)
    if paste:
        who = _by_paste(in_browser(workspace, account), as_json=as_json)
    elif web or at_google or account.auth == "web":
        host = "127.0.0.1" if at_google else "localhost"
        who = _by_browser(in_browser(workspace, account), host, port, as_json=as_json)
    else:
        who = _by_code(by_code(workspace, account), as_json=as_json)
    _done(name, who, as_json=as_json)
    if (end := end_of(workspace, account)) and not as_json:
        say(f"{sentence(name, end)} {advice()}")


def sign_out(context: typer.Context, name: Name) -> None:
    from agendahub.push_farewell import farewell
    from agendahub.signing_in import consents_of

    workspace = workspace_of(context)
    account = workspace.account(name)
    farewell(workspace, account)
    if not workspace.tokens(account).forget():
        raise Failure(_("Nobody is signed in for account {name}.").format(name=name))
    told = _(
        "Signed out; a running daemon stops within a minute. To take back the permission too, remove the app: {place}"
    )
    say(told.format(place=consents_of(account)))


def _by_code(signing: ByCode, *, as_json: bool) -> str:
    from agendahub.signing_in import waiting

    code = signing.device_code()
    if as_json:
        _json_line({"url": code.url, "code": code.code, "expires_at": _moment(code.expires_at)})
    else:
        say(_("Open this address, on this or any other device:"))
        say(f"\n    {code.url}\n")
        say(_("and type this code:"))
        say(f"\n    {code.code}\n")
    with waiting(quiet=as_json) as tell:
        return signing.wait(code, tick=tell)


def _by_browser(signing: InBrowser, host: str, port: int, *, as_json: bool) -> str:
    from agendahub.loopback import Loopback
    from agendahub.open_browser import opened
    from agendahub.signing_in import waiting

    with Loopback(port, host) as back:
        begun = signing.browser(back.address)
        if as_json:
            _json_line({"url": begun.url})
        elif opened(begun.url):
            _show(_("A browser was opened; if it shows nothing, open this address in it:"), begun.url)
        else:
            _show(_("Open this address in a browser on this machine:"), begun.url)
        with waiting(quiet=as_json) as tell:
            return back.wait(lambda answer: signing.came_back(begun, answer), _BROWSER_PATIENCE, tell)


def _by_paste(signing: InBrowser, *, as_json: bool) -> str:
    """The browser ends at an address of its own machine, where nobody listens: it stands in its address bar."""
    from urllib.parse import parse_qsl, urlsplit

    begun = signing.browser(_NOWHERE)
    if as_json:
        _json_line({"url": begun.url})
    else:
        _show(_("Open this address in any browser and sign in:"), begun.url)
        say(_("In the end it cannot open a page of 127.0.0.1. Copy that address, the whole of it, and give it here:"))
    given = input().strip()
    return signing.came_back(begun, dict(parse_qsl(urlsplit(given).query, keep_blank_values=True)))


def _show(what: str, url: str) -> None:
    say(what)
    console().print(f"\n{url}\n", markup=False, soft_wrap=True)


def _done(name: str, who: str, *, as_json: bool) -> None:
    if as_json:
        _json_line({"account": name, "signed_in": who})
        return
    say(_("Signed in as {who}. A running daemon goes on within seconds.").format(who=who or name))
    say(_("Next: agendahub account test {name}, then agendahub collections {name}.").format(name=quote(name)))


def _json_line(value: dict[str, str]) -> None:
    """One object a line: the first is needed before the last is known."""
    import json

    print(json.dumps(value, ensure_ascii=False), flush=True)


def _moment(seconds: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
