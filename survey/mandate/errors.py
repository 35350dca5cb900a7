"""What can be wrong with the mandate's files, or with a question put to them."""


class MandateError(Exception):
    """Something in the mandate is absent or malformed; the message says which file and what to do."""


class MandateFileError(MandateError):
    """A data file cannot be used as it stands."""


class MissingText(MandateError):
    """A text lacks a wording that it must have."""


class UnknownSector(MandateError, KeyError):
    """No sector has this code."""

    __str__ = Exception.__str__


class UnknownArea(MandateError, KeyError):
    """No area or area group has this code."""

    __str__ = Exception.__str__


class UnknownIndicator(MandateError, KeyError):
    """No indicator has this name."""

    __str__ = Exception.__str__


class UnknownExclusionRule(MandateError, KeyError):
    """No exclusion rule has this name."""

    __str__ = Exception.__str__


class UnknownQuestionnaire(MandateError, KeyError):
    """No questionnaire has this name."""

    __str__ = Exception.__str__


class UnknownTarget(MandateError, KeyError):
    """No target has this code."""

    __str__ = Exception.__str__


class UnknownSource(MandateError, KeyError):
    """No source has this code."""

    __str__ = Exception.__str__


class UnknownPeriod(MandateError, ValueError):
    """A half-month or period is not written as the mandate writes it."""
