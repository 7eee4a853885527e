"""Corpora: reading recordings, making synthetic voices and the bundled example clips."""
