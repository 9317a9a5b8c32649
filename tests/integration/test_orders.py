"""Orders about the trail: sealed, expunged, held, by two persons, and hidden from whom they do not name."""
import json

import pytest
import schema
from envelope import now
from exchange import AUDITOR, OPERATOR, wait_for
from messages import attendance, consent, consent_id, grant, new_id, of, operational, referral, response
from test_explain import check as explained, grant_of
from test_persons import merge
from test_privacy import asked, bare
from test_restart import digests
from test_tasks import alert
from test_watch import end_of

CLINIC, OFFICE, DESK, HOME, COURT = "treatment-south", "parole-north", "intake-desk", "housing-harbor", "court-county"
NAMED = "auditor-court"
CITE = ["--cite", "Cal. Penal Code 851.91", "--reference", "order 26-114"]


def make(exchange, *words, profile=COURT, actor="judge-1", code=0):
    answer = exchange.cli("order", "make", *words, *CITE, "--actor", actor, profile=profile)
    assert answer.code == code, answer
    return answer.rows[0]["messageId"] if code == 0 else answer


def approve(exchange, order, *words, profile=COURT, actor="judge-2", code=0):
    answer = exchange.cli("order", "approve", order, *words, "--actor", actor, profile=profile)
    assert answer.code == code, answer
    return answer


def order(exchange, *words):
    made = make(exchange, *words)
    approve(exchange, made)
    return made


def listed(exchange, profile=COURT):
    return {row["orderId"]: row for row in exchange.ask(profile, "order", "list")}


class Life:
    """A person whose things are in every kind of answer."""

    def __init__(self, exchange):
        self.subject, self.number, self.other = new_id(), new_id(), new_id()
        self.signed = consent(self.subject, grant())
        exchange.accepted(DESK, self.signed)
        self.told = attendance(self.subject)
        exchange.accepted(CLINIC, self.told)
        self.referred = referral(self.subject, self.number)
        exchange.accepted(OFFICE, self.referred)
        self.alert = alert(self.subject)  # in an emergency, so it is to be reviewed, too
        exchange.accepted(OFFICE, self.alert)
        merge = exchange.cli("message", "template", "PersonMerge").rows[0] | {"subject": self.subject}
        merge["parts"][0]["content"] |= {"fromIds": [self.subject], "toId": self.other}
        exchange.accepted(OFFICE, merge)
        for agency in (HOME, OFFICE, CLINIC):
            exchange.collect(agency)
        exchange.accepted(HOME, response(self.subject, self.number, "RECEIVED"))
        exchange.collect(OFFICE)
        self.ids = [self.subject, self.number, consent_id(self.signed), grant_of(self.signed)] + [
            message["messageId"] for message in (self.signed, self.told, self.referred, self.alert)]


@pytest.fixture(scope="module")
def orders(exchange):
    exchange.add("auditor/" + NAMED)
    return exchange


# Every kind of question, and what is asked of it; None: its answers name no person, message or referral.
def questions(life):
    told, shown = life.told["messageId"], ["--from", CLINIC, "--to", OFFICE]
    return {
        "referral_list": [["referral", "list", "--subject", life.subject]],
        "referral_show": [["referral", "show", life.number]],
        "consent_list": [["consent", "list", "--subject", life.subject]],
        "consent_show": [["consent", "show", consent_id(life.signed)], ["consent", "show", grant_of(life.signed)]],
        "consent_check": [["consent", "check", *shown, "--subject", life.subject, "--category", "attendance", "--purpose",
                           "supervision_monitoring"]],
        "trail_find": [["trail", "find", "--subject", life.subject], ["trail", "find", "--referral", life.number],
                       ["trail", "find", "--message", told], ["trail", "find", "--grant", grant_of(life.signed)],
                       ["trail", "find", "--newest", "--limit", "200"]],
        "message_show": [["message", "show", message["messageId"]] for message in (life.told, life.referred, life.alert)],
        "trail_why": [["trail", "why", told], ["trail", "why", life.referred["messageId"]]],
        "trail_what_if": [["trail", "whatif", "--revoke", consent_id(life.signed)],
                          ["trail", "whatif", "--at", now(86400 * 365), "--subject", life.subject]],
        "review_list": [["review", "list"]],
        "trail_proof": [["trail", "proof", told]],
        "accounting": [["accounting", "--subject", life.subject, "--rule", "45cfr164.528", "--format", "json"]],
        "caseload": [["caseload"]],
        "referral_watch": [["referral", "watch", "--once", "--after", "0"]],
        "appointment_list": [["appointment", "list", life.number]],
        "outcomes_report": [["outcomes", "report"]],
        "task_list": [["task", "list"]],
        "person_show": [["person", "show", life.subject], ["person", "show", life.other]],
        "capacity_list": [["capacity", "list"]],
        "mailbox_status": None, "agency_list": None, "exchange_status": None, "certificate": None, "policy_show": None,
        "trail_checkpoint": None, "trail_consistency": None, "trail_tiles": None, "standing_list": None,
        "scope_list": None, "exchange_backup": None, "service_find": None, "calendar_show": None, "feed_list": None,
        "user_policy": None, "acceptance_list": None,
        "order_list": [["order", "list"]],
    }


# What a question itself says is no secret of its answer, nor what the asker has asked before.
def named(life, words, answer, profile=None):
    own = (("query", profile), ("query_refused", profile))
    text = json.dumps([row for row in answer.rows if (row.get("event"), row.get("agency")) not in own])
    return [number for number in life.ids if number in text and number not in words]


PROFILES = (CLINIC, OFFICE, HOME, DESK, COURT, AUDITOR, OPERATOR)


def tell(exchange, life, asks):
    """Whose answers to which of these questions name something of that life."""
    return [(profile, words) for words in asks or [] for profile in PROFILES
            if named(life, words, exchange.cli(*words, profile=profile), profile)]


def test_every_question_answers_of_what_is_sealed_as_if_it_were_not_there(orders):
    life = Life(orders)
    orders.ask(OFFICE, "trail", "find", "--message", life.told["messageId"])  # a question is a row, too
    table = questions(life)
    kinds = schema.message("Query").DESCRIPTOR.oneofs_by_name["body"].fields
    assert {field.name for field in kinds} == set(table)
    before = {kind for kind, asks in table.items() if tell(orders, life, asks)}
    assert before >= {"referral_list", "referral_show", "consent_list", "trail_find", "message_show", "trail_why",
                      "review_list", "caseload", "referral_watch", "task_list", "person_show"}, before
    order(orders, "--kind", "seal", "--subject", life.subject, "--seen-by", NAMED)
    assert not [told for asks in table.values() for told in tell(orders, life, asks)]
    assert orders.trail("--subject", life.subject, profile=NAMED)
    assert orders.ask(NAMED, "referral", "show", life.number)
    assert orders.ask(NAMED, "trail", "why", life.told["messageId"])


@pytest.mark.quick
@pytest.mark.parametrize("what", ["referral", "message"])
def test_a_seal_of_one_thing_leaves_the_rest(orders, what):
    life = Life(orders)
    sealed, number = {"referral": (life.referred, life.number), "message": (life.told, life.told["messageId"])}[what]
    order(orders, "--kind", "seal", "--" + what, number)
    assert orders.cli("message", "show", sealed["messageId"], profile=OFFICE).code == 3
    assert orders.cli("message", "show", life.alert["messageId"], profile=OFFICE).code == 0
    rows = orders.trail("--subject", life.subject)
    assert rows and sealed["messageId"] not in json.dumps(rows)
    assert orders.cli("referral", "show", life.number, profile=HOME).code == (3 if what == "referral" else 0)


@pytest.mark.quick
def test_no_page_is_cut_where_a_sealed_change_stands(orders, connect):
    start, hidden = end_of(orders, OFFICE), referral(new_id(), new_id())
    orders.accepted(OFFICE, referral(new_id(), new_id()))
    orders.accepted(OFFICE, hidden)
    query = schema.message("Query")()
    query.referral_watch.after_sequence = start
    query.page.limit = 1
    with connect(OFFICE) as office:
        assert office.call(query=query).query.next_cursor
        order(orders, "--kind", "seal", "--message", hidden["messageId"])
        reply = office.call(query=query).query
        assert len(reply.changes) == 1 and not reply.next_cursor


def by_cursor(peer, query, found):
    """What the first row of each page of one names, and the cursor behind it."""
    query.page.limit, query.page.cursor, cursors = 1, b"", {}
    while True:
        reply = peer.call(query=query).query
        cursors[found(reply)] = reply.next_cursor
        if not reply.next_cursor:
            return cursors
        query.page.cursor = reply.next_cursor


@pytest.mark.quick
def test_a_cursor_of_tasks_does_not_say_when_a_sealed_one_is_due(orders, connect):
    asked_for = [alert(new_id()) for _ in range(3)]
    for message in asked_for:
        orders.accepted(OFFICE, message)
        orders.collect(CLINIC)
    query = schema.message("Query")()
    query.task_list.open_only = True
    with connect(CLINIC) as clinic:
        before = by_cursor(clinic, query, lambda reply: reply.tasks[0].message_id)
        order(orders, "--kind", "seal", "--message", asked_for[1]["messageId"])
        after = by_cursor(clinic, query, lambda reply: reply.tasks[0].message_id)
    assert set(before) - set(after) == {asked_for[1]["messageId"]}
    assert after[asked_for[0]["messageId"]] == before[asked_for[0]["messageId"]]


@pytest.mark.quick
def test_an_accounting_of_somebody_sealed_is_an_agencys_as_a_strangers(orders, connect):
    life = Life(orders)
    orders.collect(OFFICE)
    query = schema.message("Query")()
    query.accounting.rule_name = "42cfr2.25"
    query.page.limit = 1

    def accounted(peer, subject):
        query.accounting.subject = subject
        reply = peer.call(query=query).query
        return len(reply.accounting.entries), len(reply.accounting.links), reply.next_cursor

    order(orders, "--kind", "seal", "--subject", life.subject)
    with connect(CLINIC) as clinic:
        assert accounted(clinic, life.subject) == accounted(clinic, new_id()) == (0, 0, b"")


@pytest.mark.quick
def test_a_sealed_move_was_never_made(orders):
    subject, number = new_id(), new_id()
    orders.accepted(OFFICE, referral(subject, number))
    orders.collect(HOME)
    moved = response(subject, number, "RECEIVED")
    orders.accepted(HOME, moved)
    orders.collect(OFFICE)

    def states(profile):
        rows = (orders.ask(profile, "referral", "show", number) + orders.ask(profile, "referral", "list", "--subject", subject)
                + [row for row in orders.ask(profile, "caseload") if row["referralId"] == number])
        return [row["state"] for row in rows]

    for profile in (OFFICE, HOME):
        assert states(profile) == ["RECEIVED"] * 3
    order(orders, "--kind", "seal", "--message", moved["messageId"])
    for profile in (OFFICE, HOME):
        assert states(profile) == ["REQUESTED"] * 3


@pytest.mark.quick
def test_a_sealed_record_of_a_meeting_says_nothing_of_it(orders):
    subject, number, meeting = new_id(), new_id(), new_id()
    orders.accepted(OFFICE, referral(subject, number))
    orders.collect(HOME)
    booked = operational(subject, OFFICE, "AppointmentScheduled", {
        "appointmentId": meeting, "start": now(-86400), "durationMinutes": 30}, number) | {"actor": {"id": "w-21"}}
    for message in (response(subject, number, "RECEIVED"), response(subject, number, "ACCEPTED"), booked):
        orders.accepted(HOME, message)
    record = operational(subject, OFFICE, "AttendanceRecord", {
        "appointmentId": meeting, "status": "ATTENDANCE_STATUS_ATTENDED"}, number) | {"actor": {"id": "w-21"}}
    orders.accepted(HOME, record)
    orders.collect(OFFICE)

    def meetings(profile):
        return orders.ask(profile, "appointment", "list", number)

    for profile in (HOME, OFFICE):
        assert [row["recordMessageId"] for row in meetings(profile)] == [record["messageId"]]
    order(orders, "--kind", "seal", "--message", record["messageId"])
    for profile in (HOME, OFFICE):
        assert [(row["state"], row.get("recordMessageId")) for row in meetings(profile)] == [("AWAITING_FEEDBACK", None)]
    order(orders, "--kind", "seal", "--message", booked["messageId"])
    assert meetings(HOME) == meetings(OFFICE) == []


@pytest.mark.quick
def test_why_names_no_grant_of_a_sealed_id_that_was_tied(orders):
    one, other = new_id(), new_id()
    orders.accepted(DESK, consent(other, grant()))
    orders.accepted(DESK, merge(one, other))
    told = attendance(one)
    orders.accepted(CLINIC, told)
    assert of(orders.collect(OFFICE), told)

    def grants(profile):
        return [row.get("grants", []) for row in orders.ask(profile, "trail", "why", told["messageId"])
                if row["event"] == "release"]

    assert all(grants(profile) != [[]] for profile in (OFFICE, CLINIC, AUDITOR))
    order(orders, "--kind", "seal", "--subject", other)
    assert all(grants(profile) == [[]] for profile in (OFFICE, CLINIC, AUDITOR))


@pytest.mark.quick
def test_a_check_names_no_grant_of_a_sealed_id_that_was_tied(orders):
    one, other = new_id(), new_id()
    signed = consent(other, grant())
    orders.accepted(DESK, signed)
    orders.accepted(DESK, merge(one, other))

    def told(profile):
        found = explained(orders, one, ["attendance"], profile=profile)
        line, = found["lines"]
        return found["decision"], found.get("grants"), line.get("grantId"), "validFrom" in line or "expiresAt" in line

    for profile in (CLINIC, AUDITOR):
        assert told(profile) == ("permit", [grant_of(signed)], grant_of(signed), True)
    order(orders, "--kind", "seal", "--subject", other)
    for profile in (CLINIC, AUDITOR):
        assert told(profile) == ("permit", None, None, False)


@pytest.mark.quick
def test_no_page_of_reviews_is_empty_where_sealed_ones_stand(orders, connect):
    sealed = new_id()
    for subject in (new_id(), sealed):
        orders.accepted(OFFICE, alert(subject))
    for agency in (HOME, CLINIC):
        orders.collect(agency)
    order(orders, "--kind", "seal", "--subject", sealed)
    query = schema.message("Query")()
    query.review_list.SetInParent()
    query.page.limit = 1
    with connect(OFFICE) as office:
        reply = office.call(query=query).query
        assert reply.reviews
        while reply.next_cursor:
            query.page.cursor = reply.next_cursor
            reply = office.call(query=query).query
            assert reply.reviews


@pytest.mark.quick
def test_what_is_hidden_answers_as_what_was_never_there(orders):
    life, stranger = Life(orders), new_id()
    order(orders, "--kind", "seal", "--subject", life.subject)
    for profile in (CLINIC, OFFICE, HOME, COURT):
        for words in (["referral", "show"], ["message", "show"], ["trail", "why"], ["consent", "show"],
                      ["referral", "list", "--subject"], ["consent", "list", "--subject"], ["trail", "find", "--subject"],
                      ["person", "show"], ["trail", "proof"]):
            number = {"referral show": life.number, "consent show": consent_id(life.signed)}.get(
                " ".join(words), life.subject if words[-1] in ("--subject",) or words[0] == "person" else
                life.told["messageId"])
            assert asked(orders, profile, *words, number) == asked(orders, profile, *words, stranger), (profile, words)
    check = ["consent", "check", "--from", CLINIC, "--to", OFFICE, "--category", "attendance", "--purpose",
             "supervision_monitoring", "--subject"]
    assert asked(orders, CLINIC, *check, life.subject) == asked(orders, CLINIC, *check, stranger)


@pytest.mark.quick
def test_two_persons_order_and_lift(orders):
    life = Life(orders)
    made = make(orders, "--kind", "seal", "--subject", life.subject)
    assert listed(orders)[made]["status"] == "proposed"
    assert "order_self" in str(approve(orders, made, actor="judge-1", code=3))
    assert "type_not_allowed" in str(approve(orders, made, profile=CLINIC, code=3))
    assert orders.trail("--subject", life.subject)
    approve(orders, made)
    row = listed(orders)[made]
    assert row["status"] == "in_force" and row["approvedBy"] == COURT + "/judge-2" and row["agency"] == COURT + "/judge-1"
    assert not orders.trail("--subject", life.subject)
    assert "unknown_order" in str(approve(orders, made, code=3))
    lifted = make(orders, "--kind", "unseal", "--ends", made)
    approve(orders, lifted, profile=OPERATOR, actor="admin-1")
    assert listed(orders)[made]["status"] == "ended" == listed(orders)[lifted]["status"]
    assert orders.trail("--subject", life.subject)
    events = [row["event"] for row in orders.trail("--message", made)]
    assert [name for name in events if name.startswith("order")] == ["order", "order_approved", "order_ended"]


@pytest.mark.quick
def test_an_order_is_nobodys_business_who_is_not_named(orders):
    life = Life(orders)
    made = order(orders, "--kind", "seal", "--subject", life.subject, "--seen-by", HOME)
    assert made in listed(orders) and made in listed(orders, HOME)
    assert made in listed(orders, AUDITOR) and made in listed(orders, OPERATOR)
    for agency in (CLINIC, OFFICE, DESK):
        assert made not in listed(orders, agency)
        assert orders.cli("message", "show", made, profile=agency).code == 3
    assert life.subject not in json.dumps(list(listed(orders, AUDITOR).values()))
    assert life.subject not in json.dumps(orders.trail("--message", made))
    assert orders.ask(COURT, "message", "show", made)[0]["parts"][0]["content"]["subjects"] == [life.subject]


@pytest.mark.quick
def test_what_waits_is_recalled_and_its_sender_is_told_nothing(orders, emptied):
    subject = new_id()
    held, waiting = attendance(subject), referral(subject, new_id())
    orders.accepted(CLINIC, held)
    orders.accepted(OFFICE, waiting)
    orders.collect(CLINIC)
    order(orders, "--kind", "seal", "--subject", subject)
    orders.accepted(DESK, consent(subject, grant()))
    assert not of(orders.collect(OFFICE), held) and not of(orders.collect(HOME), waiting)
    assert not orders.collect(CLINIC) and subject not in json.dumps(orders.collect(OFFICE))
    later = attendance(subject)
    orders.accepted(CLINIC, later)  # what is sent afterwards is taken as before
    assert of(orders.collect(OFFICE), later)


@pytest.mark.quick
def test_a_hold_stands_against_an_expungement(orders):
    subject = new_id()
    hold = make(orders, "--kind", "hold", "--subject", subject, profile=OPERATOR, actor="admin-1")
    approve(orders, hold)
    made = make(orders, "--kind", "expunge", "--subject", subject)
    assert "legal_hold" in str(approve(orders, made, code=3))
    assert listed(orders)[made]["status"] == "proposed"
    approve(orders, made, "--turn-down")
    assert listed(orders)[made]["status"] == "ended"


def test_what_cannot_be_is_refused_and_says_why(orders):
    assert "order_target" in str(orders.refused(COURT, {
        "messageId": new_id(), "type": "TrailOrder", "actor": {"id": "judge-1"},
        "parts": [{"type": "TrailOrder", "content": {"kind": "ORDER_KIND_SEAL", "cite": "c", "reference": "r"}}]}))
    assert "type_not_allowed" in str(make(orders, "--kind", "seal", "--subject", new_id(), profile=CLINIC, code=3))
    assert "unknown_order" in str(make(orders, "--kind", "unseal", "--ends", new_id(), code=3))
    assert orders.cli("order", "make", "--kind", "seal", *CITE, "--actor", "judge-1", profile=COURT).code == 2
    assert orders.cli("order", "make", "--kind", "seal", "--subject", new_id(), *CITE, profile=COURT).code == 2
    assert orders.cli("order", "approve", new_id(), profile=COURT).code == 2


def test_an_accounting_marks_what_is_sealed(orders):
    life = Life(orders)
    orders.collect(OFFICE)
    words = ["accounting", "--subject", life.subject, "--rule", "45cfr164.528", "--format", "json"]
    open_links = orders.ask(AUDITOR, *words)[0]["links"]
    assert open_links and all("row" in link for link in open_links)
    order(orders, "--kind", "seal", "--subject", life.subject)
    links = orders.ask(AUDITOR, *words)[0]["links"]
    assert {link["withheld"] for link in links} == {"sealed"} and not any("row" in link for link in links)
    assert [link["rowSha256"] for link in links][:len(open_links)] == [link["rowSha256"] for link in open_links]


def test_questions_by_a_message_are_hidden_with_the_message_alone(orders):
    """Of many such rows each message is looked up once; two ids that end alike are two messages."""
    sealed, free = attendance(new_id()), attendance(new_id())
    free["messageId"] = free["messageId"][:-8] + sealed["messageId"][-8:]
    for message in (sealed, free):
        orders.accepted(CLINIC, message)
    order(orders, "--kind", "seal", "--subject", sealed["subject"])
    for message in (sealed, free, sealed, free):
        assert orders.cli("message", "show", message["messageId"], profile=HOME).code == 3
    found = [row["messageId"] for row in orders.trail("--agency", HOME, "--newest", "--limit", "30") if "messageId" in row]
    assert found.count(free["messageId"]) == 2 and sealed["messageId"] not in found


def test_an_auditor_is_not_told_of_what_is_sealed(orders):
    def told():
        return [row for row in orders.collect(AUDITOR) if row["parts"][0]["content"].get("name") == "glass"]

    assert orders.cli("auditor", "ask", "glass", "--kind", "break-glass", profile=AUDITOR).code == 0
    life = Life(orders)
    assert told(), "of what is not sealed yet"
    order(orders, "--kind", "seal", "--subject", life.subject)
    later = alert(life.subject)
    orders.accepted(OFFICE, later)
    assert of(orders.collect(CLINIC), later)
    assert not told()
    assert orders.cli("auditor", "ask", "glass", "--end", profile=AUDITOR).code == 0


def test_orders_are_the_same_after_a_rebuild(own_exchange):
    own_exchange.start()
    own_exchange.add("auditor/" + NAMED)
    life = Life(own_exchange)
    order(own_exchange, "--kind", "seal", "--referral", life.number, "--seen-by", NAMED)
    order(own_exchange, "--kind", "hold", "--subject", life.subject)
    own_exchange.stop()
    assert digests(own_exchange, "--check") == digests(own_exchange, "--rebuild")


@pytest.mark.quick
def test_people_read_the_list_on_a_screen(orders):
    order(orders, "--kind", "hold", "--subject", new_id())
    lines = orders.plain(COURT, "order", "list").splitlines()
    assert lines[0].split() == ["ORDER", "KIND", "STATUS", "ORDERED"] and max(map(len, lines)) <= 80
    assert bare(lines[1])


def test_what_is_expunged_is_gone_and_its_ids_are_not_free_again(own_exchange):
    own_exchange.start()
    life, other = Life(own_exchange), Life(own_exchange)
    lead = operational(life.subject, HOME, "InfoReply", {"answers": [{"code": "id_document", "text": "yes"}]}, life.number)
    own_exchange.send(OFFICE, lead)
    made = order(own_exchange, "--kind", "expunge", "--subject", life.subject)
    wait_for(lambda: forgotten(own_exchange, made), "the order to be executed")
    row = listed(own_exchange)[made]
    assert int(row["records"]) > 5 and "executedAt" in row and row["cite"] == CITE[1]
    asked_about = questions(life)
    del asked_about["trail_find"]  # the questions themselves are new rows
    assert not [asks for asks in asked_about.values() if tell(own_exchange, life, asks)]
    for message, sender in ((life.told, CLINIC), (life.referred, OFFICE), (life.alert, OFFICE), (life.signed, DESK)):
        assert own_exchange.refused(sender, message) == "id_conflict"
        assert not own_exchange.trail("--message", message["messageId"], "--event", "release")
        assert not own_exchange.trail("--message", message["messageId"], "--event", "submission")
    assert own_exchange.ask(OFFICE, "referral", "show", other.number)
    assert own_exchange.ask(AUDITOR, "trail", "why", other.told["messageId"])
    again = attendance(life.subject)
    own_exchange.accepted(CLINIC, again)  # nobody is remembered: it waits for a consent like a stranger's
    assert not of(own_exchange.collect(OFFICE), again)
    own_exchange.stop()
    assert digests(own_exchange, "--check") == digests(own_exchange, "--rebuild")


def forgotten(exchange, made):
    """Whether it says so; the exchange starts anew to forget, and is away for a moment."""
    answer = exchange.cli("order", "list", profile=COURT)
    return [row for row in answer.rows if row.get("orderId") == made and row["status"] == "forgotten"]
