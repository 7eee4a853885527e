"""``python -m lrp_audio.model``: check a model in a folder, before clips are explained with it."""

import sys

from lrp_audio.model.command import main

if __name__ == "__main__":
    sys.exit(main())
