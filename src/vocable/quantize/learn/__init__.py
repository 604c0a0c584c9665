"""Learning aids of the quantizers, absent at inference: update, revival, estimator, k-means."""
