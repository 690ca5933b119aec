"""The embedded chat model's GGUF file as a transformers folder: the same weights, ready to become a reward model."""

import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import Any

from music_core.errors import RewardError
from music_core.reward.backend import quiet, torch, transformers


def gguf_backbone(gguf: Path, cache: Path) -> Path:
    """Folder with the causal model and tokenizer held in `gguf`, converted once into `cache` (float32, 0.5 GB for 135M).

    The folder's name holds the file's SHA-256, so another file is converted anew. Raises `RewardError` when the
    file is missing or no GGUF that transformers can read.
    """
    if not gguf.is_file():
        raise RewardError(f"There is no GGUF file {gguf}.", "Fetch the embedded model with: music models pull")
    with gguf.open("rb") as f:
        digest = hashlib.file_digest(f, "sha256").hexdigest()[:16]
    target = cache / f"{gguf.stem}-{digest}"
    if (target / "config.json").is_file():
        return target
    cache.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".converting-", dir=cache))
    try:
        _convert(gguf, work)
        try:
            work.rename(target)
        except OSError:  # another process was faster, and its folder is complete
            if not (target / "config.json").is_file():
                raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return target


def _convert(gguf: Path, folder: Path) -> None:
    with quiet():
        try:
            tokenizer = transformers.AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
            model: Any = transformers.AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
        except (OSError, ValueError, KeyError, ImportError) as e:
            raise RewardError(f"{gguf} cannot be read as a model: {e}") from e
        # The weights are plain floats by now; with the note of their origin left in, transformers refuses to save them.
        model.hf_quantizer.remove_quantization_config(model)
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    folder.chmod(0o755)
