#include "wire/actor.h"

static bool blank(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct tc_slice trimmed(struct tc_slice text)
{
	while (text.len > 0 && blank(text.data[0]))
		text = tc_slice(text.data + 1, text.len - 1);
	while (text.len > 0 && blank(text.data[text.len - 1]))
		text.len--;
	return text;
}

static uint8_t folded(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

bool tc_actor_named(struct tc_slice actor)
{
	return trimmed(actor).len > 0;
}

bool tc_actor_plain(struct tc_slice actor)
{
	for (size_t i = 0; i < actor.len; i++)
		if (actor.data[i] < '!' || actor.data[i] > '~')
			return false;
	return actor.len > 0;
}

bool tc_actor_same(struct tc_slice a, struct tc_slice b)
{
	a = trimmed(a);
	b = trimmed(b);
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (folded(a.data[i]) != folded(b.data[i]))
			return false;
	return true;
}
