"""What people read: no line is wider than 80 columns, whatever stands in it."""
from envelope import now
from exchange import AUDITOR, OPERATOR
from messages import attendance, consent, consent_id, grant, new_id, of, operational, referral, response

OFFICE, HOME, CLINIC, DESK = "parole-north", "housing-harbor", "treatment-south", "intake-desk"


def fits(exchange, profile, *words):
    said = exchange.plain(profile, *words)
    assert said and max(len(line) for line in said.splitlines()) <= 80, (words, said)


def test_what_officers_read(exchange):
    subject, number = new_id(), new_id()
    exchange.accepted(OFFICE, referral(subject, number))
    exchange.collect(HOME)
    exchange.accepted(HOME, response(subject, number, "RECEIVED"))
    exchange.accepted(HOME, response(subject, number, "ACCEPTED"))
    exchange.accepted(HOME, operational(subject, OFFICE, "AppointmentScheduled", {
        "appointmentId": new_id(), "start": now(3600), "durationMinutes": 30}, number) | {"actor": {"id": "w-21"}})
    exchange.collect(OFFICE)
    long = "w-" + 20 * "very-" + "long"
    given = exchange.cli("referral", "assign", number, "--to", long[:64], "--team", long[:63], "--reason", "workload",
                         "--actor", "w-1", profile=OFFICE)
    assert given.code == 0, given
    for words in (("referral", "show", number), ("appointment", "list", number), ("referral", "watch", "--once"),
                  ("task", "list"), ("calendar", "show"), ("outcomes", "report"), ("caseload",), ("referral", "list"),
                  ("consent", "list", "--subject", subject), ("agency", "list"), ("mailbox", "status"),
                  ("capacity", "list"), ("service", "find"), ("feed", "list"), ("review", "list"), ("policy", "show"),
                  ("person", "show", subject), ("message", "template", "--list")):
        fits(exchange, OFFICE, *words)


def test_what_auditors_and_operators_read(exchange):
    subject = new_id()
    signed, told = consent(subject, grant()), attendance(subject)
    exchange.accepted(DESK, signed)
    exchange.accepted(CLINIC, told)
    assert of(exchange.collect(OFFICE), told)
    assert exchange.cli("auditor", "ask", "width", "--kind", "override", profile=AUDITOR).code == 0
    number = consent_id(signed)
    for words in (("trail", "find", "--newest", "--limit", "50"), ("trail", "why", told["messageId"]),
                  ("trail", "whatif", "--revoke", number),
                  ("accounting", "--subject", subject, "--rule", "42cfr2.25"), ("auditor", "scopes"),
                  ("auditor", "questions"), ("consent", "show", number), ("order", "list"), ("agency", "list")):
        fits(exchange, AUDITOR, *words)
    said = exchange.plain(AUDITOR, "trail", "find", "--subject", subject)
    assert told["messageId"] in said, "what `trail why` is asked by"
    for words in (("exchange", "status"), ("exchange", "backup"), ("mailbox", "status", "--agency", OFFICE),
                  ("policy", "show"), ("calendar", "show"), ("feed", "list"), ("order", "list"), ("doctor",)):
        fits(exchange, OPERATOR, *words)
    for words in (("message", "show", told["messageId"]), ("consent", "list", "--subject", subject),
                  ("consent", "check", "--from", CLINIC, "--to", OFFICE, "--subject", subject, "--category",
                   "attendance", "--purpose", "supervision_monitoring")):
        fits(exchange, CLINIC, *words)
    assert exchange.cli("auditor", "ask", "width", "--end", profile=AUDITOR).code == 0
