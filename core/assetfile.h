/*
 * Where on this machine the file of an asset lies.
 *
 * Prism knows an asset by its SHA3-256 only.  Whoever described a file, or sent it, sends it again
 * for each run: its path is kept with the remembered state of the profile, so that the form can
 * start with it.  It is a proposal and no more: what is sent is hashed and compared every time.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_CORE_ASSETFILE_H
#define PRISM_CORE_ASSETFILE_H

struct core_options;

#define CORE_ASSETFILE_MAX 64 /* files kept; the one used longest ago goes first */

/* checksum: 64 hex digits; others, and paths with a line break, are not kept. path: as the system
 * takes it; a relative one is kept from the root. */
void core_assetfile_note(struct core_options *options, const char *checksum, const char *path);
/* Path of the file or directory, yours; NULL: never noted, or nothing is there any more. */
char *core_assetfile_find(struct core_options *options, const char *checksum);

#endif
