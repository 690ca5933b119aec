-- How much a judge said, beside its label: points, or how clearly one side is better. Older readings have none.
ALTER TABLE reading_rows ADD COLUMN grade DOUBLE;
-- A view keeps the columns that it was made with.
CREATE OR REPLACE VIEW readings AS
  SELECT * FROM reading_rows QUALIFY row_number() OVER (PARTITION BY reading_id ORDER BY created_at) = 1;
