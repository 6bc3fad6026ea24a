#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Logins to ECR against a server on loopback that computes every signature anew: tests/support/aws_server.py.

usage: ecr_test.py ECR_CLIENT
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
import aws_server  # noqa: E402

HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
SECRET = "hUsH/+secret=="
GIVEN = {"AccessKeyId": "AKIDGIVEN000GIVE", "SecretAccessKey": "given-" + SECRET, "Token": "token/+" + SECRET}
IDENTITIES = {"AKIDSTATIC00STAT": (SECRET, ""), "AKIDSESSION0SESS": (SECRET, "tok+" + SECRET),
              GIVEN["AccessKeyId"]: (GIVEN["SecretAccessKey"], GIVEN["Token"])}


class Case:
    """A fresh server and home; run() starts the client with the given variables only."""

    def __init__(self, client, home):
        self.client, self.home = client, home
        self.server = aws_server.AwsServer(IDENTITIES)
        self.server.given_keys = GIVEN
        self.server.password = "pass-hUsH"

    def write(self, name, text):
        path = os.path.join(self.home, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def run(self, *words, **variables):
        environment = {"HOME": self.home, "PATH": os.environ["PATH"], "AWS_EC2_METADATA_DISABLED": "true",
                       "AWS_ENDPOINT_URL": self.server.url + "/"}
        environment.update(variables)
        done = subprocess.run([self.client, *(words or ("login", HOST))], env=environment, capture_output=True,
                              text=True, check=False, timeout=60)
        assert "hUsH" not in done.stderr, done.stderr
        return done

    def logs_in(self, source, **variables):
        done = self.run(**variables)
        assert done.stdout == "AWS pass-hUsH Amazon ECR, %s\n" % source, (done, self.server.requests)


def variables_sign(case):
    """registry.md W4, W6.1: keys of variables, with and without a session token, give a right signature"""
    case.logs_in("key …STAT of AWS_ACCESS_KEY_ID", AWS_ACCESS_KEY_ID="AKIDSTATIC00STAT", AWS_SECRET_ACCESS_KEY=SECRET)
    case.logs_in("key …SESS of AWS_ACCESS_KEY_ID", AWS_ACCESS_KEY_ID="AKIDSESSION0SESS", AWS_SECRET_ACCESS_KEY=SECRET,
                 AWS_SESSION_TOKEN="tok+" + SECRET)


def wrong_keys_are_refused(case):
    """registry.md W5, X3: wrong keys are refused with their source and without a secret"""
    done = case.run(AWS_ACCESS_KEY_ID="AKIDSTATIC00STAT", AWS_SECRET_ACCESS_KEY="hUsH-wrong")
    assert done.returncode == 1 and done.stderr == (
        "auth-refused: Amazon refuses ecr:GetAuthorizationToken with key …STAT of AWS_ACCESS_KEY_ID: "
        "InvalidSignatureException\nnote: Amazon says: \"checked\"\n"), done
    done = case.run(AWS_ACCESS_KEY_ID="AKIDNOBODY", AWS_SECRET_ACCESS_KEY=SECRET)
    assert "UnrecognizedClientException" in done.stderr, done


def roles(case):
    """registry.md W6.2, W6.3, W7: a web identity and a profile take roles"""
    case.server.web_token = "jwt.+/hUsH"
    case.logs_in("key …GIVE of AWS_WEB_IDENTITY_TOKEN_FILE", AWS_ROLE_ARN="arn:aws:iam::1:role/web",
                 AWS_WEB_IDENTITY_TOKEN_FILE=case.write("token", "jwt.+/hUsH\n"))
    case.write(".aws/config", "[profile dev]\nrole_arn = arn:dev\nsource_profile = base\nregion = us-west-2\n")
    case.write(".aws/credentials",
               "[base]\naws_access_key_id = AKIDSTATIC00STAT\naws_secret_access_key = %s\n" % SECRET)
    case.logs_in('key …GIVE of the AWS profile "dev"', AWS_PROFILE="dev")
    assert [r for r in case.server.requests if r.startswith("sts")] == [
        "sts AssumeRoleWithWebIdentity arn:aws:iam::1:role/web", "sts AssumeRole arn:dev"], case.server.requests


def process(case):
    """registry.md W6.3: a credential_process is run without a shell"""
    keys = {"Version": 1, "AccessKeyId": GIVEN["AccessKeyId"], "SecretAccessKey": GIVEN["SecretAccessKey"],
            "SessionToken": GIVEN["Token"]}
    answer = case.write("my answer", json.dumps(keys))
    case.write(".aws/config", "[default]\ncredential_process = cat '%s'\n" % answer)
    case.logs_in('key …GIVE of the AWS profile "default"')


def container_and_instance(case):
    """registry.md C4.7, W6.4, W6.5: metadata services are asked without the proxy"""
    case.server.container_token = "auth-hUsH"
    case.logs_in("key …GIVE of the container's credentials at " + case.server.url[len("http://"):],
                 AWS_CONTAINER_CREDENTIALS_FULL_URI=case.server.url + "/container",
                 AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=case.write("token", "auth-hUsH\n"))
    case.logs_in('key …GIVE of the instance\'s role "my-role"', AWS_EC2_METADATA_DISABLED="",
                 AWS_EC2_METADATA_SERVICE_ENDPOINT=case.server.url)


def silent_instance(case):
    """registry.md W6.5, W6.6: a metadata service that says nothing costs a few seconds"""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        start = time.monotonic()
        done = case.run(AWS_EC2_METADATA_DISABLED="",
                        AWS_EC2_METADATA_SERVICE_ENDPOINT="http://127.0.0.1:%d" % silent.getsockname()[1])
        assert time.monotonic() - start < 10, done
        assert "auth-needed: no AWS credentials were found" in done.stderr, done
        assert "note: instance metadata: no answer to the request for a token" in done.stderr, done


def repositories(case):
    """registry.md W8: a missing repository is made once"""
    keys = {"AWS_ACCESS_KEY_ID": "AKIDSTATIC00STAT", "AWS_SECRET_ACCESS_KEY": SECRET}
    assert case.run("repository", HOST, "a/b", **keys).stdout == "created repository a/b in 123456789012/eu-west-1\n"
    assert case.run("repository", HOST, "a/b", **keys).stdout == "there\n"
    assert case.server.repositories == {"a/b"}


def redirects_are_not_followed(case):
    """registry.md W4: signed requests follow no redirect"""
    case.server.redirect = case.server.url + "/elsewhere"
    done = case.run(AWS_ACCESS_KEY_ID="AKIDSTATIC00STAT", AWS_SECRET_ACCESS_KEY=SECRET)
    assert "answers with status 307" in done.stderr and case.server.requests == [], done


def main():
    for test in (variables_sign, wrong_keys_are_refused, roles, process, container_and_instance, silent_instance,
                 repositories, redirects_are_not_followed):
        with tempfile.TemporaryDirectory() as home:
            case = Case(sys.argv[1], home)
            with case.server:
                test(case)
        print("ok:", test.__doc__)


main()
