"""Rewards, penalties, daily conduct, learning problems, practice and employment: entries of departments in a file.

Other rooms ask here what a penalty stands in the way of::

    from records.merits import Hindered, bars

    for bar in bars(student, on=day, act=Hindered.TRANSFER):
        refuse(bar.reason)
"""

from records.merits.standing import Bar, Hindered, bars, bars_of

__all__ = ["Bar", "Hindered", "bars", "bars_of"]
