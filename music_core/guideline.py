"""What people are asked when they label. A change of the text is a new version, which every label and every queue records."""

VERSION = "1"
TEXT = """\
Read both conversations to the end. They open alike and part at the marked turn; from there each user speaks from
their own side's history.

Choose the side that serves its user better over all turns: it does what each message asked, is correct, keeps to
what was said before, and hides no harm. A fluent answer to something that was not asked serves badly.

Length, tone and polish decide only where nothing else does.

Tie: both serve equally well. Both bad: neither is acceptable. Skip: you cannot judge this one; nobody counts it as an opinion.
"""
