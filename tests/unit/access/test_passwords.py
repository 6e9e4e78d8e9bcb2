"""Passwords: kept so that a stolen file opens nothing, made up so that a person can type them."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigie.access import passwords
from vigie.access.people import Refused


def test_what_is_kept_is_argon2id_with_the_chosen_cost_and_never_twice_the_same() -> None:
    kept = passwords.hashed("correct horse")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert "horse" not in kept
    assert kept != passwords.hashed("correct horse")


@settings(max_examples=10, deadline=None)
@given(st.text(max_size=40), st.text(max_size=40))
def test_only_the_same_password_is_right(password: str, other: str) -> None:
    kept = passwords.hashed(password)
    assert passwords.is_right(kept, password)
    assert passwords.is_right(kept, other) is (other == password)


@pytest.mark.parametrize("kept", [None, "", "plain text", "$argon2id$v=19$m=19456,t=2,p=1$broken"])
def test_nothing_opens_where_no_hash_is_kept(kept: str | None) -> None:
    assert not passwords.is_right(kept, "")
    assert not passwords.is_right(kept, "plain text")


def test_a_hash_of_another_cost_is_to_be_made_anew() -> None:
    weaker = "$argon2id$v=19$m=8192,t=1,p=1$MTIzNDU2Nzg5MDEyMzQ1Ng$PSE8F7Ncm6kmNFsiXKlLPoRQZbHnf4uKd5fEFRFZvTo"
    assert passwords.is_outdated(weaker)
    assert not passwords.is_outdated(passwords.hashed("correct horse"))


def test_an_unknown_user_costs_what_a_known_one_does() -> None:
    assert not passwords.is_outdated(passwords._NOBODY)


def test_a_made_up_password_can_be_read_out_and_passes_the_rules() -> None:
    made = {passwords.made_up() for _ in range(200)}
    assert len(made) == 200
    for password in made:
        assert re.fullmatch(r"[a-hjkmnp-z2-9]{4}(-[a-hjkmnp-z2-9]{4}){3}", password)
        assert passwords.checked(password, "admin") == password


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short", "at least 10"),
        ("", "at least 10"),
        ("x" * 129, "at most 128"),
        ("aaaaaaaaaaaa", "easy to guess"),
        ("1212121212", "easy to guess"),
        ("marie12345", "easy to guess"),
        ("xMARIE12345", "easy to guess"),
    ],
)
def test_a_weak_password_is_refused_with_the_reason(password: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        passwords.checked(password, "marie")


def test_the_name_inside_a_long_password_does_no_harm() -> None:
    assert passwords.checked("marie looks after batteries", "marie")
