/*
 * SEV-SNP launch measurement: the digest a guest's MEASUREMENT field must have, computed from
 * the firmware image, kernel, initrd, command line and vCPUs that the host starts it with.
 *
 * Follows the published rules of the AMD firmware's launch update (PAGE_INFO chaining), OVMF's
 * footer table and SEV metadata, QEMU's kernel-hashes page, and the VMSA reset state of the VMM.
 * Source of every number: reference attestation.md section 9, named at each table in launch.c.
 *
 * The command line is measured byte for byte: quotes are neither added nor removed.
 *
 * Thread rules: no state; meant for a worker, because kernel and initrd are read whole.
 */
#ifndef PRISM_CORE_LAUNCH_H
#define PRISM_CORE_LAUNCH_H

#include "base/cancel.h"
#include "base/error.h"

#include <stdint.h>

#define CORE_LAUNCH_DIGEST 48             /* SHA-384 */
#define CORE_LAUNCH_IMAGE_MAX (64u << 20) /* a firmware image larger than this is not one */
#define CORE_LAUNCH_VCPUS_MAX 4096u       /* stops a typing error from hashing for minutes */

enum core_launch_vmm { CORE_LAUNCH_QEMU, CORE_LAUNCH_EC2, CORE_LAUNCH_GCE, CORE_LAUNCH_VMM_COUNT };

struct core_launch_cpu { /* a row of the vCPU type table */
	const char *name;
	unsigned family, model, stepping;
};

struct core_launch_spec {
	enum core_launch_vmm vmm;
	const char *ovmf;           /* path; required */
	const uint8_t *ovmf_digest; /* CORE_LAUNCH_DIGEST bytes: the digest after the image's pages,
	                             * used instead of the image's contents; NULL: computed */
	const char *svsm;           /* path of an SVSM image (QEMU only); NULL: none */
	uint64_t vars_size;         /* bytes of OVMF_VARS between SVSM and OVMF; with svsm */
	const char *kernel;         /* path; NULL: none */
	const char *initrd;         /* path; NULL: none; needs a kernel */
	const char *append;         /* kernel command line; NULL: empty; needs a kernel */
	unsigned vcpus;             /* 1 to CORE_LAUNCH_VCPUS_MAX */
	uint32_t vcpu_signature;    /* CPUID Fn0000_0001 EAX of the vCPU type */
	uint64_t guest_features;    /* SEV_FEATURES; 1 is SNP active */
	bool ec2_rdx_zero;          /* EC2: RDX 0 instead of 0x600 (both are found in the field) */
	/* Bytes of kernel and initrd read so far, on the calling thread; total 0: there are none. May
	 * be NULL. */
	void (*progress)(void *data, uint64_t done, uint64_t total);
	void *progress_data;
};
#define CORE_LAUNCH_SPEC_INIT           \
	{                                   \
		.vcpus = 1, .guest_features = 1 \
	}

/* Digest into out. Errors: invalid (bad image, option out of range, kernel without a hashes
 * section), io, limit, cancelled. */
PRISM_MUST_USE
int core_launch_measure(const struct core_launch_spec *spec, const struct prism_cancel *cancel,
                        uint8_t out[CORE_LAUNCH_DIGEST], struct prism_error *err);
/* The digest after the firmware image's pages alone ("OVMF hash"). */
PRISM_MUST_USE
int core_launch_ovmf_digest(const char *ovmf, uint8_t out[CORE_LAUNCH_DIGEST],
                            struct prism_error *err);

/* vCPU types, ordered as shown to the user; ends with a NULL name. */
const struct core_launch_cpu *core_launch_cpus(void);
uint32_t core_launch_signature(unsigned family, unsigned model, unsigned stepping);
/* "EPYC-v4" and its kin, exact spelling; unknown names list the known ones in the hint. */
PRISM_MUST_USE
int core_launch_cpu_parse(const char *name, uint32_t *ret_signature, struct prism_error *err);
PRISM_MUST_USE
int core_launch_vmm_parse(const char *word, enum core_launch_vmm *ret, struct prism_error *err);
const char *core_launch_vmm_word(enum core_launch_vmm vmm);

/* Building blocks, shown so that the published single-step answers can be tested. */
enum core_launch_page { /* PAGE_TYPE of SNP_LAUNCH_UPDATE */
	                    CORE_LAUNCH_PAGE_NORMAL = 1,
	                    CORE_LAUNCH_PAGE_VMSA = 2,
	                    CORE_LAUNCH_PAGE_ZERO = 3,
	                    CORE_LAUNCH_PAGE_UNMEASURED = 4,
	                    CORE_LAUNCH_PAGE_SECRETS = 5,
	                    CORE_LAUNCH_PAGE_CPUID = 6,
};
/* page: 4096 bytes for NORMAL and VMSA, ignored otherwise. */
void core_launch_update(uint8_t digest[CORE_LAUNCH_DIGEST], enum core_launch_page type,
                        const uint8_t *page, uint64_t gpa);
void core_launch_vmsa(const struct core_launch_spec *spec, uint32_t eip, uint8_t page[4096]);

#endif
