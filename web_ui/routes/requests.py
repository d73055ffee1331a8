"""One request, and what is changed about it. Changes say which version was looked at: `version`, or If-Match."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from fastapi import APIRouter, Query, Response
from pydantic import Field, model_validator

from crm import customers
from crm.request import changing, closing, history, opening, reading
from crm.request import summary as summaries
from crm.request.model import Happening, NewRequest, Person, Request
from crm.request.summary import Summary
from web_ui.call import Caller
from web_ui.shapes import Address, Asked, Body, Id, Key, Limit, Text, Version, Word

router = APIRouter(tags=["requests"])


class PersonShape(Body):
    """Somebody who takes part."""

    address: Annotated[Address, Field(min_length=3)]
    name: Annotated[str, Field(max_length=200)] = ""
    role: Annotated[Literal["customer", "copy", "colleague"], Field(description="copy gets answers, too.")] = "copy"

    def person(self) -> Person:
        """As services take it."""
        return Person(self.address.strip().lower(), self.name, self.role)


class NewRequestShape(Body):
    """A request that did not come by mail. The customer must be named: by id, or by address or name."""

    subject: Annotated[str, Field(min_length=1, max_length=1000)]
    type_id: Annotated[Key | None, Field(description="null: the first type of the catalogue.")] = None
    status_id: Annotated[Key | None, Field(description="null: the first status of the catalogue.")] = None
    responsible_id: Annotated[Key | None, Field(description="A user.")] = None
    customer_id: Annotated[Key | None, Field(description="A contact of the hub.")] = None
    customer_name: Annotated[str, Field(max_length=400)] = ""
    customer_address: Address = ""
    priority: Annotated[int, Field(ge=1, le=5, description="1 is the lowest.")] = 3
    effort: Annotated[int, Field(ge=1, le=5, description="1 is the least.")] = 3
    weight: Annotated[int | None, Field(ge=0, le=10**6, description="null: of type, priority and effort.")] = None
    objectives: Text = ""
    acceptance: Annotated[Text, Field(description="How one sees that it is done.")] = ""
    mailbox: Annotated[str, Field(max_length=100, description="Answers go out from it.")] = ""
    tags: Annotated[tuple[Annotated[str, Field(max_length=100)], ...], Field(max_length=50)] = ()
    people: Annotated[tuple[PersonShape, ...], Field(max_length=50)] = ()

    def request(self) -> NewRequest:
        """As the service takes it."""
        plain = self.model_dump(exclude={"people"})
        state = "known" if self.customer_id is not None else "unknown"
        address = self.customer_address.strip().lower()
        people = tuple(shape.person() for shape in self.people)
        return NewRequest(**plain | {"customer_state": state, "customer_address": address, "people": people})


class RequestChange(Body):
    """What is left out stays as it is."""

    version: Version = None
    subject: Annotated[str | None, Field(min_length=1, max_length=1000)] = None
    type_id: Key | None = None
    customer_id: Annotated[Key | None, Field(description="null: no contact of the hub.")] = None
    customer_name: Annotated[str | None, Field(max_length=400)] = None
    customer_address: Address | None = None
    priority: Annotated[int | None, Field(ge=1, le=5)] = None
    effort: Annotated[int | None, Field(ge=1, le=5)] = None
    weight: Annotated[int | None, Field(ge=0, le=10**6)] = None
    objectives: Text | None = None
    acceptance: Text | None = None
    mailbox: Annotated[str | None, Field(max_length=100)] = None

    def values(self) -> dict[str, object]:
        """What was sent; null only says something of the customer's contact and the weight."""
        sent = self.model_dump(exclude_unset=True, exclude={"version"})
        return {name: value for name, value in sent.items() if value is not None or name in ("customer_id", "weight")}


class Assign(Body):
    """Who is responsible from now on: `responsible_id`, or `user_id`, which says the same."""

    version: Version = None
    responsible_id: Annotated[Key | None, Field(description="A user; null: nobody.")] = None
    user_id: Annotated[Key | None, Field(description="The same, its older name.")] = None

    @model_validator(mode="after")
    def _said(self) -> Self:
        """Nobody is said with null, not by leaving it out."""
        said = {getattr(self, name) for name in self.model_fields_set & {"responsible_id", "user_id"}}
        if len(said) != 1:
            raise ValueError("say who in responsible_id, once; null is nobody")
        return self

    def user(self) -> int | None:
        """None: nobody."""
        return self.user_id if self.responsible_id is None else self.responsible_id


class Tie(Body):
    """Whose request it is."""

    version: Version = None
    name: Annotated[str, Field(max_length=200, description="Of the contact that is made; empty: as the mail says.")] = (
        ""
    )
    customer_id: Annotated[Key | None, Field(description="A contact of the hub; null: one is made of the sender.")] = (
        None
    )


class SetStatus(Body):
    """The responsible and the customer are asked for before any change of status; they may come along."""

    version: Version = None
    status_id: Key
    responsible_id: Key | None = None
    customer_id: Key | None = None


class Why(Body):
    """Closing and reopening have a reason."""

    version: Version = None
    reason: Annotated[str, Field(max_length=1000, description="It stands in the history.")] = ""


class Spam(Body):
    """Spam, or not."""

    version: Version = None
    spam: Annotated[bool, Field(description="false: it was none, and is opened again.")]


class Lines(Asked):
    """Which lines of the history."""

    before_id: Annotated[Key | None, Field(description="The id of the last one you have.")] = None
    limit: Limit = 100


@router.post("/requests", status_code=201)
def open_request(call: Caller, sent: NewRequestShape) -> Request:
    """A request by telephone, or by a program. Send an Idempotency-Key."""
    return call.once(Request, lambda unit: opening.open_request(unit, call.settings, call.actor, sent.request()))


@router.get("/requests/by-number/{number}")
def by_number(call: Caller, response: Response, number: Word) -> Request:
    """R-2026-17, upper or lower case; the number of a merged one finds where it went."""
    with call.read() as unit:
        return _tagged(response, reading.by_number(unit, call.actor, number))


@router.get("/requests/{request_id}")
def one_request(call: Caller, response: Response, request_id: Id) -> Request:
    """As it is now. Its ETag goes back as If-Match with a change."""
    with call.read() as unit:
        return _tagged(response, reading.request(unit, call.actor, request_id))


@router.get("/requests/{request_id}/summary")
def summary(call: Caller, request_id: Id) -> Summary:
    """In short, with its newest message, what is planned, and who looks at it."""
    with call.read() as unit:
        return summaries.summary(unit, call.actor, request_id)


@router.get("/requests/{request_id}/history")
def lines(call: Caller, request_id: Id, wanted: Annotated[Lines, Query()]) -> list[Happening]:
    """What became of it, the newest first."""
    with call.read() as unit:
        return list(history.history(unit, call.actor, request_id, before_id=wanted.before_id, limit=wanted.limit))


@router.patch("/requests/{request_id}")
def change(call: Caller, response: Response, request_id: Id, sent: RequestChange) -> Request:
    """Subject, customer, type, weight ..."""
    version, values = call.version(sent.version), sent.values()
    done = call.write(lambda unit: changing.change(unit, call.actor, request_id, version, values))
    return _tagged(response, done)


@router.post("/requests/{request_id}/assign")
def assign(call: Caller, response: Response, request_id: Id, sent: Assign) -> Request:
    """Say who is responsible."""
    version = call.version(sent.version)
    done = call.write(lambda unit: changing.assign(unit, call.actor, request_id, version, sent.user()))
    return _tagged(response, done)


@router.post("/requests/{request_id}/customer")
def tie_customer(call: Caller, response: Response, request_id: Id, sent: Tie) -> Request:
    """Say whose it is: a contact, or its sender, of whom one is made in the company's contacts where there is none."""
    version, rest = call.version(sent.version), sent.model_dump(exclude={"version"})
    done = call.once(Request, lambda unit: customers.tie(unit, call.settings, call.actor, request_id, version, **rest))
    return _tagged(response, done)


@router.post("/requests/{request_id}/status")
def set_status(call: Caller, response: Response, request_id: Id, sent: SetStatus) -> Request:
    """422 with `missing` says what is asked for first. Completed is open still: closing is an action of its own."""
    version, rest = call.version(sent.version), sent.model_dump(exclude={"version"})
    done = call.write(lambda unit: changing.set_status(unit, call.actor, request_id, version, **rest))
    return _tagged(response, done)


@router.post("/requests/{request_id}/close")
def close(call: Caller, response: Response, request_id: Id, sent: Why) -> Request:
    """Needs a reason, a customer and a responsible. Junk that nobody asks anything for: `/spam`."""
    version = call.version(sent.version)
    done = call.write(lambda unit: closing.close(unit, call.actor, request_id, version, sent.reason))
    return _tagged(response, done)


@router.post("/requests/{request_id}/reopen")
def reopen(call: Caller, response: Response, request_id: Id, sent: Why) -> Request:
    """Its status becomes the first that means open."""
    version = call.version(sent.version)
    done = call.write(lambda unit: closing.reopen(unit, call.actor, request_id, version, sent.reason))
    return _tagged(response, done)


@router.post("/requests/{request_id}/spam")
def mark_spam(call: Caller, response: Response, request_id: Id, sent: Spam) -> Request:
    """Spam is closed without asking for anything, and in no list but its own; what was none is opened again."""
    version = call.version(sent.version)
    done = call.write(lambda unit: closing.mark_spam(unit, call.actor, request_id, version, spam=sent.spam))
    return _tagged(response, done)


def _tagged(response: Response, found: Request) -> Request:
    response.headers["etag"] = f'"{found.version}"'
    return found
