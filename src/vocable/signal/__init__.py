"""Pure functions on tensors: spectra, pitch, excitation, noise."""
