"""Keeps what the daemon does for customer requests: mailboxes are read, the outbox is sent, the agenda is followed."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from agendahub.crm_settings import crm_settings
from agendahub.mail_keeper import MailKeeper
from agendahub.mailbox_health import Live
from agendahub.mailbox_worker import Took
from agendahub.outbox_keeper import OutboxKeeper
from agendahub.texts import _
from agendahub.workspace import Workspace
from crm.agenda.follow import follow
from crm.settings import CrmSettings
from storage.errors import StoreError

LOOK = 2.0  # seconds between looks at mailboxes and at the outbox
FOLLOW = 3.0  # seconds between looks at what people changed in the agenda

log = structlog.get_logger("agendahub.crm")


class CrmKeeper:
    """Call `look` every `LOOK` seconds and `follow` every `FOLLOW` seconds, each from one thread at a time."""

    def __init__(self, workspace: Callable[[], Workspace], took: Took) -> None:
        """`workspace` gives the one in use; `took` is told of each mail that came, from any thread."""
        self._workspace = workspace
        self.mails, self.outbox = MailKeeper(workspace, took), OutboxKeeper(workspace)
        self._settings: tuple[Workspace, CrmSettings] | None = None
        self._problem = ""

    @property
    def problems(self) -> list[str]:
        """What an admin should know, one sentence each."""
        return [*([self._problem] if self._problem else []), *self.mails.problems, *self.outbox.problems]

    @property
    def need_sign_in(self) -> list[str]:
        """Accounts of mailboxes that wait for a person to sign in, or for a new password."""
        return self.mails.need_sign_in

    def live(self) -> dict[str, Live]:
        """What is known of mailboxes that the store does not know yet, by name."""
        return {one.name: Live(one.state, one.detail, one.last_ok_at) for one in self.mails.states()}

    def look(self) -> None:
        """Have due work done by the threads; returns soon."""
        self.mails.look()
        self.outbox.look()

    def follow(self) -> None:
        """Bring what people changed in the agenda back to the activities."""
        workspace = self._workspace()
        try:
            changed = follow(workspace.database, self._known(workspace))
        except StoreError:  # the daemon tells of it, and we come again
            return
        except Exception as err:
            problem = _("The agenda cannot be followed: {reason}").format(reason=f"{type(err).__name__}: {err}")
            if problem != self._problem:
                log.exception("following the agenda broke off unexpectedly")
            self._problem = problem
            return
        self._problem = ""
        if changed:
            log.info("activities followed the agenda", count=changed)

    def begin_stop(self) -> None:
        """Tell all to end; returns at once."""
        self.mails.begin_stop()
        self.outbox.begin_stop()

    def stop(self, until: float) -> bool:
        """Wait until this moment of the monotonic clock; False when something is still at it: no harm."""
        ended = self.mails.stop(until), self.outbox.stop(until)
        return all(ended)

    def _known(self, workspace: Workspace) -> CrmSettings:
        if self._settings is None or self._settings[0] is not workspace:
            self._settings = workspace, crm_settings(workspace)
        return self._settings[1]
