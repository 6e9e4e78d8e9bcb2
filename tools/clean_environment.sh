#!/bin/sh
# Run a command with nothing of the caller's environment but who and where one is, how this machine reaches the network,
# and Vigie's own variables. What only works because a shell exports something (PYTHONUNBUFFERED, say) fails here too.
set -eu
kept=$(env | sed -n -E 's/^((HOME|PATH|TERM|TMPDIR|USER|LOGNAME|CI|VIGIE_[A-Z_]*|[A-Za-z_]*_(proxy|PROXY)|PIP_[A-Z_]*|SSL_CERT_FILE|REQUESTS_CA_BUNDLE|NODE_EXTRA_CA_CERTS))=.*/\1/p')
arguments=""
for name in $kept; do arguments="$arguments $name=\"\$$name\""; done
eval "exec env -i LANG=C.UTF-8 $arguments \"\$@\""
