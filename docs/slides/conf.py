"""The slides: ``python -m sphinx -W -b revealjs docs/slides OUT``."""
