/*
 * Owns matching one pattern against log text.
 *
 * Literals are found by looking for their two rarest bytes at their distance, sixteen positions at
 * a time, and comparing in full where both are seen; that goes at memory speed for the patterns
 * people type.  When case is ignored, an ASCII letter is looked for with its case bit set in both
 * pattern and text, which can only find too much, never too little.  A pattern whose letters are
 * all outside ASCII is compared by folded code points at every position.
 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "core/logmatch.h"

#include "base/mem.h"
#include "base/text.h"

#include <string.h>

#include <pcre2.h>

/* A back end that spends more than this on one line of at most 256 KiB is in a runaway pattern. */
enum {
	MATCH_STEPS = 1000000,
	MATCH_DEPTH = 5000,
	MATCH_HEAP_KIB = 20480,
	JIT_STACK_MOST = 1 << 20,
};

struct core_logmatch {
	char *pattern;
	size_t len;
	unsigned flags;
	bool fold; /* ignore case */
	/* literal */
	bool by_bytes;            /* the anchors below are usable */
	size_t anchor[2];         /* offsets of the two rarest bytes; equal for one byte */
	uint8_t want[2], bits[2]; /* text byte | bits == want */
	/* regular expression */
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
	bool jit;
	uint64_t gave_up;
};

static bool is_upper(unsigned char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_letter(unsigned char c)
{
	return is_upper(c) || (c >= 'a' && c <= 'z');
}

/* Capitals of a regular expression, without those that belong to an escape such as \S. */
static bool has_capitals(const char *pattern, size_t len, bool regex)
{
	const char *end = pattern + len;

	for (const char *p = pattern; p < end;) {
		if (regex && *p == '\\' && p + 1 < end) {
			p += 2;
			continue;
		}
		uint32_t cp = (uint32_t)prism_utf8_next(&p, end);
		if (prism_text_fold(cp) != cp)
			return true;
	}
	return false;
}

/* How common a byte is in logs; small is rare. A rough order is enough. */
static int commonness(uint8_t c)
{
	static const char common[] = " etaoinsrldcu0m1p2g:f.h-3b4y56v/7k89=w\"_[],TZ";

	if (c >= 0x80)
		return 4;
	if (is_upper(c) && !strchr("TZ", c))
		return 3;
	const char *at = c ? strchr(common, c) : NULL;
	return at ? 5 + (int)(sizeof(common) - (size_t)(at - common)) : 1;
}

/* With case ignored only ASCII has one spelling per position, case bit aside. */
static bool usable_anchor(const struct core_logmatch *m, uint8_t c)
{
	return !m->fold || c < 0x80;
}

static void choose_anchors(struct core_logmatch *m)
{
	size_t best = SIZE_MAX, second = SIZE_MAX;

	/* Folding may change the length of a character; offsets hold only among ASCII. */
	for (size_t i = 0; i < m->len; i++) {
		uint8_t c = (uint8_t)m->pattern[i];
		if (!usable_anchor(m, c))
			return;
		if (best == SIZE_MAX || commonness(c) < commonness((uint8_t)m->pattern[best])) {
			second = best;
			best = i;
		} else if (second == SIZE_MAX || commonness(c) < commonness((uint8_t)m->pattern[second])) {
			second = i;
		}
	}
	if (second == SIZE_MAX)
		second = best;
	m->anchor[0] = best < second ? best : second;
	m->anchor[1] = best < second ? second : best;
	for (int i = 0; i < 2; i++) {
		uint8_t c = (uint8_t)m->pattern[m->anchor[i]];
		m->bits[i] = m->fold && is_letter(c) ? 0x20 : 0;
		m->want[i] = c | m->bits[i];
	}
	m->by_bytes = true;
}

static int compile_regex(struct core_logmatch *m, struct prism_error *err)
{
	uint32_t options = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | (m->fold ? PCRE2_CASELESS : 0);
	PCRE2_SIZE at;
	int code;

	m->code = pcre2_compile((PCRE2_SPTR)m->pattern, m->len, options, &code, &at, NULL);
	if (!m->code) {
		char text[160];
		if (pcre2_get_error_message(code, (PCRE2_UCHAR *)text, sizeof(text)) < 0)
			text[0] = '\0';
		prism_error_raise(err, PRISM_ERROR_INVALID, "not a regular expression: %s at position %zu",
		                  text, (size_t)at + 1);
		prism_error_hint(err, "Put a backslash before characters meant as themselves: \\( \\[ \\*");
		return -1;
	}
	m->data = pcre2_match_data_create_from_pattern(m->code, NULL);
	m->context = pcre2_match_context_create(NULL);
	if (!m->data || !m->context)
		return prism_error_raise(err, PRISM_ERROR_INTERNAL, "out of memory for a pattern");
	pcre2_set_match_limit(m->context, MATCH_STEPS);
	pcre2_set_depth_limit(m->context, MATCH_DEPTH);
	pcre2_set_heap_limit(m->context, MATCH_HEAP_KIB);
	/* Hardened systems forbid writable code; the interpreter then does the work. */
	m->jit = pcre2_jit_compile(m->code, PCRE2_JIT_COMPLETE) == 0;
	if (m->jit) {
		m->stack = pcre2_jit_stack_create(32 * 1024, JIT_STACK_MOST, NULL);
		if (m->stack)
			pcre2_jit_stack_assign(m->context, NULL, m->stack);
	}
	return 0;
}

struct core_logmatch *core_logmatch_create(const char *pattern, unsigned flags,
                                           struct prism_error *err)
{
	size_t len = pattern ? strlen(pattern) : 0;

	if (len == 0) {
		prism_error_raise(err, PRISM_ERROR_INVALID, "the pattern is empty");
		return NULL;
	}
	if (len > CORE_LOGMATCH_PATTERN) {
		prism_error_raise(err, PRISM_ERROR_LIMIT, "the pattern is longer than %d bytes",
		                  CORE_LOGMATCH_PATTERN);
		return NULL;
	}
	if (!prism_utf8_valid(pattern, len)) {
		prism_error_raise(err, PRISM_ERROR_INVALID, "the pattern is not UTF-8 text");
		return NULL;
	}
	struct core_logmatch *m = prism_alloc(sizeof(*m));
	bool regex = flags & CORE_LOGMATCH_REGEX;
	m->pattern = prism_strdup(pattern);
	m->len = len;
	m->flags = flags;
	m->fold = !(flags & CORE_LOGMATCH_EXACT_CASE) && !has_capitals(pattern, len, regex);
	if (!regex) {
		choose_anchors(m);
	} else if (compile_regex(m, err) < 0) {
		core_logmatch_destroy(m);
		return NULL;
	}
	return m;
}

void core_logmatch_destroy(struct core_logmatch *m)
{
	if (!m)
		return;
	pcre2_jit_stack_free(m->stack);
	pcre2_match_context_free(m->context);
	pcre2_match_data_free(m->data);
	pcre2_code_free(m->code);
	free(m->pattern);
	free(m);
}

const char *core_logmatch_pattern(const struct core_logmatch *m)
{
	return m->pattern;
}

unsigned core_logmatch_flags_of(const struct core_logmatch *m)
{
	return m->flags;
}

bool core_logmatch_spans(const struct core_logmatch *m)
{
	return !m->code;
}

uint64_t core_logmatch_gave_up(const struct core_logmatch *m)
{
	return m->gave_up;
}

/* ---- literals ---- */

typedef uint8_t lanes __attribute__((vector_size(16)));
typedef uint64_t halves __attribute__((vector_size(16)));

static lanes load(const char *p)
{
	lanes v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static lanes splat(uint8_t c)
{
	return (lanes){0} + c;
}

static bool literal_at(const struct core_logmatch *m, const char *p)
{
	if (!m->fold)
		return memcmp(p, m->pattern, m->len) == 0;
	for (size_t i = 0; i < m->len; i++) {
		uint8_t a = (uint8_t)p[i], b = (uint8_t)m->pattern[i];
		if (a != b && !(is_upper(a) && (a | 0x20) == b))
			return false;
	}
	return true;
}

static bool anchors_at(const struct core_logmatch *m, const char *p)
{
	return ((uint8_t)p[m->anchor[0]] | m->bits[0]) == m->want[0] &&
	       ((uint8_t)p[m->anchor[1]] | m->bits[1]) == m->want[1];
}

/* The first position in [p, last] where the literal stands, or NULL. `last` is the last position
 * where it would still fit. */
static const char *find_bytes(const struct core_logmatch *m, const char *p, const char *last)
{
	const lanes want0 = splat(m->want[0]), want1 = splat(m->want[1]);
	const lanes bits0 = splat(m->bits[0]), bits1 = splat(m->bits[1]);
	const size_t at0 = m->anchor[0], at1 = m->anchor[1];

	/* Sixteen candidates at once, as long as the loads stay inside the text. */
	while (last - p >= 15) {
		lanes hit =
		    (lanes)(((load(p + at0) | bits0) == want0) & ((load(p + at1) | bits1) == want1));
		halves any = (halves)hit;
		if (any[0] | any[1]) {
			for (int i = 0; i < 16; i++) {
				if (hit[i] && literal_at(m, p + i))
					return p + i;
			}
		}
		p += 16;
	}
	for (; p <= last; p++) {
		if (anchors_at(m, p) && literal_at(m, p))
			return p;
	}
	return NULL;
}

/* Length of the match at p by folded code points, or 0. */
static size_t folded_at(const struct core_logmatch *m, const char *p, const char *end)
{
	const char *q = m->pattern, *q_end = m->pattern + m->len, *start = p;

	while (q < q_end) {
		int32_t have = prism_utf8_next(&p, end);
		int32_t want = prism_utf8_next(&q, q_end);
		if (have < 0 || prism_text_fold((uint32_t)have) != prism_text_fold((uint32_t)want))
			return 0;
	}
	return (size_t)(p - start);
}

/* The next place where the pattern could begin: its first character is outside ASCII, or an ASCII
 * byte in either case. */
static const char *skip_to_first(const struct core_logmatch *m, const char *p, const char *end)
{
	uint8_t first = (uint8_t)m->pattern[0], bit = is_letter(first) ? 0x20 : 0;

	if (first < 0x80) {
		while (p < end && ((uint8_t)*p | bit) != first)
			p++;
		return p;
	}
	for (uint64_t v; end - p >= 8; p += 8) {
		memcpy(&v, p, 8);
		if (v & UINT64_C(0x8080808080808080))
			break;
	}
	while (p < end && (uint8_t)*p < 0x80)
		p++;
	return p;
}

static bool find_folded(const struct core_logmatch *m, const char *text, size_t len, size_t from,
                        size_t *ret_start, size_t *ret_end)
{
	const char *end = text + len, *p = text + from;

	while ((p = skip_to_first(m, p, end)) < end) {
		size_t size = folded_at(m, p, end);
		if (size) {
			*ret_start = (size_t)(p - text);
			*ret_end = *ret_start + size;
			return true;
		}
		prism_utf8_next(&p, end);
	}
	return false;
}

/* ---- regular expressions ---- */

static bool find_regex(struct core_logmatch *m, const char *text, size_t len, size_t from,
                       size_t *ret_start, size_t *ret_end)
{
	int found = m->jit ? pcre2_jit_match(m->code, (PCRE2_SPTR)text, len, from, PCRE2_NO_UTF_CHECK,
	                                     m->data, m->context)
	                   : pcre2_match(m->code, (PCRE2_SPTR)text, len, from, PCRE2_NO_UTF_CHECK,
	                                 m->data, m->context);
	if (found < 0) {
		if (found != PCRE2_ERROR_NOMATCH)
			m->gave_up++;
		return false;
	}
	const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(m->data);
	*ret_start = ends[0];
	*ret_end = ends[1] < ends[0] ? ends[0] : ends[1]; /* \K can move the start past the end */
	return true;
}

bool core_logmatch_find(struct core_logmatch *m, const char *text, size_t len, size_t from,
                        size_t *ret_start, size_t *ret_end)
{
	if (from > len)
		return false;
	if (m->code)
		return find_regex(m, text, len, from, ret_start, ret_end);
	if (!m->by_bytes)
		return find_folded(m, text, len, from, ret_start, ret_end);
	if (m->len > len - from)
		return false;
	const char *p = find_bytes(m, text + from, text + len - m->len);
	if (!p)
		return false;
	*ret_start = (size_t)(p - text);
	*ret_end = *ret_start + m->len;
	return true;
}
