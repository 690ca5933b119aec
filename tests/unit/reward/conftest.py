"""One thread for torch, and the tiny models on disk."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.unit.reward import tiny


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama reward model with ChatML's template; rewards with a standard deviation of a few units."""
    tok = tiny.tokenizer("chatml")
    return tiny.save(tmp_path_factory.mktemp("llama"), tiny.backbone("llama", len(tok), 0, classify=True, head_scale=3.0), tok)


@pytest.fixture(scope="session")
def llama3(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with Llama-3's template."""
    tok = tiny.tokenizer("llama3")
    return tiny.save(tmp_path_factory.mktemp("llama3"), tiny.backbone("llama", len(tok), 0, classify=True, head_scale=3.0), tok)


@pytest.fixture(scope="session")
def gemma(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Gemma-2 reward model with a sliding window of 16 tokens."""
    tok = tiny.tokenizer("gemma")
    return tiny.save(tmp_path_factory.mktemp("gemma"), tiny.backbone("gemma2", len(tok), 0, classify=True, head_scale=3.0), tok)


@pytest.fixture(scope="session")
def unstable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama reward model whose template is not prefix-stable."""
    tok = tiny.tokenizer("unstable")
    return tiny.save(tmp_path_factory.mktemp("unstable"), tiny.backbone("llama", len(tok), 0, classify=True, head_scale=3.0), tok)


@pytest.fixture(scope="session")
def llama_lm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama language model without a head: a base to train on."""
    tok = tiny.tokenizer("chatml")
    return tiny.save(tmp_path_factory.mktemp("llama-lm"), tiny.backbone("llama", len(tok), 0, classify=False), tok)


@pytest.fixture(scope="session")
def gemma_lm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Gemma-2 language model without a head."""
    tok = tiny.tokenizer("gemma")
    return tiny.save(tmp_path_factory.mktemp("gemma-lm"), tiny.backbone("gemma2", len(tok), 0, classify=False), tok)
