"""A table in Markdown: read as it is in a terminal, and shown as a table on a page."""

from __future__ import annotations


class Table:
    """Rows under named columns.

    Args:
        title: What the table shows.
        columns: Names, units in them.

    Example:
        >>> table = Table("Cells", ["cell", "ms"])
        >>> table.add("lstm", 12)
        >>> print(table.markdown())
        **Cells**
        <BLANKLINE>
        | cell | ms |
        | :--- | -: |
        | lstm | 12 |
    """

    def __init__(self, title: str, columns: list[str]) -> None:
        self.title, self.columns = title, columns
        self.rows: list[list[str]] = []

    def add(self, *cells: object) -> None:
        """One row; numbers are written as they are given."""
        assert len(cells) == len(self.columns), f"{len(cells)} cells under {len(self.columns)} columns"
        self.rows.append([str(cell) for cell in cells])

    def markdown(self) -> str:
        """Title and rows, columns padded to one width: words left, numbers right."""
        widths = [max(len(row[place]) for row in [self.columns, *self.rows]) for place in range(len(self.columns))]
        words = [any(row[place][:1].isalpha() for row in self.rows) for place in range(len(self.columns))]

        def line(cells: list[str]) -> str:
            shown = zip(cells, widths, words, strict=True)
            return "| " + " | ".join(c.ljust(w) if left else c.rjust(w) for c, w, left in shown) + " |"

        rule = [
            ":" + "-" * (max(width, 2) - 1) if left else "-" * (max(width, 2) - 1) + ":"
            for width, left in zip(widths, words, strict=True)
        ]
        return "\n".join([f"**{self.title}**", "", line(self.columns), line(rule), *map(line, self.rows)])
