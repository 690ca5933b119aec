-- Text is read for every look at a pair and by every search. Against zstd, a pair opens in two thirds and a search takes two
-- thirds of the time, on twice the disk (benchmarks/browse.py). Files that lie there stay as they are until they are merged.
CALL lake.set_option('parquet_compression', 'lz4_raw', table_name => 'conversation_rows');
