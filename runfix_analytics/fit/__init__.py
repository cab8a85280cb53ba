"""The FIT format: bytes of many files → columns, in the order layout, walk, profile, columns, decoder; and an encoder.

`decoder.decode` is what others call. `messages` and `exercises` are what the FIT reader makes of the columns,
`fallback` is fitparse for what our decoder cannot read; only it and `profile` import fitparse.
"""
