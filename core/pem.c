/*
 * Scanning PEM text line by line.  One pass; two states: outside of a block, and inside one.
 */
#include "core/pem.h"

#include "base/mem.h"

#include <string.h>

static const char *const kind_texts[CORE_PEM_KIND_COUNT] = {
    [CORE_PEM_CERT] = "a certificate",
    [CORE_PEM_KEY] = "a private key",
    [CORE_PEM_ENCRYPTED_KEY] = "an encrypted private key",
    [CORE_PEM_PUBLIC_KEY] = "a public key",
    [CORE_PEM_CSR] = "a certificate request (CSR)",
    [CORE_PEM_PARAMETERS] = "key parameters",
    [CORE_PEM_CRL] = "a revocation list",
    [CORE_PEM_PKCS7] = "a PKCS#7 bundle",
    [CORE_PEM_OPENSSH_KEY] = "a private key in OpenSSH's own format",
    [CORE_PEM_TRUSTED_CERT] = "a TRUSTED CERTIFICATE",
    [CORE_PEM_OTHER] = "something else",
};

/* RFC 7468 section 3 and what tools write besides. */
static const struct {
	const char *label;
	enum core_pem_kind kind;
} labels[] = {
    {"CERTIFICATE", CORE_PEM_CERT},
    {"X509 CERTIFICATE", CORE_PEM_OTHER}, /* Go reads CERTIFICATE only */
    {"TRUSTED CERTIFICATE", CORE_PEM_TRUSTED_CERT},
    {"PRIVATE KEY", CORE_PEM_KEY},
    {"RSA PRIVATE KEY", CORE_PEM_KEY},
    {"EC PRIVATE KEY", CORE_PEM_KEY},
    {"ENCRYPTED PRIVATE KEY", CORE_PEM_ENCRYPTED_KEY},
    {"OPENSSH PRIVATE KEY", CORE_PEM_OPENSSH_KEY},
    {"PUBLIC KEY", CORE_PEM_PUBLIC_KEY},
    {"RSA PUBLIC KEY", CORE_PEM_PUBLIC_KEY},
    {"CERTIFICATE REQUEST", CORE_PEM_CSR},
    {"NEW CERTIFICATE REQUEST", CORE_PEM_CSR},
    {"EC PARAMETERS", CORE_PEM_PARAMETERS},
    {"DH PARAMETERS", CORE_PEM_PARAMETERS},
    {"X509 CRL", CORE_PEM_CRL},
    {"PKCS7", CORE_PEM_PKCS7},
    {"CMS", CORE_PEM_PKCS7},
};

const char *core_pem_kind_text(enum core_pem_kind kind)
{
	return kind_texts[kind];
}

struct scan {
	struct core_pem *pem;
	struct core_pem_block now; /* the block being read */
	bool inside, body;         /* body: a line of base64 was seen */
	size_t line;
	bool stray; /* text since the last block */
	size_t stray_line;
};

static bool is_base64(const char *at, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		char c = at[i];
		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		      c == '+' || c == '/' || c == '='))
			return false;
	}
	return true;
}

/* "-----BEGIN LABEL-----": the label's place; false when the line is something else. */
static bool boundary(const char *at, size_t size, const char *word, const char **ret, size_t *ret_n)
{
	size_t head = strlen(word);

	if (size < head + 5 || memcmp(at, word, head) != 0 || memcmp(at + size - 5, "-----", 5) != 0)
		return false;
	*ret = at + head;
	*ret_n = size - head - 5;
	return true;
}

static void close_block(struct scan *scan)
{
	struct core_pem *pem = scan->pem;

	scan->now.base64 = scan->now.base64 && scan->body;
	pem->of_kind[scan->now.kind]++;
	pem->blocks++;
	if (pem->kept < CORE_PEM_KEPT)
		pem->block[pem->kept++] = scan->now;
	scan->inside = false;
	scan->stray = false;
}

static void open_block(struct scan *scan, const char *label, size_t size)
{
	if (scan->inside)
		close_block(scan); /* the one before had no end */
	if (scan->stray && scan->pem->blocks == 0)
		scan->pem->text_before = true;
	else if (scan->stray)
		scan->pem->text_between = true;
	scan->now = (struct core_pem_block){.kind = CORE_PEM_OTHER, .line = scan->line, .base64 = true};
	scan->inside = true;
	scan->body = false;
	for (size_t i = 0; i < size && i + 1 < sizeof(scan->now.label); i++)
		scan->now.label[i] = label[i] >= 0x20 && label[i] < 0x7f ? label[i] : '?';
	for (size_t i = 0; i < PRISM_COUNT(labels); i++)
		if (size == strlen(labels[i].label) && memcmp(labels[i].label, label, size) == 0)
			scan->now.kind = labels[i].kind;
}

static void inside_line(struct scan *scan, const char *at, size_t size)
{
	const char *label;
	size_t n;

	if (boundary(at, size, "-----END ", &label, &n)) {
		size_t want = strlen(scan->now.label);
		scan->now.closed = n >= want && memcmp(label, scan->now.label, want) == 0 &&
		                   (n == want || want + 1 == sizeof(scan->now.label));
		close_block(scan);
	} else if (!scan->body && memchr(at, ':', size)) { /* RFC 1421 header */
		if (size >= 22 && memcmp(at, "Proc-Type: 4,ENCRYPTED", 22) == 0 &&
		    scan->now.kind == CORE_PEM_KEY)
			scan->now.kind = CORE_PEM_ENCRYPTED_KEY;
	} else if (size > 0) {
		scan->now.base64 &= is_base64(at, size);
		scan->body = true;
	}
}

static void outside_line(struct scan *scan, const char *at, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)at[i];
		scan->pem->controls |= (c < 0x20 && c != '\t') || c == 0x7f;
		if (c != ' ' && c != '\t' && !scan->stray) {
			scan->stray = true;
			scan->stray_line = scan->line;
		}
	}
}

static void one_line(struct scan *scan, const char *at, size_t size)
{
	const char *label;
	size_t n;

	scan->line++;
	if (size > 0 && at[size - 1] == '\r') {
		scan->pem->crlf = true;
		size--;
	}
	while (size > 0 && (at[size - 1] == ' ' || at[size - 1] == '\t'))
		size--;
	if (boundary(at, size, "-----BEGIN ", &label, &n))
		open_block(scan, label, n);
	else if (scan->inside)
		inside_line(scan, at, size);
	else
		outside_line(scan, at, size);
}

void core_pem_scan(const char *data, size_t size, struct core_pem *ret)
{
	struct scan scan = {.pem = ret};

	*ret = (struct core_pem){0};
	if (size == 0)
		return;
	ret->nul = memchr(data, 0, size) != NULL;
	ret->utf16 =
	    size >= 2 && (memcmp(data, "\xff\xfe", 2) == 0 || memcmp(data, "\xfe\xff", 2) == 0 ||
	                  (data[0] == '-' && data[1] == 0) || (data[0] == 0 && data[1] == '-'));
	if (size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) {
		ret->bom = true;
		data += 3;
		size -= 3;
	}
	for (const char *at = data, *end = data + size; at < end;) {
		const char *eol = memchr(at, '\n', (size_t)(end - at));
		one_line(&scan, at, (size_t)((eol ? eol : end) - at));
		at = eol ? eol + 1 : end;
	}
	if (scan.inside)
		close_block(&scan);
	else if (scan.stray && ret->blocks > 0) {
		ret->text_after = true;
		ret->after_line = scan.stray_line;
	}
}
