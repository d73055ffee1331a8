"""A mailbox at an IMAP server, as a `connectors.mail.MailSource` that can wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from connectors.imap import idling, listing, reading, settling
from connectors.imap.folders import readable_folders
from connectors.imap.line import ImapLine, Opened
from connectors.mail import After, MailFolder, MailPage
from connectors.settings import ConnectorSettings


class ImapSource:
    """Of one thread, with one connection that is made when it is needed and again after it broke."""

    page = listing.PAGE

    def __init__(self, settings: ConnectorSettings) -> None:
        self.line = ImapLine(settings)
        self._known: dict[str, Opened] = {}  # folders, as they were when they were listed or waited for
        self._sizes: dict[str, int] = {}  # of the mails of the last page

    def folders(self) -> Sequence[MailFolder]:
        """As `MailSource`. The id is the whole name, with the server's separator."""
        return self.line.ask(readable_folders)

    def arrivals(self, folder: str, since: str | None) -> Iterator[MailPage]:
        """As `MailSource`: the mails with higher UIDs than those that were told."""
        for opened, page in listing.pages(self.line, folder, since, self.page):
            if page.complete:
                self._known[folder] = opened
            self._sizes = {one.id: one.size for one in page.arrivals if one.size}
            yield page

    def raw(self, folder: str, mail_id: str) -> bytes | None:
        """As `MailSource`."""
        return next((found for _, found in self.raws(folder, [mail_id])), None)

    def raws(self, folder: str, mail_ids: Sequence[str]) -> Iterator[tuple[str, bytes | None]]:
        """As `MailSource`."""
        return reading.raws(self.line, folder, mail_ids, self._sizes)

    def settle(self, folder: str, mail_ids: Sequence[str], after: After) -> None:
        """As `MailSource`."""
        settling.settle(self.line, folder, mail_ids, after)

    def wait(self, folder: str, seconds: float, stopped: Callable[[], bool]) -> bool:
        """As `Waits`."""
        return idling.wait(self.line, folder, self._known, seconds, stopped)

    def close(self) -> None:
        """As `MailSource`."""
        self.line.close()
