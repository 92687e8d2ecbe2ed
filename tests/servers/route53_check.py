#!/usr/bin/python3
"""route53_check: is route53.py what it stands for? And does sigv4.py sign as Amazon does?

Usage: tests/servers/route53_check.py
Three that know nothing of each other: the vectors that Amazon published (aws-sigv4/, with their
licence), botocore as a client of the server, and botocore as the reader of its errors. Ends in
"N passed, N failed".
"""
import os
import subprocess
import sys
import tempfile
import threading

import botocore.config
import botocore.exceptions
import botocore.session

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import sigv4  # noqa: E402  pylint: disable=wrong-import-position

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
ZONE = "ZCHECK"
NAME, FENCE = "pbx.example.com.", "_holdfast.pbx.example.com."


def parse_request(text):
    """One of Amazon's .req files; a line that begins with a blank goes on with the one before."""
    head, _, body = text.partition("\n\n")
    first, *lines = head.rstrip("\n").split("\n")
    method, target = first.removesuffix(" HTTP/1.1").split(" ", 1)
    headers = []
    for line in lines:
        if line[:1] in (" ", "\t"):
            headers[-1] = (headers[-1][0], headers[-1][1] + "," + line.strip())
        else:
            headers.append(tuple(line.split(":", 1)))
    path, _, query = target.partition("?")
    return method, path, query, headers, body.encode()


def check_vector(stem):
    def read(kind):
        with open(f"{stem}.{kind}", encoding="utf-8") as file:
            return file.read()

    request = parse_request(read("req"))
    asked = sigv4.parse_authorization(read("authz"))
    text = sigv4.canonical(request, asked["signed"])
    wanted = read("creq")
    # A value of several lines stands there joined by blanks or by commas, as the vector wants.
    if "multiline" in stem:
        text = text.replace("value1,value2,value3", "value1 value2 value3")
    if "with-session-token" in stem:  # the signer added it, so that only the result shows it
        token = next(line for line in wanted.split("\n") if line.startswith("x-amz-security"))
        text = text.replace("x-amz-security-token:\n", token + "\n")
    assert text == wanted, f"canonical request\n{text}\nis not\n{wanted}"
    date = dict((name.lower(), value) for name, value in request[3])["x-amz-date"]
    made = sigv4.signature(SECRET, asked["scope"],
                           sigv4.string_to_sign(date, asked["scope"], text))
    assert made == asked["signature"], "signature differs"


def vectors():
    for directory, _, files in sorted(os.walk(os.path.join(HERE, "aws-sigv4"))):
        for file in files:
            if file.endswith(".req"):
                yield os.path.join(directory, file[:-4])


# ---- botocore as the client ----

def client_of(port, trouble="", key="AKIDEXAMPLE", secret=SECRET, token=None):
    session = botocore.session.Session()
    config = botocore.config.Config(retries={"max_attempts": 1, "mode": "standard"})
    return session.create_client(
        "route53", region_name="us-east-1", endpoint_url=f"http://127.0.0.1:{port}/{trouble}",
        aws_access_key_id=key, aws_secret_access_key=secret, aws_session_token=token, config=config)


def fence(action, text, ttl=60):
    return {"Action": action, "ResourceRecordSet": {
        "Name": FENCE, "Type": "TXT", "TTL": ttl, "ResourceRecords": [{"Value": f'"{text}"'}]}}


def address(action, value, kind="A"):
    return {"Action": action, "ResourceRecordSet": {
        "Name": NAME, "Type": kind, "TTL": 60, "ResourceRecords": [{"Value": value}]}}


def send(client, *changes):
    return client.change_resource_record_sets(HostedZoneId=ZONE,
                                              ChangeBatch={"Changes": list(changes)})


def refused(client, code, message, *changes):
    try:
        send(client, *changes)
    except botocore.exceptions.ClientError as fault:
        got = fault.response["Error"]
        assert got["Code"] == code and message in got["Message"], got
        return
    raise AssertionError("was taken")


def stands(client):
    listed = client.list_resource_record_sets(HostedZoneId=ZONE, StartRecordName=NAME)
    return {(item["Name"], item["Type"]): (item["TTL"], [record["Value"] for record in
                                                         item["ResourceRecords"]])
            for item in listed["ResourceRecordSets"]}


def batches_are_whole(port):
    client = client_of(port)
    info = send(client, fence("CREATE", "one"), address("UPSERT", "192.0.2.1"))["ChangeInfo"]
    assert info["Status"] == "PENDING", info
    client.get_waiter("resource_record_sets_changed").wait(
        Id=info["Id"], WaiterConfig={"Delay": 1, "MaxAttempts": 5})
    before = stands(client)
    assert before[(FENCE, "TXT")] == (60, ['"one"']), before
    for wrong, words in ((fence("DELETE", "two"), "do not match the current values"),
                         (fence("DELETE", "one", 61), "do not match the current values"),
                         (fence("CREATE", "two"), "but it already exists"),
                         (address("DELETE", "2001:db8::1", "AAAA"), "but it was not found"),
                         (address("UPSERT", "x.", "CNAME"), "conflicting RRSet")):
        refused(client, "InvalidChangeBatch", words, address("UPSERT", "192.0.2.2"), wrong)
    assert stands(client) == before
    send(client, fence("DELETE", "one"), fence("CREATE", "two"), address("UPSERT", "192.0.2.3"))
    assert stands(client)[(NAME, "A")] == (60, ["192.0.2.3"])


def one_of_many_wins(port):
    client, won = client_of(port), []
    for number in range(50):
        send(client, fence("UPSERT", f"round{number}"))

        def race(writer, old=f"round{number}"):
            try:
                send(client, fence("DELETE", old), fence("CREATE", f"writer{writer}"))
                won.append(writer)
            except botocore.exceptions.ClientError:
                pass

        threads = [threading.Thread(target=race, args=(writer,)) for writer in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) == number + 1, f"round {number}: {won[number:]}"


def errors_are_read(port):
    change = address("UPSERT", "192.0.2.1")
    refused(client_of(port, "write-throttle"), "Throttling", "Rate exceeded", change)
    refused(client_of(port, "write-prior"), "PriorRequestNotComplete", "prior request", change)
    refused(client_of(port, "write-denied"), "AccessDenied", "not authorized", change)
    refused(client_of(port, secret="wrong"), "SignatureDoesNotMatch", "does not match", change)
    refused(client_of(port, key="AKIDOTHER"), "InvalidClientTokenId", "invalid", change)
    refused(client_of(port, "all-ahead"), "SignatureDoesNotMatch", "Signature expired", change)
    refused(client_of(port, key="ASIAENDED", token="ended"), "ExpiredToken", "expired", change)
    send(client_of(port, key="ASIASESSION", token="session/token+of=the==test"), change)


def lists_are_cut(port):
    client = client_of(port)
    listed = client.list_resource_record_sets(HostedZoneId="ZCUT", MaxItems="1")
    assert listed["IsTruncated"] and listed["NextRecordName"] == NAME, listed
    pages = client.get_paginator("list_resource_record_sets").paginate(
        HostedZoneId="ZCUT", PaginationConfig={"PageSize": 1})
    names = [item["Name"] for page in pages for item in page["ResourceRecordSets"]]
    assert names == ["example.com.", NAME], names


def main():
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    passed = failed = 0

    def run(name, check, *words):
        nonlocal passed, failed
        try:
            check(*words)
            passed += 1
        except Exception as fault:  # pylint: disable=broad-except
            failed += 1
            print(f"FAILED {name}: {type(fault).__name__}: {fault}")

    for stem in vectors():
        run(os.path.basename(stem), check_vector, stem)
    with tempfile.TemporaryDirectory() as directory, \
            subprocess.Popen([sys.executable, os.path.join(HERE, "route53.py"), directory],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        port = int(server.stdout.readline().split()[0])
        for check in (batches_are_whole, one_of_many_wins, errors_are_read, lists_are_cut):
            run(check.__name__, check, port)
        server.stdin.close()
    print(f"{passed} passed, {failed} failed")
    return failed > 0 or passed < 38


if __name__ == "__main__":
    sys.exit(main())
