"""A mail as a page that is safe to show."""

from __future__ import annotations

from dataclasses import dataclass

from crm.mail.model import Mail


@dataclass(frozen=True, slots=True)
class Page:
    """A whole HTML document, for an iframe with `sandbox` and the headers given here."""

    html: str
    policy: str  # the value of Content-Security-Policy
    remote_images: int  # that were left out, or are shown when asked for


def page(mail: Mail, *, images: bool = False, inline: str = "") -> Page:
    """The text of a mail. Remote images only when `images`; quoted text is folded, not dropped.

    `inline` is the address of the mail's own images, with `{number}` for the attachment's: "" leaves them out.
    """
    raise NotImplementedError
