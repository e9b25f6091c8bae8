"""How a model writes: choosing characters, ending at stop strings, beams, and the compiled loop over characters."""
