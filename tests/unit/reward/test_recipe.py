"""Recipes: the paper's numbers, bounds, overrides; and the package without torch."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from music_core.errors import ConfigError
from music_core.reward.recipe import TrainRecipe, load_train_recipe, train_recipe_names


def test_the_recipe_of_the_paper_has_the_papers_numbers() -> None:
    recipe = load_train_recipe("gemma2-9b-music")
    assert (recipe.base, recipe.max_length, recipe.steps) == ("google/gemma-2-9b-it", 2048, 2500)
    assert (recipe.batch_pairs, recipe.learning_rate, recipe.margin, recipe.centering) == (64, 2e-6, 0.0, 0.0)
    assert recipe.attention == "eager"


def test_every_shipped_training_recipe_is_valid() -> None:
    assert {"tiny-cpu", "gemma2-9b-music"} <= set(train_recipe_names())
    for name in train_recipe_names():
        json.dumps(load_train_recipe(name).as_dict())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("max_length", 4),
        ("steps", 0),
        ("batch_pairs", 0),
        ("micro_batch_pairs", 0),
        ("learning_rate", 0.0),
        ("learning_rate", float("nan")),
        ("head_learning_rate", -1.0),
        ("warmup", 1.5),
        ("warmup", -0.1),
        ("schedule", "zigzag"),
        ("dtype", "float16"),
        ("save_dtype", "int8"),
        ("attention", "flash"),
        ("weight_decay", -0.1),
        ("max_grad_norm", 0.0),
        ("margin", -1.0),
        ("centering", -0.01),
        ("train_layers", -1),
        ("seed", -1),
        ("eval_every", -1),
        ("checkpoint_every", -1),
        ("base", ""),
    ],
)
def test_a_value_out_of_bounds_is_refused_by_the_name_of_its_field(field: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=field):
        TrainRecipe(**{"steps": 1, field: value})


def test_steps_and_epochs_exclude_each_other() -> None:
    for both in ({}, {"steps": 1, "epochs": 1.0}):
        with pytest.raises(ConfigError, match="steps or epochs"):
            TrainRecipe(**both)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="epochs"):
        TrainRecipe(epochs=0.0)


def test_overriding_steps_replaces_epochs_and_the_other_way_round() -> None:
    assert load_train_recipe("tiny-cpu", {"steps": 3}).steps == 3
    by_epochs = load_train_recipe("tiny-cpu", {"epochs": 2})
    assert by_epochs.steps is None and by_epochs.epochs == 2


def test_epochs_become_steps_that_cover_every_pair() -> None:
    recipe = TrainRecipe(epochs=2, batch_pairs=4)
    assert (recipe.n_steps(10), recipe.n_steps(8), recipe.n_steps(1)) == (5, 4, 2)
    assert recipe.batch_of(3) == 3 and recipe.batch_of(10) == 4


def test_an_unknown_setting_and_a_recipe_without_training_table_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="colour"):
        load_train_recipe("tiny-cpu", {"colour": "red"})
    other = tmp_path / "other.toml"
    other.write_text("about = 'none'")
    with pytest.raises(ConfigError, match=r"no \[train\] table"):
        load_train_recipe(str(other))


def test_without_torch_the_package_and_recipes_work_and_training_names_the_extra() -> None:
    """In a process of its own, where torch cannot be imported."""
    code = """
import sys
sys.modules["torch"] = None
import music_core.reward
from music_core.reward.recipe import load_train_recipe
from music_core.reward.report import read_report
from music_core.errors import MissingExtraError
load_train_recipe("tiny-cpu")
for module in ("train", "score", "model", "loss", "batch"):
    try:
        __import__(f"music_core.reward.{module}")
    except MissingExtraError as e:
        assert e.extra == "train" and "pip install" in e.hint
    else:
        raise SystemExit(f"{module} was imported without torch")
"""
    subprocess.run([sys.executable, "-c", code], check=True)
