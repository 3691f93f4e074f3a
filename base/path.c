/* Owns paths as text: joining, expanding, and the XDG base directories (base/file.h). */
#include "base/file.h"

#include "base/mem.h"

#include <pwd.h>
#include <string.h>
#include <unistd.h>

enum { PASSWD_MOST = 64 * 1024 };

char *prism_path_join(const char *dir, const char *name)
{
	size_t len = dir ? strlen(dir) : 0;

	if (len == 0 || name[0] == '/')
		return prism_strdup(name);
	return prism_asprintf("%s%s%s", dir, dir[len - 1] == '/' ? "" : "/", name);
}

/* The home directory of a user; NULL name: of the one who runs us. NULL when there is none. */
static char *home_of(const char *user)
{
	struct passwd entry, *found = NULL;
	PRISM_AUTO_FREE char *space = prism_alloc(PASSWD_MOST);
	const char *home = user ? NULL : getenv("HOME");

	if (home && home[0])
		return prism_strdup(home);
	if (user)
		getpwnam_r(user, &entry, space, PASSWD_MOST, &found);
	else
		getpwuid_r(getuid(), &entry, space, PASSWD_MOST, &found);
	return found && found->pw_dir[0] ? prism_strdup(found->pw_dir) : NULL;
}

char *prism_path_expand(const char *path)
{
	if (path[0] != '~')
		return prism_strdup(path);
	size_t len = strcspn(path, "/");
	PRISM_AUTO_FREE char *user = len > 1 ? prism_strndup(path + 1, len - 1) : NULL;
	PRISM_AUTO_FREE char *home = home_of(user);
	if (!home)
		return prism_strdup(path);
	return prism_asprintf("%s%s", home, path + len);
}

char *prism_path_shorten(const char *path)
{
	PRISM_AUTO_FREE char *home = home_of(NULL);
	size_t len = home ? strlen(home) : 0;

	if (len > 1 && strncmp(path, home, len) == 0 && (path[len] == '/' || !path[len]))
		return prism_asprintf("~%s", path + len);
	return prism_strdup(path);
}

const char *prism_path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* "All paths set in these environment variables must be absolute" (XDG base directory
 * specification, section 3); others are ignored. */
static char *xdg_path(const char *variable, const char *fallback, const char *name)
{
	const char *set = getenv(variable);
	PRISM_AUTO_FREE char *root = NULL;

	if (set && set[0] == '/') {
		root = prism_strdup(set);
	} else {
		PRISM_AUTO_FREE char *home = home_of(NULL);
		if (!home)
			return NULL;
		root = prism_path_join(home, fallback);
	}
	PRISM_AUTO_FREE char *ours = prism_path_join(root, "prism-tui");
	return name && name[0] ? prism_path_join(ours, name) : PRISM_STEAL(ours);
}

char *prism_path_config(const char *name)
{
	return xdg_path("XDG_CONFIG_HOME", ".config", name);
}

char *prism_path_state(const char *name)
{
	return xdg_path("XDG_STATE_HOME", ".local/state", name);
}

char *prism_path_cache(const char *name)
{
	return xdg_path("XDG_CACHE_HOME", ".cache", name);
}

bool prism_path_safe_name(const char *name)
{
	if (!name || !name[0] || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	for (const unsigned char *p = (const unsigned char *)name; *p; p++) {
		if (*p == '/' || *p < 0x20 || *p == 0x7F)
			return false;
	}
	return true;
}
