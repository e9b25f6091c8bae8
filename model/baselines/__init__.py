"""What simpler models reach on the same text: a network's loss means little without them.

Modified Kneser-Ney and Goldberg's unsmoothed model over the same ids, and zstd, xz and PPMd over the same bytes, each
knowing the training text. `measure.measure` asks them all, once for each version. It knows neither networks nor torch.
"""
