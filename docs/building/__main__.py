"""Writes the pages, by hand and made, and the settings of the site below build/; MkDocs makes HTML of them."""

from docs.building.site import write

if __name__ == "__main__":
    write()
