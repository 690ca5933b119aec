"""Settings from `music.toml` and the environment; recipes from `recipes/*.toml`. Unknown keys are refused.

`MUSIC_HOME` names the store's folder, `MUSIC_CACHE` the folder for downloaded weights, `MUSIC_CONFIG` the settings file.
"""

import dataclasses
import functools
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeVar, get_args

from music_core.errors import ConfigError

EMBEDDED = "embedded"
SCRIPTED = "scripted"
Role = Literal["none", "viewer", "annotator", "operator", "admin"]
# From the least to the most; each may do what those before it may.
ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a chat model answers. Prices are US dollars per million tokens; `api_key_env` is the NAME of a variable.

    `base_urls` holds one or more OpenAI-compatible roots (ending in /v1); a conversation branch sticks to one of them.
    """

    name: str
    model: str
    base_urls: tuple[str, ...] = ()
    api_key_env: str | None = None
    max_concurrency: int = 8
    timeout_s: float = 120.0
    max_retries: int = 4
    context_tokens: int = 4096
    json_schema: bool = True
    system_role: bool = True
    price_in: float | None = None
    price_out: float | None = None

    def __post_init__(self) -> None:
        """Check bounds; the message names the field."""
        if self.max_concurrency < 1:
            raise ConfigError(f"Endpoint '{self.name}': max_concurrency must be at least 1, not {self.max_concurrency}.")
        if self.timeout_s <= 0:
            raise ConfigError(f"Endpoint '{self.name}': timeout_s must be above 0, not {self.timeout_s}.")
        for url in self.base_urls:
            if not url.startswith(("http://", "https://")):
                raise ConfigError(f"Endpoint '{self.name}': '{url}' is not an http(s) address.")


@dataclass(frozen=True, slots=True)
class People:
    """Who may do what in the workbench, the table `[people]`. Who somebody is, the sign-in says, not this.

    `roles` names a role by verified e-mail or by `issuer|subject`; `groups` by a value of the claim `claim`. Of several the
    highest counts; `default` is for everybody else who signed in. `without_sign_in` is for visitors who did not sign in:
    left out, they may do everything where no sign-in is set up (one person on a laptop), and nothing where it is.
    """

    roles: Mapping[str, Role] = field(default_factory=dict)
    groups: Mapping[str, Role] = field(default_factory=dict)
    claim: str = "groups"
    default: Role = "none"
    without_sign_in: Role | None = None

    def __post_init__(self) -> None:
        """Check that every role is one."""
        for name, table in (("roles", self.roles), ("groups", self.groups)):
            if not isinstance(table, Mapping):
                raise ConfigError(f"people.{name} must be a table.", f'For example: [people.{name}] with lines like "name" = "annotator".')
        given = {**self.roles, **self.groups, "default": self.default, "without_sign_in": self.without_sign_in or "none"}
        for name, role in given.items():
            if role not in ROLES:
                raise ConfigError(f"[people]: '{role}' ({name}) is no role.", f"Roles are: {', '.join(ROLES)}.")
        object.__setattr__(self, "roles", {name.casefold(): role for name, role in self.roles.items()})


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that is configured once per installation."""

    home: Path
    cache: Path
    catalog: str | None = None
    data_path: str | None = None
    endpoints: Mapping[str, Endpoint] = field(default_factory=dict)
    people: People = field(default_factory=People)

    def endpoint(self, name: str) -> Endpoint:
        """The endpoint called `name`; `ConfigError` lists those there are."""
        if name not in self.endpoints:
            raise ConfigError(
                f"There is no endpoint named '{name}'.", f"Known: {', '.join(sorted(self.endpoints))}. Add one to music.toml."
            )
        return self.endpoints[name]


T = TypeVar("T")


def from_mapping(cls: type[T], values: Mapping[str, Any], where: str) -> T:
    """A dataclass from a TOML table: lists become tuples, unknown and missing keys raise `ConfigError` naming `where`."""
    fields = {f.name: f for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
    unknown = sorted(set(values) - set(fields))
    if unknown:
        raise ConfigError(f"{where}: unknown setting {', '.join(unknown)}.", f"Settings are: {', '.join(fields)}.")
    ready = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
    try:
        return cls(**ready)
    except TypeError as e:
        raise ConfigError(f"{where}: {e}.") from e


def _builtin_endpoints() -> dict[str, Endpoint]:
    return {
        EMBEDDED: Endpoint(EMBEDDED, "SmolLM2-135M-Instruct", max_concurrency=8, context_tokens=4096),
        SCRIPTED: Endpoint(SCRIPTED, "scripted", max_concurrency=64),
    }


def load_settings(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from `path`, else `MUSIC_CONFIG`, else ./music.toml if it is there; the environment wins over the file.

    Raises `ConfigError` naming the file when it is not TOML or holds an unknown key.
    """
    env = os.environ if environ is None else environ
    chosen = path or (Path(env["MUSIC_CONFIG"]) if env.get("MUSIC_CONFIG") else Path("music.toml"))
    if chosen.is_file():
        found = chosen.stat()
        store, endpoints, people = _read(chosen.absolute(), (found.st_mtime_ns, found.st_size, found.st_ino))
    elif path is not None or env.get("MUSIC_CONFIG"):
        raise ConfigError(f"There is no settings file {chosen}.")
    else:
        store, endpoints, people = _read(None, ())
    return Settings(
        home=Path(env.get("MUSIC_HOME") or store.get("home", "data/lake")),
        cache=Path(env.get("MUSIC_CACHE") or Path.home() / ".cache" / "music-workbench"),
        catalog=store.get("catalog"),
        data_path=store.get("data_path"),
        endpoints=endpoints,
        people=people,
    )


# A page asks for the settings dozens of times; as long as the file is the same it is read once.
@functools.lru_cache(maxsize=8)
def _read(chosen: Path | None, version: tuple[int, ...]) -> tuple[Mapping[str, Any], Mapping[str, Endpoint], People]:  # noqa: ARG001
    """The tables of a settings file, None for no file: [store], endpoints by name, [people]."""
    table: dict[str, Any] = {}
    if chosen is not None:
        try:
            table = tomllib.loads(chosen.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
            raise ConfigError(f"{chosen} is not valid TOML: {e}.") from e
    endpoints = _builtin_endpoints()
    for name, values in table.pop("endpoints", {}).items():
        endpoints[name] = from_mapping(Endpoint, {"name": name, **values}, f"{chosen}, endpoint '{name}'")
    given = table.pop("people", {})
    if not isinstance(given, Mapping):
        raise ConfigError(f"{chosen}: people must be a table.", "docs/people.md shows it.")
    people = from_mapping(People, given, f"{chosen}, [people]")
    store = table.pop("store", {})
    unknown = sorted(set(table)) + sorted(f"store.{k}" for k in set(store) - {"home", "catalog", "data_path"})
    if unknown:
        raise ConfigError(
            f"{chosen}: unknown setting {', '.join(unknown)}.", "Tables are: [store] home, catalog, data_path; [endpoints.NAME]; [people]."
        )
    return MappingProxyType(store), MappingProxyType(endpoints), people


def recipe_table(name: str) -> dict[str, Any]:
    """The TOML of a recipe: a shipped name (`tiny-cpu`) or a path ending in .toml."""
    if name.endswith(".toml"):
        path = Path(name)
        if not path.is_file():
            raise ConfigError(f"There is no recipe file {name}.")
        text = path.read_text(encoding="utf-8")
    else:
        entry = resources.files("music_core.recipes").joinpath(f"{name}.toml")
        if not entry.is_file():
            raise ConfigError(
                f"There is no recipe named '{name}'.", f"Recipes are: {', '.join(recipe_names())}; or give a path to a .toml file."
            )
        text = entry.read_text(encoding="utf-8")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as e:
        raise ConfigError(f"Recipe {name} is not valid TOML: {e}.") from e


def recipe_names() -> tuple[str, ...]:
    """Names of the shipped recipes, sorted."""
    return tuple(sorted(p.name.removesuffix(".toml") for p in resources.files("music_core.recipes").iterdir() if p.name.endswith(".toml")))
