/*
 * Owns what a certificate says about names and about who may sign what: alternative names, names
 * that hide bytes, the digest of the signature, issuing.  Declared in net/x509.h.
 */
#include "net/x509_private.h"

#include "base/mem.h"
#include "net/crypto_ossl.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

const char *net_cert_signature_digest(const struct net_cert *cert)
{
	int digest = NID_undef, key = NID_undef;

	if (!OBJ_find_sigid_algs(X509_get_signature_nid(cert->x509), &digest, &key) ||
	    digest == NID_undef)
		return "";
	const EVP_MD *md = EVP_get_digestbynid(digest);
	net_ossl_forget();
	return md ? EVP_MD_get0_name(md) : OBJ_nid2sn(digest);
}

bool net_cert_may_sign(const struct net_cert *cert)
{
	uint32_t usage = X509_get_key_usage(cert->x509);
	return usage == UINT32_MAX || (usage & KU_DIGITAL_SIGNATURE) != 0;
}

bool net_cert_may_issue(const struct net_cert *cert)
{
	uint32_t usage = X509_get_key_usage(cert->x509); /* all bits when there is none */

	return usage == UINT32_MAX || (usage & KU_KEY_CERT_SIGN) != 0;
}

bool net_cert_issued_by(const struct net_cert *cert, const struct net_cert *issuer)
{
	bool made =
	    X509_NAME_cmp(X509_get_issuer_name(cert->x509), X509_get_subject_name(issuer->x509)) == 0 &&
	    X509_verify(cert->x509, X509_get0_pubkey(issuer->x509)) == 1;

	net_ossl_forget();
	return made;
}

static bool clean_string(const ASN1_STRING *string)
{
	unsigned char *utf8 = NULL;
	int size = ASN1_STRING_to_UTF8(&utf8, string);
	bool clean = size >= 0;

	for (int i = 0; clean && i < size; i++)
		clean = utf8[i] >= 0x20 && utf8[i] != 0x7f;
	OPENSSL_free(utf8);
	return clean;
}

static bool clean_name(const X509_NAME *name)
{
	bool clean = true;

	for (int i = 0; clean && i < X509_NAME_entry_count(name); i++)
		clean = clean_string(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, i)));
	return clean;
}

/* The string inside a DNS, e-mail or URI name; NULL for other kinds. */
static const ASN1_STRING *alt_name_string(const GENERAL_NAME *name)
{
	int kind;
	const void *value = GENERAL_NAME_get0_value(name, &kind);

	return kind == GEN_DNS || kind == GEN_EMAIL || kind == GEN_URI ? value : NULL;
}

bool net_cert_clean_names(const struct net_cert *cert)
{
	bool clean = clean_name(X509_get_subject_name(cert->x509)) &&
	             clean_name(X509_get_issuer_name(cert->x509));
	GENERAL_NAMES *names = X509_get_ext_d2i(cert->x509, NID_subject_alt_name, NULL, NULL);

	for (int i = 0; clean && i < sk_GENERAL_NAME_num(names); i++) {
		const ASN1_STRING *text = alt_name_string(sk_GENERAL_NAME_value(names, i));
		clean = !text || clean_string(text);
	}
	GENERAL_NAMES_free(names);
	net_ossl_forget();
	return clean;
}

static void put_alt_name(struct prism_buf *out, const GENERAL_NAME *name)
{
	static const struct {
		int kind;
		const char *word;
	} words[] = {{GEN_DNS, "DNS:"}, {GEN_EMAIL, "email:"}, {GEN_URI, "URI:"}, {GEN_IPADD, "IP:"}};
	const ASN1_STRING *text = alt_name_string(name);
	int kind;
	const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &kind);
	char address[INET6_ADDRSTRLEN] = "?";

	for (size_t i = 0; i < PRISM_COUNT(words); i++)
		if (words[i].kind == kind)
			prism_buf_puts(out, words[i].word);
	for (int i = 0; text && i < ASN1_STRING_length(text); i++) {
		unsigned char c = ASN1_STRING_get0_data(text)[i];
		prism_buf_putc(out, (char)(c >= 0x20 && c < 0x7f ? c : '?')); /* IA5String */
	}
	if (kind == GEN_IPADD) {
		int size = ASN1_STRING_length(value);
		if (size == 4 || size == 16)
			inet_ntop(size == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(value), address,
			          sizeof(address));
		prism_buf_puts(out, address);
	} else if (!text) {
		prism_buf_puts(out, "another kind of name");
	}
}

char *net_cert_alt_names(const struct net_cert *cert)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert->x509, NID_subject_alt_name, NULL, NULL);
	struct prism_buf out = PRISM_BUF_INIT(8u * NET_CERT_MAX);

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		if (i > 0)
			prism_buf_puts(&out, ", ");
		put_alt_name(&out, sk_GENERAL_NAME_value(names, i));
	}
	GENERAL_NAMES_free(names);
	net_ossl_forget();
	return prism_buf_take(&out, NULL);
}
