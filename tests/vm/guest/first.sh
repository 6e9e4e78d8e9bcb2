#!/bin/sh
# Process 1 of the plain guest: load the modules, run the cases, leave the result in the share, switch the machine off.
export PATH=/opt/vigie/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8
mount -t tmpfs tmpfs /tmp
mount -t tmpfs tmpfs /run
mount -t debugfs debugfs /sys/kernel/debug
busybox ifconfig lo up
modprobe i2c-dev
insmod /share/pinctrl_vigie.ko
insmod /share/i2c_vigie.ko
cd /share/guest || exit
python3 run_cases.py /share/out
echo $? > /share/out/status
sync
poweroff -f
