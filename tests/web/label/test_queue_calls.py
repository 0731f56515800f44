"""The calls behind the queue: what waits and why, votes, undoing, and who may see what."""

from __future__ import annotations

import pytest

from bot.storage.records import TeachCharacter
from models.types import Tier
from sandbox.state.entities import Overwrite
from sandbox.state.permissions import Permission
from tests.databases import ON_BOTH
from tests.web.label.labelling import CAST, LabelSite

pytestmark = [pytest.mark.asyncio(loop_scope="module"), ON_BOTH]


async def queue(label: LabelSite, query: str = "") -> list[dict]:
    status, answer = await label.ask(f"queue{query}")
    assert status == 200, answer
    return answer["faces"]


async def test_the_most_useful_comes_first_and_says_why(label: LabelSite) -> None:
    services, server = label.site.services, label.server
    sure = await label.post("hikari", probability=0.97, tier=Tier.NAMED)
    doubtful = await label.post("kuroe", probability=0.52)
    disputed = await label.post("mikan", probability=0.9, tier=Tier.NAMED)
    for user, character in ((1, "mikan"), (2, "ren")):
        await services.votes.cast(disputed.reply_id, 0, user, "is", character_id=character)
    named = await label.post("suzu", probability=0.1, tier=Tier.NOT_KNOWN)
    change = TeachCharacter("Mizu", "Own", reply_id=named.reply_id, face=0)
    await services.teaching.propose(server, 3, change)
    await services.teaching.teach(server, 3, "Fresh", "Own", [])
    await services.votes.judged()

    faces = await queue(label)
    assert [face["id"] for face in faces] == [disputed.id, named.id, doubtful.id, sure.id]
    assert [face["reason"] for face in faces] == ["disputed", "new", "uncertain", "uncertain"]
    assert faces[0]["why"] == "The votes disagree: 1 says Mikan, 1 says Ren."
    assert faces[1]["proposed"]["name"] == "Mizu"
    assert faces[2]["why"] == "I am 52 % sure that it is Kuroe."
    assert len(faces[2]["guesses"]) == 5
    left = await queue(label, f"?besides={disputed.id}")
    assert left[0]["id"] == named.id


async def test_unknown_faces_that_look_alike_are_a_cluster(label: LabelSite) -> None:
    count = label.site.config.learning.cluster_faces
    for _ in range(count):
        await label.post("ren", probability=0.05, tier=Tier.NOT_KNOWN)
    first = (await queue(label))[0]
    assert (first["reason"], first["more"]) == ("cluster", count - 1)


async def test_a_label_settles_is_logged_and_undone(label: LabelSite) -> None:
    services = label.site.services
    face = await label.post("hikari", probability=0.4)
    first = await label.label(face.id, "kuroe")
    second = await label.label(face.id, "hikari")
    settled = await services.storage.labels.get(face.id)
    assert settled is not None
    assert (settled.state, settled.decided_by) == ("settled", label.sandbox.member("ann").id)
    assert await queue(label) == []

    # A second word is undone to the first one, and the first one to none.
    assert await label.tell("undo", second) == (200, {"faces": 1})
    before = await services.storage.labels.get(face.id)
    assert before is not None
    assert before.label is not None
    assert before.label.character_id == "kuroe"
    await label.tell("undo", first)
    assert [each["id"] for each in await queue(label)] == [face.id]

    _, log = await label.ask(f"faces/{face.id}/log")
    said = [event["what"] for event in log["events"]]
    assert "said that it is Kuroe (on the site)" in said
    assert "changed the label: none → Kuroe (on the site)" in said
    assert {event["who"] for event in log["events"] if "said" in event["what"]} == {"you"}

    await services.erasure.erase_member(label.sandbox.member("ann").id)
    await label.sign_in(label.sandbox.member("ann"))  # the session went, too
    _, log = await label.ask(f"faces/{face.id}/log")
    assert "you" not in {event["who"] for event in log["events"]}


async def test_a_new_character_is_made_once_and_undone_with_its_label(label: LabelSite) -> None:
    face = await label.post("ren")
    body = {"faces": [face.id], "kind": "new", "value": "Mizu", "series": "Own"}
    status, done = await label.tell("labels", body)
    assert (status, done["name"]) == (200, "Mizu")
    roster = await label.site.services.galleries.roster(label.server)
    assert roster.find("Mizu") is not None
    assert (await label.ask("names?q=miz"))[1]["names"][0]["name"] == "Mizu"
    assert (await label.tell("undo", done["undo"]))[0] == 200
    roster = await label.site.services.galleries.roster(label.server)
    assert roster.find("Mizu") is None


async def test_a_proposal_is_accepted_with_the_face(label: LabelSite) -> None:
    face = await label.post("suzu", tier=Tier.NOT_KNOWN)
    change = TeachCharacter("Mizu", reply_id=face.reply_id, face=0)
    proposal = await label.site.services.teaching.propose(label.server, 3, change)
    body = {"faces": [face.id], "kind": "proposal", "value": str(proposal.id)}
    assert (await label.tell("labels", body))[1]["name"] == "Mizu"
    assert (await label.tell("labels", body))[0] == 422
    settled = await label.site.services.storage.labels.get(face.id)
    assert settled is not None
    assert settled.state == "settled"


async def test_what_may_not_be_seen_is_not_there(label: LabelSite) -> None:
    sandbox = label.sandbox
    secret = sandbox.channel("quiet")
    elsewhere = sandbox.places.add_server("Elsewhere")
    ben = sandbox.member("ben")
    role = sandbox.places.add_role("Labeller")
    sandbox.places.set_role(ben, role)
    await label.site.services.storage.settings.update(label.server, labeller_role=role.id)
    secret.overwrites[ben.id] = Overwrite(ben.id, member=True, deny=Permission.VIEW_CHANNEL)
    restricted = sandbox.channel("age-restricted").id
    open_face = await label.post("hikari")
    hidden = await label.post("kuroe", channel=secret.id)
    adult = await label.post("ren", channel=restricted)
    foreign = await label.post("suzu", server=elsewhere.id)
    await label.sign_in(ben)
    assert [face["id"] for face in await queue(label)] == [open_face.id]
    for face in (hidden, adult, foreign):
        for what in ("crop", "thumbnail", "log"):
            assert (await label.ask(f"faces/{face.id}/{what}"))[0] == 404
        body = {"faces": [face.id], "kind": "not_a_face"}
        assert (await label.tell("labels", body))[0] == 404
        undo = {"said": [{"face": face.id, "kind": "is"}]}
        assert await label.tell("undo", undo) == (200, {"faces": 0})
    assert (await label.ask("queue", elsewhere.id))[0] == 404


async def test_undoing_labels_nothing_that_could_not_be_said(label: LabelSite) -> None:
    services, sandbox = label.site.services, label.sandbox
    quiet, ben = sandbox.channel("quiet"), sandbox.member("ben")
    role = sandbox.places.add_role("Labeller")
    sandbox.places.set_role(ben, role)
    await services.storage.settings.update(label.server, labeller_role=role.id)
    quiet.overwrites[ben.id] = Overwrite(ben.id, member=True, deny=Permission.VIEW_CHANNEL)
    open_face, untouched = await label.post("hikari"), await label.post("mikan")
    secret = await label.post("kuroe", channel=quiet.id)
    await label.sign_in(ben)
    for face in (open_face, secret):
        await services.votes.cast(face.reply_id, 0, ben.id, "is", character_id="suzu")
    for face, before in ((open_face, "nobody there is"), (secret, "ren"), (untouched, "ren")):
        said = {"face": face.id, "kind": "is", "before": ["is", before]}
        assert (await label.tell("undo", {"said": [said]}))[0] == 200
        assert await services.storage.votes.for_answer(face.reply_id) == []


async def test_who_was_deleted_meanwhile_is_left_out(label: LabelSite) -> None:
    storage = label.site.services.storage
    kept, gone = await label.post("ren"), await label.post("ren")
    await storage.answers.delete_by_reply(gone.reply_id)
    body = {"faces": [gone.id, kept.id], "kind": "is", "value": "ren"}
    status, done = await label.tell("labels", body)
    assert (status, done["gone"], done["name"]) == (200, 1, "Ren")
    assert (await storage.labels.get(kept.id)) is not None
    assert (await label.tell("labels", body | {"faces": [gone.id]}))[0] == 404


async def test_labelling_is_for_those_who_may(label: LabelSite) -> None:
    face = await label.post("hikari")
    await label.sign_in(label.sandbox.member("ben"))
    assert (await label.ask("queue"))[0] == 403
    assert (await label.ask(f"faces/{face.id}/crop"))[0] == 403
    body = {"faces": [face.id], "kind": "is", "value": "hikari"}
    assert (await label.tell("labels", body))[0] == 403
    label.site.client.cookie_jar.clear()
    assert (await label.ask("queue"))[0] == 401


async def test_a_crop_is_sent_small_and_whole_and_gone_when_erased(label: LabelSite) -> None:
    services = label.site.services
    face = await label.post("hikari")
    sizes = []
    for what in ("crop", "thumbnail"):
        async with label.site.client.get(f"{label.path}/faces/{face.id}/{what}") as answer:
            assert (answer.status, answer.content_type) == (200, "image/webp")
            etag = answer.headers["ETag"]
            sizes.append(len(await answer.read()))
        again = {"If-None-Match": etag}
        async with label.site.client.get(
            f"{label.path}/faces/{face.id}/{what}", headers=again
        ) as answer:
            assert answer.status == 304
    assert sizes[1] < sizes[0]
    thumbnails = list(services.crops.folder.glob("*/thumbnails/*.webp"))
    assert len(thumbnails) == 1
    await services.storage.answers.delete_by_reply(face.reply_id)
    await services.erasure.sweep()
    assert not [*services.crops.folder.rglob("*.webp")]
    assert (await label.ask(f"faces/{face.id}/crop"))[0] == 404


async def test_what_is_no_answer_is_refused(label: LabelSite) -> None:
    face = await label.post("hikari")
    for body in (
        {}, {"faces": [], "kind": "is"}, {"faces": [face.id], "kind": "love"},
        {"faces": [face.id], "kind": "is", "value": "x" * 300},
        {"faces": [face.id], "kind": "is", "value": CAST[0].id, "decides": True},
        {"faces": [2**70], "kind": "not_a_face"}, {"faces": [face.id], "kind": "proposal"},
        {"faces": [face.id], "kind": "proposal", "value": "9" * 30},
    ):  # fmt: skip
        assert (await label.tell("labels", body))[0] == 400
    for body in ({"said": [], "action": 2**70}, {"said": [{"face": -1, "kind": "is"}]}):
        assert (await label.tell("undo", body))[0] == 400
    body = {"faces": [face.id], "kind": "is", "value": "nobody"}
    assert (await label.tell("labels", body))[0] == 422
    headers = {"X-CSRF-Token": "0" * 64}
    body = {"faces": [face.id], "kind": "is", "value": "hikari"}
    async with label.site.client.post(f"{label.path}/labels", json=body, headers=headers) as answer:
        assert answer.status == 403
    assert await label.site.services.storage.labels.get(face.id) is None


async def test_what_no_database_keeps_is_left_out(label: LabelSite) -> None:
    face = await label.post("ren")
    body = {"faces": [face.id], "kind": "new", "value": "Mi\0zu", "series": "O\0wn"}
    status, done = await label.tell("labels", body)
    assert (status, done.get("name")) == (200, "Mizu")
    body = {"faces": [face.id], "kind": "new", "value": "\0"}
    status, problem = await label.tell("labels", body)
    assert (status, problem["detail"]) == (422, "A name needs at least one letter or digit.")
    assert (await label.ask("names?q=mi%00z"))[1]["names"][0]["name"] == "Mizu"
    assert (await label.ask("characters/mizu%00/crops"))[0] == 404
