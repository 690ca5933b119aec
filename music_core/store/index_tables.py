"""Which tables the index holds in memory, and the SQL that makes them of the lake's."""

from dataclasses import dataclass

from music_core.store.label_rows import LABEL_COLUMNS, REPEAT


@dataclass(frozen=True, slots=True)
class Table:
    """A table in memory and the rows of the lake that it is made of: those of `only`, by `key`; `newest` is the order among equals.

    A table of which `passing` is true holds what the last refresh brought and no more, after the first nothing. `through` names such a
    table, from which this one takes what arrives, in place of asking the lake again. Rows of a `short` table, which many commits add a
    few to, are taken from where DuckLake inlines them, where that can be done. Where rows may stand `twice`, what arrives is not looked
    for first. `reads` is the part after FROM, for columns that are worked out of `source` before rows are told apart. `numbers` names
    what stands as a number beside the columns of `source`: `pair`, of `pair_id`, and the like.
    """

    name: str
    source: str
    key: str
    columns: str
    newest: str
    replaces: bool = False
    only: str = "true"
    passing: bool = False
    through: str = ""
    short: bool = False
    twice: bool = False
    numbers: tuple[str, ...] = ()
    reads: str = "{source}"


# The first 64 bits of a content id, so that numbers sort as ids do. What is no content id gets a number all the same.
NUMBER_OF = """
CREATE OR REPLACE MACRO fast.number_of(id) AS
coalesce(CASE WHEN length(id) = 34 THEN TRY_CAST(('0x' || substring(id, 3, 16)) AS UBIGINT) END, hash(id))"""
# All 128 bits of a content id with this letter, of which it can be made again, in less than half the memory; keys sort as ids do.
# `content_key` is NULL for what is no content id, which has a key all the same.
KEY_OF = """
CREATE OR REPLACE MACRO fast.content_key(letter, id) AS
CASE WHEN length(id) = 34 AND starts_with(id, letter || '_') AND lower(id) = id THEN TRY_CAST(substring(id, 3) AS UUID) END;
CREATE OR REPLACE MACRO fast.key_of(letter, id) AS coalesce(fast.content_key(letter, id), md5(id)::UUID);
CREATE OR REPLACE MACRO fast.id_of(letter, key) AS letter || '_' || lower(hex(key::BLOB))"""
# The ids of a pair stand beside their keys only where they could not be made of them. Foreign ones are read so, none is written.
_KEYED = """(
SELECT * REPLACE (coalesce(seed_key, md5(seed_id)::UUID) AS seed_key, coalesce(chosen_key, md5(chosen_id)::UUID) AS chosen_key,
    coalesce(rejected_key, md5(rejected_id)::UUID) AS rejected_key),
  CASE WHEN seed_key IS NULL OR chosen_key IS NULL OR rejected_key IS NULL THEN [seed_id, chosen_id, rejected_id] END AS foreign_ids
FROM (
  SELECT *, fast.content_key('s', seed_id) AS seed_key, fast.content_key('c', chosen_id) AS chosen_key,
    fast.content_key('c', rejected_id) AS rejected_key FROM {source}
))"""
PAIRS = """
CREATE OR REPLACE VIEW fast.pairs AS
SELECT rowid AS place, pair, pair_id, seed_key, coalesce(foreign_ids[1], fast.id_of('s', seed_key)) AS seed_id, split,
  chosen_key, coalesce(foreign_ids[2], fast.id_of('c', chosen_key)) AS chosen_id,
  rejected_key, coalesce(foreign_ids[3], fast.id_of('c', rejected_key)) AS rejected_id,
  n_turns, divergence, chars_chosen, chars_rejected, created_at
FROM fast.keyed_pairs"""
# A model's rewards after the last turn of both sides; there is one trace for each side.
_SCORED = """(
SELECT pair, model_id, max(last_reward) FILTER (branch = 'chosen') AS chosen, max(last_reward) FILTER (branch = 'rejected') AS rejected
FROM {source} WHERE last_reward IS NOT NULL GROUP BY ALL)"""
MARGINS = """
CREATE OR REPLACE VIEW fast.margins AS
SELECT model_id, pair, chosen - rejected AS margin FROM fast.scores WHERE chosen IS NOT NULL AND rejected IS NOT NULL"""
REWARDS = """
CREATE OR REPLACE VIEW fast.rewards AS
SELECT pair, 'chosen' AS branch, model_id, chosen AS reward FROM fast.scores WHERE chosen IS NOT NULL
UNION ALL SELECT pair, 'rejected', model_id, rejected FROM fast.scores WHERE rejected IS NOT NULL"""
TABLES = (
    Table(
        "keyed_pairs",
        "pair_rows",
        "pair",
        "pair, pair_id, seed_key, split, chosen_key, rejected_key, foreign_ids, n_turns, divergence, chars_chosen, chars_rejected, "
        "created_at",
        "created_at",
        numbers=("pair",),
        reads=_KEYED,
    ),
    Table(
        "origins",
        "origin_rows",
        "origin",
        "origin, pair, source, run_id, method, schedule, created_at",
        "created_at",
        numbers=("pair", "origin"),
    ),
    Table("scores", "trace_rows", "pair, model_id", "pair, model_id, chosen, rejected", "", numbers=("pair",), reads=_SCORED),
    Table(
        "verdicts",
        "verdict_rows",
        "pair, judge",
        "pair, judge, kind, value, score, n_readings, n_unparsed, first_rate, seq",
        "seq DESC",
        replaces=True,
        numbers=("pair",),
    ),
    Table("new_labels", "label_rows", "label_id", f"{LABEL_COLUMNS}, seq", "seq", passing=True, short=True),
    # Asked only whether there is anything, and for the newest, so that a row which was read twice may stand here twice.
    Table("events", "label_rows", "label_id", "label_id, pair_id, person, choice, kind, seq", "seq", through="new_labels", twice=True),
    Table(
        "labels",
        "label_rows",
        "pair_id, person",
        "pair, pair_id, person, choice, left_branch, queue, seq, kind, label_id",
        "seq DESC",
        replaces=True,
        only=f"NOT {REPEAT}",
        numbers=("pair",),
        through="new_labels",
    ),
    Table(
        "repeats",
        "label_rows",
        "pair_id, person",
        "pair_id, person, choice, seq, label_id",
        "seq DESC",
        replaces=True,
        only=REPEAT,
        through="new_labels",
    ),
    Table(
        "reservations",
        "reservation_rows",
        "pair_id, person",
        "pair_id, person, until",
        "until DESC",
        replaces=True,
        short=True,
    ),
)
# What a transaction that writes labels asks of these tables it may ask of their copies, where `fast.state` allows it.
COPIES = {"label_rows": "fast.events", "reservation_rows": "fast.reservations"}
# The value of a key in compact JSON, with its escapes: taking turn records apart as JSON costs four times as much, and
# DuckDB refuses half a surrogate, which Python writes and reads.
MODEL_IN_TURNS = r'"model":"((?:[^"\\]|\\.)*)"'
_MEETINGS = '[{"sides":{"chosen":"VARCHAR","rejected":"VARCHAR"},"n":"INTEGER","mode":"VARCHAR"}]'
OPENING_CHARS = 200
# Where a conversation stands: a side of a pair, or a chat on its own.
PLACES = """
SELECT chosen_key AS conversation_key, chosen_id AS conversation_id, pair, pair_id, 'chosen' AS branch, split, NULL AS source, created_at
FROM fast.pairs
UNION ALL SELECT rejected_key, rejected_id, pair, pair_id, 'rejected', split, NULL, created_at FROM fast.pairs
UNION ALL SELECT conversation_key, conversation_id, NULL, NULL, 'none', split, source, created_at FROM fast.chats"""
_STANDING = f"""(
SELECT conversation_key, created_at FROM (SELECT fast.key_of('c', conversation_id) AS conversation_key FROM {{source}})
JOIN (SELECT conversation_key, min(created_at) AS created_at FROM ({PLACES}) GROUP BY conversation_key) USING (conversation_key))"""
# What is known of a conversation by its text alone.
OF_TEXT = f"""len(messages)::INTEGER AS n_messages,
    len(list_filter(messages, lambda m: m.role = 'assistant'))::INTEGER AS n_turns,
    coalesce(list_sum(list_transform(messages, lambda m: length(m.content))), 0)::BIGINT AS n_chars,
    coalesce(left(list_filter(messages, lambda m: m.role = 'user')[1].content, {OPENING_CHARS}), '') AS opening"""
# Without the text before rows are told apart: it would go through the whole query. A conversation nearly always opens as the first of
# its pairs is said to; then `opening_of` is that pair, and the opening itself is not kept a second time. It may differ in white space.
_MEASURED = f"""(
SELECT conversation_key, n_messages, n_turns, n_chars, created_at,
  CASE WHEN hash(opening) = pair_opening THEN pair END AS opening_of,
  CASE WHEN hash(opening) IS DISTINCT FROM pair_opening THEN opening END AS opening
FROM (
  SELECT fast.key_of('c', conversation_id) AS conversation_key, {OF_TEXT} FROM {{source}}
) JOIN (
  SELECT conversation_key, min(created_at) AS created_at, min(pair) AS pair, min_by(pair_opening, pair) AS pair_opening
  FROM ({PLACES}) LEFT JOIN (SELECT pair, hash(opening) AS pair_opening FROM fast.openings) USING (pair) GROUP BY conversation_key
) USING (conversation_key))"""
# Models by side, as they stand in JSON. Each record has one branch, one model and one turn; with the neighbours that these have in the
# order of keys, no sampling parameter of the same name is taken for one. What was written before the sides part, whoever's record it
# is, belongs to both.
_RECORDS = f"""list_zip(regexp_extract_all(turns, '"branch":"(chosen|rejected)","cost":', 1),
  regexp_extract_all(turns, '{MODEL_IN_TURNS},"prompt_hash":', 1),
  regexp_extract_all(turns, '"tokens_out":[0-9]+,"turn":([0-9]+)[}}]', 1))"""
_WRITERS = f"""(
SELECT origin, pair, created_at,
  list_distinct(list_transform(list_filter(records, lambda r: r[1] = 'chosen' OR r[3]::INTEGER < divergence), lambda r: r[2])) AS by_chosen,
  list_distinct(list_transform(list_filter(records, lambda r: r[1] = 'rejected' OR r[3]::INTEGER < divergence), lambda r: r[2]))
    AS by_rejected
FROM (SELECT origin, o.pair, o.created_at, divergence, {_RECORDS} AS records FROM {{source}} o JOIN fast.pairs p USING (pair)))"""
# Read when first asked for.
ON_DEMAND = (
    Table("models", "model_rows", "model_id", "model_id, name, run_id", "created_at"),
    Table("trained", "manifest_rows", "run_id, pair", "run_id, pair", "seq", only="split = 'train'", numbers=("pair",)),
    Table("queue_pairs", "queue_pair_rows", "queue, pair", "queue, pair", "probability", numbers=("pair",)),
    Table(
        "simulators",
        "origin_rows",
        "origin",
        f"origin, pair, list_distinct(regexp_extract_all(turns, '{MODEL_IN_TURNS}', 1)) AS models",
        "created_at",
        numbers=("pair", "origin"),
    ),
    Table(
        "meetings",
        "origin_rows",
        "origin",
        f"origin, pair, run_id, from_json(json_extract(meta, '$.meetings'), '{_MEETINGS}') AS met",
        "created_at",
        only="method = 'best_of_n'",
        numbers=("pair", "origin"),
    ),
    # Of `fast.pairs` and the texts, see `index`.
    Table("lengths", "pair_rows", "pair", "pair, chosen, rejected", ""),
    Table("openings", "pair_rows", "pair", "pair, opening", "created_at", numbers=("pair",)),
    Table(
        "chats",
        "seed_rows",
        "origin",
        "origin, fast.key_of('c', conversation_id) AS conversation_key, conversation_id, split, source, created_at",
        "created_at",
        numbers=("origin",),
    ),
    # After `chats` and `openings`, which these read.
    Table(
        "conversations",
        "conversation_rows",
        "conversation_key",
        "conversation_key, created_at",
        "created_at",
        reads=_STANDING,
    ),
    # The same with what the texts say, all of which have to be read for it.
    Table(
        "measured",
        "conversation_rows",
        "conversation_key",
        "conversation_key, n_messages, n_turns, n_chars, opening_of, opening, created_at",
        "created_at",
        reads=_MEASURED,
    ),
    Table(
        "writers", "origin_rows", "origin", "origin, pair, by_chosen, by_rejected", "created_at", numbers=("pair", "origin"), reads=_WRITERS
    ),
)
SOURCES = frozenset(table.source for table in (*TABLES, *ON_DEMAND))
# The table of the lake that a table of the index is made of.
SOURCE_OF = {table.name: table.source for table in (*TABLES, *ON_DEMAND)} | {
    "pairs": "pair_rows",
    "margins": "trace_rows",
    "rewards": "trace_rows",
}
