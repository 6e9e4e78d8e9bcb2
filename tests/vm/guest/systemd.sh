#!/bin/sh
# Process 1 of the guest with systemd: put the units in place, then become systemd.
cp /share/guest/vigie.service /share/guest/vigie-cases.service /etc/systemd/system/
exec /lib/systemd/systemd
