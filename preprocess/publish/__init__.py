"""Decided documents -> a version in the store: rows, shards, statistics, card; and whether that comes out again."""
