/*
 * Colours: reading them from text, and reducing them to what a terminal can show.
 * Palette: xterm's 256 colours, 16 to 231 a 6x6x6 cube, 232 to 255 greys.
 */
#include "tui/theme_private.h"

#include "base/mem.h"

static const int cube[6] = {0, 95, 135, 175, 215, 255};

static const struct {
	const char *name;
	uint32_t rgb; /* as xterm shows it; also used to find the nearest */
} base_colors[16] = {
    {"black", 0x000000},        {"red", 0xcd0000},
    {"green", 0x00cd00},        {"yellow", 0xcdcd00},
    {"blue", 0x0000ee},         {"magenta", 0xcd00cd},
    {"cyan", 0x00cdcd},         {"white", 0xe5e5e5},
    {"bright-black", 0x7f7f7f}, {"bright-red", 0xff0000},
    {"bright-green", 0x00ff00}, {"bright-yellow", 0xffff00},
    {"bright-blue", 0x5c5cff},  {"bright-magenta", 0xff00ff},
    {"bright-cyan", 0x00ffff},  {"bright-white", 0xffffff},
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int pt_color_parse(const char *text, size_t len, uint32_t *ret_color)
{
	uint32_t value = 0;

	if (len == 7 && strncmp(text, "default", 7) == 0) {
		*ret_color = PT_COLOR_DEFAULT;
		return 0;
	}
	for (uint32_t i = 0; i < 16; i++) {
		if (strlen(base_colors[i].name) == len && strncmp(base_colors[i].name, text, len) == 0) {
			*ret_color = PT_COLOR_INDEX(i);
			return 0;
		}
	}
	if (len == 7 && text[0] == '#') {
		for (size_t i = 1; i < 7; i++) {
			if (hex_digit(text[i]) < 0)
				return -1;
			value = value << 4 | (uint32_t)hex_digit(text[i]);
		}
		*ret_color = PT_COLOR_RGB(value);
		return 0;
	}
	if (len < 1 || len > 3)
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		value = value * 10 + (uint32_t)(text[i] - '0');
	}
	if (value > 255)
		return -1;
	*ret_color = PT_COLOR_INDEX(value);
	return 0;
}

static uint32_t index_rgb(uint32_t index)
{
	if (index < 16)
		return base_colors[index].rgb;
	if (index >= 232)
		return (8 + (index - 232) * 10) * 0x010101;
	index -= 16;
	return (uint32_t)cube[index / 36] << 16 | (uint32_t)cube[index / 6 % 6] << 8 |
	       (uint32_t)cube[index % 6];
}

static int distance(uint32_t a, uint32_t b)
{
	int r = (int)(a >> 16 & 255) - (int)(b >> 16 & 255);
	int g = (int)(a >> 8 & 255) - (int)(b >> 8 & 255);
	int blue = (int)(a & 255) - (int)(b & 255);

	return 3 * r * r + 4 * g * g + 2 * blue * blue; /* the eye is keenest in green */
}

static uint32_t nearest(uint32_t rgb, uint32_t first, uint32_t last)
{
	uint32_t best = first;

	for (uint32_t i = first + 1; i <= last; i++)
		if (distance(rgb, index_rgb(i)) < distance(rgb, index_rgb(best)))
			best = i;
	return best;
}

/* Among sixteen the nearest by distance is nearly always a grey; what matters is the hue. */
static uint32_t nearest_basic(uint32_t rgb)
{
	static const uint32_t by_sixth[6] = {1, 3, 2,
	                                     6, 4, 5}; /* red, yellow, green, cyan, blue, magenta */
	int r = (int)(rgb >> 16 & 255), g = (int)(rgb >> 8 & 255), b = (int)(rgb & 255);
	int top = r > g ? (r > b ? r : b) : (g > b ? g : b);
	int low = r < g ? (r < b ? r : b) : (g < b ? g : b);
	int spread = top - low, hue;

	if (spread * 5 <= top) /* hardly any colour */
		return top < 64 ? 0 : top < 160 ? 8 : top < 240 ? 7 : 15;
	if (top == r)
		hue = (60 * (g - b) / spread + 360) % 360;
	else if (top == g)
		hue = 120 + 60 * (b - r) / spread;
	else
		hue = 240 + 60 * (r - g) / spread;
	return by_sixth[(hue + 30) / 60 % 6] + (low > 90 || top == 255 ? 8 : 0);
}

uint32_t pt_color_reduce(uint32_t color, enum pt_depth depth)
{
	bool rgb = (color & ~UINT32_C(0xffffff)) == PT_COLOR_RGB(0);
	uint32_t value = color & 0xffffff;

	if (color == PT_COLOR_DEFAULT || depth == PT_DEPTH_MONO)
		return PT_COLOR_DEFAULT;
	if (depth == PT_DEPTH_TRUE)
		return color;
	if (depth == PT_DEPTH_256)
		return rgb ? PT_COLOR_INDEX(nearest(value, 16, 255)) : color;
	if (!rgb && value < 16)
		return color;
	return PT_COLOR_INDEX(nearest_basic(rgb ? value : index_rgb(value)));
}
