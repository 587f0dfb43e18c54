"""How much of a name the list shows to everybody: enough to find oneself, too little to be found by others."""

_SHORT, _LONG = 2, 4


def mask_name(name: str) -> str:
    """`林**` for 林小姐, `陈小**` for a nickname of four and more, `W**y` for Wendy; `顾客` for nobody's name."""
    text = name.strip()
    if not text:
        return "顾客"
    if text.isascii():
        return f"{text[0]}**{text[-1]}" if len(text) > _SHORT else f"{text[0]}**"
    return f"{text[:_SHORT]}**" if len(text) >= _LONG else f"{text[0]}**"
