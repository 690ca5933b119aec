"""Registering a reward model that was trained elsewhere."""

import hashlib
import json
from pathlib import Path

from music_core.errors import RewardError
from music_core.store.connect import Store
from music_core.store.models import register_model
from music_core.types import RewardModel, content_id


def register_folder(store: Store, name: str, folder: Path, base: str = "") -> RewardModel:
    """Register `folder` under `name`, or the next free name. The same folder with the same files is registered once.

    Looks at config.json only; the weights are loaded when something is scored. Raises `RewardError` when the folder is not a
    sequence classifier with one label.
    """
    path = folder.expanduser().resolve()
    try:
        text = (path / "config.json").read_text(encoding="utf-8")
        config = json.loads(text)
    except (OSError, ValueError) as e:
        raise RewardError(f"{path} holds no readable config.json: {e}.", "Give a folder that transformers can load.") from e
    kinds = config.get("architectures") or []
    if not any(str(kind).endswith("ForSequenceClassification") for kind in kinds):
        raise RewardError(f"{path} is no sequence classifier ({', '.join(map(str, kinds)) or 'no architecture named'}).")
    labels = config.get("num_labels", len(config.get("id2label", {})) or 2)
    if labels != 1:
        raise RewardError(f"{path} has {labels} labels; a reward model has one.")
    files = sorted((p.name, p.stat().st_size) for p in path.glob("*.safetensors"))
    digest = hashlib.sha256(text.encode()).hexdigest()
    model_id = content_id("m", [str(path), digest, [list(f) for f in files]])
    return register_model(store, RewardModel(model_id, name, str(path), base or str(config.get("model_type", ""))))
