"""Whether this machine and a store's place can keep what the store promises, and what to do where they cannot."""
