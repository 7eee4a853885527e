"""The project's own exceptions: each message says what was given, what was expected, what to do."""


class LrpAudioError(Exception):
    """Base of every error that a user can cause; commands print it as one sentence and exit 2."""


class SettingError(LrpAudioError):
    """An invalid setting of the engine, such as its number of threads."""


class ClipError(LrpAudioError):
    """A recording that cannot be used or explained: missing, empty, silent, truncated, no audio."""


class ModelError(LrpAudioError):
    """A weights file that is missing, damaged or for another model."""


class FrontError(LrpAudioError):
    """A front end that cannot be made: an unknown kind or parameter, or values that do not fit."""


class RuleError(LrpAudioError):
    """A rule or composite that does not exist, or that a layer does not support."""


class ShapeError(LrpAudioError):
    """An array whose shape or type does not fit the layer or model it was given to."""


class TargetError(LrpAudioError):
    """A class that the model does not have."""


class DataError(LrpAudioError):
    """A corpus folder without usable recordings."""


class SpectrumError(LrpAudioError):
    """A window, hop or domain in which a clip cannot be analysed."""


class WorkerError(LrpAudioError):
    """Worker processes that keep dying, or a cluster that cannot be reached."""


class BusyError(LrpAudioError):
    """A folder or file that another command writes to at the moment."""


class AttributionError(LrpAudioError):
    """A parameter that an attribution method does not take, or that does not fit the input."""


class ExerciseError(LrpAudioError):
    """An answer of a kind that its exercise does not take, or a package that its check lacks."""


class StudyError(LrpAudioError):
    """A study that cannot be built, or that holds nothing to analyse."""
