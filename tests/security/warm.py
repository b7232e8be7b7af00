"""Imported by the server that hostile cases are forks of: what a run reads once is read."""

from tests.security import hostile

hostile.warm()
