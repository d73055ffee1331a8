"""Changes of what is everybody's: done and written into the audit in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from crm import audit
from storage.unit_of_work import SqlUnitOfWork
from web_ui.call import Call

Result = TypeVar("Result")
Work = Callable[[SqlUnitOfWork], Result]


def noted(call: Call, about: str | Callable[[Result], str], what: str, act: Work[Result]) -> Work[Result]:
    """`act`, and a line of the audit: `about` names the thing, by what `act` gave where it must be known from that."""

    def work(unit: SqlUnitOfWork) -> Result:
        done = act(unit)
        named = about if isinstance(about, str) else about(done)
        audit.note(unit, call.actor, "catalogue.edit", named, what)
        return done

    return work
