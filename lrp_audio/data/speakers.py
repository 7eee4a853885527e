"""Speakers that are known by name: those of FSDD, EmoDB, the bundled clips, synthetic voices."""

from functools import cache
from typing import Literal

Sex = Literal["female", "male"]
SEXES: tuple[Sex, ...] = ("female", "male")

ESPEAK_ACCENTS = (
    "en-us",
    "en-gb",
    "en-gb-scotland",
    "en-029",
    "en-gb-x-rp",
    "en-gb-x-gbclan",
    "en-gb-x-gbcwmd",
)
"""The accents of espeak-ng in which its voices speak."""

ESPEAK_VARIANTS: dict[Sex, tuple[str, ...]] = {
    "female": (
        *(f"f{number}" for number in range(1, 6)),
        *("Alicia", "Andrea", "Annie", "aunty", "belinda", "linda", "steph", "anika"),
    ),
    "male": (
        *(f"m{number}" for number in range(1, 9)),
        *("Alex", "Andy", "david", "edward", "john", "Lee", "Marco", "Michael", "Mike", "rob"),
    ),
}
"""The variants of espeak-ng, each of which is one speaker in every accent."""

FLITE_VOICES: dict[Sex, tuple[str, ...]] = {"female": ("slt",), "male": ("kal16", "awb", "rms")}
"""The built-in voices of flite that are used."""

_FSDD = ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")
_EMODB: dict[str, Sex] = {
    **dict.fromkeys(("08", "09", "13", "14", "16"), SEXES[0]),
    **dict.fromkeys(("03", "10", "11", "12", "15"), SEXES[1]),
}


def known_speaker(name: str) -> tuple[str, str, Sex] | None:
    """Corpus, speaker and sex for a name used by FSDD, the bundled clips or synthetic voices."""
    if name in _FSDD:
        return "fsdd", name, "male"
    for sex in SEXES:
        if name == sex:
            return "examples", name, sex
    voice = _synthetic().get(name)
    return ("synthetic", *voice) if voice else None


def emodb_sex(speaker: str) -> Sex | None:
    """The sex of an EmoDB speaker such as ``03``; None for a number that EmoDB does not use."""
    return _EMODB.get(speaker)


def espeak_name(variant: str, sex: Sex, accent: str = "") -> str:
    """The name of an espeak-ng voice, ``espeakEnusF1``; without `accent` that of its speaker."""
    mark = variant.capitalize() if variant[1:].isdigit() else sex[0].upper() + variant.capitalize()
    return f"espeak{accent.replace('-', '').capitalize()}{mark}"


def flite_name(voice: str) -> str:
    """The name of a flite voice and of its speaker, such as ``fliteSlt``."""
    return f"flite{voice.capitalize()}"


@cache
def _synthetic() -> dict[str, tuple[str, Sex]]:
    """Speaker and sex by the name of each synthetic voice.

    A variant of espeak-ng is the same speaker in every accent: ``espeakEnusF1`` and
    ``espeakEngbF1`` are both ``espeakF1``.
    """
    found: dict[str, tuple[str, Sex]] = {}
    for sex in SEXES:
        for variant in ESPEAK_VARIANTS[sex]:
            speaker = espeak_name(variant, sex), sex
            found |= {espeak_name(variant, sex, accent): speaker for accent in ESPEAK_ACCENTS}
        found |= {flite_name(voice): (flite_name(voice), sex) for voice in FLITE_VOICES[sex]}
    return found
