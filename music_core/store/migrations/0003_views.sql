-- One row per id, whatever happened: the lock rows keep doubles out, the views would hide one that got in all the same.
CREATE OR REPLACE VIEW pairs AS
  SELECT * FROM pair_rows QUALIFY row_number() OVER (PARTITION BY pair_id ORDER BY created_at) = 1;
CREATE OR REPLACE VIEW origins AS
  SELECT * FROM origin_rows QUALIFY row_number() OVER (PARTITION BY origin_id ORDER BY created_at) = 1;
CREATE OR REPLACE VIEW labels AS
  SELECT * FROM label_rows QUALIFY row_number() OVER (PARTITION BY label_id ORDER BY seq) = 1;
-- The newest event of each person on each pair; an undo is one too, with choice NULL.
CREATE OR REPLACE VIEW current_labels AS
  SELECT * FROM label_rows QUALIFY row_number() OVER (PARTITION BY pair_id, person ORDER BY seq DESC) = 1;
CREATE OR REPLACE VIEW models AS
  SELECT * FROM model_rows QUALIFY row_number() OVER (PARTITION BY model_id ORDER BY created_at) = 1;
CREATE OR REPLACE VIEW traces AS
  SELECT * FROM trace_rows QUALIFY row_number() OVER (PARTITION BY trace_id ORDER BY created_at) = 1;
CREATE OR REPLACE VIEW margins AS
  SELECT model_id, pair_id,
         max(last_reward) FILTER (branch = 'chosen') - max(last_reward) FILTER (branch = 'rejected') AS margin
  FROM trace_rows GROUP BY ALL;
CREATE OR REPLACE VIEW readings AS
  SELECT * FROM reading_rows QUALIFY row_number() OVER (PARTITION BY reading_id ORDER BY created_at) = 1;
CREATE OR REPLACE VIEW verdicts AS
  SELECT * FROM verdict_rows QUALIFY row_number() OVER (PARTITION BY pair_id, judge ORDER BY seq DESC) = 1;
CREATE OR REPLACE VIEW runs AS
  SELECT * FROM run_rows QUALIFY row_number() OVER (PARTITION BY run_id ORDER BY created_at) = 1;
CREATE OR REPLACE VIEW reports AS
  SELECT * FROM report_rows QUALIFY row_number() OVER (PARTITION BY run_id ORDER BY seq DESC) = 1;
CREATE OR REPLACE VIEW pins AS
  SELECT * FROM pin_rows QUALIFY row_number() OVER (PARTITION BY run_id ORDER BY created_at) = 1;
CREATE OR REPLACE VIEW manifests AS
  SELECT * FROM manifest_rows QUALIFY row_number() OVER (PARTITION BY run_id, pair_id ORDER BY seq) = 1;
