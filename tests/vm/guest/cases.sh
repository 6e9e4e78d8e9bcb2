#!/bin/sh
# Load the modules, run one set of cases, leave the result in the share, switch the machine off.
export PATH=/opt/vigie/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8
mountpoint -q /sys/kernel/debug || mount -t debugfs debugfs /sys/kernel/debug
modprobe i2c-dev
insmod /share/pinctrl_vigie.ko
insmod /share/i2c_vigie.ko
cd /share/guest || exit
python3 run_cases.py "$1" /share/out
echo $? > "/share/out/$1.status"
sync
busybox poweroff -f
