"""Who may do what, and who a signed-in person is."""

import itertools
from typing import Any

import pytest

from app import roles
from app.people import clean_name
from app.roles import NEEDS, RoleError, may, person_of, role_of, role_without_sign_in
from music_core.config import ROLES, People

ADA = {"iss": "https://id.example", "sub": "17", "email": "Ada@Example.org", "email_verified": True, "name": "Ada L."}
PEOPLE = People(roles={"ada@example.org": "operator", "https://id.example|9": "viewer"}, groups={"rm": "annotator", "boss": "admin"})


def test_each_role_may_do_what_the_one_before_it_may_and_the_first_may_do_nothing() -> None:
    for act, (least, _) in NEEDS.items():
        assert not may("none", act)
        assert may("admin", act)
        for lower, higher in itertools.pairwise(ROLES):
            assert may(higher, act) or not may(lower, act)
        assert next(r for r in ROLES if may(r, act)) == least


def test_a_refusal_names_the_role_that_is_needed_and_ones_own() -> None:
    assert roles.refusal("annotator", "run") == "Launching and stopping runs needs the role operator; you are annotator."
    assert roles.refusal("none", "read").endswith("you have no role yet.")
    assert roles.refusal("operator", "run") == ""
    with pytest.raises(RoleError, match="needs the role annotator; you are viewer"):
        roles.check("viewer", "label")


def test_somebody_is_known_by_a_verified_address_else_by_issuer_and_subject() -> None:
    ada = person_of(ADA)
    assert ada is not None
    assert (ada.id, ada.name, ada.verified) == ("oidc:ada@example.org", "Ada L.", True)
    for unproved in (False, None, "yes", 1.5):
        found = person_of({**ADA, "email_verified": unproved})
        assert found is not None
        assert found.id == "oidc:https://id.example|17"
    assert person_of({"email": "ada@example.org"}) is None
    assert person_of({"iss": "https://id.example", "sub": ""}) is None
    assert person_of({"iss": "https://id.example", "sub": "a\u202eb"}) is None


@pytest.mark.parametrize("email", ["a b@example.org", "ada@example.org\n", "adа@example.org", "ada@@example.org", "x|y", "", None, 3])
def test_an_odd_address_is_no_identity(email: Any) -> None:
    found = person_of({**ADA, "email": email})
    assert found is not None
    assert found.id == "oidc:https://id.example|17"


def test_the_highest_of_name_and_groups_counts_and_a_default_only_without_any() -> None:
    assert role_of(ADA, PEOPLE) == "operator"
    assert role_of({**ADA, "groups": ["rm", "boss", 3]}, PEOPLE) == "admin"
    assert role_of({**ADA, "groups": "rm"}, PEOPLE) == "operator"
    stranger = {"iss": "https://id.example", "sub": "1"}
    assert role_of(stranger, PEOPLE) == "none"
    assert role_of(stranger, People(default="viewer")) == "viewer"
    assert role_of({"iss": "https://id.example", "sub": "9"}, PEOPLE) == "viewer"
    assert role_of({"email": "ada@example.org", "email_verified": False}, PEOPLE) == "none"


def test_an_unproved_address_gives_no_role() -> None:
    assert role_of({**ADA, "email_verified": False}, PEOPLE) == "none"


def test_without_a_sign_in_one_person_may_do_everything_and_with_one_a_visitor_nothing() -> None:
    assert role_without_sign_in(People(), sign_in=False) == "admin"
    assert role_without_sign_in(People(), sign_in=True) == "none"
    assert role_without_sign_in(People(without_sign_in="viewer"), sign_in=True) == "viewer"
    assert role_without_sign_in(People(without_sign_in="viewer"), sign_in=False) == "viewer"


@pytest.mark.parametrize("text", ["oidc:ada@example.org", " OIDC:ada@example.org", "o i d c : ada", "ｏｉｄｃ：ada", "oidc\u200b:ada"])
def test_no_local_name_reads_like_an_identity(text: str) -> None:
    assert clean_name(text) is None


def test_a_local_name_spelt_like_an_address_is_another_person_than_that_address() -> None:
    ada = person_of(ADA)
    assert ada is not None
    assert clean_name("ada@example.org") == "ada@example.org"
    assert ada.id != "ada@example.org"
