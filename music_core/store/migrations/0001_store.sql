-- Every table but `locks` is append-only: DuckLake's small deletes and updates have open defects on inlined
-- rows (duckdb/ducklake#1084, #1215), inserts have none that we know of. What is current is a view.
-- Times are TIMESTAMP in UTC: fetching TIMESTAMPTZ into Python would need pytz.
-- Nested values other than numbers are JSON text: DuckLake inlines a nested value as its printed form and
-- cannot read it back when a string in it holds quotes and braces; one such row makes the whole table unreadable.
CREATE TABLE migrations (version INTEGER, name VARCHAR, applied_at TIMESTAMP);
CREATE TABLE locks (kind VARCHAR, n BIGINT);
INSERT INTO locks VALUES ('schema', 0), ('pairs', 0), ('labels', 0), ('readings', 0), ('traces', 0), ('models', 0), ('runs', 0), ('pins', 0);

-- Narrow on purpose: the Pairs page filters, sorts and counts over this table and never touches a message.
CREATE TABLE pair_rows (
  pair_id VARCHAR, seed_id VARCHAR, split VARCHAR, chosen_id VARCHAR, rejected_id VARCHAR,
  n_turns INTEGER, divergence INTEGER, opening VARCHAR, chars_chosen INTEGER, chars_rejected INTEGER, created_at TIMESTAMP
);
CREATE TABLE origin_rows (
  origin_id VARCHAR, pair_id VARCHAR, source VARCHAR, locator VARCHAR, run_id VARCHAR, method VARCHAR, schedule VARCHAR,
  contrasts VARCHAR, turns VARCHAR, meta VARCHAR, created_at TIMESTAMP
);
CREATE TABLE conversation_rows (conversation_id VARCHAR, messages STRUCT("role" VARCHAR, content VARCHAR)[]);
CREATE TABLE label_rows (
  label_id VARCHAR, seq BIGINT, token VARCHAR, pair_id VARCHAR, person VARCHAR, choice VARCHAR, left_branch VARCHAR,
  blind BOOLEAN, verified BOOLEAN, seconds DOUBLE, reasons VARCHAR, comment VARCHAR, turn_marks VARCHAR, queue VARCHAR,
  guideline VARCHAR, probability DOUBLE, shown VARCHAR, supersedes VARCHAR, created_at TIMESTAMP
);
CREATE TABLE model_rows (
  model_id VARCHAR, name VARCHAR, path VARCHAR, base VARCHAR, run_id VARCHAR, metrics VARCHAR, created_at TIMESTAMP
);
CREATE TABLE trace_rows (
  trace_id VARCHAR, pair_id VARCHAR, branch VARCHAR, model_id VARCHAR, rewards DOUBLE[], last_reward DOUBLE,
  one_pass BOOLEAN, created_at TIMESTAMP
);
CREATE TABLE reading_rows (
  reading_id VARCHAR, pair_id VARCHAR, judge VARCHAR, kind VARCHAR, label VARCHAR, raw VARCHAR, prompt_hash VARCHAR,
  endpoint VARCHAR, model VARCHAR, reading_order VARCHAR, branch VARCHAR, turn INTEGER, p_yes DOUBLE, repeat INTEGER,
  finish_reason VARCHAR, tokens_in BIGINT, tokens_out BIGINT, latency_s DOUBLE, cost DOUBLE, created_at TIMESTAMP
);
CREATE TABLE verdict_rows (
  pair_id VARCHAR, judge VARCHAR, kind VARCHAR, value VARCHAR, score DOUBLE, n_readings INTEGER, n_unparsed INTEGER,
  first_rate DOUBLE, seq BIGINT, created_at TIMESTAMP
);
CREATE TABLE run_rows (run_id VARCHAR, kind VARCHAR, config VARCHAR, title VARCHAR, created_at TIMESTAMP);
CREATE TABLE report_rows (run_id VARCHAR, status VARCHAR, report VARCHAR, seq BIGINT, created_at TIMESTAMP);
CREATE TABLE pin_rows (run_id VARCHAR, snapshot_id BIGINT, created_at TIMESTAMP);
CREATE TABLE manifest_rows (run_id VARCHAR, pair_id VARCHAR, content_hash VARCHAR, split VARCHAR, seq BIGINT);
