"""The status page: plain HTML that works without JavaScript, with a keyboard and with a screen reader."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape

from agendahub.health import Health
from agendahub.mailbox_health import MailboxHealth
from agendahub.push_health import sentence
from agendahub.texts import _
from storage.push_subscriptions import PushState

_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;margin:2rem;max-width:80rem;color:#1a1a1a;background:#fff}"
    "table{border-collapse:collapse}caption{text-align:left;font-weight:bold;padding:.5rem 0}"
    "th,td{text-align:left;padding:.3rem .8rem;border-bottom:1px solid #767676;vertical-align:top}"
    "td.n{text-align:right}.bad{font-weight:bold}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#111}}"
)


def page(
    found: Sequence[Health],
    problems: Sequence[str],
    now: datetime,
    push: Sequence[PushState] = (),
    boxes: Sequence[MailboxHealth] = (),
) -> str:
    """A whole HTML document. Names of bindings, accounts and mailboxes are shown; titles and subjects are not."""
    well = all(health.is_well for health in found) and all(box.is_well for box in boxes) and not problems
    verdict = _("All is well.") if well else _("Something needs attention.")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(verdict)} - AgendaHub</title>'
        f'<meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="60">'
        f"<style>{_STYLE}</style></head><body><main><h1>AgendaHub</h1>"
        f'<p role="status">{escape(verdict)} {escape(_("As of"))} {_time(now)}.</p>'
        f"{_problems(problems)}{_table(found)}{_mailboxes(boxes)}{_push(push)}"
        f'<p><a href="sign-in">{escape(_("Sign in to set up your devices"))}</a></p></main></body></html>'
    )


def _problems(problems: Sequence[str]) -> str:
    if not problems:
        return ""
    lines = "".join(f"<li>{escape(problem)}</li>" for problem in problems)
    return f"<h2>{escape(_('Problems'))}</h2><ul>{lines}</ul>"


def _push(push: Sequence[PushState]) -> str:
    if not push:
        return ""
    lines = "".join(f"<li>{escape(sentence(state))}</li>" for state in push)
    return f"<h2>{escape(_('Changes are told of'))}</h2><ul>{lines}</ul>"


def _mailboxes(boxes: Sequence[MailboxHealth]) -> str:
    if not boxes:
        return ""
    headings = _("Mailbox"), _("Account"), _("State"), _("Last read"), _("Not taken in"), _("To be flagged")
    head = "".join(f'<th scope="col">{escape(heading)}</th>' for heading in headings)
    rows = "".join(map(_mailbox, boxes))
    caption = escape(_("Mailboxes whose mails become customer requests"))
    return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _mailbox(box: MailboxHealth) -> str:
    state = escape(box.state) + (f": {escape(box.detail)}" if box.detail else "")
    marked = f"<td>{state}</td>" if box.is_well else f'<td class="bad">{state}</td>'
    return (
        f'<tr><th scope="row">{escape(box.mailbox)}</th><td>{escape(box.account)}</td>{marked}'
        f"<td>{_time(box.last_ok_at) if box.last_ok_at else escape(_('never'))}</td>"
        f'<td class="n">{box.kept_aside}</td><td class="n">{box.to_settle}</td></tr>'
    )


def _table(found: Sequence[Health]) -> str:
    if not found:
        return f"<p>{escape(_('No bindings yet; add one with `agendahub binding add`.'))}</p>"
    headings = (
        _("Binding"), _("Account"), _("State"), _("Last finished"), _("Last change in"), _("Last change out"),
        _("Items"), _("Waiting"), _("Held"), _("Quarantine"), _("Conflicts"),
    )  # fmt: skip
    head = "".join(f'<th scope="col">{escape(heading)}</th>' for heading in headings)
    rows = "".join(_row(health) for health in found)
    caption = escape(_("Bindings: a state is ok only if the last cycle finished"))
    return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _row(health: Health) -> str:
    state = escape(health.state) + (f": {escape(health.detail)}" if health.detail else "")
    marked = f"<td>{state}</td>" if health.is_well else f'<td class="bad">{state}</td>'
    times = (health.last_ok_at, health.last_change_in_at, health.last_change_out_at)
    numbers = (health.links, health.waiting, health.held, health.quarantined, health.conflicts)
    return (
        f'<tr><th scope="row">{escape(health.binding)}</th><td>{escape(health.account)}</td>{marked}'
        + "".join(f"<td>{_time(at) if at else escape(_('never'))}</td>" for at in times)
        + "".join(f'<td class="n">{number}</td>' for number in numbers)
        + "</tr>"
    )


def _time(at: datetime) -> str:
    machine = at.isoformat(timespec="seconds")
    return f'<time datetime="{machine}">{at:%Y-%m-%d %H:%M:%S} UTC</time>'
