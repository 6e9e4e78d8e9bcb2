"""How long something lasts, where its number is round already. ``static/js/format.js`` says the same."""

NO_BREAK = "\u00a0"


def about(seconds: float, day: str) -> str:
    """Return a round duration without what is zero in it.

    Args:
        seconds: 0 or above.
        day: the unit of a day, in the reader's language.

    >>> [about(seconds, "d").replace(NO_BREAK, " ") for seconds in (0.0, 420.0, 25_200.0, 4_800.0, 518_400.0)]
    ['0 min', '7 min', '7 h', '1 h 20 min', '6 d']
    """
    minutes = int(seconds) // 60
    if minutes >= 48 * 60:
        days, hours = divmod(minutes // 60, 24)
        return f"{days}{NO_BREAK}{day}" + (f"{NO_BREAK}{hours}{NO_BREAK}h" if hours else "")
    hours, minutes = divmod(minutes, 60)
    if not hours:
        return f"{minutes}{NO_BREAK}min"
    return f"{hours}{NO_BREAK}h" + (f"{NO_BREAK}{minutes:02d}{NO_BREAK}min" if minutes else "")
