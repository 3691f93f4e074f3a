/*
 * Behind core/options.h: the little texts kept between starts.  Internal to core.
 */
#ifndef PRISM_CORE_REMEMBER_H
#define PRISM_CORE_REMEMBER_H

struct core_options;
struct core_remembered;

struct core_remembered *core_remembered_create(void);
void core_remembered_destroy(struct core_remembered *r);
/* Chooses the file of a profile; read when first asked. Unsaved changes of the former are dropped.
 */
void core_remembered_use(struct core_remembered *r, const char *profile);
struct core_remembered *core_options_remembered(const struct core_options *options);

#endif
