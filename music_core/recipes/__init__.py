"""Named configurations; read through `music_core.config.recipe_table`."""
