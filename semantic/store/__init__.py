"""The stored index: one SQLite file a version, written whole or as the last one with what changed."""
