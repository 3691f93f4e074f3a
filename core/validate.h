/*
 * Field rules shared by forms and the command line.  Each returns 0, or -1 with category invalid
 * and a message that can stand beside the field.  Pure.
 */
#ifndef PRISM_CORE_VALIDATE_H
#define PRISM_CORE_VALIDATE_H

#include "base/error.h"

/* X(ENUM, "word", "label", required, longest in bytes) */
#define CORE_FIELD_MAP(X)                                                    \
	X(COMPUTATION_NAME, "name", "Name", 1, 1024)                             \
	X(COMPUTATION_DESCRIPTION, "description", "Description", 1, 65536)       \
	X(LOG_LEVEL, "log_level", "Log Level", 0, 16)                            \
	X(LOGIN, "login", "Email Address", 1, 254)                               \
	X(PASSWORD, "password", "Password", 1, 1024)                             \
	X(NEW_PASSWORD, "new_password", "New Password", 1, 1024)                 \
	X(EMAIL, "email", "Email Address", 1, 254)                               \
	X(USERNAME, "username", "User Name", 1, 32)                              \
	X(WORKSPACE_NAME, "workspace_name", "Name", 1, 1024)                     \
	X(WORKSPACE_ALIAS, "workspace_alias", "Alias", 0, 36)                    \
	X(ROLE_NAME, "role_name", "Role Name", 1, 200)                           \
	X(ASSET_DESCRIPTION, "asset_description", "Asset Description", 1, 65536) \
	X(ASSET_TYPE, "asset_type", "Asset Type", 1, 16)                         \
	X(FILE_NAME, "file_name", "File Name", 0, 255)                           \
	X(CHECKSUM, "checksum", "File Checksum", 1, 64)                          \
	X(CVM_NAME, "cvm_name", "CVM Name", 1, 255)                              \
	X(URL, "url", "URL", 1, 2048)                                            \
	X(AGENT_ADDRESS, "agent_url", "Agent URL", 1, 300)                       \
	X(FILE_PATH, "path", "File", 1, 4096)                                    \
	X(USER_SEARCH, "user_search", "User Name", 1, 254)

enum core_field {
#define X(id, word, label, required, max) CORE_FIELD_##id,
	CORE_FIELD_MAP(X)
#undef X
	    CORE_FIELD_COUNT
};
const char *core_field_word(enum core_field field);
const char *core_field_label(enum core_field field);
bool core_field_required(enum core_field field);
/* text NULL counts as empty; an empty required field is "cannot be empty." as the web console says.
 */
PRISM_MUST_USE
int core_validate(enum core_field field, const char *text, struct prism_error *err);

/* The same for messages that stand alone: "Name cannot be empty." */
PRISM_MUST_USE
int core_validate_named(enum core_field field, const char *text, struct prism_error *err);

bool core_is_email(const char *text);
bool core_is_uuid(const char *text);

#endif
