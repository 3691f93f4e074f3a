/* Between the seed files only: reproducible ids, and the two seeds that make rows. */
#ifndef PRISM_SANDBOX_SEED_ROWS_H
#define PRISM_SANDBOX_SEED_ROWS_H

#include "sandbox/sandbox.h"

/* SplitMix64: the same sequence from the same start. */
uint64_t sb_seed_random(uint64_t *state);
/* The id of a named sample thing: always the same for the same name. */
void sb_seed_uuid(const char *name, char out[37]);

void sb_seed_demo(struct sb *sb);
void sb_seed_things(struct sb *sb, int64_t now);  /* participants, keys, assets, CVMs */
void sb_seed_history(struct sb *sb, int64_t now); /* runs with their events and logs */
/* Into the first workspace of the demo. */
void sb_seed_scale(struct sb *sb, uint64_t computations, uint64_t logs);
/* One computation of the demo. */
struct sb_seed_computation {
	unsigned workspace; /* index: 0 or 1 */
	const char *owner, *name, *description;
	const char *status;
	unsigned age_hours;
	unsigned runs;                   /* how often it ran; the last run ended as status says */
	const char *algorithm, *dataset; /* file names of linked assets; NULL: none */
	bool solo; /* the owner holds every action, and has yet to register a key */
};
extern const struct sb_seed_computation sb_seed_computations[];
extern const unsigned sb_seed_computation_count;

/* SHA3-256 of the two files of sandbox/samples that a computation of the demo is made for. */
#define SB_SEED_CLASSIFY_SHA3 "246db495c13395e971fdb8f79f9ea40d7cb14e55439487c0f96db297b53b53f6"
#define SB_SEED_FLOWERS_SHA3 "18634722e01fedbce8fd48c4da4341ebef72e4ba11024da7457d3e6b339c94f7"

/* Row numbers of what the demo made. */
int64_t sb_seed_computation_n(struct sb *sb, const struct sb_seed_computation *row);
/* A CVM in this state; 0: none. */
int64_t sb_seed_cvm(struct sb *sb, unsigned workspace, const char *state);
int64_t sb_seed_user(struct sb *sb, const char *username);
int64_t sb_seed_workspace_at(struct sb *sb, unsigned index);
int64_t sb_seed_workspace(struct sb *sb);
int64_t sb_seed_owner(struct sb *sb);

#endif
