"""The formats that the installed libsndfile reads, and the suffixes of their files."""

import soundfile

LIBRARY = f"libsndfile {soundfile.__libsndfile_version__}"

# Suffixes that always mean sound (`.mat`, for one, does not). Lossless formats come first: of the
# formats in which a recording is stored, a corpus uses the first.
_BY_FORMAT = {
    "WAV": (".wav", ".wave", ".bwf"),
    "RF64": (".rf64", ".bw64"),
    "W64": (".w64",),
    "FLAC": (".flac",),
    "AIFF": (".aiff", ".aif", ".aifc"),
    "AU": (".au", ".snd"),
    "CAF": (".caf",),
    "NIST": (".sph", ".nist"),
    "SVX": (".8svx", ".svx"),
    "VOC": (".voc",),
    "IRCAM": (".sf",),
    "PVF": (".pvf",),
    "AVR": (".avr",),
    "OGG": (".ogg", ".oga", ".opus"),
    "MP3": (".mp3", ".mp2"),
}
_NEVER_READ = (
    *(".m4a", ".m4b", ".mp4", ".aac", ".wma", ".webm", ".mka", ".mov", ".3gp", ".amr"),
    *(".ape", ".wv", ".ac3", ".spx", ".tta", ".dsf", ".dff", ".ra", ".ram"),
)

_READ = soundfile.available_formats()
SUFFIXES = tuple(s for name, of in _BY_FORMAT.items() if name in _READ for s in of)
"""Suffixes, in lower case, of readable recordings; a file is recognised by its content alone."""

UNREADABLE = (*_NEVER_READ, *(s for of in _BY_FORMAT.values() for s in of if s not in SUFFIXES))
"""Suffixes of sound files that this libsndfile does not read."""

COMMON = "WAV, FLAC, Ogg, MP3 or AIFF"
"""The formats that messages name; the list of all would be too long."""

_FOREIGN = (
    (4, b"ftyp", "MP4 or M4A"),
    (0, bytes.fromhex("3026b2758e66cf11"), "Windows Media"),
    (0, bytes.fromhex("1a45dfa3"), "Matroska or WebM"),
    (0, b"\xff\xf1", "AAC"),
    (0, b"\xff\xf9", "AAC"),
    (0, b"ADIF", "AAC"),
    (0, b"#!AMR", "AMR"),
    (0, b"wvpk", "WavPack"),
    (0, b"MAC ", "Monkey's Audio"),
    (0, b"\x0bw", "AC-3"),
    (0, b"DSD ", "DSD"),
    (0, b"FRM8", "DSD"),
    (0, b".RMF", "RealMedia"),
    (0, b".ra\xfd", "RealAudio"),
    (0, b"MThd", "MIDI, which holds notes and no sound"),
)


def foreign(head: bytes) -> str | None:
    """The name of a format that libsndfile never reads, by the first bytes of a file."""
    return next((name for at, mark, name in _FOREIGN if head[at : at + len(mark)] == mark), None)
