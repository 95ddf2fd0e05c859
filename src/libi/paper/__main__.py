"""`python -m libi.paper`: say what is wrong with a file of claims or of a figure, without running it."""

from libi.runtime.rooms import RoomError

try:
    from libi.paper.claims import check_claims
    from libi.paper.figures import check_figures

    check_claims()
    check_figures()
except RoomError as error:
    raise SystemExit(str(error)) from None
