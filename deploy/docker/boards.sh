#!/bin/sh
# Print where this Raspberry Pi's boards are, as lines for site.env:  sh deploy/docker/boards.sh >> site.env
set -eu
sys=${SYSFS:-/sys} dev=${DEVICES:-/dev}

fail() { echo "boards.sh: $*" >&2; exit 1; }

bus=$dev/i2c-1
[ -e "$bus" ] || fail "there is no $bus: switch I2C on (sudo raspi-config nonint do_i2c 0)"

# The number of the header's chip changes between kernels; what it is does not.
chip=
for candidate in "$sys"/bus/gpio/devices/gpiochip*; do
    if tr '\0' '\n' < "$candidate/of_node/compatible" 2>/dev/null \
        | grep -q -x -E 'raspberrypi,rp1-gpio|brcm,bcm(2711|2835)-gpio'; then
        chip=$dev/$(basename "$candidate")
        break
    fi
done
[ -n "$chip" ] || fail "no GPIO chip of a Raspberry Pi's 40-pin header: is this a Raspberry Pi?"
[ -e "$chip" ] || fail "there is no $chip"

echo "VIGIE_I2C=$bus"
echo "VIGIE_I2C_GROUP=$(stat -c %g "$bus")"
echo "VIGIE_GPIOCHIP=$chip"
echo "VIGIE_GPIO_GROUP=$(stat -c %g "$chip")"
