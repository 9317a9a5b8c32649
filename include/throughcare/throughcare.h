/*
 * libthroughcare - connect an agency to a Throughcare exchange.
 *
 *   struct tc_client *client = NULL;
 *   struct tc_message *message = NULL;
 *   ...
 *   if (tc_client_open_profile("profiles/parole-north", NULL, &client) == 0 &&
 *       tc_client_connect(client, 5000) == 0 && ...
 *       tc_client_submit(client, &message, 1, 5000, &receipts, &count) == 0)
 *
 * Link with -lthroughcare; pkg-config knows the rest.
 */
#ifndef THROUGHCARE_THROUGHCARE_H
#define THROUGHCARE_THROUGHCARE_H

#include <throughcare/client.h>
#include <throughcare/message.h>
#include <throughcare/status.h>

#endif
