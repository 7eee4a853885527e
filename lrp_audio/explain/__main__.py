"""``python -m lrp_audio.explain``."""

import sys

from lrp_audio.explain import main

if __name__ == "__main__":
    sys.exit(main())
