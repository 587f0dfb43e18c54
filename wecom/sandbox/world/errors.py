"""What people cannot do."""


class Impossible(Exception):
    """The WeCom or WeChat client would not let a person do this; the message says why, in Chinese."""
