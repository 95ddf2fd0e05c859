"""The verdict: what the paper says, claim by claim, beside what a study's files say.

Nothing here computes a result: every number that is judged was written to a file by an earlier stage. What the paper
says is in the files of libi/paper/claims/ and in paper/published_table1.csv. A claim that a study lacks the files,
methods or replicates for is not decidable, never an error.
"""
