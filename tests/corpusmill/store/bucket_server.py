"""An S3 server on loopback, a real one over HTTP: ``python -m tests.corpusmill.store.bucket_server``.

It makes a bucket, ``corpora``, says its address on a line, and ends when its standard input does.
"""

import os
import sys

import boto3
from moto.server import ThreadedMotoServer

KEYS = {"AWS_ACCESS_KEY_ID": "miller", "AWS_SECRET_ACCESS_KEY": "grain", "AWS_REGION": "us-east-1"}


def main() -> None:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    address = "http://{}:{}".format(*server.get_host_and_port())
    os.environ.update(KEYS)
    boto3.client("s3", endpoint_url=address, region_name=KEYS["AWS_REGION"]).create_bucket(Bucket="corpora")
    sys.stdout.write(f"{address}\n")
    sys.stdout.flush()
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
