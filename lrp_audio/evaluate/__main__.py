"""``python -m lrp_audio.evaluate``."""

import sys

from lrp_audio.evaluate import main

if __name__ == "__main__":
    sys.exit(main())
