"""The pages of the docs that are made from the code, so that they cannot say something else: `python -m docs.building`."""
