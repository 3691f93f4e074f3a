/*
 * SEV-SNP launch measurement: see launch.h.
 *
 * Owns: the digest chain, the readers of OVMF's footer table and SEV metadata, the kernel-hashes
 * page, and the VMSA reset states.  Leaves hashing to net/crypto.
 *
 * Order of one measurement (reference 9.2): image pages, metadata sections in file order,
 * one VMSA page per vCPU.  With an SVSM the image's pages come first, then the SVSM's pages, then
 * the metadata of the SVSM image, then equal VMSAs (reference 9.6).
 */
#include "core/launch.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "net/crypto.h"

#include <string.h>
#include <sys/stat.h>

#define PAGE 4096u
#define GPA_4GIB 0x100000000ull
#define VMSA_GPA 0x0000FFFFFFFFF000ull
#define BSP_EIP 0xFFFFFFF0u
#define SECTIONS_MAX 64u /* OVMF has under ten; stops a made-up count */

/* ---- the digest chain (reference 9.1) ------------------------------------------------------- */

#define PAGE_INFO_SIZE 0x70u

static void put_le(uint8_t *out, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		out[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get_le(const uint8_t *in, unsigned bytes)
{
	uint64_t value = 0;
	for (unsigned i = 0; i < bytes; i++)
		value |= (uint64_t)in[i] << (8 * i);
	return value;
}

void core_launch_update(uint8_t digest[CORE_LAUNCH_DIGEST], enum core_launch_page type,
                        const uint8_t *page, uint64_t gpa)
{
	uint8_t info[PAGE_INFO_SIZE] = {0};

	memcpy(info, digest, CORE_LAUNCH_DIGEST);
	if (type == CORE_LAUNCH_PAGE_NORMAL || type == CORE_LAUNCH_PAGE_VMSA)
		net_digest_bytes(NET_SHA384, page, PAGE, info + 48);
	put_le(info + 96, PAGE_INFO_SIZE, 2);
	info[98] = (uint8_t)type;
	put_le(info + 104, gpa, 8);
	net_digest_bytes(NET_SHA384, info, sizeof(info), digest);
}

static void update_pages(uint8_t *digest, const uint8_t *data, size_t size, uint64_t gpa)
{
	for (size_t at = 0; at < size; at += PAGE)
		core_launch_update(digest, CORE_LAUNCH_PAGE_NORMAL, data + at, gpa + at);
}

static void update_blank(uint8_t *digest, enum core_launch_page type, uint64_t gpa, uint64_t size)
{
	for (uint64_t at = 0; at < size; at += PAGE)
		core_launch_update(digest, type, NULL, gpa + at);
}

/* ---- firmware images (reference 9.3) -------------------------------------------------------- */

enum section_type {
	SECTION_SEC_MEM = 1,
	SECTION_SECRETS = 2,
	SECTION_CPUID = 3,
	SECTION_SVSM_CAA = 4,
	SECTION_KERNEL_HASHES = 0x10,
};

struct section {
	uint32_t gpa, size, type;
};

struct image {
	struct prism_buf data;
	uint64_t gpa;        /* of the first byte */
	uint32_t reset_eip;  /* of the APs; 0 when the table has none */
	uint32_t hashes_gpa; /* where the kernel-hashes table lies; 0 when there is none */
	uint32_t svsm_entry; /* relative to the SVSM's gpa; 0 when there is none */
	uint32_t metadata;   /* offset of the SEV metadata from the end; 0 when there is none */
	struct section sections[SECTIONS_MAX];
	unsigned section_count;
};

/* GUIDs as stored: first three groups little-endian. */
#define GUID_SIZE 16u
static const uint8_t guid_footer[] = {0xde, 0x82, 0xb5, 0x96, 0xb2, 0x1f, 0xf7, 0x45,
                                      0xba, 0xea, 0xa3, 0x66, 0xc5, 0x5a, 0x08, 0x2d};
static const uint8_t guid_reset[] = {0xde, 0x71, 0xf7, 0x00, 0x7e, 0x1a, 0xcb, 0x4f,
                                     0x89, 0x0e, 0x68, 0xc7, 0x7e, 0x2f, 0xb4, 0x4e};
static const uint8_t guid_hashes[] = {0x1f, 0x37, 0x55, 0x72, 0x3b, 0x3a, 0x04, 0x4b,
                                      0x92, 0x7b, 0x1d, 0xa6, 0xef, 0xa8, 0xd4, 0x54};
static const uint8_t guid_metadata[] = {0x66, 0x65, 0x88, 0xdc, 0x4a, 0x98, 0x98, 0x47,
                                        0xa7, 0x5e, 0x55, 0x85, 0xa7, 0xbf, 0x67, 0xcc};
static const uint8_t guid_svsm[] = {0x12, 0xa6, 0x89, 0xa7, 0x97, 0x05, 0x4b, 0x4c,
                                    0xa4, 0x9f, 0xcb, 0xb1, 0xfe, 0x9d, 0x1d, 0xdd};

static const struct {
	const uint8_t *guid;
	size_t offset;
} table_fields[] = {
    {guid_reset, offsetof(struct image, reset_eip)},
    {guid_hashes, offsetof(struct image, hashes_gpa)},
    {guid_metadata, offsetof(struct image, metadata)},
    {guid_svsm, offsetof(struct image, svsm_entry)},
};

static void take_table_entry(struct image *image, const uint8_t *guid, const uint8_t *data,
                             size_t size)
{
	for (size_t i = 0; i < PRISM_COUNT(table_fields); i++) {
		if (memcmp(guid, table_fields[i].guid, GUID_SIZE) == 0 && size >= 4) {
			uint32_t value = (uint32_t)get_le(data, 4);
			memcpy((char *)image + table_fields[i].offset, &value, sizeof(value));
		}
	}
}

/* The table grows downward from 32 bytes before the end; each entry is data, u16 length, GUID. */
static int read_table(struct image *image, struct prism_error *err)
{
	const uint8_t *data = (const uint8_t *)image->data.data;
	size_t size = image->data.len;
	const size_t tail = 32, head = 2 + GUID_SIZE;

	if (size < tail + head || memcmp(data + size - tail - GUID_SIZE, guid_footer, GUID_SIZE) != 0)
		return prism_error_raise(err, PRISM_ERROR_INVALID,
		                         "the firmware image has no footer table (its GUID is missing)");
	size_t total = get_le(data + size - tail - head, 2);
	if (total < head || total > size - tail)
		return prism_error_raise(err, PRISM_ERROR_INVALID,
		                         "the firmware's footer table claims %zu bytes", total);
	size_t start = size - tail - total;
	size_t end = size - tail - head;
	while (end >= start + head) {
		size_t length = get_le(data + end - head, 2);
		if (length < head || length > end - start)
			return prism_error_raise(err, PRISM_ERROR_INVALID,
			                         "an entry of the firmware's footer table claims %zu bytes",
			                         length);
		take_table_entry(image, data + end - GUID_SIZE, data + end - length, length - head);
		end -= length;
	}
	return 0;
}

static int read_metadata(struct image *image, struct prism_error *err)
{
	const uint8_t *data = (const uint8_t *)image->data.data;
	size_t size = image->data.len;

	if (image->metadata == 0 || image->metadata > size || image->metadata < 16)
		return prism_error_raise(
		    err, PRISM_ERROR_INVALID,
		    "the firmware image has no SEV metadata: it was not built for SNP");
	const uint8_t *meta = data + size - image->metadata;
	if (memcmp(meta, "ASEV", 4) != 0)
		return prism_error_raise(err, PRISM_ERROR_INVALID,
		                         "the firmware's SEV metadata does not begin with ASEV");
	if (get_le(meta + 8, 4) != 1)
		return prism_error_raise(err, PRISM_ERROR_INVALID,
		                         "the firmware's SEV metadata has version %u; only 1 is known",
		                         (unsigned)get_le(meta + 8, 4));
	uint64_t count = get_le(meta + 12, 4);
	if (count > SECTIONS_MAX || 16 + count * 12 > image->metadata)
		return prism_error_raise(err, PRISM_ERROR_INVALID,
		                         "the firmware's SEV metadata claims %u sections", (unsigned)count);
	for (unsigned i = 0; i < count; i++) {
		const uint8_t *row = meta + 16 + 12 * (size_t)i;
		struct section section = {(uint32_t)get_le(row, 4), (uint32_t)get_le(row + 4, 4),
		                          (uint32_t)get_le(row + 8, 4)};
		if (section.gpa % PAGE || section.size % PAGE || section.size > CORE_LAUNCH_IMAGE_MAX)
			return prism_error_raise(err, PRISM_ERROR_INVALID,
			                         "section %u of the SEV metadata is not made of whole pages",
			                         i);
		image->sections[image->section_count++] = section;
	}
	return 0;
}

static int read_image(struct image *image, const char *path, uint64_t end_gpa,
                      struct prism_error *err)
{
	prism_buf_init(&image->data, CORE_LAUNCH_IMAGE_MAX);
	if (prism_file_read(path, CORE_LAUNCH_IMAGE_MAX, &image->data, err) < 0)
		return prism_error_wrap(err, "read firmware image %s", path);
	if (image->data.len == 0 || image->data.len % PAGE)
		return prism_error_raise(err, PRISM_ERROR_INVALID,
		                         "%s has %zu bytes, which is not a multiple of 4096", path,
		                         image->data.len);
	if (image->data.len > end_gpa)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "%s does not fit below 4 GiB", path);
	image->gpa = end_gpa - image->data.len;
	if (read_table(image, err) < 0 || read_metadata(image, err) < 0)
		return prism_error_wrap(err, "%s cannot be measured", path);
	return 0;
}

/* ---- kernel hashes page (reference 9.4) ----------------------------------------------------- */

#define HASHES_TABLE 168u
#define HASHES_PADDED 176u

static const uint8_t guid_hash_header[] = {0x06, 0xd6, 0x38, 0x94, 0x22, 0x4f, 0xc9, 0x4c,
                                           0xb4, 0x79, 0xa7, 0x93, 0xd4, 0x11, 0xfd, 0x21};
static const uint8_t guid_hash_cmdline[] = {0xd8, 0x2d, 0xd0, 0x97, 0x20, 0xbd, 0x94, 0x4c,
                                            0xaa, 0x78, 0xe7, 0x71, 0x4d, 0x36, 0xab, 0x2a};
static const uint8_t guid_hash_initrd[] = {0x31, 0xf7, 0xba, 0x44, 0x2f, 0x3a, 0xd7, 0x4b,
                                           0x9a, 0xf1, 0x41, 0xe2, 0x91, 0x69, 0x78, 0x1d};
static const uint8_t guid_hash_kernel[] = {0x37, 0x94, 0xe7, 0x4d, 0xd2, 0xab, 0x7f, 0x42,
                                           0xb8, 0x35, 0xd5, 0xb1, 0x72, 0xd2, 0x04, 0x5b};

static size_t put_hash_entry(uint8_t *out, const uint8_t *guid, const uint8_t hash[32])
{
	memcpy(out, guid, GUID_SIZE);
	put_le(out + GUID_SIZE, GUID_SIZE + 2 + 32, 2);
	memcpy(out + GUID_SIZE + 2, hash, 32);
	return GUID_SIZE + 2 + 32;
}

struct reading { /* kernel and initrd as one stretch of bytes */
	const struct core_launch_spec *spec;
	uint64_t before, total;
};

static void reading_progress(void *data, uint64_t done, uint64_t total)
{
	const struct reading *r = data;

	(void)total;
	if (r->spec->progress)
		r->spec->progress(r->spec->progress_data, r->before + done, r->total);
}

static uint64_t size_of(const char *path)
{
	struct stat st;

	return path && stat(path, &st) == 0 && st.st_size > 0 ? (uint64_t)st.st_size : 0;
}

static int hash_file(const char *path, struct reading *reading, const struct prism_cancel *cancel,
                     uint8_t out[32], struct prism_error *err)
{
	if (!path) {
		net_digest_bytes(NET_SHA256, "", 0, out);
		return 0;
	}
	if (net_digest_file(NET_SHA256, path, cancel, reading_progress, reading, out, err) < 0)
		return -1;
	reading->before += size_of(path);
	return 0;
}

static int hashes_page(const struct core_launch_spec *spec, const struct image *ovmf,
                       const struct prism_cancel *cancel, uint8_t page[PAGE],
                       struct prism_error *err)
{
	uint8_t kernel[32], initrd[32], cmdline[32];
	const char *append = spec->append ? spec->append : "";
	size_t at = ovmf->hashes_gpa & (PAGE - 1);

	if (ovmf->hashes_gpa == 0 || at + HASHES_PADDED > PAGE)
		return prism_error_raise(err, PRISM_ERROR_INVALID,
		                         "the firmware image has no room for kernel hashes");
	struct reading reading = {spec, 0, size_of(spec->kernel) + size_of(spec->initrd)};
	if (hash_file(spec->kernel, &reading, cancel, kernel, err) < 0 ||
	    hash_file(spec->initrd, &reading, cancel, initrd, err) < 0)
		return -1;
	net_digest_bytes(NET_SHA256, append, strlen(append) + 1, cmdline);

	memset(page, 0, PAGE);
	memcpy(page + at, guid_hash_header, GUID_SIZE);
	put_le(page + at + GUID_SIZE, HASHES_TABLE, 2);
	at += GUID_SIZE + 2;
	at += put_hash_entry(page + at, guid_hash_cmdline, cmdline);
	at += put_hash_entry(page + at, guid_hash_initrd, initrd);
	put_hash_entry(page + at, guid_hash_kernel, kernel);
	return 0;
}

/* ---- metadata sections (reference 9.3) ------------------------------------------------------ */

static void update_secrets_or_cpuid(uint8_t *digest, const struct section *section)
{
	core_launch_update(digest,
	                   section->type == SECTION_SECRETS ? CORE_LAUNCH_PAGE_SECRETS
	                                                    : CORE_LAUNCH_PAGE_CPUID,
	                   NULL, section->gpa);
}

static int update_section(const struct core_launch_spec *spec, const struct image *image,
                          const struct section *section, const struct prism_cancel *cancel,
                          uint8_t *digest, struct prism_error *err)
{
	uint8_t page[PAGE];

	switch (section->type) {
	case SECTION_SEC_MEM:
		update_blank(digest,
		             spec->vmm == CORE_LAUNCH_GCE ? CORE_LAUNCH_PAGE_UNMEASURED
		                                          : CORE_LAUNCH_PAGE_ZERO,
		             section->gpa, section->size);
		return 0;
	case SECTION_SECRETS:
		update_secrets_or_cpuid(digest, section);
		return 0;
	case SECTION_CPUID:
		if (spec->vmm != CORE_LAUNCH_EC2)
			update_secrets_or_cpuid(digest, section);
		return 0;
	case SECTION_SVSM_CAA:
		update_blank(digest, CORE_LAUNCH_PAGE_ZERO, section->gpa, section->size);
		return 0;
	case SECTION_KERNEL_HASHES:
		if (!spec->kernel) {
			update_blank(digest, CORE_LAUNCH_PAGE_ZERO, section->gpa, section->size);
			return 0;
		}
		if (hashes_page(spec, image, cancel, page, err) < 0)
			return -1;
		core_launch_update(digest, CORE_LAUNCH_PAGE_NORMAL, page, section->gpa);
		return 0;
	default:
		return prism_error_raise(err, PRISM_ERROR_INVALID,
		                         "the SEV metadata has a section of unknown type 0x%x",
		                         (unsigned)section->type);
	}
}

static int update_sections(const struct core_launch_spec *spec, const struct image *image,
                           const struct prism_cancel *cancel, uint8_t *digest,
                           struct prism_error *err)
{
	bool hashes = false;

	for (unsigned i = 0; i < image->section_count; i++) {
		hashes |= image->sections[i].type == SECTION_KERNEL_HASHES;
		if (update_section(spec, image, &image->sections[i], cancel, digest, err) < 0)
			return -1;
	}
	if (spec->vmm == CORE_LAUNCH_EC2)
		for (unsigned i = 0; i < image->section_count; i++)
			if (image->sections[i].type == SECTION_CPUID)
				update_secrets_or_cpuid(digest, &image->sections[i]);
	if (spec->kernel && !hashes) {
		prism_error_raise(err, PRISM_ERROR_INVALID,
		                  "a kernel was given, but the firmware image measures none");
		prism_error_hint(err, "use an OVMF built from AmdSevX64.dsc, or leave the kernel out");
		return -1;
	}
	return 0;
}

/* ---- VMSA (reference 9.5, 9.6) -------------------------------------------------------------- */

struct segment {
	uint16_t offset, selector, attributes;
	uint32_t limit;
};

static void put_segment(uint8_t *page, struct segment seg, uint64_t base)
{
	put_le(page + seg.offset, seg.selector, 2);
	put_le(page + seg.offset + 2, seg.attributes, 2);
	put_le(page + seg.offset + 4, seg.limit, 4);
	put_le(page + seg.offset + 8, base, 8);
}

struct vmm_state { /* what differs between VMMs, in the columns of reference 9.5 */
	uint16_t ss, tr;
	uint64_t pat;
	uint32_t mxcsr;
	uint16_t fcw;
};

static const struct vmm_state vmm_states[CORE_LAUNCH_VMM_COUNT] = {
    [CORE_LAUNCH_QEMU] = {0x93, 0x8b, 0x0007040600070406, 0x1f80, 0x37f},
    [CORE_LAUNCH_EC2] = {0x92, 0x83, 0x0007040600070406, 0, 0},
    [CORE_LAUNCH_GCE] = {0x93, 0x8b, 0x00070106, 0, 0},
};

static void put_common_state(const struct core_launch_spec *spec, uint8_t *page)
{
	const struct vmm_state *state = &vmm_states[spec->vmm];

	put_segment(page, (struct segment){0x060, 0, 0, 0xffff}, 0);    /* GDTR */
	put_segment(page, (struct segment){0x070, 0, 0x82, 0xffff}, 0); /* LDTR */
	put_segment(page, (struct segment){0x080, 0, 0, 0xffff}, 0);    /* IDTR */
	put_segment(page, (struct segment){0x090, 0, state->tr, 0xffff}, 0);
	put_le(page + 0x0D0, 0x1000, 8);     /* EFER.SVME */
	put_le(page + 0x148, 0x40, 8);       /* CR4.MCE */
	put_le(page + 0x158, 0x10, 8);       /* CR0.ET */
	put_le(page + 0x160, 0x400, 8);      /* DR7 */
	put_le(page + 0x168, 0xffff0ff0, 8); /* DR6 */
	put_le(page + 0x170, 2, 8);          /* RFLAGS */
	put_le(page + 0x268, state->pat, 8);
	put_le(page + 0x3B0, spec->guest_features, 8);
	put_le(page + 0x3E8, 1, 8); /* XCR0 */
	put_le(page + 0x408, state->mxcsr, 4);
	put_le(page + 0x410, state->fcw, 2);
}

static uint64_t reset_rdx(const struct core_launch_spec *spec)
{
	if (spec->vmm == CORE_LAUNCH_QEMU)
		return spec->vcpu_signature;
	return spec->vmm == CORE_LAUNCH_EC2 && spec->ec2_rdx_zero ? 0 : 0x600;
}

void core_launch_vmsa(const struct core_launch_spec *spec, uint32_t eip, uint8_t page[4096])
{
	uint16_t cs = spec->vmm == CORE_LAUNCH_EC2 && eip == BSP_EIP ? 0x9a : 0x9b;
	static const uint16_t data_segments[] = {0x000, 0x030, 0x040, 0x050}; /* ES DS FS GS */

	memset(page, 0, PAGE);
	for (size_t i = 0; i < PRISM_COUNT(data_segments); i++)
		put_segment(page, (struct segment){data_segments[i], 0, 0x93, 0xffff}, 0);
	put_segment(page, (struct segment){0x010, 0xf000, cs, 0xffff}, eip & 0xffff0000u);
	put_segment(page, (struct segment){0x020, 0, vmm_states[spec->vmm].ss, 0xffff}, 0);
	put_common_state(spec, page);
	put_le(page + 0x178, eip & 0xffff, 8); /* RIP */
	put_le(page + 0x310, reset_rdx(spec), 8);
}

static void svsm_vmsa(const struct core_launch_spec *spec, uint64_t rip, uint8_t page[PAGE])
{
	static const uint16_t flat_data[] = {0x000, 0x020, 0x030, 0x040}; /* ES SS DS FS */

	memset(page, 0, PAGE);
	for (size_t i = 0; i < PRISM_COUNT(flat_data); i++)
		put_segment(page, (struct segment){flat_data[i], 16, 0xc93, 0xffffffff}, 0);
	put_segment(page, (struct segment){0x010, 8, 0xc9b, 0xffffffff}, 0);
	put_segment(page, (struct segment){0x050, 0, 0x93, 0xffff}, 0);
	put_common_state(spec, page);
	put_le(page + 0x158, 0x11, 8); /* CR0: protected mode */
	put_le(page + 0x178, rip, 8);
	put_le(page + 0x310, spec->vcpu_signature, 8);
	put_le(page + 0x3B0, 1, 8);
	put_le(page + 0x410, 0, 2);
}

static int update_vcpus(const struct core_launch_spec *spec, const struct image *ovmf,
                        uint8_t *digest, struct prism_error *err)
{
	uint8_t page[PAGE];

	if (spec->vcpus > 1 && ovmf->reset_eip == 0)
		return prism_error_raise(err, PRISM_ERROR_INVALID,
		                         "the firmware image names no reset vector for further vCPUs");
	core_launch_vmsa(spec, BSP_EIP, page);
	core_launch_update(digest, CORE_LAUNCH_PAGE_VMSA, page, VMSA_GPA);
	core_launch_vmsa(spec, ovmf->reset_eip, page);
	for (unsigned i = 1; i < spec->vcpus; i++)
		core_launch_update(digest, CORE_LAUNCH_PAGE_VMSA, page, VMSA_GPA);
	return 0;
}

/* ---- a whole measurement -------------------------------------------------------------------- */

static int check_spec(const struct core_launch_spec *spec, struct prism_error *err)
{
	if (!spec->ovmf)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "a firmware image is needed");
	if (spec->vcpus == 0 || spec->vcpus > CORE_LAUNCH_VCPUS_MAX)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "%u vCPUs: 1 to %u are possible",
		                         spec->vcpus, CORE_LAUNCH_VCPUS_MAX);
	if (spec->vcpu_signature == 0 && spec->vmm == CORE_LAUNCH_QEMU) {
		prism_error_raise(err, PRISM_ERROR_INVALID, "the vCPU type is needed");
		prism_error_hint(err, "the signature of the vCPU type is part of what is measured");
		return -1;
	}
	if (!spec->kernel && (spec->initrd || spec->append))
		return prism_error_raise(err, PRISM_ERROR_INVALID, "an %s without a kernel is not measured",
		                         spec->initrd ? "initrd" : "appended command line");
	if (spec->svsm && (spec->vmm != CORE_LAUNCH_QEMU || spec->kernel))
		return prism_error_raise(err, PRISM_ERROR_INVALID,
		                         "an SVSM is measured for QEMU and without a kernel only");
	return 0;
}

static int measure_plain(const struct core_launch_spec *spec, const struct prism_cancel *cancel,
                         uint8_t *digest, struct prism_error *err)
{
	struct image *ovmf = prism_alloc(sizeof(*ovmf));
	int rc = read_image(ovmf, spec->ovmf, GPA_4GIB, err);

	if (rc == 0 && spec->ovmf_digest)
		memcpy(digest, spec->ovmf_digest, CORE_LAUNCH_DIGEST);
	else if (rc == 0)
		update_pages(digest, (const uint8_t *)ovmf->data.data, ovmf->data.len, ovmf->gpa);
	if (rc == 0)
		rc = update_sections(spec, ovmf, cancel, digest, err);
	if (rc == 0)
		rc = update_vcpus(spec, ovmf, digest, err);
	prism_buf_finish(&ovmf->data);
	prism_free(ovmf);
	return rc;
}

/* The OVMF beside an SVSM needs no metadata of its own, so only its bytes are read. */
static int update_svsm_ovmf(const struct core_launch_spec *spec, uint8_t *digest, uint64_t *ret_gpa,
                            struct prism_error *err)
{
	PRISM_AUTO_BUF struct prism_buf data = PRISM_BUF_INIT(CORE_LAUNCH_IMAGE_MAX);

	if (prism_file_read(spec->ovmf, CORE_LAUNCH_IMAGE_MAX, &data, err) < 0)
		return prism_error_wrap(err, "read firmware image %s", spec->ovmf);
	if (data.len == 0 || data.len % PAGE || spec->vars_size % PAGE ||
	    spec->vars_size > CORE_LAUNCH_IMAGE_MAX)
		return prism_error_raise(err, PRISM_ERROR_INVALID,
		                         "firmware image and variable store must be whole pages");
	update_pages(digest, (const uint8_t *)data.data, data.len, GPA_4GIB - data.len);
	*ret_gpa = GPA_4GIB - data.len - spec->vars_size;
	return 0;
}

static int measure_svsm(const struct core_launch_spec *spec, const struct prism_cancel *cancel,
                        uint8_t *digest, struct prism_error *err)
{
	uint8_t page[PAGE];
	uint64_t end;

	if (update_svsm_ovmf(spec, digest, &end, err) < 0)
		return -1;
	struct image *svsm = prism_alloc(sizeof(*svsm));
	int rc = read_image(svsm, spec->svsm, end, err);
	if (rc == 0 && svsm->svsm_entry == 0)
		rc =
		    prism_error_raise(err, PRISM_ERROR_INVALID, "%s names no SVSM entry point", spec->svsm);
	if (rc == 0) {
		update_pages(digest, (const uint8_t *)svsm->data.data, svsm->data.len, svsm->gpa);
		rc = update_sections(spec, svsm, cancel, digest, err);
	}
	if (rc == 0) {
		svsm_vmsa(spec, svsm->svsm_entry + svsm->gpa, page);
		for (unsigned i = 0; i < spec->vcpus; i++)
			core_launch_update(digest, CORE_LAUNCH_PAGE_VMSA, page, VMSA_GPA);
	}
	prism_buf_finish(&svsm->data);
	prism_free(svsm);
	return rc;
}

int core_launch_measure(const struct core_launch_spec *spec, const struct prism_cancel *cancel,
                        uint8_t out[CORE_LAUNCH_DIGEST], struct prism_error *err)
{
	uint8_t digest[CORE_LAUNCH_DIGEST] = {0};

	if (check_spec(spec, err) < 0)
		return -1;
	if ((spec->svsm ? measure_svsm : measure_plain)(spec, cancel, digest, err) < 0)
		return -1;
	memcpy(out, digest, sizeof(digest));
	return 0;
}

int core_launch_ovmf_digest(const char *path, uint8_t out[CORE_LAUNCH_DIGEST],
                            struct prism_error *err)
{
	struct image *ovmf = prism_alloc(sizeof(*ovmf));
	int rc = read_image(ovmf, path, GPA_4GIB, err);

	if (rc == 0) {
		memset(out, 0, CORE_LAUNCH_DIGEST);
		update_pages(out, (const uint8_t *)ovmf->data.data, ovmf->data.len, ovmf->gpa);
	}
	prism_buf_finish(&ovmf->data);
	prism_free(ovmf);
	return rc;
}

/* ---- names ---------------------------------------------------------------------------------- */

/* Reference 9.5, last table: the families and models QEMU gives its vCPU types. */
static const struct core_launch_cpu cpus[] = {
    {"EPYC", 23, 1, 2},           {"EPYC-v1", 23, 1, 2},       {"EPYC-v2", 23, 1, 2},
    {"EPYC-IBPB", 23, 1, 2},      {"EPYC-v3", 23, 1, 2},       {"EPYC-v4", 23, 1, 2},
    {"EPYC-Rome", 23, 49, 0},     {"EPYC-Rome-v1", 23, 49, 0}, {"EPYC-Rome-v2", 23, 49, 0},
    {"EPYC-Rome-v3", 23, 49, 0},  {"EPYC-Milan", 25, 1, 1},    {"EPYC-Milan-v1", 25, 1, 1},
    {"EPYC-Milan-v2", 25, 1, 1},  {"EPYC-Genoa", 25, 17, 0},   {"EPYC-Genoa-v1", 25, 17, 0},
    {"EPYC-Genoa-v2", 25, 17, 0}, {"EPYC-Turin", 26, 0, 0},    {NULL, 0, 0, 0},
};

const struct core_launch_cpu *core_launch_cpus(void)
{
	return cpus;
}

uint32_t core_launch_signature(unsigned family, unsigned model, unsigned stepping)
{
	uint32_t low = family > 15 ? 15 : family;
	uint32_t extended = family > 15 ? (family - 15) & 0xff : 0;

	return extended << 20 | (uint32_t)((model >> 4) & 0xf) << 16 | low << 8 |
	       (uint32_t)(model & 0xf) << 4 | (stepping & 0xf);
}

int core_launch_cpu_parse(const char *name, uint32_t *ret_signature, struct prism_error *err)
{
	for (const struct core_launch_cpu *cpu = cpus; cpu->name; cpu++) {
		if (strcmp(cpu->name, name) == 0) {
			*ret_signature = core_launch_signature(cpu->family, cpu->model, cpu->stepping);
			return 0;
		}
	}
	prism_error_raise(err, PRISM_ERROR_INVALID, "unknown vCPU type \"%s\"", name);
	prism_error_hint(err, "known: EPYC and EPYC-v1 to -v4, EPYC-IBPB, EPYC-Rome, EPYC-Milan, "
	                      "EPYC-Genoa (each also with its -v1, -v2), EPYC-Turin; or give the "
	                      "signature as a number");
	return -1;
}

static const char *const vmm_words[CORE_LAUNCH_VMM_COUNT] = {
    [CORE_LAUNCH_QEMU] = "qemu", [CORE_LAUNCH_EC2] = "ec2", [CORE_LAUNCH_GCE] = "gce"};

const char *core_launch_vmm_word(enum core_launch_vmm vmm)
{
	return vmm < CORE_LAUNCH_VMM_COUNT ? vmm_words[vmm] : "";
}

int core_launch_vmm_parse(const char *word, enum core_launch_vmm *ret, struct prism_error *err)
{
	for (int i = 0; i < CORE_LAUNCH_VMM_COUNT; i++) {
		if (strcasecmp(vmm_words[i], word) == 0) {
			*ret = (enum core_launch_vmm)i;
			return 0;
		}
	}
	return prism_error_raise(err, PRISM_ERROR_INVALID, "unknown VMM \"%s\": qemu, ec2 or gce",
	                         word);
}
