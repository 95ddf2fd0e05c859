"""What a reader sees: pure functions from data frames to tables, verdicts and figures.

Nothing here computes a result: every number that is shown was written to a file by an earlier stage.
"""
