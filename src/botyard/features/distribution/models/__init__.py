"""The tables of distribution."""

from botyard.features.distribution.models.rules import Rule, RuleBook, RuleChat

__all__ = ["Rule", "RuleBook", "RuleChat"]
