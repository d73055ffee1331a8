"""A mail without its large files, which go to the server one by one."""

from __future__ import annotations

from dataclasses import dataclass
from email import policy
from email.message import Message
from email.parser import BytesParser

from sync_engine.errors import Rejected


@dataclass(frozen=True, slots=True)
class LargeFile:
    """One that was taken out."""

    name: str
    media_type: str
    content: bytes


def slimmed(raw: bytes, most: int) -> tuple[bytes, list[LargeFile]]:
    """The mail with at most so many octets, and its largest files. Raises Rejected where the rest is too large."""
    mail = BytesParser(policy=policy.SMTP).parsebytes(raw)
    files: list[LargeFile] = []
    rest = raw
    while len(rest) > most:
        part = _largest(mail)
        if part is None:
            raise Rejected(f"The text of this mail is too large ({len(rest)} octets); send it as a file.")
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        files.append(LargeFile(part.get_filename() or "file", part.get_content_type(), content))
        parts = mail.get_payload()
        assert isinstance(parts, list)
        parts.remove(part)
        rest = mail.as_bytes()
    return rest, files


def _largest(mail: Message) -> Message | None:
    """Of the files that are attached to the whole mail, not those that its text shows."""
    parts = mail.get_payload() if mail.get_content_type() == "multipart/mixed" else []
    assert isinstance(parts, list)
    files = [one for one in parts if isinstance(one, Message) and one.get_filename() and not one.is_multipart()]
    return max(files, key=lambda one: len(str(one.get_payload())), default=None)
