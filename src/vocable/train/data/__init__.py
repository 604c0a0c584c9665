"""Recordings to train on: manifests, decoding, conditioning, random segments."""
