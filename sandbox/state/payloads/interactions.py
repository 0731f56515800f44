"""Interactions as Discord's API v10 and its gateway write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.state.entities import DEFAULT_UPLOAD_LIMIT
from sandbox.state.interaction import (
    ANSWER,
    COMMAND,
    COMPONENT,
    DEFER,
    MODAL_SUBMIT,
    UPDATE,
    Interaction,
)
from sandbox.state.payloads.messages import message_json
from sandbox.state.payloads.people import member_json, user_json
from sandbox.state.payloads.places import channel_json, dm_json

if TYPE_CHECKING:
    from sandbox.state.entities import Json
    from sandbox.state.world import World


def metadata_json(interaction: Interaction) -> Json:
    """Write what an answer's `interaction_metadata` says about its interaction."""
    body: Json = {
        "id": str(interaction.id),
        "type": interaction.type,
        "user": user_json(interaction.user),
        "authorizing_integration_owners": _owners(interaction),
    }
    if interaction.type == COMPONENT and interaction.message is not None:
        body["interacted_message_id"] = str(interaction.message.id)
    if interaction.type == MODAL_SUBMIT and interaction.parent is not None:
        body["triggering_interaction_metadata"] = metadata_json(interaction.parent)
    if interaction.type == COMMAND and interaction.data.get("type") == 3:
        body["target_message_id"] = interaction.data["target_id"]
    return body


def interaction_json(world: World, interaction: Interaction) -> Json:
    """Write INTERACTION_CREATE."""
    channel, user = interaction.channel, interaction.user
    server = channel.server
    body: Json = {
        "id": str(interaction.id),
        "application_id": str(world.bot.id),
        "type": interaction.type,
        "token": interaction.token,
        "version": 1,
        "data": interaction.data,
        "channel_id": str(channel.id),
        "locale": "en-US",
        "app_permissions": str(int(world.permissions(world.bot, channel))),
        "entitlements": [],
        "authorizing_integration_owners": _owners(interaction),
        "attachment_size_limit": server.upload_limit if server else DEFAULT_UPLOAD_LIMIT,
    }
    granted = str(int(world.permissions(user, channel)))
    if server is None:
        body |= {"user": user_json(user), "context": 1, "channel": dm_json(channel, world.bot)}
    else:
        body |= {
            "guild_id": str(server.id),
            "guild": {"id": str(server.id), "locale": "en-US", "features": []},
            "guild_locale": "en-US",
            "context": 0,
            "channel": channel_json(channel) | {"permissions": granted},
            "member": member_json(server.members[user.id]) | {"permissions": granted},
        }
    if interaction.message is not None:
        body["message"] = message_json(world, interaction.message)
    return body


def _owners(interaction: Interaction) -> Json:
    server = interaction.channel.server
    return {"0": str(server.id) if server else "0"}


def callback_json(world: World, interaction: Interaction) -> Json:
    """Write the answer to a callback with `with_response`."""
    about: Json = {
        "id": str(interaction.id),
        "type": interaction.type,
        "channel_id": str(interaction.channel.id),
    }
    if interaction.channel.server is not None:
        about["guild_id"] = str(interaction.channel.server.id)
    message = interaction.response
    body: Json = {"interaction": about}
    if message is not None:
        about |= {
            "response_message_id": str(message.id),
            "response_message_loading": message.loading,
            "response_message_ephemeral": message.ephemeral,
        }
        if interaction.response_type in (ANSWER, DEFER, UPDATE):
            body["resource"] = {
                # a deferral's resource is the message that it made
                "type": ANSWER if interaction.response_type != UPDATE else UPDATE,
                "message": message_json(world, message),
            }
    return body
