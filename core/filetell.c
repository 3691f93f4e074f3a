/*
 * Telling what a file holds: the kinds of its PEM blocks, then the first certificate or key in
 * words.
 */
#include "core/filetell.h"

#include "base/clock.h"
#include "base/mem.h"
#include "core/pem.h"
#include "net/crypto.h"
#include "net/x509.h"

#include <string.h>

#define DAY_US 86400000000ll

enum core_der_kind core_der_kind(const char *data, size_t size)
{
	const unsigned char *at = (const unsigned char *)data;
	struct net_cert *cert;
	size_t head;

	if (size < 5 || at[0] != 0x30)
		return CORE_DER_NONE;
	cert = net_cert_from_der(data, size, NULL);
	net_cert_destroy(cert);
	if (cert)
		return CORE_DER_CERT;
	head = at[1] < 0x80 ? 2 : 2 + (size_t)(at[1] & 0x7f);
	if (size <= head + 3 || at[head] != 2 || at[head + 1] != 1)
		return CORE_DER_OTHER;
	return at[head + 2] == 3 ? CORE_DER_PKCS12 : at[head + 2] <= 1 ? CORE_DER_KEY : CORE_DER_OTHER;
}

static void tell_cert(const char *data, size_t size, size_t count, int64_t at_us,
                      struct prism_buf *out)
{
	struct net_cert *cert = net_cert_from_any(data, size, NULL);
	int64_t from, to;
	const char *name;

	if (!cert) {
		prism_buf_puts(out, "damaged certificate");
		return;
	}
	name = net_cert_common_name(cert);
	from = net_cert_not_before_us(cert);
	to = net_cert_not_after_us(cert);
	prism_buf_printf(out, "%s %.100s", net_cert_is_ca(cert) ? "CA" : "certificate",
	                 *name ? name : net_cert_subject(cert));
	if (to == PRISM_TIME_UNSET)
		prism_buf_puts(out, ", no dates");
	else if (to < at_us)
		prism_buf_printf(out, ", expired %lld days ago", (long long)((at_us - to) / DAY_US));
	else if (from > at_us)
		prism_buf_puts(out, ", not valid yet");
	else
		prism_buf_printf(out, ", %lld days", (long long)((to - at_us) / DAY_US));
	if (count > 1)
		prism_buf_printf(out, ", and %zu more", count - 1);
	net_cert_destroy(cert);
}

static void tell_key(const char *data, size_t size, struct prism_buf *out)
{
	struct net_key *key = net_key_read_private(data, size, NULL, NULL);
	PRISM_AUTO_FREE char *kind = key ? net_key_describe(key) : NULL;

	prism_buf_printf(out, "private key%s%s", kind ? ", " : " that cannot be read",
	                 kind ? kind : "");
	net_key_destroy(key);
}

static void tell_pem(const struct core_pem *pem, const char *data, size_t size, int64_t at_us,
                     struct prism_buf *out)
{
	size_t certs = pem->of_kind[CORE_PEM_CERT];

	if (certs)
		tell_cert(data, size, certs, at_us, out);
	if (pem->of_kind[CORE_PEM_ENCRYPTED_KEY])
		prism_buf_printf(out, "%sprivate key, encrypted", certs ? " + " : "");
	else if (pem->of_kind[CORE_PEM_KEY] && certs)
		prism_buf_puts(out, " + private key");
	else if (pem->of_kind[CORE_PEM_KEY])
		tell_key(data, size, out);
	if (!out->len) {
		const char *text = core_pem_kind_text(pem->block[0].kind);
		prism_buf_puts(out, pem->block[0].kind == CORE_PEM_OTHER ? pem->block[0].label
		                    : strncmp(text, "a ", 2) == 0        ? text + 2
		                                                         : text);
	}
}

char *core_filetell(const char *data, size_t size, int64_t at_us)
{
	static const char *const der[] = {
	    [CORE_DER_KEY] = "private key (DER)",
	    [CORE_DER_PKCS12] = "PKCS#12 bundle",
	};
	struct prism_buf out = PRISM_BUF_INIT(1024);
	struct core_pem *pem = prism_alloc(sizeof(*pem));

	core_pem_scan(data, size, pem);
	if (pem->blocks) {
		tell_pem(pem, data, size, at_us, &out);
	} else {
		enum core_der_kind kind = core_der_kind(data, size);

		if (kind == CORE_DER_CERT) {
			tell_cert(data, size, 1, at_us, &out);
			prism_buf_puts(&out, " (DER)");
		} else if (kind == CORE_DER_KEY || kind == CORE_DER_PKCS12) {
			prism_buf_puts(&out, der[kind]);
		}
	}
	prism_free(pem);
	return prism_buf_take(&out, NULL);
}
