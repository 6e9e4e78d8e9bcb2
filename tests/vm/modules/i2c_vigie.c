// SPDX-License-Identifier: GPL-2.0
/*
 * An I2C bus that becomes /dev/i2c-1 of a test guest, with four chips that answer like a Texas Instruments INA219
 * (SBOS448G) at 0x40..0x43 and one that answers like an LM75 at 0x48.
 *
 * What the chips feel and how they fail is written at run time to /sys/module/i2c_vigie/parameters. Failures look like
 * those of the Raspberry Pi 5's DesignWare controller: a missing acknowledge is EREMOTEIO, a held clock line is
 * ETIMEDOUT once the adapter's timeout (I2C_TIMEOUT) is over.
 */
#include <linux/bitops.h>
#include <linux/delay.h>
#include <linux/i2c.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mutex.h>

#define CHIPS 4
#define FIRST_ADDRESS 0x40
#define LM75_ADDRESS 0x48

static int bus_mv[CHIPS] = { 12700, 13600, 13600, 0 };
module_param_array(bus_mv, int, NULL, 0644);
MODULE_PARM_DESC(bus_mv, "voltage at IN- of each INA219, mV");

static int shunt_uv[CHIPS];
module_param_array(shunt_uv, int, NULL, 0644);
MODULE_PARM_DESC(shunt_uv, "voltage from IN- to IN+ of each INA219, signed, uV");

static bool jitter = true;
module_param(jitter, bool, 0644);
MODULE_PARM_DESC(jitter, "the shunt voltage wanders by one step, as a real one does");

static int nack[CHIPS];
module_param_array(nack, int, NULL, 0644);
MODULE_PARM_DESC(nack, "errno every transfer with this chip fails with, 0 for none; 121 is a missing acknowledge");

static int nack_next[CHIPS];
module_param_array(nack_next, int, NULL, 0644);
MODULE_PARM_DESC(nack_next, "this many transfers with this chip fail with EREMOTEIO, then it answers again");

static int stall_ms[CHIPS];
module_param_array(stall_ms, int, NULL, 0644);
MODULE_PARM_DESC(stall_ms, "the chip holds the clock this long; ETIMEDOUT when the adapter's timeout is shorter");

static int hang_ms[CHIPS];
module_param_array(hang_ms, int, NULL, 0644);
MODULE_PARM_DESC(hang_ms, "the driver itself sleeps this long whatever the timeout: a bus that is stuck for good");

static int lm75_mc = 25000;
module_param(lm75_mc, int, 0644);
MODULE_PARM_DESC(lm75_mc, "temperature of the LM75, thousandths of a degree Celsius");

static unsigned int transfers[CHIPS];
module_param_array(transfers, uint, NULL, 0444);
MODULE_PARM_DESC(transfers, "transfers each INA219 was addressed in");

enum { CONFIGURATION, SHUNT, BUS, POWER, CURRENT, CALIBRATION, REGISTERS };

#define RST BIT(15)
#define POWER_ON_CONFIGURATION 0x399f
#define CNVR BIT(1)
#define OVF BIT(0)

struct ina219 {
	u16 word[REGISTERS];
	u8 pointer;
	bool is_ready; /* CNVR */
	bool is_overflown;
	bool is_triggered; /* one conversion only */
	u64 done_ns; /* end of the conversion under way; 0 for none */
	unsigned int conversions;
};

static struct ina219 chips[CHIPS];
static u8 lm75_pointer;
static DEFINE_MUTEX(chips_lock);

/* SBOS448G table 5: BADC/SADC code to conversion time. */
static u32 adc_us(unsigned int code)
{
	static const u32 single[] = { 84, 148, 276, 532 };

	return code & 8 ? 532u << (code & 7) : single[code & 3];
}

static u32 conversion_us(u16 configuration)
{
	u32 us = 0;

	if (configuration & 1)
		us += adc_us((configuration >> 3) & 15);
	if (configuration & 2)
		us += adc_us((configuration >> 7) & 15);
	return us;
}

static void start_conversion(struct ina219 *chip, u64 now_ns)
{
	unsigned int mode = chip->word[CONFIGURATION] & 7;

	chip->is_triggered = mode < 4;
	chip->done_ns = mode & 3 ? now_ns + 1000ull * conversion_us(chip->word[CONFIGURATION]) : 0;
}

static void power_on(struct ina219 *chip)
{
	memset(chip, 0, sizeof(*chip));
	chip->word[CONFIGURATION] = POWER_ON_CONFIGURATION;
	start_conversion(chip, ktime_get_ns());
}

static void latch(struct ina219 *chip, int index)
{
	u16 configuration = chip->word[CONFIGURATION];
	int full_scale = 4000 << ((configuration >> 11) & 3);
	int bus_limit = configuration & BIT(13) ? 8000 : 4000;
	int wander = jitter ? (int)(chip->conversions++ % 3) - 1 : 0;
	s64 current_word, power_word;

	if (configuration & 1)
		chip->word[SHUNT] = (u16)(s16)clamp(shunt_uv[index] / 10 + wander, -full_scale, full_scale);
	if (configuration & 2)
		chip->word[BUS] = (u16)clamp((bus_mv[index] + 2) / 4, 0, bus_limit);
	current_word = (s64)(s16)chip->word[SHUNT] * chip->word[CALIBRATION];
	current_word = div_s64(current_word, 4096);
	power_word = div_s64(abs(current_word) * chip->word[BUS], 5000);
	chip->is_overflown = current_word > 32767 || current_word < -32768 || power_word > 65535;
	chip->word[CURRENT] = (u16)(s16)clamp_t(s64, current_word, -32768, 32767);
	chip->word[POWER] = (u16)min_t(s64, power_word, 65535);
	chip->is_ready = true;
}

static void catch_up(struct ina219 *chip, int index)
{
	u64 now_ns = ktime_get_ns();

	if (!chip->done_ns || now_ns < chip->done_ns)
		return;
	latch(chip, index);
	if (chip->is_triggered)
		chip->done_ns = 0;
	else
		chip->done_ns = now_ns + 1000ull * conversion_us(chip->word[CONFIGURATION]);
}

static u16 ina219_read(struct ina219 *chip, int index)
{
	u16 value;

	catch_up(chip, index);
	if (chip->pointer >= REGISTERS)
		return 0;
	if (chip->pointer == BUS)
		return chip->word[BUS] << 3 | (chip->is_ready ? CNVR : 0) | (chip->is_overflown ? OVF : 0);
	value = chip->word[chip->pointer];
	if (chip->pointer == POWER)
		chip->is_ready = false;
	return value;
}

static void ina219_write(struct ina219 *chip, u8 reg, u16 value)
{
	if (reg == CONFIGURATION && value & RST) {
		power_on(chip);
	} else if (reg == CONFIGURATION) {
		chip->word[CONFIGURATION] = value & ~BIT(14);
		chip->is_ready = false;
		start_conversion(chip, ktime_get_ns());
	} else if (reg == CALIBRATION) {
		chip->word[CALIBRATION] = value & ~1;
	}
}

static void ina219_message(struct ina219 *chip, int index, struct i2c_msg *msg)
{
	int i;

	if (msg->flags & I2C_M_RD) {
		u16 value = ina219_read(chip, index);

		for (i = 0; i < msg->len; i++)
			msg->buf[i] = i & 1 ? value & 0xff : value >> 8;
		return;
	}
	if (msg->len)
		chip->pointer = msg->buf[0];
	if (msg->len >= 3)
		ina219_write(chip, msg->buf[0], msg->buf[1] << 8 | msg->buf[2]);
}

static void lm75_message(struct i2c_msg *msg)
{
	/* Steps of 0.5 degC in the upper nine bits; limits 75 and 80 degC, configuration 0. */
	u16 words[] = { (u16)(s16)((lm75_mc / 500) << 7), 0, 75 << 8, 80 << 8 };
	int i;

	if (!(msg->flags & I2C_M_RD)) {
		if (msg->len)
			lm75_pointer = msg->buf[0] & 3;
		return;
	}
	for (i = 0; i < msg->len; i++)
		msg->buf[i] = i & 1 ? words[lm75_pointer] & 0xff : words[lm75_pointer] >> 8;
}

/* What stands in the way of a transfer with this chip; called without the lock, may sleep. */
static int obstacle(struct i2c_adapter *adapter, int index)
{
	unsigned int timeout_ms = jiffies_to_msecs(adapter->timeout);

	transfers[index]++;
	if (hang_ms[index] > 0)
		msleep(hang_ms[index]);
	if (stall_ms[index] > 0) {
		msleep(min_t(unsigned int, stall_ms[index], timeout_ms));
		if (stall_ms[index] > timeout_ms)
			return -ETIMEDOUT;
	}
	if (nack_next[index] > 0) {
		nack_next[index]--;
		return -EREMOTEIO;
	}
	return -abs(nack[index]);
}

static int vigie_xfer(struct i2c_adapter *adapter, struct i2c_msg *msgs, int num)
{
	int last = -1;
	int i, index, error;

	for (i = 0; i < num; i++) {
		if (msgs[i].addr == LM75_ADDRESS) {
			lm75_message(&msgs[i]);
			continue;
		}
		index = msgs[i].addr - FIRST_ADDRESS;
		if (index < 0 || index >= CHIPS)
			return -EREMOTEIO;
		if (index != last) {
			error = obstacle(adapter, index);
			if (error)
				return error;
			last = index;
		}
		mutex_lock(&chips_lock);
		ina219_message(&chips[index], index, &msgs[i]);
		mutex_unlock(&chips_lock);
	}
	return num;
}

static u32 vigie_functionality(struct i2c_adapter *adapter)
{
	return I2C_FUNC_I2C | I2C_FUNC_SMBUS_EMUL;
}

static const struct i2c_algorithm vigie_algorithm = {
	.master_xfer = vigie_xfer,
	.functionality = vigie_functionality,
};

static struct i2c_adapter vigie_adapter = {
	.owner = THIS_MODULE,
	.name = "Vigie test bus",
	.algo = &vigie_algorithm,
	.nr = 1,
};

static int set_power_cut(const char *text, const struct kernel_param *param)
{
	unsigned int index;
	int error = kstrtouint(text, 0, &index);

	if (error)
		return error;
	if (index >= CHIPS)
		return -EINVAL;
	mutex_lock(&chips_lock);
	power_on(&chips[index]);
	mutex_unlock(&chips_lock);
	return 0;
}

static const struct kernel_param_ops power_cut_ops = { .set = set_power_cut };
module_param_cb(power_cut, &power_cut_ops, NULL, 0200);
MODULE_PARM_DESC(power_cut, "write 0..3: that INA219 loses its supply for a moment and comes back reset");

static int __init vigie_init(void)
{
	int i;

	for (i = 0; i < CHIPS; i++)
		power_on(&chips[i]);
	return i2c_add_numbered_adapter(&vigie_adapter);
}

static void __exit vigie_exit(void)
{
	i2c_del_adapter(&vigie_adapter);
}

module_init(vigie_init);
module_exit(vigie_exit);
MODULE_DESCRIPTION("I2C bus with INA219-like chips for tests");
MODULE_LICENSE("GPL");
