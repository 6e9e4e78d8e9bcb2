#!/bin/sh
# Process 1 of the guest with systemd: put the units in place, then become systemd.
cp /share/guest/vigie.service /share/guest/vigie-cases.service /etc/systemd/system/
# Not a first boot, and nothing to bring up to date: that takes half a minute in emulation.
echo 76696769652d746573742d6775657374 > /etc/machine-id
touch /etc/.updated /var/.updated
exec /lib/systemd/systemd
