/*
 * fuzz_sealed_keys - keys that nobody uses, one of each kind, for the corpus to be sealed to.
 */
#ifndef FUZZ_SEALED_KEYS_H
#define FUZZ_SEALED_KEYS_H

static const char *const fuzz_sealed_keys[] = {
	/* p256 */
	"-----BEGIN PRIVATE KEY-----\n"
	"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgf9+QG2Pj9Vsz3MtH\n"
	"bi0t4H4B/8bhtyI3mbWcMLlc1zKhRANCAARkTd9rPhKxBsV7UuPZdiOWG5Xa9wWt\n"
	"pXmICYjK32xQAod+V0oy4WWwbafExrRCx5YjA5bUyFeQdrvgwkHVyvBM\n"
	"-----END PRIVATE KEY-----\n",
	/* p384 */
	"-----BEGIN PRIVATE KEY-----\n"
	"MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDD9O/cJO1LIjKc7g1Cb\n"
	"kRtZp4ARn2rZS9KW4wrreMYTdeP70KiXgib52wawmIvoOrehZANiAARFrayfc9s4\n"
	"6v/RBAFUKA1ACCuGJUwObs/V5oLG4aQ6VcnY0K2e6unCzhiygiM5lBz7vMdQOdRI\n"
	"304wWujhKwB8HQn1ZvmLGlqHOnHPkiR/Xc6FKA6oXlaKAk6EGH4VbBY=\n"
	"-----END PRIVATE KEY-----\n",
	/* rsa */
	"-----BEGIN PRIVATE KEY-----\n"
	"MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQCPCEegh0cVGcJP\n"
	"HbUFtnEUB93b6V7UA14xlHTcRaXBOKZCLX6OVJWLKM1sKfu5tgb5pnedueaX/gf0\n"
	"XGr2hUZdlxVaNH/eUcRyGU4A/1nX3XIBzZ7KKmPjPXh8x7cJFymk9n7sxC4TJZN+\n"
	"Cf6cwv4uDmrLPsOkegKME6naT+aq2sibFu/WezP5w3t2dyn3YNKPcLL3XWwEo/8s\n"
	"fHLMKZALocM1X+hk5gnKFuRZUmk8fTu6alwq6UOcIG9FdUeawW6gtPeBKfee32I9\n"
	"PR1WU2fBhNgIwBq3RqPwTIdCSY6hj8SEi0EAYeWySLONPU4PS1EO1EO90AJIQy8o\n"
	"1KboQnoHAgMBAAECggEAGzBtvTw57O7qmvOAt8dIk5AzQlyIZDEHtNENrdmneqV0\n"
	"JVxUlGXLz5pAAnGwokrR5J8aWec+yGHHzVHMG3SWPbA8pNsZ+377otzgkRv5TimQ\n"
	"RHt71d5dApNq1f1488dtaShaVFOuloEsGmd3+QCwJL0k2+HgeuGenlYWkaNiq9OG\n"
	"REd/J8TD+L/qWXQc1grAbPQLzPRVS3obuJO+5t81aY5YU0VYlb0vffp0iYabQCX+\n"
	"ZQYe/ZVS1kt4LP7FPrvrsE/z6DuYTAbXRJolCEVyFDN226KUnCaugapVV/iYPxIu\n"
	"rzRgywVqil38ZTGvmAZuwO7DjRSLwUM9fHDwVx5hMQKBgQDHBf4L4ov9qPzZoI3/\n"
	"oSvPtg+tRMXVdUZL7rk+vEDsaN7khA1qeckBGoFsI89lPEK+SreBawvAlfbZhyEl\n"
	"3Lb17jbTl06fcjSqMca/AGz5kp1Gje9HF1CwrVRUFl93ZRhLxOPtlsof8U41JLDH\n"
	"caz1vO7KtH85od2QtuoaLKx4PQKBgQC3+tHicoSmcOq8HDha/mOQztki8FwdM4Yo\n"
	"O8J5bEuD7vZJOg/0/5XBO8VBjIi2WeECHwMzcfpaoer7nbfpvF9+ptQH4XuoPcgJ\n"
	"TqD0ISlUtayxrZVaScroMvcRyyu4TnV2gDepkQBqzuZhkwrtaG/mXidNT6xqVXRR\n"
	"EFcycGcbkwKBgGk8DOmB352/pfr4vzyknwLUdJOcorLMsN/jmYXHiti2Vu0juehL\n"
	"/vGbb0Wb5cTUyUHPRhqjXHJ3mS/KGMfpXcDKNalJ/yOmApzfdwR1mCma0ZiF4jiH\n"
	"5n2VGNrhfZcnGGKv+Akfyz56nGzTOroqrFa/kNAUApWZtgsX/M7cQlHNAoGBAKYx\n"
	"Y+E784nqnJC6qUnBXK2VvN3r5DnYrkqv2PgYlIqklUQGuB1nt56rYH/a9DBNNo3U\n"
	"9+5D+pReiccrbNQuftEI4KYR0MNks8t8hLajMhO8XTjPhgfeevWP/FHNhzvhXAhk\n"
	"wGNjgc36AnCIBKn62oJt8PDMlQIlGYKU0T/V+74TAoGBAMY+OUkcolBLOyl+UI6n\n"
	"Lg/obA0Zgy7yxYRG7z9s/cgqRtKP3OorfLyg/Q3aGOgYKIAcBzzup6Opmq5LCaSL\n"
	"uMWeUyeveX0Hf21E/moprS/m46IILoeKFH7KSuldxVkAabc5Z6gABMKFyy+3dxNY\n"
	"b4wSEN+wBpztoO7hxC73UT15\n"
	"-----END PRIVATE KEY-----\n",
	/* ed25519 */
	"-----BEGIN PRIVATE KEY-----\n"
	"MC4CAQAwBQYDK2VwBCIEIOBJdqCOBreMZWrt0N/XHfXsGHUTaD26yszqugibUEFH\n"
	"-----END PRIVATE KEY-----\n",
};

#endif
