-- How rows lie on disk. A file of its own because DuckLake takes options for committed tables only; and it reads them
-- when a process attaches, never again, which is why `open_store` attaches anew after migrating.

-- Never inlined: see the note on nested values in 0001. A migration that makes this table anew must set this again.
CALL lake.set_option('data_inlining_row_limit', 0, table_name => 'conversation_rows');
-- Small row groups, sorted by id, so that one pair touches few of them.
CALL lake.set_option('parquet_row_group_size', 1024, table_name => 'conversation_rows');
CALL lake.set_option('parquet_row_group_size', 8192, table_name => 'pair_rows');
CALL lake.set_option('parquet_row_group_size', 8192, table_name => 'origin_rows');
CALL lake.set_option('parquet_row_group_size', 8192, table_name => 'reading_rows');
CALL lake.set_option('parquet_row_group_size', 8192, table_name => 'trace_rows');
CALL lake.set_option('parquet_compression', 'zstd');
ALTER TABLE conversation_rows SET SORTED BY (conversation_id);
ALTER TABLE pair_rows SET SORTED BY (pair_id);
ALTER TABLE origin_rows SET SORTED BY (pair_id);
ALTER TABLE reading_rows SET SORTED BY (pair_id);
ALTER TABLE verdict_rows SET SORTED BY (pair_id);
ALTER TABLE trace_rows SET SORTED BY (pair_id);
ALTER TABLE label_rows SET SORTED BY (seq);
