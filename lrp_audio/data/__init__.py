"""Corpora: finding and reading recordings, tasks and splits, downloads, synthetic voices."""
