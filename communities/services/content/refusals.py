"""Why content was not taken; the messages are for the people who offered it."""


class UploadRefused(Exception):
    """The file cannot be used; the message says why, in Chinese."""


class ContentIncomplete(Exception):
    """The material says too little, or more than WeCom takes; the message says what, in Chinese."""


class MaterialChanged(Exception):
    """Somebody else saved the material in the meantime."""
