"""Experiments on what explanations claim: run with ``python -m lrp_audio.experiments``."""
