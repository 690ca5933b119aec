-- Labelling queues: which pairs of a frozen pool were drawn, each with its probability. Appended once, never changed.
INSERT INTO locks VALUES ('queues', 0);
CREATE TABLE queue_rows (
  name VARCHAR, token VARCHAR, plan VARCHAR, settings VARCHAR, seed BIGINT, guideline VARCHAR, overlap INTEGER, extends VARCHAR,
  created_by VARCHAR, n_pool INTEGER, n_drawn INTEGER, created_at TIMESTAMP
);
CREATE TABLE queue_pair_rows (queue VARCHAR, pair_id VARCHAR, probability DOUBLE, drawn BOOLEAN, score DOUBLE, stratum VARCHAR);
CREATE OR REPLACE VIEW queues AS
  SELECT * FROM queue_rows QUALIFY row_number() OVER (PARTITION BY name ORDER BY created_at) = 1;
CREATE OR REPLACE VIEW queue_pairs AS
  SELECT * FROM queue_pair_rows QUALIFY row_number() OVER (PARTITION BY queue, pair_id) = 1;
