-- What a label is (NULL in older rows: an ordinary one), and whether its pair had all its labels already.
-- Made anew rather than altered: of an altered table DuckLake keeps two tables of inlined rows, a flush drops the older one, and
-- other processes that have the store open then fail at every read until they open it again (seen with DuckDB 1.5.5).
CREATE OR REPLACE TABLE label_rows AS SELECT *, NULL::VARCHAR AS kind, NULL::BOOLEAN AS beyond FROM label_rows;
ALTER TABLE label_rows SET SORTED BY (seq);
-- A view keeps the columns that it was made with.
CREATE OR REPLACE VIEW labels AS
  SELECT * FROM label_rows QUALIFY row_number() OVER (PARTITION BY label_id ORDER BY seq) = 1;
-- A repeat measures its person and decides nothing: it never stands for the person's label.
CREATE OR REPLACE VIEW current_labels AS
  SELECT * FROM label_rows WHERE kind IS DISTINCT FROM 'repeat'
  QUALIFY row_number() OVER (PARTITION BY pair_id, person ORDER BY seq DESC) = 1;
CREATE OR REPLACE VIEW current_repeats AS
  SELECT * FROM label_rows WHERE kind = 'repeat' QUALIFY row_number() OVER (PARTITION BY pair_id, person ORDER BY seq DESC) = 1;
-- Which pair lies before whom, and until when; a later `until` of the same person prolongs it. Written under the lock 'labels',
-- since labels and reservations are counted together.
CREATE TABLE reservation_rows (pair_id VARCHAR, person VARCHAR, queue VARCHAR, until TIMESTAMP, created_at TIMESTAMP);
CREATE TABLE guideline_rows (version VARCHAR, text VARCHAR, created_by VARCHAR, created_at TIMESTAMP);
CREATE OR REPLACE VIEW guidelines AS
  SELECT * FROM guideline_rows QUALIFY row_number() OVER (PARTITION BY version ORDER BY created_at) = 1;
