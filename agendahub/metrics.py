"""Numbers for Prometheus."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from agendahub.board import Slot
from agendahub.mailbox_health import MailboxHealth
from agendahub.outcome import Outcome
from agendahub.work import counts_of
from storage.crm.outbox import Standing
from sync_engine.ports import Connector


class Metrics:
    """All of them, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._cycles = self._counter("cycles", "Cycles, by how they ended", "binding", "result")
        self._done = self._counter("items", "Things done to items", "binding", "what")
        self._requests = self._counter("requests", "Requests sent to an account's server", "account")
        self._errors = self._counter("errors", "Cycles that failed, by kind of error", "binding", "kind")
        self._seconds = Histogram("agendahub_cycle_seconds", "How long a cycle took", registry=self._registry)
        self._age = self._gauge("binding_age_seconds", "Time since a cycle of this binding last finished", "binding")
        self._well = self._gauge("binding_ok", "1 if the last cycle of this binding finished well", "binding")
        self._hints = self._counter("push_hints", "Bindings that were made due because a change was told of", "account")
        self._calls = self._counter(
            "push_calls", "Calls and notifications at the webhook, by what they were", "verdict"
        )
        self._push = self._gauge("push_live", "1 if changes of this account are told of", "account")
        self._locked = self._gauge("account_needs_sign_in", "1 if a person must sign in for this account", "account")
        self._mails = self._counter("mails", "Mails that were read, by what became of them", "mailbox", "what")
        self._box_well = self._gauge("mailbox_ok", "1 if the last look at this mailbox went well", "mailbox")
        self._box_age = self._gauge("mailbox_age_seconds", "Time since this mailbox was last read", "mailbox")
        self._aside = self._gauge("mails_kept_aside", "Mails that could not be taken in", "mailbox")
        self._to_settle = self._gauge("mails_to_settle", "Mails not yet flagged at their server", "mailbox")
        self._outbox = self._gauge("outbox_mails", "Mails that are not sent yet, by state", "mailbox", "state")
        self._webdav_push = self._counter(
            "webdav_push_messages", "Messages to phones, by what became of them", "result"
        )
        self._held = self._gauge("held_deletions", "Deletions that wait for an admin", "binding", "side")

    def cycle(self, slot: Slot, outcome: Outcome) -> None:
        """A cycle ended."""
        name = slot.settings.name
        self._cycles.labels(name, str(outcome.result)).inc()
        self._seconds.observe((outcome.finished_at - outcome.started_at).total_seconds())
        if outcome.error is not None:
            self._errors.labels(name, type(outcome.error).__name__).inc()
        for what, count in counts_of(outcome.counts).items():
            if isinstance(count, int):
                self._done.labels(name, what).inc(count)

    def mail(self, mailbox: str, what: str) -> None:
        """A mail was read."""
        self._mails.labels(mailbox, str(what).replace(" ", "_")).inc()

    def mailboxes(self, found: Iterable[MailboxHealth], now: datetime) -> None:
        """How mailboxes are; before `page`."""
        for gauge in (self._box_well, self._box_age, self._aside, self._to_settle):
            gauge.clear()
        for box in found:
            self._box_well.labels(box.mailbox).set(box.state in {"ok", "paused"})
            self._aside.labels(box.mailbox).set(box.kept_aside)
            self._to_settle.labels(box.mailbox).set(box.to_settle)
            if box.last_ok_at is not None:
                self._box_age.labels(box.mailbox).set((now - box.last_ok_at).total_seconds())

    def outbox(self, found: Iterable[Standing]) -> None:
        """What is not sent yet; before `page`."""
        self._outbox.clear()
        for one in found:
            self._outbox.labels(one.mailbox, one.state).set(one.count)

    def requests(self, account: str, count: int) -> None:
        """Requests that a cycle sent."""
        self._requests.labels(account).inc(count)

    def hinted(self, account: str, count: int) -> None:
        """A hint made so many bindings due."""
        self._hints.labels(account).inc(count)

    def called(self, verdict: str) -> None:
        """Somebody called the webhook."""
        self._calls.labels(verdict).inc()

    def webdav_push_message(self, result: str) -> None:
        """A phone was told of a change, or could not be."""
        self._webdav_push.labels(result).inc()

    def page(
        self,
        slots: list[Slot],
        now: datetime,
        held: Mapping[tuple[str, str], int] | None = None,
        push: Mapping[str, bool] | None = None,
        locked: Iterable[str] = (),
    ) -> bytes:
        """The text that Prometheus reads. `held`: deletions that wait, by binding, side; `push`: live, by account."""
        for gauge in (self._age, self._well, self._held, self._push, self._locked):
            gauge.clear()
        for account in locked:
            self._locked.labels(account).set(1)
        for account, live in (push or {}).items():
            self._push.labels(account).set(live)
        for (binding, side), count in (held or {}).items():
            self._held.labels(binding, side).set(count)
        for slot in slots:
            if slot.finished_at is not None:
                self._age.labels(slot.settings.name).set((now - slot.finished_at).total_seconds())
            self._well.labels(slot.settings.name).set(slot.finished_at is not None and not slot.failures)
        return generate_latest(self._registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"agendahub_{name}", text, labels, registry=self._registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"agendahub_{name}", text, labels, registry=self._registry)


def requests_of(connector: Connector) -> int:
    """How many requests a connector has sent, where it counts them."""
    return int(getattr(getattr(connector, "transport", None), "requests", 0))
