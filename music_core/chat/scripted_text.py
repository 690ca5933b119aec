"""Readable sentences for the scripted model, put together from parts: varied enough that no two turns read alike."""

import random

_THINGS = (
    "the garden bed", "the train ticket", "the bread dough", "the weekly budget", "the spare room", "the morning walk", "the school essay",
    "the old bicycle", "the winter coat", "the shared calendar", "the small kitchen", "the guest list", "the phone contract",
    "the language course", "the tool shed", "the photo album", "the lunch menu", "the savings account", "the choir practice", "the tent",
    "the recipe book", "the reading list", "the window frame", "the camping stove", "the piano lesson", "the travel plan",
)  # fmt: skip
_STEPS = (
    "measure it twice", "write down the dates", "ask a neighbour", "compare two offers", "leave it overnight", "check the label",
    "set a limit first", "begin with the smallest part", "take a picture before any change", "keep the receipt", "call ahead",
    "clean it with warm water", "set aside an hour", "read the second page", "make a short list", "try it on a quiet day", "borrow one",
    "mark the edges with chalk", "weigh everything", "look up the opening hours", "sort it by colour", "use the older version",
)  # fmt: skip
_REASONS = (
    "it saves time later", "the weather can turn", "prices differ a lot", "mistakes show early", "nobody likes surprises", "space is tight",
    "it keeps the costs down", "the order matters", "the first try is rarely perfect", "others depend on it", "it is easier to undo",
    "the material needs to settle", "the days are short", "habits form slowly", "the rules changed last year", "it is safer that way",
)  # fmt: skip
_TIMES = ("this week", "before noon", "on Friday", "in the evening", "next month", "after the holidays", "tomorrow", "in spring")
_ASKS = (
    "What should I do about {thing} {time}, given that {reason}?",
    "My plan is to {step} {time}, but does that work for {thing}?",
    "How long does it take with {thing} when I {step}?",
    "Is it worth the effort to {step} for {thing} {time}?",
    "My sister says {reason}, so what changes for {thing}?",
    "Can I skip a part of it and just {step} {time} for {thing}?",
)
_TELLS = (
    "For {thing}, {step} {time}, because {reason}.",
    "It helps to {step}, since {reason}, and then to come back to {thing} {time}.",
    "A good order is to {step}, then {step2}; with {thing} the point is that {reason}.",
    "Many people {step} {time}, yet for {thing} it is better to {step2}.",
    "If {reason}, then {step} and leave {thing} as it is {time}.",
)


def question(rng: random.Random) -> str:
    """One line as a user would write it."""
    return _filled(rng.choice(_ASKS), rng)


def answer(rng: random.Random) -> str:
    """Two to four sentences as an assistant would write them, on one line."""
    patterns = rng.sample(_TELLS, rng.randint(2, 4))
    return " ".join(_filled(p, rng) for p in patterns)


def _filled(pattern: str, rng: random.Random) -> str:
    step, step2 = rng.sample(_STEPS, 2)
    return pattern.format(thing=rng.choice(_THINGS), time=rng.choice(_TIMES), reason=rng.choice(_REASONS), step=step, step2=step2)
