/* Happy path: what an order says is copied, what the room demands is set beside it.
 *
 * Failure modes: an order that is no good is refused before anything is made, without repeating
 * what may be secret; no memory. */
#include "handle.h"

#include <assert.h>
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define SET(option, value) (ok = ok && curl_easy_setopt(easy, (option), (value)) == CURLE_OK)

/* One line, with a name, a colon and a value: nothing that libcurl reads as something else. */
static bool is_header(const char *line)
{
    const char *colon = strchr(line, ':');
    if (colon == NULL || colon == line || colon[1 + strspn(colon + 1, " ")] == 0)
        return false;
    for (const char *at = line; *at != 0; at++)
        if ((unsigned char)*at < 0x20 || (unsigned char)*at == 0x7f ||
            (at < colon && !isalnum((unsigned char)*at) && *at != '-'))
            return false;
    return true;
}

static bool is_method(const char *method)
{
    static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (strcmp(method, methods[i]) == 0)
            return true;
    return false;
}

/* The one address beyond loopback that may be spoken to in the clear. */
static bool take_metadata(const char *url, struct config_url *ret)
{
    static const char base[] = HTTP_METADATA "/";
    if (strncmp(url, base, sizeof base - 1) != 0)
        return false;
    *ret = (struct config_url){.literal = true, .host = {.port = 80}, .rest = sizeof base - 2};
    (void)snprintf(ret->host.host, sizeof ret->host.host, "%s", strrchr(HTTP_METADATA, '/') + 1);
    return true;
}

int handle_check(const struct http_order *order, struct config_url *ret, struct err *err)
{
    assert(order->deadline_ms >= 1 && order->deadline_ms <= 60000 && order->on_end != NULL);
    if (!is_method(order->method))
        return err_set(err, ERR_USAGE, "%.20s is no method", order->method);
    for (size_t i = 0; order->headers != NULL && order->headers[i] != NULL; i++)
        if (!is_header(order->headers[i]))
            return err_set(err, ERR_USAGE, "header %zu is not one line \"Name: value\"", i + 1);
    if (order->metadata && take_metadata(order->url, ret))
        return 0;
    return config_url_parse(order->url, ret, err);
}

/* Commands and probes that are started meanwhile must not keep a connection open. */
static int on_socket(void *owner, curl_socket_t socket, curlsocktype purpose)
{
    (void)owner, (void)purpose;
    (void)fcntl(socket, F_SETFD, FD_CLOEXEC);
    return CURL_SOCKOPT_OK;
}

static bool set_rules(CURL *easy, const struct handle_rules *rules, const struct http_order *order)
{
    bool ok = true, own_ca = order->ca_file != NULL && order->ca_file[0] != 0;
    bool tls = strncmp(order->url, "https:", 6) == 0;
    SET(CURLOPT_PROTOCOLS_STR, tls ? "https" : "http");
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_USERAGENT, "holdfast/" HOLDFAST_VERSION);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PROXY, ""); /* whatever the environment says */
    SET(CURLOPT_SOCKOPTFUNCTION, on_socket);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_QUICK_EXIT, 1L); /* never waits for a thread that resolves */
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)order->deadline_ms); /* shared out over the addresses */
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    /* One source only: a long list is parsed on the loop, and kept only when it stands alone. */
    if (own_ca || rules->ca_path != NULL)
        SET(CURLOPT_CAINFO, own_ca ? order->ca_file : NULL);
    SET(CURLOPT_CAPATH, own_ca ? NULL : rules->ca_path);
    if (rules->doh_url != NULL)
        SET(CURLOPT_DOH_URL, rules->doh_url);
    return ok;
}

static bool set_body(CURL *easy, const struct http_order *order)
{
    bool ok = true, body = order->body != NULL;
    if (body || strcmp(order->method, "POST") == 0) {
        SET(CURLOPT_POSTFIELDSIZE_LARGE, body ? (curl_off_t)order->body_size : (curl_off_t)0);
        SET(CURLOPT_COPYPOSTFIELDS, body ? order->body : "");
    }
    SET(CURLOPT_CUSTOMREQUEST, order->method);
    return ok;
}

static bool set_sign(CURL *easy, const struct http_sign *sign)
{
    bool ok = true;
    SET(CURLOPT_AWS_SIGV4, sign->scope);
    SET(CURLOPT_USERNAME, sign->key_id);
    SET(CURLOPT_PASSWORD, sign->secret);
    return ok;
}

bool handle_fill(CURL *easy, const struct handle_rules *rules, const struct http_order *order,
                 struct curl_slist **ret_headers)
{
    bool ok = true;
    *ret_headers = NULL;
    for (size_t i = 0; order->headers != NULL && order->headers[i] != NULL; i++) {
        struct curl_slist *list = curl_slist_append(*ret_headers, order->headers[i]);
        if (list == NULL)
            return false;
        *ret_headers = list;
    }
    SET(CURLOPT_URL, order->url);
    if (*ret_headers != NULL)
        SET(CURLOPT_HTTPHEADER, *ret_headers);
    return ok && set_rules(easy, rules, order) && set_body(easy, order) &&
           (order->sign == NULL || set_sign(easy, order->sign));
}

void handle_forget(struct curl_slist *headers)
{
    for (struct curl_slist *at = headers; at != NULL; at = at->next)
        sodium_memzero(at->data, strlen(at->data));
    curl_slist_free_all(headers);
}

const char *handle_ca_path(void)
{
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    DIR *directory = info->capath == NULL ? NULL : opendir(info->capath);
    const struct dirent *entry;
    bool hashed = false;
    while (directory != NULL && !hashed && (entry = readdir(directory)) != NULL)
        hashed = strspn(entry->d_name, "0123456789abcdef") == 8 && entry->d_name[8] == '.';
    if (directory != NULL)
        (void)closedir(directory);
    return hashed ? info->capath : NULL;
}
