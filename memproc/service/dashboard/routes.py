"""Adds the pages to an application that serves a store."""

from __future__ import annotations

from fastapi import FastAPI

from memproc.service.dashboard.pages import days, jobs, log, memories, overview, quarantine, reviews, signing

ROUTERS = (
    signing.routes,
    overview.routes,
    jobs.routes,
    days.routes,
    quarantine.routes,
    reviews.routes,
    memories.routes,
    log.routes,
)


def add_dashboard(app: FastAPI) -> None:
    """Add the pages."""
    for routes in ROUTERS:
        app.include_router(routes)
