"""How far a rater follows a mark of one side that says nothing about its worth: being first, left, or longer.

A rater that is right takes the marked side whenever that is the better one. Over pairs whose better side is mostly the
marked one, being right and following the mark look alike. So the rate is taken apart by whether the mark lies on the
chosen side, and `balanced` is the mean of the two: ½ for whoever is right by the same share in both, whatever that share.
"""

from dataclasses import dataclass

from music_core.evaluate.bias.figures import Boot, Counts, Figure, Group, Mask, combined, missing, share


@dataclass(frozen=True, slots=True)
class Pull:
    """Shares of decisions that took the marked side; ½ means no pull.

    `rate` is over all of them, `when_chosen` and `when_rejected` where the mark lay on the chosen or the rejected side, and
    `balanced` the mean of these two.
    """

    rate: Figure
    balanced: Figure
    when_chosen: Figure
    when_rejected: Figure


def pull(took: Mask, on_chosen: Mask, seeds: Counts, boot: Boot, mark: str, nothing: str) -> Pull:
    """The pull of `mark` (its name, for notes): per decision whether it took the marked side and whether that was the chosen one.

    `nothing` explains why there is no decision at all.
    """
    groups = [Group.of(took, seeds, on_chosen), Group.of(took, seeds, ~on_chosen)]
    only = "chosen" if on_chosen.any() else "rejected"
    one_sided = f"The {mark} side is the {only} one everywhere, so a pull cannot be told from a liking for that branch."
    return Pull(
        rate=share(Group.of(took, seeds), boot, nothing),
        balanced=combined(groups, [0.5, 0.5], boot, one_sided if len(took) else nothing),
        when_chosen=share(groups[0], boot, f"The {mark} side is never the chosen one." if len(took) else nothing),
        when_rejected=share(groups[1], boot, f"The {mark} side is never the rejected one." if len(took) else nothing),
    )


def no_pull(note: str) -> Pull:
    """For a rater that the mark does not apply to, and why."""
    return Pull(*[missing(note)] * 4)
