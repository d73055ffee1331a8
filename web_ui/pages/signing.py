"""Signing in and out, and changing one's password.

Nobody learns from an answer, or from how long it takes, whether there is a user of a name. Each sign-in begins a new
session, so that one that somebody planted before is worth nothing.
"""

from __future__ import annotations

import structlog

from storage import web_passwords, web_sessions
from storage.database import run
from storage.unit_of_work import SqlUnitOfWork
from web_ui.pages import cookies
from web_ui.pages.visit import Shown, Turned, Visit, hash_of, new_secret

log = structlog.get_logger("agendahub.web")


def form(visit: Visit) -> Shown:
    """GET: the form, or the way on for whom is in already."""
    return Shown(location="/devices") if visit.session else _form(visit)


def sign_in(visit: Visit) -> Shown:
    """POST."""
    if not visit.proves_form(_token(visit.cookie(cookies.FORM))):
        sorry = visit._("Your browser did not send back a cookie of this page. Allow cookies for it, and try again.")
        return _form(visit, sorry, status=403)
    typed, password = visit.form.get("user", "").strip()[:200], visit.form.get("password", "")
    if visit.desk.guesses.too_many(typed, visit.client, visit.now):
        sorry = visit._("Too many wrong sign-ins; wait ten minutes and try again.")
        return _form(visit, sorry, status=429, headers={"retry-after": "600"})
    with visit.desk.database.read() as unit:
        who = web_sessions.person(unit.session.connection, typed)
    right = web_passwords.is_right(password, who.password_hash if who else "")
    if who is None or not right or who.blocked:
        visit.desk.guesses.wrong(typed, visit.client, visit.now)
        log.warning("a sign-in to the web pages was refused", client=visit.client)
        sorry = visit._("This user name and this password do not go together. Your admin can give you a new password.")
        return _form(visit, sorry, status=403)
    return _begin(visit, who)


def sign_out(visit: Visit) -> Shown:
    """POST."""
    run(visit.desk.database, lambda unit: web_sessions.end_session(unit.session.connection, visit.person.token_hash))
    log.info("signed out of the web pages", user=visit.person.user)
    return _away(visit)


def sign_out_everywhere(visit: Visit) -> Shown:
    """POST: of all browsers."""
    run(visit.desk.database, lambda unit: web_sessions.end_sessions_of(unit.session.connection, visit.person.user_id))
    log.info("signed out of the web pages everywhere", user=visit.person.user)
    return _away(visit)


def password_form(_visit: Visit) -> Shown:
    """GET."""
    return Shown("password.html", {"shortest": web_passwords.SHORTEST})


def change_password(visit: Visit) -> Shown:
    """POST: the old one is asked for, so that a browser left open is not enough. Ends all other sessions."""
    old, new, again = (visit.form.get(name, "") for name in ("old", "new", "again"))
    if visit.desk.guesses.too_many(visit.person.user, visit.client, visit.now):
        raise Turned(429, "guesses", headers={"retry-after": "600"})
    with visit.desk.database.read() as unit:
        who = web_sessions.person(unit.session.connection, visit.person.user)
    if who is None or not web_passwords.is_right(old, who.password_hash):
        visit.desk.guesses.wrong(visit.person.user, visit.client, visit.now)
        return _refused("old", visit._("This is not your present password."))
    if new != again:
        return _refused("again", visit._("The new password was typed differently the second time."))
    if reason := web_passwords.weakness(new, who.user):
        return _refused("new", why_not(visit, reason))
    hashed = web_passwords.hash_of(new)
    run(visit.desk.database, lambda unit: web_sessions.set_password(unit.session.connection, who.user, hashed))
    log.info("changed the password of the web pages", user=who.user)
    return _begin(visit, who, "/devices?told=password")


def why_not(visit: Visit, reason: str) -> str:
    """A sentence about a password that cannot be taken."""
    shortest, longest = web_passwords.SHORTEST, web_passwords.LONGEST
    return {
        "short": visit._("A password has at least {shortest} characters; a few words are good.").format(
            shortest=shortest
        ),
        "long": visit._("A password has at most {longest} characters.").format(longest=longest),
        "simple": visit._("This password is too simple; a few words are good."),
        "name": visit._("This password is little more than your user name; a few words are good."),
    }[reason]


def _begin(visit: Visit, who: web_sessions.Person, where: str = "/devices") -> Shown:
    token, csrf, before = new_secret(), new_secret(), visit.session

    def begin(unit: SqlUnitOfWork) -> None:
        if before is not None:
            web_sessions.end_session(unit.session.connection, before.token_hash)
        web_sessions.begin_session(unit.session.connection, who.user_id, hash_of(token), csrf, visit.client, visit.now)

    run(visit.desk.database, begin)
    log.info("signed in to the web pages", user=who.user, client=visit.client)
    given = cookies.setting(cookies.SESSION, token, secure=visit.secure)
    return Shown(location=where, set_cookies=[given, cookies.dropping(cookies.FORM, secure=visit.secure)])


def _form(visit: Visit, sorry: str = "", *, status: int = 200, headers: dict[str, str] | None = None) -> Shown:
    """With a new cookie where there is none, and the token that goes with it."""
    kept = visit.cookie(cookies.FORM)
    cookie = kept or new_secret()
    given = [] if kept else [cookies.setting(cookies.FORM, cookie, secure=visit.secure, strict=True)]
    values = {"sorry": sorry, "csrf": _token(cookie), "user": visit.form.get("user", "")[:200]}
    return Shown("sign_in.html", values, status, headers=headers or {}, set_cookies=given)


def _token(cookie: str) -> str:
    return hash_of(f"form {cookie}") if cookie else ""


def _refused(which: str, sorry: str) -> Shown:
    return Shown("password.html", {"shortest": web_passwords.SHORTEST, "wrong": which, "sorry": sorry}, 422)


def _away(visit: Visit) -> Shown:
    dropped = cookies.dropping(cookies.SESSION, secure=visit.secure)
    return Shown(location="/sign-in?told=out", set_cookies=[dropped])
