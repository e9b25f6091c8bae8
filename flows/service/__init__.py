"""One machine's Prefect: a server, pools, deployments and workers that start and end together.

    with up.started(Wanted(folder), say) as standing: ...     # `corpusmill up`
    down.down(folder)                                          # `corpusmill down`
    examine(store, checks.table(store, environ))               # its part of `corpusmill doctor`

What stands is told by one file in a folder that is the user's alone (`state`). This process imports no Prefect: what
needs it is a program of its own, so the one that watches stays small.
"""
