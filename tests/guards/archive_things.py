"""What the routes of the archives are driven with."""

from typing import Any

from tests.guards.world import World


def appraisal(world: World) -> Any:
    """A round."""
    return {"round_id": world.appraisal.public_id}


def consent(world: World) -> Any:
    """A consent."""
    return {"consent_id": world.consent.public_id}


def inquiry(world: World) -> Any:
    """An inquiry."""
    return {"request_id": world.inquiry.public_id}


def sharing(world: World) -> Any:
    """A sharing."""
    return {"request_id": world.sharing.request.public_id}
