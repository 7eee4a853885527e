"""The options of ``python -m lrp_audio.explain``, and its help."""

import argparse
from typing import get_args

from lrp_audio.audio.audible import Sign, Sound
from lrp_audio.audio.domain import DOMAINS
from lrp_audio.commands.options import (
    Parser,
    add_jobs,
    add_threads,
    at_least_one,
    path,
    share,
    whole,
)
from lrp_audio.models.shipped import shipped
from lrp_audio.outputs import SURE

_EPILOG = """\
For each clip, four files are written to OUT/<its stem>/:
  heatmap.png     the waveform, spectrum or spectrogram coloured by relevance
  audible.wav     the parts of the sound that are relevant for the class, or against it
  relevance.npz   relevance with its axes, input and rate; with --layers that of every layer
  summary.json    prediction, target, logits, the ledger and the settings
The results of a folder's clips lie below OUT as the clips lie below the folder. With several clips,
OUT/results.csv has a line for each. OUT/report.html shows and plays up to 50 clips of the command.

examples:
  python -m lrp_audio.explain
      explain a bundled clip, write lrp_out/7_female/
  python -m lrp_audio.explain seven.wav --target 7 --out out/
      what makes seven.wav a 7, whichever class the network chooses?
  python -m lrp_audio.explain seven.wav --domain time-frequency --sound masked --sign against
      when and at which frequencies does the sound have relevance against the class?
  python -m lrp_audio.explain seven.wav --target predicted --target 1 --rules epsilon
      a report that switches: why this class, and why not a 1?
  python -m lrp_audio.explain recordings/ 'more/**/*.flac' --resume
      explain every recording in and below a folder; after a stop, continue

exit code: 0 if every clip was explained, 2 if one was not or an argument was wrong, 130 if stopped
from the keyboard.
"""


def parser() -> argparse.ArgumentParser:
    """The parser of the command line."""
    parser = Parser(
        prog="python -m lrp_audio.explain",
        description="Explain by layer-wise relevance propagation why a network classifies a clip "
        "as it does.",
        epilog=_EPILOG,
    )
    parser.add_argument(
        "clips",
        nargs="*",
        type=path,
        metavar="CLIP",
        help="recordings (WAV, FLAC, Ogg, MP3, AIFF and more) of any rate and number of channels, "
        "folders of them, or quoted patterns; of a recording that is too long for the network, the "
        "loudest part is explained; one that is too short is centred (default: a bundled example)",
    )
    parser.add_argument(
        "--model",
        default="audionet-digit",
        metavar="NAME",
        help=f"a shipped model ({', '.join(shipped())}), or the path of a weights file, or of a "
        "folder with a network of another framework and its model.toml (default: %(default)s)",
    )
    parser.add_argument(
        "--target",
        action="append",
        metavar="CLASS",
        help="the class or value to explain: its name, its number, or 'predicted', the default; "
        "of a network with an output for each moment also NAME@SECONDS; may be given again: the "
        "files are those of the first, report.html switches between all",
    )
    parser.add_argument(
        "--rules",
        action="append",
        metavar="COMPOSITE",
        help="which rule each layer follows, see --list-rules (default: epsilon-plus, and "
        "epsilon-plus-box for spectrograms); may be given again, as --target",
    )
    parser.add_argument(
        "--list-rules",
        action="store_true",
        help="print every rule with its formula and every composite, and stop",
    )
    parser.add_argument(
        "--sure",
        type=share,
        default=SURE,
        metavar="SHARE",
        help="probability from 0 to 1 below which a calibrated network, such as a shipped one, "
        "counts as not sure of its answer (default: %(default)s)",
    )
    parser.add_argument(
        "--domain",
        choices=DOMAINS,
        help="where the relevance lies (default: on the network's own input, samples or a "
        "spectrogram)",
    )
    parser.add_argument(
        "--window",
        type=whole,
        metavar="N",
        help="samples of a window of time-frequency, at the rate of a network over samples",
    )
    parser.add_argument(
        "--hop",
        type=whole,
        metavar="N",
        help="samples from one window to the next (default: a quarter of --window)",
    )
    parser.add_argument(
        "--sound",
        choices=get_args(Sound),
        default="weighted",
        help="audible.wav: weighted, as loud as it is relevant, or masked, as loud as the clip "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--sign",
        choices=get_args(Sign),
        default="for",
        help="audible.wav: the parts that are relevant for the class or against it (default: "
        "%(default)s)",
    )
    parser.add_argument(
        "--layers",
        action="store_true",
        help="save the relevance of every layer in relevance.npz, which adds 1 to 4 MB for each "
        "clip",
    )
    parser.add_argument(
        "--out",
        default="lrp_out",
        type=path,
        metavar="OUT",
        help="folder for the results (default: %(default)s)",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="skip clips that have a complete result of the same recording, weights and settings "
        "in OUT (default: explain all of them)",
    )
    parser.add_argument(
        "--batch",
        type=at_least_one,
        default=8,
        metavar="N",
        help="clips explained together; each takes memory (default: %(default)s)",
    )
    add_jobs(parser)
    add_threads(parser)
    parser.add_argument(
        "--dtype",
        default="float32",
        choices=("float32", "float64"),
        help="arithmetic: float32 for speed, float64 for precision (default: %(default)s)",
    )
    return parser
