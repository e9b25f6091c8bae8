"""Character-level language models: networks, batches, the training loop, sampling, scoring.

It knows token ids, vocabularies and the texts of a version, never corpora or how their texts came to be. `train.fit`
makes a run of a version; `sample` and `score` use one. Options and `fit` itself import no torch until there is
something to train, so a stage that is skipped starts fast.
"""
