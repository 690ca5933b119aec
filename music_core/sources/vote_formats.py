"""The formats whose rows hold votes of people and verdicts of judges."""

from collections.abc import Callable, Mapping
from typing import Any

from music_core.sources import alpacaeval, labels, llmbar, mt_bench, pandalm
from music_core.sources.rows import RowFormat

VOTE_FORMATS: Mapping[str, tuple[Callable[[Any], bool], RowFormat]] = {
    mt_bench.FORMAT: (mt_bench.is_mt_bench, mt_bench.read_mt_bench),
    pandalm.FORMAT: (pandalm.is_pandalm, pandalm.read_pandalm),
    alpacaeval.FORMAT: (alpacaeval.is_alpacaeval, alpacaeval.read_alpacaeval),
    llmbar.FORMAT: (llmbar.is_llmbar, llmbar.read_llmbar),
    labels.FORMAT: (labels.is_labels, labels.read_labels),
}
