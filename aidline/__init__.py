"""Emergency logistics for a major epidemic on an Ethereum-compatible chain."""

__all__ = ["__version__"]

__version__ = "0.1.0"
