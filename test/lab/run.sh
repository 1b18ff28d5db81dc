#!/bin/sh
# Runs the tests that need root, in a network namespace of their own, where only loopback exists: they
# change rules and addresses. Without root they say why they skip.
set -- node --test --test-concurrency=1 --test-timeout=300000 "${1:-test/lab/*.test.ts}"
if [ "$(id -u)" -eq 0 ] && unshare -n true 2>/dev/null; then
  exec unshare -n sh -c 'ip link set lo up && exec "$@"' sh "$@"
fi
exec "$@"
