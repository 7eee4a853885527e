"""How often the shipped networks' training draws each corpus, and how far it changes a voice."""

DIGIT_CORPORA = {"alnum": 4.0, "gsc": 4.0, "kokoro": 3.0, "fsdd": 2.0, "synthetic": 1.0}
"""People of many voices most; FSDD has few, and synthetic voices supplement them."""

SEX_CORPORA = {"alnum": 4.0, "kokoro": 3.0, "emodb": 2.0, "synthetic": 1.0, "fsdd": 0.5}
"""As for digits, without those whose sex is not stated; FSDD has only men."""

SEX_STRETCH = 0.08
"""Largest resampling for the sex, of which the pitch is the cue."""
