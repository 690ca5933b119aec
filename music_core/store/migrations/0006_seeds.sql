-- Conversations without a counterpart, which runs may start from: where each came from. The text is in conversation_rows.
CREATE TABLE seed_rows (
  origin_id VARCHAR, seed_id VARCHAR, split VARCHAR, conversation_id VARCHAR, source VARCHAR, locator VARCHAR, meta VARCHAR,
  created_at TIMESTAMP
);
