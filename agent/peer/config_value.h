/* config_value — one text of the configuration (or of an option) to one value.
 *
 * Room: pure; knows units, addresses and names, nothing of sections. Each function returns 0 and
 * fills *ret, or ERR_USAGE with a sentence `"TEXT" is wrong like this; expected that`; *ret is
 * then untouched. */
#ifndef HOLDFAST_PEER_CONFIG_VALUE_H
#define HOLDFAST_PEER_CONFIG_VALUE_H

#include "config.h"
#include "err.h"

#define CONFIG_VALUE_SPAN_SIZE 24 /* bytes that a length takes as text, with the final 0 */

/* "500ms", "2s", "10m", "2h": a whole number with its unit. */
int config_value_span(const char *text, span_ms *ret, struct err *err);
/* The other way: 90000 is "90s", 120000 "2m". */
void config_value_span_text(span_ms span, char ret[CONFIG_VALUE_SPAN_SIZE]);
/* "1%", "0.5%" or "10000ppm" in parts per million. */
int config_value_ppm(const char *text, uint32_t *ret, struct err *err);
/* A whole number without unit. */
int config_value_count(const char *text, uint32_t *ret, struct err *err);
/* Seconds: "60" or a length that is a whole number of seconds. */
int config_value_seconds(const char *text, uint32_t *ret, struct err *err);
/* Name of a peer or probe: [a-z0-9-]{1,32}. */
int config_value_name(const char *text, char ret[NAME_SIZE], struct err *err);
/* Domain name: lower case afterwards, without final dot. */
int config_value_domain(const char *text, char ret[HOST_SIZE], struct err *err);
/* "HOST", "HOST:PORT", "[IPV6]" or "[IPV6]:PORT". Addresses come out in their shortest form. */
int config_value_endpoint(const char *text, uint16_t default_port, struct endpoint *ret,
                          struct err *err);
/* True when the host of an endpoint is an address, not a name. */
bool config_value_is_address(const char *host);
/* Adds one literal address to its family; refuses what no client can reach, doubles, too many. */
int config_value_serve(const char *text, struct serve *serve, struct err *err);
/* A path; a relative one is taken from the directory of `config_path`. */
int config_value_path(const char *text, const char *config_path, char ret[PATH_SIZE],
                      struct err *err);
/* A command: starts with an absolute path; fits. */
int config_value_command(const char *text, char ret[PATH_SIZE], struct err *err);

#endif
