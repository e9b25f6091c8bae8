"""Which documents a version has, and in which split: duplicates, rules, groups. By digests and numbers, not texts."""
