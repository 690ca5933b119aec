-- Saved views of the list of pairs: a name for a filter. Appended, never changed; one taken away is an event without a query.
INSERT INTO locks VALUES ('views', 0);
CREATE TABLE view_rows (token VARCHAR, seq BIGINT, person VARCHAR, name VARCHAR, query VARCHAR, created_at TIMESTAMP);
-- The newest event of a person's name.
CREATE OR REPLACE VIEW saved_views AS
  SELECT * FROM view_rows QUALIFY row_number() OVER (PARTITION BY person, name ORDER BY seq DESC) = 1;
