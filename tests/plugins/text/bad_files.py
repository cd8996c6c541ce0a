"""Files that are no data, or hardly: each with the options it is read by and what must be said about it."""

from tests.plugins.malformed import Case
from tests.plugins.text.bad_labels import LABELS, TAGGED
from tests.plugins.text.bad_places import PLACES
from tests.plugins.text.bad_plain import PACKED, PLAIN
from tests.plugins.text.bad_tables import TABLES

CASES: dict[str, Case] = PLAIN | PACKED | PLACES | TABLES | LABELS | TAGGED
