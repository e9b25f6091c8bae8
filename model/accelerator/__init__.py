"""Training on an NVIDIA GPU: the text resident there, many iterations between two looks at a loss, models in flight."""
