"""Catalogues on paper (检索目录): of the files of a year, of the fonds, of the documents inside one file."""
