"""The embedded Kafka in a process of its own, so that its CPU time can be told from the gateway's."""

import sys

from gateway.bench.children import say
from gateway.runtime.embedded import embedded_kafka

if __name__ == "__main__":
    with embedded_kafka() as broker:
        say(bootstrap=broker.bootstrap, incarnation=broker.incarnation)
        sys.stdin.read()
