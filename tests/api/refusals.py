"""The one form of every error, as a test expects it."""

FORM = {"code", "message", "fields", "detail"}


def refused(code, words, fields=None):
    return {"code": code, "message": words, "fields": fields or {}, "detail": words}
