/* See api.h. */
#include "tests/lib/api.h"

#include "base/buf.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <curl/curl.h>

void api_init(struct api *api, const struct sandbox *sandbox)
{
	*api = (struct api){.sandbox = sandbox};
}

void api_finish(struct api *api)
{
	prism_free(api->token);
	prism_free(api->workspace);
	*api = (struct api){0};
}

static size_t on_body(char *data, size_t size, size_t count, void *user)
{
	prism_buf_put(user, data, size * count);
	return size * count;
}

static char *full_url(const struct api *api, const char *path)
{
	const char *mark = strstr(path, "%w");

	if (!mark)
		return prism_asprintf("%s%s", api->sandbox->url, path);
	return prism_asprintf("%s%.*s%s%s", api->sandbox->url, (int)(mark - path), path,
	                      api->workspace ? api->workspace : "", mark + 2);
}

cJSON *api_call(struct api *api, const char *method, const char *path, const char *body)
{
	struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
	struct prism_buf answer = PRISM_BUF_INIT(256u << 20);
	char *url = full_url(api, path), *bearer = NULL;
	CURL *curl = curl_easy_init();
	cJSON *doc;

	assert_non_null(curl);
	if (api->token) {
		bearer = prism_asprintf("Authorization: Bearer %s", api->token);
		headers = curl_slist_append(headers, bearer);
	}
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, 60L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
	if (api->sandbox->ca_file)
		curl_easy_setopt(curl, CURLOPT_CAINFO, api->sandbox->ca_file);
	if (body)
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	api->status = 0;
	if (curl_easy_perform(curl) == CURLE_OK)
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &api->status);
	curl_easy_cleanup(curl);
	curl_slist_free_all(headers);
	prism_free(bearer);
	prism_free(url);
	doc = cJSON_Parse(prism_buf_text(&answer));
	prism_buf_finish(&answer);
	return doc;
}

cJSON *api_must(struct api *api, const char *method, const char *path, const char *body)
{
	cJSON *doc = api_call(api, method, path, body);

	if (api->status < 200 || api->status > 299) {
		char *text = doc ? cJSON_Print(doc) : NULL;

		fail_msg("%s %s: status %ld: %s", method, path, api->status, text ? text : "");
	}
	return doc;
}

const char *api_text(const cJSON *doc, const char *key)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(doc, key));

	return text ? text : "";
}

void api_login(struct api *api, int user, const char *workspace)
{
	const struct sandbox_user *who = &api->sandbox->users[user];
	char *body =
	    prism_asprintf("{\"username\":\"%s\",\"password\":\"%s\"}", who->username, who->password);
	cJSON *tokens = api_must(api, "POST", "/users/tokens/issue", body), *page;
	const cJSON *list, *one;

	prism_free(body);
	api->token = prism_strdup(api_text(tokens, "access_token"));
	cJSON_Delete(tokens);
	assert_true(api->token[0] != '\0');
	page = api_must(api, "GET", "/workspaces/domains?limit=100", NULL);
	list = cJSON_GetObjectItemCaseSensitive(page, "domains");
	cJSON_ArrayForEach(one, list)
	{
		if (!workspace || strcmp(api_text(one, "name"), workspace) == 0) {
			api->workspace = prism_strdup(api_text(one, "id"));
			break;
		}
	}
	cJSON_Delete(page);
	assert_true(api->workspace || !workspace); /* who is only invited so far has none */
}
