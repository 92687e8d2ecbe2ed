/* powerdns_client — several writers of one record at a real PowerDNS. */
#ifndef HOLDFAST_TESTS_POWERDNS_CLIENT_H
#define HOLDFAST_TESTS_POWERDNS_CLIENT_H

#include "powerdns_stage.h"
#include "provider_client.h"

#endif
