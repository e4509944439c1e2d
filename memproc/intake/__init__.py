"""From items of a source to prepared observations: format, validation, keys. Pure.

Bad input never raises: it is returned as `Rejected`, with every fault and the raw bytes. An error in memproc itself rejects only
the record that caused it, as `internal` with the traceback.
"""

from memproc.intake.chunk import Chunk
from memproc.intake.intake import Intake
from memproc.intake.isolating import isolated
from memproc.intake.limits import exceeded_limit
from memproc.intake.names import clean_name, required_name
from memproc.intake.rejections import given_up, internal, raw_of
from memproc.intake.riding import OWN, add_counts, dates_among, kinds_left_out, secrets_among

__all__ = [
    "OWN",
    "Chunk",
    "Intake",
    "add_counts",
    "clean_name",
    "dates_among",
    "exceeded_limit",
    "given_up",
    "internal",
    "isolated",
    "kinds_left_out",
    "raw_of",
    "required_name",
    "secrets_among",
]
