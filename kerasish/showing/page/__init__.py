"""Pages of one self-contained HTML file: safe markup, tables, charts, pictures and their look."""
