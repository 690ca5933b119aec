"""Who may do what: roles in their order, what each act needs, and who a signed-in person is. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from music_core.config import ROLES, People, Role
from music_core.errors import MusicError
from music_core.types import SIGNED_IN, normalise

Act = Literal["read", "label", "queue", "run", "restore labels"]
# What each act needs at least, and how a refusal names it.
NEEDS: Mapping[Act, tuple[Role, str]] = {
    "read": ("viewer", "Reading this workbench"),
    "label": ("annotator", "Labelling"),
    "queue": ("operator", "Making a labelling queue"),
    "run": ("operator", "Launching and stopping runs"),
    "restore labels": ("admin", "Importing labels that were given under other people's names"),
}
ABOUT: Mapping[Role, str] = {
    "none": "May see nothing yet.",
    "viewer": "May read and export everything.",
    "annotator": "May read and export everything, and label.",
    "operator": "May label, make labelling queues, and start, stop and resume runs, imports among them.",
    "admin": "May do everything, also import labels given under other people's names.",
}
_EMAIL = re.compile(r"[!-?A-~]{1,64}@[a-z0-9.-]{1,190}", re.ASCII)
_MOST_ID, _MOST_NAME = 300, 80


class RoleError(MusicError):
    """Somebody asked for what their role does not allow; nothing was done."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who acts. `id` is stored with labels and never shared: a verified one begins with `SIGNED_IN`; `name` is for the screen."""

    id: str
    name: str
    verified: bool = False


def may(role: Role, act: Act) -> bool:
    """Whether the role allows the act."""
    return ROLES.index(role) >= ROLES.index(NEEDS[act][0])


def refusal(role: Role, act: Act) -> str:
    """Why the act is off for this role, in a sentence; empty where it is allowed."""
    if may(role, act):
        return ""
    needed, words = NEEDS[act]
    return f"{words} needs the role {needed}; {'you have no role yet' if role == 'none' else f'you are {role}'}."


def check(role: Role, act: Act) -> None:
    """Raise `RoleError` unless the role allows the act."""
    words = refusal(role, act)
    if words:
        raise RoleError(words, "Whoever runs this workbench gives roles in music.toml, table [people]: docs/people.md.")


def person_of(claims: Mapping[str, Any]) -> Person | None:
    """Who the claims of a checked identity token name: by the e-mail that the provider verified, else by issuer and subject.

    None where the token has neither. The name for the screen is what the person chose, so it never stands alone.
    """
    key = _key(claims)
    if key is None:
        return None
    given = " ".join(normalise(str(claims.get("name") or "")).split())[:_MOST_NAME]
    return Person(SIGNED_IN + key, given or key, verified=True)


def _key(claims: Mapping[str, Any]) -> str | None:
    # Some providers send the flag as text; anything but a plain yes leaves the address unproved.
    email = claims.get("email")
    if claims.get("email_verified") in (True, "true") and isinstance(email, str) and _EMAIL.fullmatch(email.casefold()):
        return email.casefold()
    issuer, subject = claims.get("iss"), claims.get("sub")
    if isinstance(issuer, str) and isinstance(subject, str) and issuer and subject:
        key = f"{issuer}|{subject}"
        return key if len(key) <= _MOST_ID and key.isprintable() else None
    return None


def role_of(claims: Mapping[str, Any], people: People) -> Role:
    """The role of somebody who signed in: the highest by name and by groups, else the default. Nobody without an identity has one."""
    key = _key(claims)
    if key is None:
        return "none"
    values = claims.get(people.claim)
    groups = [values] if isinstance(values, str) else values if isinstance(values, list | tuple) else ()
    found = [people.groups[g] for g in groups if isinstance(g, str) and g in people.groups]
    if key.casefold() in people.roles:
        found.append(people.roles[key.casefold()])
    return max(found, key=ROLES.index) if found else people.default


def role_without_sign_in(people: People, sign_in: bool) -> Role:
    """The role of a visitor who did not sign in. Where nobody can, this is one person's own machine unless the settings say else."""
    return people.without_sign_in or ("none" if sign_in else "admin")


def shown_id(person: str) -> str:
    """A stored person for the screen: an identity without its mark."""
    return person.removeprefix(SIGNED_IN)
