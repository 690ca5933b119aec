-- Text is read for every look at a pair and by every search. Against zstd, a pair opens in two thirds and a search takes two
-- thirds of the time, on twice the disk (docs/speed.md). Files that lie there stay as they are until they are merged.
CALL lake.set_option('parquet_compression', 'lz4_raw', table_name => 'conversation_rows');
-- As for readings: one pair's verdicts are looked up by its id, and a row group of the usual size holds those of all.
CALL lake.set_option('parquet_row_group_size', 8192, table_name => 'verdict_rows');
