"""`agendahub mailbox test`: a mailbox is tried step by step; nothing is changed in it, and nothing is taken in."""

from __future__ import annotations

from collections.abc import Iterator

from agendahub.failure import Failure
from agendahub.mail_senders import account_of
from agendahub.mail_sources import source_of
from agendahub.outcome import in_words
from agendahub.texts import _, plural
from agendahub.workspace import Workspace
from config.mailbox_checks import SENDERS
from config.settings import MailboxSettings
from connectors.mail import MailSource, Waits
from connectors.probing import Step, StepFailed
from storage.errors import StoreError
from sync_engine.errors import SyncError

NO_WAY_OUT = _(
    "No answers can go out from it: set send_through in its [[mailboxes]] entry to an account with connector smtp."
)


def steps_of(workspace: Workspace, box: MailboxSettings) -> Iterator[Step]:
    """From the sign-in to the first mail. Ends after the first step that fails."""
    try:
        source = source_of(workspace, box)
    except (Failure, StoreError) as err:
        yield Step(_("account"), False, str(err))
        return
    yield Step(_("account"), True, box.account)
    try:
        yield _folders(source, box)
        for folder in box.folders:
            yield _mails(source, folder)
        yield Step(_("new mail"), True, _when(source, box))
        yield _answers(workspace, box)
    except StepFailed as err:
        yield err.step
    except SyncError as err:
        advice = _("`agendahub account test {account}` tries the sign-in by itself.").format(account=box.account)
        yield Step(_("connection"), False, in_words(err), advice)
    finally:
        source.close()


def _answers(workspace: Workspace, box: MailboxSettings) -> Step:
    """No mail is sent. A mailbox that is only read is no fault."""
    out = account_of(workspace, box)
    sends = out.connector in SENDERS
    return Step(_("answers"), True, _("go out through {account}").format(account=out.name) if sends else NO_WAY_OUT)


def _folders(source: MailSource, box: MailboxSettings) -> Step:
    names = [folder.id for folder in source.folders()]
    wanted = [*box.folders, *([box.move_to] if box.after == "move" else [])]
    missing = [folder for folder in wanted if folder not in names]
    if missing:
        advice = _("Make it at the server, or choose from: {names}").format(names=", ".join(sorted(names)))
        raise StepFailed(Step(_("folders"), False, _("there is no folder {name}").format(name=missing[0]), advice))
    return Step(_("folders"), True, ", ".join(wanted))


def _mails(source: MailSource, folder: str) -> Step:
    """Its first mail is fetched, which does not mark it as read."""
    page = next(iter(source.arrivals(folder, None)), None)
    if page is None or not page.arrivals:
        return Step(folder, True, _("no mail lies there"))
    raw = source.raw(folder, page.arrivals[0].id)
    size = _("the oldest one has {count} octets").format(count=len(raw)) if raw is not None else _("one is gone again")
    many = plural("{count} mail", "{count} mails", len(page.arrivals))
    return Step(folder, True, f"{many}{'' if page.complete else _(' and more')}; {size}")


def _when(source: object, box: MailboxSettings) -> str:
    if isinstance(source, Waits):
        return _("the server tells of it at once")
    return _("looked for every {seconds} seconds").format(seconds=round(box.interval))
