"""Your devices: what there is, add one, remove one. Everything here is the signed-in user's own."""

from __future__ import annotations

import structlog

from storage import app_passwords, own_devices
from storage.admin_people import Device, add_device
from storage.database import run
from storage.errors import StoreRefused
from storage.unit_of_work import SqlUnitOfWork
from web_ui.pages.qr import code
from web_ui.pages.set_up import CLIENTS, Access, Guide, guide, names
from web_ui.pages.visit import Shown, Turned, Visit

_LONGEST = 100  # characters of a device's name
_HIGHEST = 2**63 - 1

log = structlog.get_logger("agendahub.web")


def show(visit: Visit) -> Shown:
    """GET: the list."""
    with visit.desk.database.read() as unit:
        found = own_devices.own_devices(unit.session.connection, visit.person.user_id)
    return Shown("devices.html", {"devices": found})


def add_form(visit: Visit) -> Shown:
    """GET."""
    return _form(visit)


def add(visit: Visit) -> Shown:
    """POST: shows the app password, this once."""
    name, client = " ".join(visit.form.get("name", "").split()), visit.form.get("client", "")
    if client not in CLIENTS:
        return _form(visit, "client", visit._("Choose what kind of device it is."))
    if not name or len(name) > _LONGEST or not name.isprintable():
        return _form(visit, "name", visit._("Give the device a name of 1 to 100 characters, such as iPhone."))
    shown, hashed = app_passwords.new()

    def work(unit: SqlUnitOfWork) -> None:
        own_devices.check_room(unit.session.connection, visit.person.user_id)
        add_device(unit.session.connection, visit.person.user, name, hashed, visit.now)

    try:
        run(visit.desk.database, work)
    except StoreRefused:
        sorry = visit._("You have a device of this name already, or too many. Choose another name or remove one.")
        return _form(visit, "name", sorry)
    log.info("added a device on the web pages", user=visit.person.user, device=name)
    return _added(visit, name, client, shown)


def remove_form(visit: Visit) -> Shown:
    """GET: asks first, as it cannot be taken back."""
    return Shown("remove.html", {"device": _own(visit)})


def remove(visit: Visit) -> Shown:
    """POST. Twice is as good as once."""
    number = _number(visit)
    revoked = run(
        visit.desk.database,
        lambda unit: own_devices.revoke_own(unit.session.connection, visit.person.user_id, number, visit.now),
    )
    if not revoked:
        raise Turned(404, "missing")
    log.info("removed a device on the web pages", user=visit.person.user, device=number)
    return Shown(location="/devices?told=removed")


def profile_page(visit: Visit) -> Shown:
    """GET, by who has the link and is not signed in, such as the new phone: it does not use up the link."""
    there = visit.desk.profiles.is_there(visit.path["token"], visit.now)
    return Shown("profile.html", {"there": there, "token": visit.path["token"]}, 200 if there else 404)


def profile_file(visit: Visit) -> Shown:
    """GET: the profile itself, once."""
    token = visit.path["token"]
    if visit.method == "HEAD":
        raise Turned(405, "method", headers={"allow": "GET"})
    document = visit.desk.profiles.take(token, visit.now)
    if document is None:
        return Shown("profile.html", {"there": False, "token": token}, 404)
    headers = {
        "content-type": "application/x-apple-aspen-config",
        "content-disposition": 'attachment; filename="AgendaHub.mobileconfig"',
    }
    return Shown(content=document, headers=headers)


def _number(visit: Visit) -> int:
    """Raises `Turned` for one that no database can count to."""
    number = int(visit.path["number"])
    if number > _HIGHEST:
        raise Turned(404, "missing")
    return number


def _own(visit: Visit) -> Device:
    with visit.desk.database.read() as unit:
        found = own_devices.own_device(unit.session.connection, visit.person.user_id, _number(visit))
    if found is None:
        raise Turned(404, "missing")
    return found


def _form(visit: Visit, wrong: str = "", sorry: str = "") -> Shown:
    chosen = {"name": visit.form.get("name", "")[:_LONGEST], "client": visit.form.get("client", "")}
    values = {"clients": names(visit._), "wrong": wrong, "sorry": sorry, **chosen}
    return Shown("add.html", values, 422 if sorry else 200)


def _added(visit: Visit, name: str, client: str, password: str) -> Shown:
    access = Access(visit.address, visit.person.user, password)
    found = guide(client, access, visit._)
    link = _profile_link(visit, name, access) if found.profile else ""
    values = {"name": name, "access": access, "guide": found, "link": link, "qr": _qr(visit, found, link)}
    return Shown("added.html", values)


def _profile_link(visit: Visit, name: str, access: Access) -> str:
    document = visit.desk.profile(access.address, access.user, access.password, name)
    return f"{access.address}profile/{visit.desk.profiles.put(document, visit.now)}"


def _qr(visit: Visit, found: Guide, link: str) -> str:
    """What the new device's camera opens; "" where it has none."""
    if link:
        return code(link, visit._("QR code of the link to the profile"))
    if found.link:
        return code(found.link, visit._("QR code that opens DAVx5 with everything filled in"))
    return ""
