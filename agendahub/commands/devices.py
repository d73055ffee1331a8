"""agendahub device add|list|revoke"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agendahub.context import AsJson, examples, workspace_of
from agendahub.output import listing, print_json, say
from agendahub.texts import _

group = typer.Typer(no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(group, name="device", help=_("Phones and programs with an app password each."))


@group.command(
    help=_(
        "Give a phone or program its own app password. It is shown once and can be revoked without touching others."
    ),
    epilog=examples(
        "agendahub device add ada iPhone", "agendahub device add ada iPhone --mobileconfig ada.mobileconfig"
    ),
)
def add(
    context: typer.Context,
    user: Annotated[str, typer.Argument(help=_("Whose it is."))],
    device: Annotated[str, typer.Argument(help=_("What you call it: iPhone, Thunderbird, DAVx5 ..."))],
    mobileconfig: Annotated[
        Path | None, typer.Option(metavar="FILE", help=_("Also write an Apple profile (it contains the password)."))
    ] = None,
    qr: Annotated[bool, typer.Option(help=_("Show a QR code of the address."))] = True,
    as_json: AsJson = False,
) -> None:
    from agendahub import mobileconfig as apple
    from agendahub.addresses import base_url
    from agendahub.workspace import utc_now
    from storage import app_passwords
    from storage.admin_people import add_device

    workspace = workspace_of(context)
    shown, hashed = app_passwords.new()
    with workspace.database.begin() as unit:
        number = add_device(unit.session.connection, user, device, hashed, utc_now())
        url = base_url(workspace.settings.server)
        if mobileconfig is not None:  # a device whose password nobody saw would be of no use
            apple.write(mobileconfig, apple.profile(url, user, shown, device))
    if as_json:
        print_json({"id": number, "user": user, "device": device, "url": url, "password": shown})
    else:
        _show(url, user, shown, qr=qr, profile=mobileconfig)


def _show(url: str, user: str, password: str, *, qr: bool, profile: Path | None) -> None:
    say(_("Address:  {url}").format(url=url))
    say(_("User:     {user}").format(user=user))
    say(_("Password: {password}   (shown only now)").format(password=password))
    if profile is not None:
        say(
            _("Profile:  {path} (open it on the iPhone, iPad or Mac, then delete it: it contains the password)").format(
                path=profile
            )
        )
    if qr:
        import segno

        say(_("QR code of the address, for DAVx5 and other apps:"))
        segno.make(url, micro=False).terminal(compact=True)


@group.command(
    "list",
    help=_("Show devices, when each was last here, and which are revoked."),
    epilog=examples("agendahub device list", "agendahub device list --json"),
)
def list_(
    context: typer.Context,
    user: Annotated[str, typer.Argument(help=_("Only this user's."))] = "",
    as_json: AsJson = False,
) -> None:
    from storage.admin_people import devices

    with workspace_of(context).database.read() as unit:
        rows = devices(unit.session.connection, user)
    columns = {
        "id": _("Id"),
        "user": _("User"),
        "name": _("Device"),
        "last_used_at": _("Last here"),
        "revoked_at": _("Revoked"),
    }
    listing(rows, columns, as_json=as_json, empty=_("No devices yet; add one with `agendahub device add`."))


@group.command(help=_("Refuse a device from now on."), epilog=examples("agendahub device revoke 3"))
def revoke(
    context: typer.Context, device: Annotated[int, typer.Argument(help=_("Its id, from `agendahub device list`."))]
) -> None:
    from agendahub.workspace import utc_now
    from storage.admin_people import revoke_device

    with workspace_of(context).database.begin() as unit:
        revoke_device(unit.session.connection, device, utc_now())
    say(_("Device {number} is revoked.").format(number=device))
