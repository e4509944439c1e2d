"""Mapping files: where the fields of a memory are in the records of another application, and what becomes of their values. Pure.

A mapping is a table `fields`, with one rule for each field, and beside it what is said of whole records: which are left out
(`leave_out`), which texts are no value (`blank`), which columns hold JSON as text (`json`), what gives several memories
(`each`), and where the columns go that no rule takes (`rest`).
"""

from memproc.formats.mapping.field_map import FieldMap, check_fields
from memproc.formats.mapping.parsing import MappingError, field_map_of, mapping_of, told
from memproc.formats.mapping.proposing import proposed
from memproc.formats.mapping.reading import read
from memproc.formats.mapping.rule import FieldRule

__all__ = ["FieldMap", "FieldRule", "MappingError", "check_fields", "field_map_of", "mapping_of", "proposed", "read", "told"]
