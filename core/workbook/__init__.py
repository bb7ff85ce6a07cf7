"""Tables from strangers: read safely or refused with a clear message; written so that no cell runs.

Sizes are bytes, row numbers are the ones that Excel shows (from 1), column indexes count from 0.
"""

from core.workbook.cells import is_formula_text, safe_cell
from core.workbook.marking import marked_copy
from core.workbook.reading import kind_of, open_collection, open_table
from core.workbook.refusal import WorkbookRefused, refusal_message
from core.workbook.table import Cell, Row, Table, header_key
from core.workbook.writing import Mark, write_table

__all__ = [
    "Cell",
    "Mark",
    "Row",
    "Table",
    "WorkbookRefused",
    "header_key",
    "is_formula_text",
    "kind_of",
    "marked_copy",
    "open_collection",
    "open_table",
    "refusal_message",
    "safe_cell",
    "write_table",
]
