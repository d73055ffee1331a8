"""What `doctor` looks at. Each check is one line with what to do."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator

from agendahub import sign_in_end
from agendahub.account_zone import what_it_means, what_to_do, zone_is_open
from agendahub.check import Check
from agendahub.discovery_checks import certificate, clock, dns_records, public_address
from agendahub.failure import Failure
from agendahub.feed_health import feeds
from agendahub.texts import _
from agendahub.workspace import Workspace
from config.loading import unknown_variables
from storage import schema, secrets
from storage.errors import StoreError


def check_all(workspace: Workspace) -> Iterator[Check]:
    """Everything that can be looked at without talking to an account."""
    yield Check(_("configuration"), True, str(workspace.loaded.path))
    for look in (_python, _http_library):
        yield look()
    looks: tuple[Callable[[Workspace], Check], ...] = (
        _environment,
        _store,
        _key,
        _address,
        _secrets_readable,
        _account_zones,
        _sign_in_ends,
        _zones,
        feeds,
        dns_records,
        public_address,
        certificate,
        clock,
    )
    for check in looks:
        yield check(workspace)


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    return Check(_("Python"), sys.version_info >= (3, 11), version, _("AgendaHub needs Python 3.11 or newer."))


def _http_library() -> Check:
    """caldav's HTTP library can replace urllib3, which `requests` then uses without knowing (docs/decisions)."""
    import urllib3

    version = str(vars(urllib3)["__version__"])
    real = int(version.split(".")[2]) < 900  # urllib3-future counts 2.x.9yy
    advice = _("urllib3 was replaced by urllib3-future; install again with `make clean setup`.")
    return Check("urllib3", real, version, advice)


def _environment(_workspace: Workspace) -> Check:
    wrong = unknown_variables()
    advice = _("There are no such settings; see example.toml.")
    return Check(
        _("environment variables"), not wrong, ", ".join(wrong) or _("none is misspelt"), advice if wrong else ""
    )


def _store(workspace: Workspace) -> Check:
    url = workspace.database.url.render_as_string(hide_password=True)
    try:
        schema.check(workspace.database.url)
    except StoreError as err:
        return Check(_("store"), False, url, str(err))
    return Check(_("store"), True, url)


def _key(workspace: Workspace) -> Check:
    try:
        secrets.read_key(workspace.loaded.key_file)
    except StoreError as err:
        return Check(_("key file"), False, str(workspace.loaded.key_file), str(err))
    return Check(_("key file"), True, str(workspace.loaded.key_file))


def _secrets_readable(workspace: Workspace) -> Check:
    for account in workspace.settings.accounts:
        try:
            workspace.secret(account)
            workspace.certificate(account)
        except (Failure, StoreError) as err:
            return Check(_("passwords"), False, account.name, str(err))
    return Check(_("passwords"), True, _("all can be read"))


def _account_zones(workspace: Workspace) -> Check:
    name = _("time zones of accounts")
    for account in workspace.settings.accounts:
        if zone_is_open(account):
            return Check(name, False, what_it_means(account.name, account.connector), what_to_do())
    return Check(name, True, _("none is missing"))


def _sign_in_ends(workspace: Workspace) -> Check:
    """Told as long as it is still easy to mend."""
    name = _("sign-ins")
    for account in workspace.settings.accounts:
        try:
            end = sign_in_end.end_of(workspace, account)
        except StoreError as err:
            return Check(name, False, account.name, str(err))
        if end is not None:
            return Check(name, False, sign_in_end.sentence(account.name, end), sign_in_end.advice())
    return Check(name, True, _("none ends by itself"))


def _address(workspace: Workspace) -> Check:
    server = workspace.settings.server
    where = f"{server.listen}:{server.port}"
    family = socket.AF_INET6 if ":" in server.listen else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((server.listen, server.port))
        except OSError as err:
            if is_ours(server.port):
                return Check(_("listen address"), True, f"{where}: `agendahub serve` runs")
            advice = _("Another program uses it ({reason}); choose another [server] listen or port.")
            return Check(_("listen address"), False, where, advice.format(reason=err.strerror))
    return Check(_("listen address"), True, where)


def is_ours(port: int) -> bool:
    """Whether it is our own daemon that listens on this machine."""
    import requests

    for scheme in ("http", "https"):
        try:
            answer = requests.get(f"{scheme}://127.0.0.1:{port}/healthz", timeout=3, verify=False)  # noqa: S501
        except requests.RequestException:
            continue
        return answer.text.startswith('{"ok":')
    return False


def _zones(workspace: Workspace) -> Check:
    """Events whose zone is neither described by themselves nor known by its name: when they are is a guess."""
    from storage.zone_flags import in_unknown_zones

    name = _("time zones")
    try:
        schema.check(workspace.database.url)
    except StoreError:
        return Check(name, True, _("not looked at: there is no store to look into"))
    with workspace.database.read() as unit:
        found = in_unknown_zones(unit.session.connection)
    if not found:
        return Check(name, True, _("all are known"))
    first = found[0]
    told = _("{count} events are in a zone that is not known here, such as {title!r} ({starts}) in {zone!r}")
    advice = _("The hub guesses when they take place and passes them on unchanged; give them another zone.")
    return Check(
        name, False, told.format(count=len(found), title=first.title, starts=first.starts, zone=first.zone), advice
    )
