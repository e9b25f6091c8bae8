"""Raw material -> partitions: units of it, parsed and cleaned in parallel, each kept in files of its own."""
