#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Manifests that belong to another one can be found from there, also at registries that keep no list of them.

usage: referrers_test.py --ocibuild PROGRAM
"""

import hashlib
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import peer  # noqa: E402
from registry import Registry, run  # noqa: E402
from scripted_registry import INDEX, OCI, Fault, FaultyRegistry, put  # noqa: E402

QUICK = ["--retry-delay", "1ms"]
SUBJECT = {"mediaType": OCI, "digest": "sha256:" + "5" * 64, "size": 123}
TAG = "sha256-" + "5" * 64
KIND = "application/vnd.example.signature.v1"


def layout(work, number, **more):
    """An OCI layout with a manifest that has a subject; its directory and the manifest's descriptor."""
    directory = "%s/layout%d" % (work, number)
    os.makedirs(directory + "/blobs/sha256")

    def written(media_type, data):
        digest = hashlib.sha256(data).hexdigest()
        with open("%s/blobs/sha256/%s" % (directory, digest), "wb") as file:
            file.write(data)
        return {"mediaType": media_type, "digest": "sha256:" + digest, "size": len(data)}

    manifest = {"schemaVersion": 2, "mediaType": OCI, "artifactType": KIND, "subject": SUBJECT,
                "config": written("application/vnd.oci.empty.v1+json", b"{}"),
                "layers": [written("text/plain", b"signature %d" % number)],
                "annotations": {"number": str(number)}, **more}
    descriptor = written(OCI, json.dumps(manifest).encode())
    for name, document in (("oci-layout", {"imageLayoutVersion": "1.0.0"}),
                           ("index.json", {"schemaVersion": 2, "manifests": [descriptor]})):
        with open("%s/%s" % (directory, name), "w", encoding="ascii") as file:
            json.dump(document, file)
    return directory, descriptor


def listed(registry, name="t/app"):
    """The entries under the referrers tag."""
    media_type, data = registry.manifests[name, registry.tags[name, TAG]]
    peer.equal((media_type, json.loads(data)["mediaType"]), (INDEX, INDEX), "type of the list")
    return json.loads(data)["manifests"]


def a_tag_lists_what_belongs_to_an_image(client, work):
    """registry.md U11: without OCI-Subject the manifest is added to the index under the subject's tag, once"""
    with FaultyRegistry() as registry:
        expected = []
        for number in (1, 2):
            directory, descriptor = layout(work, number)
            expected.append({**descriptor, "artifactType": KIND, "annotations": {"number": str(number)}})
            client("push", *QUICK, "oci:" + directory, "%s/t/app:sig%d" % (registry.name, number))
            peer.equal(listed(registry), expected, "list")
        client("push", *QUICK, "oci:" + directory, "%s/t/app:again" % registry.name)
        peer.equal(listed(registry), expected, "list after a push of the same")


def without_a_type_of_its_own_the_config_has_it(client, work):
    """registry.md U11: an entry's artifactType is the manifest's, else its config's type"""
    with FaultyRegistry() as registry:
        directory, _ = layout(work, 1, artifactType="")
        client("push", *QUICK, "oci:" + directory, registry.name + "/t/app:sig")
        peer.equal(listed(registry)[0]["artifactType"], "application/vnd.oci.empty.v1+json", "type")


def registries_that_keep_the_list_get_no_tag(client, work):
    """registry.md U11: OCI-Subject in the answer means that nothing more is to be done"""
    with FaultyRegistry() as registry:
        directory, _ = layout(work, 1)
        registry.faults.append(Fault("PUT", "/manifests/", more_headers=[["OCI-Subject", SUBJECT["digest"]]]))
        client("push", *QUICK, "oci:" + directory, registry.name + "/t/app:sig")
        peer.equal(sorted(tag for _, tag in registry.tags), ["sig"], "tags")


def something_else_under_that_tag_stays(client, work):
    """registry.md U11: a tag that names no index is left as it is, and the push says so"""
    with FaultyRegistry() as registry:
        directory, _ = layout(work, 1)
        other = put(registry, "t/app", OCI, {"schemaVersion": 2, "mediaType": OCI, "layers": [], "config": SUBJECT})
        registry.tags["t/app", TAG] = other["digest"]
        client.fails("referrers-tag", 1, "push", *QUICK, "oci:" + directory, registry.name + "/t/app:sig")
        peer.equal(registry.tags["t/app", TAG], other["digest"], "tag")


def a_real_registry_without_referrers(client, work):
    """registry.md U11: Distribution 2.8 keeps the tag, and gives it back"""
    with Registry(work + "/r") as registry:
        directory, descriptor = layout(work, 1)
        client("push", *QUICK, "oci:" + directory, registry.name + "/t/app:sig")
        index = json.loads(registry.get("/v2/t/app/manifests/" + TAG, INDEX))
        peer.equal([entry["digest"] for entry in index["manifests"]], [descriptor["digest"]], "list")


def pulls_do_not_ask_for_referrers(client, work):
    """registry.md P12: a pull brings the image and asks for nothing that belongs to it"""
    with FaultyRegistry() as registry:
        client.build(registry.name + "/t/app:1", a=b"one")
        client("push", *QUICK, registry.name + "/t/app:1")
        registry.server.command("clear")
        client("pull", *QUICK, registry.name + "/t/app:1", store=work + "/other")
        asked = [entry["target"].split("/")[4] for entry in registry.record()]
        peer.equal(asked, ["manifests", "blobs", "blobs"], "asked for")
        peer.equal(registry.asked("GET", "manifests"), ["/v2/t/app/manifests/1"], "manifests")


run(a_tag_lists_what_belongs_to_an_image, without_a_type_of_its_own_the_config_has_it,
    registries_that_keep_the_list_get_no_tag, something_else_under_that_tag_stays, a_real_registry_without_referrers,
    pulls_do_not_ask_for_referrers)
