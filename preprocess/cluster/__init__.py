"""A build on the machines of a Ray or Dask cluster: the same partitions, the same shards, the same version."""
