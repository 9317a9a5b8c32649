"""A seal of one message: what it alone had told is in no list and no count, but those of whom the order names."""
import pytest
from envelope import now
from messages import new_id, of, operational, referral
from test_orders import CLINIC, COURT, OFFICE, approve, make, order
from test_tasks import alert

DAY = 86400


class Case:
    """A referral of which both sides know more than its steps."""

    def __init__(self, exchange):
        self.exchange, self.subject, self.number = exchange, new_id(), new_id()
        exchange.accepted(OFFICE, referral(self.subject, self.number, to=CLINIC))
        self.alert = alert(self.subject) | {"referralId": self.number}
        self.notice = operational(self.subject, CLINIC, "HearingNotice", {"hearingId": new_id(), "type": "review", "at": now(2 * DAY)})
        self.risk = operational(self.subject, CLINIC, "RiskLevelChange", {"instrument": "LSI-R", "newLevel": "high", "effective": now()[:10]})
        self.custody = operational(self.subject, CLINIC, "SupervisionEvent", {"effective": now(-60)})
        self.custody["parts"][0]["content"]["kind"] = "SUPERVISION_EVENT_KIND_CUSTODY_IN"
        for message in (self.alert, self.notice, self.risk, self.custody):
            exchange.accepted(OFFICE, message)
        assert of(exchange.collect(CLINIC), self.alert)

    def row(self, who):
        """As its list has it, and as it is shown alone."""
        row, = [row for row in self.exchange.ask(who, "caseload") if row["referralId"] == self.number]
        shown, = self.exchange.ask(who, "referral", "show", self.number)
        assert all(row.get(key) == shown.get(key) for key in ("risks", "tasks", "rank")), (row, shown)
        return row

    def risks(self, who):
        return {risk.rstrip("0123456789_d") if risk.startswith("hearing") else risk for risk in self.row(who).get("risks", [])}


@pytest.fixture(scope="module")
def case(exchange):
    return Case(exchange)


@pytest.mark.parametrize("what, who, risk", [("alert", CLINIC, "alert"), ("notice", OFFICE, "hearing"), ("risk", OFFICE, "high_risk"),
                                             ("custody", OFFICE, "in_custody")])
def test_a_sealed_message_counts_nowhere(exchange, case, what, who, risk):
    before = case.risks(who)
    assert risk in before, before
    message = getattr(case, what)
    tasks = case.row(who).get("tasks", 0)
    seal = order(exchange, "--kind", "seal", "--message", message["messageId"], "--seen-by", COURT)
    assert case.risks(who) == before - {risk}
    assert case.row(who).get("tasks", 0) == tasks - (what == "alert")
    assert message["messageId"] not in str(exchange.ask(who, "task", "list"))
    end = make(exchange, "--kind", "unseal", "--ends", seal, actor="judge-3")
    approve(exchange, end)
    assert case.risks(who) == before and case.row(who).get("tasks", 0) == tasks


def test_whom_the_order_names_sees_it_all_the_same(exchange, case):
    order(exchange, "--kind", "seal", "--message", case.alert["messageId"], "--seen-by", CLINIC)
    assert "alert" in case.risks(CLINIC)
