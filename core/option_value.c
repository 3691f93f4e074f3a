/* Owns the table of settings as data, and what may stand for a value. */
#include "base/mem.h"
#include "base/text.h"
#include "core/options.h"
#include "core/validate.h"

#include <string.h>
#include <strings.h>

const struct core_option core_option_table[CORE_OPTION_COUNT] = {
#define X(id, name_, type_, fallback_, min_, max_, words_, unit_, text_) \
	[CORE_OPT_##id] = {.name = name_,                                    \
	                   .type = CORE_OPTION_##type_,                      \
	                   .fallback = fallback_,                            \
	                   .min = min_,                                      \
	                   .max = max_,                                      \
	                   .words = words_,                                  \
	                   .unit = unit_,                                    \
	                   .text = text_},
#include "core/options.def"
#undef X
};

int core_option_find(const char *name)
{
	for (int i = 0; i < CORE_OPTION_COUNT; i++)
		if (strcmp(core_option_table[i].name, name) == 0)
			return i;
	return -1;
}

static int parse_bool(const char *text, int64_t *ret, struct prism_error *err)
{
	static const struct {
		const char *word;
		int64_t value;
	} words[] = {{"yes", 1}, {"no", 0},  {"true", 1}, {"false", 0},
	             {"on", 1},  {"off", 0}, {"1", 1},    {"0", 0}};
	for (size_t i = 0; i < PRISM_COUNT(words); i++) {
		if (strcasecmp(text, words[i].word) == 0) {
			*ret = words[i].value;
			return 0;
		}
	}
	return prism_error_raise(err, PRISM_ERROR_INVALID, "\"%s\" is neither yes nor no", text);
}

static int parse_word(const struct core_option *option, const char *text, struct prism_error *err)
{
	size_t len = strlen(text);
	for (const char *at = option->words; *at;) {
		size_t word = strcspn(at, " ");
		if (word == len && strncmp(at, text, len) == 0)
			return 0;
		at += word;
		at += strspn(at, " ");
	}
	return prism_error_raise(err, PRISM_ERROR_INVALID, "\"%s\" is not one of: %s", text,
	                         option->words);
}

static int check_range(const struct core_option *option, int64_t number, struct prism_error *err)
{
	if (number >= option->min && number <= option->max)
		return 0;
	const char *unit = option->type == CORE_OPTION_MS ? " ms" : "";
	return prism_error_raise(err, PRISM_ERROR_INVALID, "%lld%s is out of range: %lld to %lld%s",
	                         (long long)number, unit, (long long)option->min,
	                         (long long)option->max, unit);
}

int core_option_parse(const struct core_option *option, const char *text, int64_t *ret_number,
                      struct prism_error *err)
{
	uint64_t number = 0;
	*ret_number = 0;
	switch (option->type) {
	case CORE_OPTION_BOOL:
		return parse_bool(text, ret_number, err);
	case CORE_OPTION_INT:
		if (prism_text_parse_u64(text, INT64_MAX, &number, err) < 0)
			return -1;
		*ret_number = (int64_t)number;
		return check_range(option, *ret_number, err);
	case CORE_OPTION_MS:
		if (strcmp(text, "0") != 0 && prism_text_parse_duration_ms(text, ret_number, err) < 0)
			return -1;
		return check_range(option, *ret_number, err);
	case CORE_OPTION_WORD:
		return parse_word(option, text, err);
	case CORE_OPTION_URL:
		return *text ? core_validate(CORE_FIELD_URL, text, err) : 0;
	default:
		if (!prism_utf8_valid(text, strlen(text)))
			return prism_error_raise(err, PRISM_ERROR_INVALID, "not valid UTF-8");
		return 0;
	}
}
