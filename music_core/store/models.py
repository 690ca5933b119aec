"""Registered reward models, each under a name of its own."""

from music_core.errors import StoreError
from music_core.store.connect import Store
from music_core.store.session import Row, Session
from music_core.store.text import from_json, naive, now, to_json, utc
from music_core.types import RewardModel

_COLUMNS = "model_id, name, path, base, run_id, metrics, created_at"


def register_model(store: Store, model: RewardModel) -> RewardModel:
    """Register `model` and return it as stored; a model id that is known already changes nothing.

    A name that another model has gets the next free number (`tiny`, `tiny-2`, …), so that a rater's name means one model.
    """

    def register(session: Session) -> None:
        if session.known("model_rows", "model_id", [model.id]):
            return
        taken = {row[0] for row in session.rows("SELECT name FROM lake.model_rows")}
        row = {
            "model_id": model.id,
            "name": free_name(model.name, taken),
            "path": model.path,
            "base": model.base,
            "run_id": model.run_id,
            "metrics": to_json(dict(model.metrics)),
            "created_at": naive(model.created_at) if model.created_at else now(),
        }
        session.insert("model_rows", [row])

    store.write("models", register)
    return get_model(store, model.id)


def free_name(name: str, taken: set[str]) -> str:
    """`name`, or `name-2`, `name-3`, …: the first that is not taken."""
    if name not in taken:
        return name
    return next(n for n in (f"{name}-{k}" for k in range(2, len(taken) + 3)) if n not in taken)


def list_models(store: Store) -> list[RewardModel]:
    """All registered models, newest first."""
    return [_model(row) for row in store.read(f"SELECT {_COLUMNS} FROM lake.models ORDER BY created_at DESC, model_id")]


def get_model(store: Store, id_or_name: str) -> RewardModel:
    """The model with this id or this name. Raises `StoreError` naming the models there are."""
    sql = f"SELECT {_COLUMNS} FROM lake.models WHERE model_id = ? OR name = ? ORDER BY model_id <> ? LIMIT 1"
    found = store.read(sql, [id_or_name] * 3)
    if not found:
        names = ", ".join(model.name for model in list_models(store)) or "none yet"
        raise StoreError(f"There is no reward model '{id_or_name}'.", f"Registered: {names}.")
    return _model(found[0])


def _model(row: Row) -> RewardModel:
    model_id, name, path, base, run_id, metrics, created_at = row
    return RewardModel(model_id, name, path, base, run_id, from_json(metrics), utc(created_at))
