"""agendahub account sign-in|sign-out: at Microsoft, by a code, in a browser, or as an app"""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from agendahub.context import AsJson, examples, workspace_of
from agendahub.failure import Failure
from agendahub.output import console, say
from agendahub.texts import _

if TYPE_CHECKING:
    from connectors.microsoft.sign_in_person import PersonSignIn

_BROWSER_PATIENCE = 600.0  # seconds that a person gets to sign in with a browser

Name = Annotated[str, typer.Argument(help=_("The account."))]


def add_to(group: typer.Typer) -> None:
    """Register the commands."""
    group.command(
        "sign-in",
        help=_("Sign in at Microsoft: shows an address and a code to type there, on this or any other device."),
        epilog=examples(
            "agendahub account sign-in office",
            "agendahub account sign-in office --web",
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
    port: Annotated[int, typer.Option(min=0, max=65535, help=_("For --web: where the browser comes back."))] = 0,
    as_json: AsJson = False,
) -> None:
    from agendahub.signing_in import person_sign_in, try_app

    workspace = workspace_of(context)
    account = workspace.account(name)
    if account.auth == "app":
        try_app(workspace, account)
        _done(name, account.client_id, as_json=as_json)
        return
    signing = person_sign_in(workspace, account)
    if web or account.auth == "web":
        who = _by_browser(signing, port, as_json=as_json)
    else:
        who = _by_code(signing, as_json=as_json)
    _done(name, who, as_json=as_json)


def sign_out(context: typer.Context, name: Name) -> None:
    from agendahub.push_farewell import farewell

    workspace = workspace_of(context)
    account = workspace.account(name)
    farewell(workspace, account)
    if not workspace.tokens(account).forget():
        raise Failure(_("Nobody is signed in for account {name}.").format(name=name))
    say(
        _(
            "Signed out; a running daemon stops within a minute. To take back the permission too, remove the app at https://myapps.microsoft.com."
        )
    )


def _by_code(signing: PersonSignIn, *, as_json: bool) -> str:
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


def _by_browser(signing: PersonSignIn, port: int, *, as_json: bool) -> str:
    from agendahub.loopback import Loopback
    from agendahub.signing_in import waiting

    with Loopback(port) as back:
        begun = signing.browser(back.address)
        if as_json:
            _json_line({"url": begun.url})
        else:
            say(_("Open this address in a browser on this machine:"))
            console().print(f"\n{begun.url}\n", markup=False, soft_wrap=True)
        with waiting(quiet=as_json) as tell:
            return back.wait(lambda answer: signing.came_back(begun, answer), _BROWSER_PATIENCE, tell)


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
