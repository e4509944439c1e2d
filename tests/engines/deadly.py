"""Schemas for workers to meet, in a module that they can import."""

from __future__ import annotations

import os

from pydantic import field_validator

import memproc


class Deadly(memproc.Memory):
    """A memory that ends the process which validates it, where it says so."""

    @field_validator("content")
    @classmethod
    def end(cls, content: str) -> str:
        """End the process."""
        if "poison" in content:
            os._exit(1)
        return content
