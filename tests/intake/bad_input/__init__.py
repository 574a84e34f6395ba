"""The catalogue of bad input, groups 1 to 60: every group ends in 4xx with kind words and what was typed kept,
or is stored exactly and shown harmlessly everywhere. Never a 500.

A test's id names its group. Where a group is about something that is not built, the nearest thing that is true
here stands in its place, and the test says so.
"""
