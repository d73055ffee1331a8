"""agendahub device add|list|revoke"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agendahub.context import AsJson, examples, workspace_of
from agendahub.failure import Failure
from agendahub.output import listing, print_json, say
from agendahub.texts import _

if TYPE_CHECKING:
    from web_ui.pages.set_up import Access, Guide

group = typer.Typer(no_args_is_help=True)


class Client(StrEnum):
    """Kinds of devices, as in web_ui/pages/set_up.py."""

    IPHONE = "iphone"
    MAC = "mac"
    ANDROID = "android"
    THUNDERBIRD = "thunderbird"
    OUTLOOK = "outlook"
    OTHER = "other"


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(group, name="device", help=_("Phones and programs with an app password each."))


@group.command(
    help=_(
        "Give a phone or program its own app password. It is shown once and can be revoked without touching others."
    ),
    epilog=examples(
        "agendahub device add ada iPhone --client iphone",
        "agendahub device add ada Pixel --client android",
        "agendahub device add ada iPhone --mobileconfig ada.mobileconfig",
    ),
)
def add(
    context: typer.Context,
    user: Annotated[str, typer.Argument(help=_("Whose it is."))],
    device: Annotated[str, typer.Argument(help=_("What you call it: iPhone, Thunderbird, DAVx5 ..."))],
    client: Annotated[
        Client | None, typer.Option(help=_("What kind of device it is: shows how to set it up, step by step."))
    ] = None,
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
    from storage.admin_people import add_device, find_user
    from web_ui.pages.set_up import Access

    if not 0 < len(device.strip()) <= 100 or not device.isprintable():
        raise Failure(_("Give the device a name of 1 to 100 characters, such as iPhone."))
    workspace = workspace_of(context)
    shown, hashed = app_passwords.new()
    access = Access(base_url(workspace.settings.server), user, shown)
    with workspace.database.begin() as unit:
        number = add_device(unit.session.connection, user, device, hashed, utc_now())
        owner = find_user(unit.session.connection, user)
        if mobileconfig is not None:  # a device whose password nobody saw would be of no use
            apple.write(mobileconfig, apple.made(workspace, access.address, user, shown, device))
    if as_json:
        print_json({"id": number, "user": user, "device": device, "url": access.address, "password": shown})
    else:
        _show(access, client, qr=qr, profile=mobileconfig)
    if owner is not None and owner.blocked:
        told = _("{user} is blocked: the device is refused until `agendahub user unblock`.")
        typer.echo(told.format(user=user), err=True)


def _show(access: Access, client: Client | None, *, qr: bool, profile: Path | None) -> None:
    from web_ui.pages.set_up import guide

    found = guide(client.value, access, _, by_link=False) if client else None
    if found is None:
        say(_("Address:  {url}").format(url=access.address))
        say(_("User:     {user}").format(user=access.user))
        say(_("Password: {password}   (shown only now)").format(password=access.password))
    else:
        _show_guide(found)
    if profile is not None:
        told = _("Profile:  {path} (open it on the iPhone, iPad or Mac, then delete it: it contains the password)")
        say(told.format(path=profile))
    if qr:
        _show_code(access, found)


def _show_guide(found: Guide) -> None:
    for number, step in enumerate(found.steps, 1):
        say(f"{number}. {step}")
    say(_("What to type (the password is shown only now):"))
    width = max(len(label) for label, _value in found.typed)
    for label, value in found.typed:
        say(f"  {label:<{width}}  {value}")


def _show_code(access: Access, found: Guide | None) -> None:
    import segno

    if found is not None and not found.link:
        return  # a program on a desk, or a phone that cannot do anything with the bare address
    if found is None:
        say(_("QR code of the address, for DAVx5 and other apps:"))
    else:
        say(_("QR code for the phone's camera: DAVx5 opens with everything filled in. It contains the password."))
    segno.make(found.link if found else access.address, micro=False).terminal(compact=True)


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
    from storage.admin_people import devices, user_id

    with workspace_of(context).database.read() as unit:
        if user:
            user_id(unit.session.connection, user)
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
