-- Sorted files overlap, so that each conversation is looked for in every one of them: fewer and larger ones. A merge sorts in memory
-- what goes into one file, about 1.4 GB of the process for this size.
CALL lake.set_option('target_file_size', '1GB', table_name => 'conversation_rows');
