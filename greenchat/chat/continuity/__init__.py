"""All of the state as documents, from which it can be made again: for recordings, and for the process that
continues.
"""
