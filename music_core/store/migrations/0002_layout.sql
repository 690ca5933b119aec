-- How rows lie on disk. A file of its own because DuckLake takes options for committed tables only.

-- Never inlined: see the note on nested values above. Small row groups, sorted by id, so that one pair touches few of them.
CALL lake.set_option('data_inlining_row_limit', 0, table_name => 'conversation_rows');
CALL lake.set_option('parquet_row_group_size', 2048, table_name => 'conversation_rows');
CALL lake.set_option('parquet_compression', 'zstd');
ALTER TABLE conversation_rows SET SORTED BY (conversation_id);
ALTER TABLE origin_rows SET SORTED BY (pair_id);
ALTER TABLE reading_rows SET SORTED BY (pair_id);
ALTER TABLE trace_rows SET SORTED BY (model_id, pair_id);
ALTER TABLE label_rows SET SORTED BY (seq);
ALTER TABLE pair_rows SET SORTED BY (created_at);
