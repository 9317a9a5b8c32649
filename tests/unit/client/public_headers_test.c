/* The public headers need nothing of ours, and the shared library exports what they promise. */
#include <stdio.h>
#include <string.h>

#include <throughcare/throughcare.h>

int main(void)
{
	struct tc_client_error error = {.code = ""};
	struct tc_client *client = NULL;
	struct tc_message *message = NULL;
	int bad = 0;

	bad |= strcmp(tc_fault_text(TC_FAULT_MEMORY), "") == 0;
	bad |= strlen(tc_version()) == 0;
	bad |= tc_client_open_profile("/nowhere", &error, &client) != TC_FAULT_PROFILE;
	bad |= strcmp(error.code, "profile_unreadable") != 0 || client != NULL;
	bad |= tc_message_new("TestMessage", &message) != 0;
	bad |= tc_message_add_part(message, "TestMessage", 0, "", 0) != 0;
	tc_message_free(&message);
	tc_client_close(&client);
	if (bad)
		fprintf(stderr, "the library does not keep what its headers promise\n");
	return bad;
}
