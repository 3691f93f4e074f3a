/*
 * bcrypt_pbkdf over a Blowfish of our own: OpenSSL has the cipher, but not its salted key schedule.
 *
 * Blowfish's first state is the fraction of pi: 18 words of P, then 4 x 256 of S (Schneier, "A new
 * variable-length key, 64-bit block cipher", 1993).  It is computed once, by Machin's formula
 * pi = 16 atan(1/5) - 4 atan(1/239) in fixed point, rather than kept as a page of constants; the
 * test compares with keys that ssh-keygen wrote.
 */
#include "net/ssh_bcrypt.h"

#include "base/mem.h"
#include "net/crypto.h"

#include <pthread.h>
#include <string.h>

#define WORDS (18 + 4 * 256)
#define LIMBS (WORDS + 4) /* one before the point, three for rounding after */
#define HASH_WORDS 8      /* a bcrypt block: 32 bytes */
#define HASH_BYTES 32
#define OUT_MAX 1024
#define SALT_MAX 256 /* OpenSSH writes 16 bytes */

struct blowfish {
	uint32_t p[18], s[4][256];
};

/* Fixed point: limb 0 is the whole part, most significant first. */
struct fixed {
	uint32_t limb[LIMBS];
};

static void fixed_divide(struct fixed *x, uint32_t by)
{
	uint64_t rest = 0;

	for (size_t i = 0; i < LIMBS; i++) {
		rest = rest << 32 | x->limb[i];
		x->limb[i] = (uint32_t)(rest / by);
		rest %= by;
	}
}

static void fixed_add(struct fixed *x, const struct fixed *y, bool minus)
{
	uint64_t carry = 0;

	for (size_t i = LIMBS; i-- > 0;) {
		uint64_t sum = minus ? (uint64_t)x->limb[i] - y->limb[i] - carry
		                     : (uint64_t)x->limb[i] + y->limb[i] + carry;

		x->limb[i] = (uint32_t)sum;
		carry = sum >> 32 & 1;
	}
}

static bool fixed_zero(const struct fixed *x)
{
	for (size_t i = 0; i < LIMBS; i++)
		if (x->limb[i])
			return false;
	return true;
}

/* sum += or -= factor * atan(1/x) */
static void add_arctan(struct fixed *sum, uint32_t factor, uint32_t x, bool minus)
{
	struct fixed power = {{factor}}, term;

	fixed_divide(&power, x);
	for (uint32_t k = 1; !fixed_zero(&power); k += 2, minus = !minus) {
		term = power;
		fixed_divide(&term, k);
		fixed_add(sum, &term, minus);
		fixed_divide(&power, x * x);
	}
}

static struct blowfish first_state;
static pthread_once_t first_state_once = PTHREAD_ONCE_INIT;

static void first_state_make(void)
{
	static struct fixed pi;

	add_arctan(&pi, 16, 5, false);
	add_arctan(&pi, 4, 239, true);
	memcpy(first_state.p, pi.limb + 1, sizeof(first_state.p));
	memcpy(first_state.s, pi.limb + 1 + 18, sizeof(first_state.s));
}

static uint32_t round_function(const struct blowfish *b, uint32_t x)
{
	return ((b->s[0][x >> 24] + b->s[1][x >> 16 & 0xff]) ^ b->s[2][x >> 8 & 0xff]) +
	       b->s[3][x & 0xff];
}

static void encipher(const struct blowfish *b, uint32_t *left, uint32_t *right)
{
	uint32_t l = *left ^ b->p[0], r = *right;

	for (unsigned i = 1; i < 17; i += 2) {
		r ^= round_function(b, l) ^ b->p[i];
		l ^= round_function(b, r) ^ b->p[i + 1];
	}
	*left = r ^ b->p[17];
	*right = l;
}

/* The next word of bytes that repeat for ever. */
static uint32_t next_word(const uint8_t *data, size_t len, size_t *at)
{
	uint32_t word = 0;

	for (unsigned i = 0; i < 4; i++) {
		word = word << 8 | data[*at];
		*at = (*at + 1) % len;
	}
	return word;
}

/* EksBlowfish's ExpandKey; salt NULL: of zeros. */
static void expand(struct blowfish *b, const uint8_t *salt, const uint8_t *key, size_t len)
{
	size_t at = 0, salt_at = 0;
	uint32_t left = 0, right = 0;
	uint32_t *tables[] = {b->p, b->s[0], b->s[1], b->s[2], b->s[3]};

	for (unsigned i = 0; i < 18; i++)
		b->p[i] ^= next_word(key, len, &at);
	for (unsigned t = 0; t < 5; t++) {
		for (unsigned i = 0; i < (t ? 256 : 18); i += 2) {
			if (salt) {
				left ^= next_word(salt, len, &salt_at);
				right ^= next_word(salt, len, &salt_at);
			}
			encipher(b, &left, &right);
			tables[t][i] = left;
			tables[t][i + 1] = right;
		}
	}
}

/* bcrypt_hash: both inputs are SHA-512 digests. */
static void hash(const uint8_t pass[64], const uint8_t salt[64], uint8_t out[HASH_BYTES])
{
	static const char text[] = "OxychromaticBlowfishSwatDynamite";
	struct blowfish b = first_state;
	uint32_t words[HASH_WORDS];
	size_t at = 0;

	expand(&b, salt, pass, 64);
	for (unsigned i = 0; i < 64; i++) {
		expand(&b, NULL, salt, 64);
		expand(&b, NULL, pass, 64);
	}
	for (unsigned i = 0; i < HASH_WORDS; i++)
		words[i] = next_word((const uint8_t *)text, HASH_BYTES, &at);
	for (unsigned i = 0; i < 64; i++)
		for (unsigned j = 0; j < HASH_WORDS; j += 2)
			encipher(&b, &words[j], &words[j + 1]);
	for (unsigned i = 0; i < HASH_WORDS; i++)
		for (unsigned j = 0; j < 4; j++)
			out[4 * i + j] = (uint8_t)(words[i] >> (8 * j)); /* little-endian here */
	prism_wipe(&b, sizeof(b));
	prism_wipe(words, sizeof(words));
}

/* One block of the output: the sum of all rounds. */
static void block(const uint8_t pass[64], const uint8_t *salt, size_t salt_len, uint32_t number,
                  uint32_t rounds, uint8_t out[HASH_BYTES])
{
	uint8_t counted[SALT_MAX + 4], digest[64], last[HASH_BYTES];

	memcpy(counted, salt, salt_len);
	for (unsigned i = 0; i < 4; i++)
		counted[salt_len + i] = (uint8_t)(number >> (24 - 8 * i));
	net_digest_bytes(NET_SHA512, counted, salt_len + 4, digest);
	hash(pass, digest, last);
	memcpy(out, last, HASH_BYTES);
	for (uint32_t round = 1; round < rounds; round++) {
		net_digest_bytes(NET_SHA512, last, HASH_BYTES, digest);
		hash(pass, digest, last);
		for (unsigned i = 0; i < HASH_BYTES; i++)
			out[i] ^= last[i];
	}
	prism_wipe(last, sizeof(last));
	prism_wipe(digest, sizeof(digest));
}

int net_ssh_bcrypt_pbkdf(const void *passphrase, size_t passphrase_len, const uint8_t *salt,
                         size_t salt_len, uint32_t rounds, uint8_t *out, size_t out_len,
                         struct prism_error *err)
{
	uint8_t pass[64], sum[HASH_BYTES];
	size_t blocks = (out_len + HASH_BYTES - 1) / HASH_BYTES;

	if (!passphrase_len || !salt_len || salt_len > SALT_MAX || !out_len || out_len > OUT_MAX ||
	    !rounds || rounds > NET_SSH_BCRYPT_ROUNDS_MAX)
		return prism_error_raise(err, PRISM_ERROR_INVALID,
		                         "the key file's derivation (%u rounds) is not one that is done",
		                         rounds);
	pthread_once(&first_state_once, first_state_make);
	net_digest_bytes(NET_SHA512, passphrase, passphrase_len, pass);
	/* The blocks are dealt out like cards: byte i of block b goes to place i * blocks + b. */
	for (uint32_t b = 0; b < blocks; b++) {
		block(pass, salt, salt_len, b + 1, rounds, sum);
		for (size_t i = 0; i < HASH_BYTES && i * blocks + b < out_len; i++)
			out[i * blocks + b] = sum[i];
	}
	prism_wipe(pass, sizeof(pass));
	prism_wipe(sum, sizeof(sum));
	return 0;
}
