"""App passwords are random, long, easy to type and kept as a hash only."""

from __future__ import annotations

import math
import re

from storage import app_passwords


def test_a_new_password_has_at_least_128_bits_in_groups_of_easy_letters() -> None:
    shown, _ = app_passwords.new()
    assert re.fullmatch(r"[a-z2-7]{4}(-[a-z2-7]{4})+", shown)
    assert math.log2(32) * len(shown.replace("-", "")) >= 128


def test_no_two_passwords_are_alike() -> None:
    assert len({app_passwords.new()[0] for _ in range(500)}) == 500


def test_the_hash_is_the_same_however_a_person_types_it() -> None:
    shown, stored = app_passwords.new()
    for typed in (shown, shown.upper(), shown.replace("-", ""), shown.replace("-", " "), f" {shown}\n"):
        assert app_passwords.hash_of(typed) == stored


def test_the_hash_differs_for_another_password_and_does_not_contain_it() -> None:
    shown, stored = app_passwords.new()
    assert app_passwords.hash_of(shown[:-1]) != stored
    assert re.fullmatch(r"[0-9a-f]{64}", stored)
    assert shown.replace("-", "") not in stored
