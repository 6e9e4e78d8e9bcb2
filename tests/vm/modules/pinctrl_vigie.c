// SPDX-License-Identifier: GPL-2.0
/*
 * The 54 lines of a Raspberry Pi 5's header chip for a test guest, and an unnamed decoy chip that comes before it, so
 * that the header is not gpiochip0.
 *
 * Seen and moved from outside the program that holds the lines, in /sys/kernel/debug/pinctrl_vigie:
 *   levels  "GPIO19 out high" a line
 *   log     every claim, release, change of direction and change of level, with CLOCK_MONOTONIC in ns
 *   pulls   write "19 1": line 19 is pulled up, which is its level while it is an input
 *   mark    write a word: it appears in the log
 *   latch   write "19 1": line 19 is an output and high, as boot firmware leaves it
 *   reset   write anything: every line is an input with the pull it has after power-on
 */
#include <linux/bitmap.h>
#include <linux/debugfs.h>
#include <linux/gpio/driver.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#define LINES 54
#define DECOY_LINES 17
#define LOG_SIZE 4096

static bool persist_gpio_outputs = true;
module_param(persist_gpio_outputs, bool, 0644);
MODULE_PARM_DESC(persist_gpio_outputs, "outputs keep direction and level when a program lets go of them");

struct entry {
	u64 ns;
	int line; /* -1: a mark */
	char what[28];
};

static struct entry *entries;
static unsigned long written;
static DEFINE_MUTEX(lock);

static DECLARE_BITMAP(is_output, LINES);
static DECLARE_BITMAP(output_level, LINES);
static DECLARE_BITMAP(pull_level, LINES);
static char name_of[LINES][8];
static const char *names[LINES];
static struct dentry *folder;

static void note(int line, const char *what)
{
	struct entry *entry = &entries[written++ % LOG_SIZE];

	entry->ns = ktime_get_ns();
	entry->line = line;
	strscpy(entry->what, what, sizeof(entry->what));
}

static bool level(unsigned int line)
{
	return test_bit(line, is_output) ? test_bit(line, output_level) : test_bit(line, pull_level);
}

/* The one place where anything about a line changes; what is seen at the pin is logged when it differs. */
static void become(unsigned int line, bool out, bool high, bool pulled)
{
	bool was = level(line), was_out = test_bit(line, is_output);

	assign_bit(line, output_level, high);
	assign_bit(line, pull_level, pulled);
	assign_bit(line, is_output, out);
	if (was_out != out)
		note(line, out ? "direction in->out" : "direction out->in");
	if (was != level(line))
		note(line, was ? "LEVEL high->low" : "LEVEL low->high");
}

/* Power-on pulls of the Raspberry Pi 5: lines 0 to 8 up, the others down. */
static void power_on(void)
{
	int line;

	for (line = 0; line < LINES; line++)
		become(line, false, false, line < 9);
}

static int line_request(struct gpio_chip *chip, unsigned int line)
{
	mutex_lock(&lock);
	note(line, "claimed");
	mutex_unlock(&lock);
	return 0;
}

static void line_free(struct gpio_chip *chip, unsigned int line)
{
	mutex_lock(&lock);
	note(line, "released");
	if (!persist_gpio_outputs)
		become(line, false, test_bit(line, output_level), test_bit(line, pull_level));
	mutex_unlock(&lock);
}

static int line_get_direction(struct gpio_chip *chip, unsigned int line)
{
	return test_bit(line, is_output) ? GPIO_LINE_DIRECTION_OUT : GPIO_LINE_DIRECTION_IN;
}

static int line_direction_input(struct gpio_chip *chip, unsigned int line)
{
	mutex_lock(&lock);
	become(line, false, test_bit(line, output_level), test_bit(line, pull_level));
	mutex_unlock(&lock);
	return 0;
}

static int line_direction_output(struct gpio_chip *chip, unsigned int line, int value)
{
	mutex_lock(&lock);
	become(line, true, value, test_bit(line, pull_level));
	mutex_unlock(&lock);
	return 0;
}

static int line_get(struct gpio_chip *chip, unsigned int line)
{
	return level(line);
}

static void line_set(struct gpio_chip *chip, unsigned int line, int value)
{
	mutex_lock(&lock);
	become(line, test_bit(line, is_output), value, test_bit(line, pull_level));
	mutex_unlock(&lock);
}

static struct gpio_chip header = {
	.label = "pinctrl-rp1",
	.owner = THIS_MODULE,
	.base = -1,
	.ngpio = LINES,
	.names = names,
	.can_sleep = true,
	.request = line_request,
	.free = line_free,
	.get_direction = line_get_direction,
	.direction_input = line_direction_input,
	.direction_output = line_direction_output,
	.get = line_get,
	.set = line_set,
};

static int decoy_get(struct gpio_chip *chip, unsigned int line)
{
	return 0;
}

static struct gpio_chip decoy = {
	.label = "gpio-brcmstb@107d517c00",
	.owner = THIS_MODULE,
	.base = -1,
	.ngpio = DECOY_LINES,
	.get = decoy_get,
};

static int levels_show(struct seq_file *file, void *unused)
{
	int line;

	mutex_lock(&lock);
	for (line = 0; line < LINES; line++)
		seq_printf(file, "%s %s %s\n", names[line], test_bit(line, is_output) ? "out" : "in",
			   level(line) ? "high" : "low");
	mutex_unlock(&lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(levels);

static int log_show(struct seq_file *file, void *unused)
{
	unsigned long i;

	mutex_lock(&lock);
	for (i = written > LOG_SIZE ? written - LOG_SIZE : 0; i < written; i++) {
		struct entry *entry = &entries[i % LOG_SIZE];

		seq_printf(file, "%lu %llu %s %s\n", i, entry->ns, entry->line < 0 ? "--" : names[entry->line],
			   entry->what);
	}
	mutex_unlock(&lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(log);

static int two_numbers(const char __user *from, size_t count, unsigned int *line, unsigned int *value)
{
	char text[16];

	if (count >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, from, count))
		return -EFAULT;
	text[count] = 0;
	return sscanf(text, "%u %u", line, value) == 2 && *line < LINES ? 0 : -EINVAL;
}

static ssize_t pulls_write(struct file *file, const char __user *from, size_t count, loff_t *at)
{
	unsigned int line, high;
	int error = two_numbers(from, count, &line, &high);

	if (error)
		return error;
	mutex_lock(&lock);
	become(line, test_bit(line, is_output), test_bit(line, output_level), high);
	mutex_unlock(&lock);
	return count;
}

static ssize_t latch_write(struct file *file, const char __user *from, size_t count, loff_t *at)
{
	unsigned int line, high;
	int error = two_numbers(from, count, &line, &high);

	if (error)
		return error;
	mutex_lock(&lock);
	become(line, true, high, test_bit(line, pull_level));
	mutex_unlock(&lock);
	return count;
}

static ssize_t reset_write(struct file *file, const char __user *from, size_t count, loff_t *at)
{
	mutex_lock(&lock);
	power_on();
	mutex_unlock(&lock);
	return count;
}

static ssize_t mark_write(struct file *file, const char __user *from, size_t count, loff_t *at)
{
	char text[28] = "== ";
	size_t length = min(count, sizeof(text) - 4);

	if (copy_from_user(text + 3, from, length))
		return -EFAULT;
	text[3 + length] = 0;
	strim(text);
	mutex_lock(&lock);
	note(-1, text);
	mutex_unlock(&lock);
	return count;
}

static const struct file_operations pulls_fops = { .owner = THIS_MODULE, .write = pulls_write };
static const struct file_operations latch_fops = { .owner = THIS_MODULE, .write = latch_write };
static const struct file_operations reset_fops = { .owner = THIS_MODULE, .write = reset_write };
static const struct file_operations mark_fops = { .owner = THIS_MODULE, .write = mark_write };

static int __init pinctrl_vigie_init(void)
{
	int line, error;

	entries = kvcalloc(LOG_SIZE, sizeof(*entries), GFP_KERNEL);
	if (!entries)
		return -ENOMEM;
	for (line = 0; line < LINES; line++) {
		snprintf(name_of[line], sizeof(name_of[line]), "GPIO%d", line);
		names[line] = name_of[line];
	}
	power_on();
	error = gpiochip_add_data(&decoy, NULL);
	if (error)
		goto free_entries;
	error = gpiochip_add_data(&header, NULL);
	if (error)
		goto remove_decoy;
	folder = debugfs_create_dir("pinctrl_vigie", NULL);
	debugfs_create_file("levels", 0444, folder, NULL, &levels_fops);
	debugfs_create_file("log", 0444, folder, NULL, &log_fops);
	debugfs_create_file("pulls", 0200, folder, NULL, &pulls_fops);
	debugfs_create_file("latch", 0200, folder, NULL, &latch_fops);
	debugfs_create_file("reset", 0200, folder, NULL, &reset_fops);
	debugfs_create_file("mark", 0200, folder, NULL, &mark_fops);
	return 0;

remove_decoy:
	gpiochip_remove(&decoy);
free_entries:
	kvfree(entries);
	return error;
}

static void __exit pinctrl_vigie_exit(void)
{
	debugfs_remove_recursive(folder);
	gpiochip_remove(&header);
	gpiochip_remove(&decoy);
	kvfree(entries);
}

module_init(pinctrl_vigie_init);
module_exit(pinctrl_vigie_exit);
MODULE_DESCRIPTION("GPIO header of a Raspberry Pi 5 for tests");
MODULE_LICENSE("GPL");
