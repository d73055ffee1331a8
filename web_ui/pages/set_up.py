"""How to set up each kind of device: what to do step by step, and what to type. docs/set_up/ says more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

Say = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Access:
    """What a device needs."""

    address: str  # https://hub.example.org/, as typed into most programs
    user: str
    password: str

    @property
    def server(self) -> str:
        """Without https:// and the last slash: what Apple's and some other forms ask for."""
        return self.address.partition("://")[2].rstrip("/")

    @property
    def principal(self) -> str:
        """Where this user's calendars and address books are found, for programs that look for nothing themselves."""
        return f"{self.address}dav/principals/{quote(self.user, safe='')}/"

    @property
    def is_https(self) -> bool:
        """Whether it goes over TLS, which phones insist on."""
        return self.address.startswith("https://")

    @property
    def is_for_this_machine(self) -> bool:
        """Whether nobody else can reach it."""
        host = urlsplit(self.address).hostname or ""
        return host in ("localhost", "::1") or host.startswith("127.")

    @property
    def davx5(self) -> str:
        """A link that opens DAVx5 with all filled in: ``davx5:`` means https, ``caldav:`` plain http."""
        scheme = "davx5" if self.is_https else "caldav"
        return f"{scheme}://{quote(self.user, safe='')}:{quote(self.password, safe='')}@{self.server}/"


@dataclass(frozen=True, slots=True)
class Guide:
    """For one device."""

    steps: tuple[str, ...]
    typed: tuple[tuple[str, str], ...]  # what it is called there, and what to type
    profile: bool = False  # an Apple profile does all of it
    link: str = ""  # opens the app with everything filled in


CLIENTS = ("iphone", "mac", "android", "thunderbird", "outlook", "other")


def names(say: Say) -> dict[str, str]:
    """What people call the kinds of devices."""
    return {
        "iphone": say("iPhone or iPad"),
        "mac": say("Mac"),
        "android": say("Android phone (with the app DAVx5)"),
        "thunderbird": say("Thunderbird"),
        "outlook": say("Outlook for Windows (with CalDav Synchronizer)"),
        "other": say("Another program"),
    }


def guide(client: str, access: Access, say: Say, *, by_link: bool = True) -> Guide:
    """`by_link`: the profile comes by a link. Raises KeyError for a client that is not in `CLIENTS`."""
    if client in ("iphone", "mac"):
        return (_iphone if client == "iphone" else _mac)(access, say, by_link)
    makers = {
        "android": _android,
        "thunderbird": _thunderbird,
        "outlook": _outlook,
        "other": _other,
    }
    return makers[client](access, say)


def _apple(access: Access, say: Say) -> tuple[tuple[str, str], ...]:
    return (
        (say("Server"), access.server if access.server.count("/") == 0 else access.principal),
        (say("User Name"), access.user),
        (say("Password"), access.password),
    )


def _iphone(access: Access, say: Say, by_link: bool) -> Guide:
    steps = (
        say("Scan the QR code with the camera, open the link in Safari and load the profile.")
        if by_link
        else say("Bring the profile (--mobileconfig FILE) onto the device, by AirDrop or a mail, and open it there."),
        say("Open Settings, tap Profile Downloaded at its top, then Install."),
        say(
            "Without the profile: Settings, Apps, Calendar, Calendar Accounts, Add Account, Other, Add CalDAV Account."
        ),
        say("Then the same below Apps, Contacts, Contacts Accounts: Add CardDAV Account."),
    )
    return Guide(steps, _apple(access, say), profile=True)


def _mac(access: Access, say: Say, by_link: bool) -> Guide:
    steps = (
        say("Load the profile, open it, then confirm it in System Settings, General, Device Management.")
        if by_link
        else say(
            "Open the profile (--mobileconfig FILE), then confirm it in System Settings, General, Device Management."
        ),
        say("Without the profile: System Settings, Internet Accounts, Add Account, Add Other Account, CalDAV account."),
        say("Choose Manual as the account type. Then the same once more with CardDAV account."),
    )
    return Guide(steps, _apple(access, say), profile=True)


def _android(access: Access, say: Say) -> Guide:
    steps = (
        say("Install DAVx5, and Tasks.org or jtx Board if you want tasks."),
        say("Scan the QR code or tap the link: DAVx5 opens with everything filled in. Tap Login, then Create account."),
        say("By hand: DAVx5, +, Login with URL and user name."),
        say("Open the new account there and tick the calendars and address books you want."),
    )
    return Guide(steps, _three(access, say), link=access.davx5)


def _thunderbird(access: Access, say: Say) -> Guide:
    steps = (
        say("Calendar, New Calendar, On the Network; type user name and location, then Find Calendars."),
        say("Address Book, New Address Book, Add CardDAV Address Book; the same user name and location."),
        say("Type the app password when it is asked for, and let Thunderbird remember it."),
    )
    typed = (
        (say("Username"), access.user),
        (say("Location"), access.address),
        (say("Password"), access.password),
    )
    return Guide(steps, typed)


def _outlook(access: Access, say: Say) -> Guide:
    steps = (
        say("Install Outlook CalDav Synchronizer. In Outlook: CalDav Synchronizer, Synchronization Profiles, Add."),
        say("Choose Generic CalDAV/CardDAV and a folder of Outlook, type what stands below, then Test or discover."),
        say("One profile for each calendar, task list and address book: choose one from the list that it finds."),
    )
    typed = (
        (say("DAV URL"), access.address),
        (say("Username"), access.user),
        (say("Password"), access.password),
    )
    return Guide(steps, typed)


def _other(access: Access, say: Say) -> Guide:
    steps = (
        say("Look for CalDAV (calendars, tasks) and CardDAV (contacts). Most programs find the rest by themselves."),
        say("Where a program finds nothing, type this address instead: {principal}").format(principal=access.principal),
    )
    return Guide(steps, _three(access, say))


def _three(access: Access, say: Say) -> tuple[tuple[str, str], ...]:
    return (
        (say("Base URL"), access.address),
        (say("User name"), access.user),
        (say("Password"), access.password),
    )
