-- Sorted files overlap, so that each conversation is looked for in every one of them: fewer and larger ones. A merge sorts in memory
-- what goes into one file: 690 MB of it took a process of 1.4 GB.
CALL lake.set_option('target_file_size', '1GB', table_name => 'conversation_rows');
