"""What the tests against a real Label Studio share."""

from tests.support.proxy import proxy

__all__ = ["proxy"]
