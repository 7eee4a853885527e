"""The kinds of hostile inputs, by name."""

from benchmarks.faults.kinds.corpora import CORPORA
from benchmarks.faults.kinds.foreign import FOREIGN
from benchmarks.faults.kinds.kind import Kind
from benchmarks.faults.kinds.networks import NETWORKS
from benchmarks.faults.kinds.recordings import RECORDINGS
from benchmarks.faults.kinds.studies import STUDIES

KINDS: dict[str, Kind] = {
    kind.name: kind for kind in (*RECORDINGS, *NETWORKS, *FOREIGN, *STUDIES, *CORPORA)
}
