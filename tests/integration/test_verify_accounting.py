"""`trail verify --accounting`: an honest answer holds, and each way to leave a disclosure out of it is found."""
import copy
import hashlib
import json
import os
import subprocess
import uuid

import pytest
from disclosure_log import DisclosureLog, b64, release, rule_of, stamp, tag_of, unbase
from merkle_log import Key

ORIGIN = "county.example/trail"
FIRST_MS = 1_800_000_000_000
TREATMENT, PAYMENT = 2, 5


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    return Key(tmp_path_factory.mktemp("keys"), ORIGIN)


@pytest.fixture
def verify(build, key, tmp_path):
    def call(accounting, code=0, *words):
        path = tmp_path / "accounting.json"
        path.write_text(json.dumps(accounting))
        done = subprocess.run([os.path.join(build, "bin", "throughcare"), "--json", "trail", "verify", "--accounting", str(path),
                               "--key", key.vkey(), *map(str, words)], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == code, done
        answer = json.loads(done.stdout)
        return answer["error"]["code"] if code else answer

    return call


def new_person():
    return str(uuid.uuid4())


@pytest.fixture
def told(key):
    """Forty persons; of one of them twelve disclosures, two of which are made by one record."""
    log = DisclosureLog(key, FIRST_MS)
    person, others = new_person(), [new_person() for _ in range(40)]
    for turn in range(10):
        log.disclose(release(person, "housing-harbor" if turn % 3 else "court-county", purpose=PAYMENT if turn == 4 else TREATMENT))
        log.disclose(*(release(one) for one in others[turn::10]))
    log.disclose(release(person, "police-county"), release(others[0]), release(person, "housing-harbor"))
    log.anchor()
    return log, person


@pytest.mark.quick
def test_an_honest_accounting_is_complete(verify, told):
    log, person = told
    for rule, lines in [(rule_of(), 12), (rule_of(grouped=True), 4)]:
        verdict = verify(log.accounting(person, rule))
        assert (verdict["disclosures"], verdict["listed"], verdict["lines"]) == (12, 12, lines)
        assert verdict["verified"].startswith("complete, ")


@pytest.mark.quick
def test_of_whom_nothing_was_disclosed_that_is_proven_too(verify, told):
    log, _ = told
    for _ in range(20):
        verdict = verify(log.accounting(new_person(), rule_of()))
        assert verdict["disclosures"] == 0


def test_a_long_life_is_verified_too(verify, key):
    """More than ten thousand disclosures: five a day, for six years."""
    log, person = DisclosureLog(key, FIRST_MS), new_person()
    for _ in range(105):
        log.disclose(*(release(person) for _ in range(100)))
    log.anchor()
    verdict = verify(log.accounting(person, rule_of(grouped=True)))
    assert (verdict["disclosures"], verdict["listed"], verdict["lines"]) == (10500, 10500, 1)


def test_one_person_alone_and_nobody_at_all_have_their_places(verify, key):
    log, person = DisclosureLog(key, FIRST_MS), new_person()
    log.anchor()
    assert verify(log.accounting(person, rule_of()))["disclosures"] == 0
    log.disclose(release(person))
    log.anchor()
    assert verify(log.accounting(person, rule_of()))["disclosures"] == 1
    assert verify(log.accounting(new_person(), rule_of()))["disclosures"] == 0


@pytest.mark.quick
def test_what_came_after_the_anchor_is_there_and_not_proven(verify, told):
    log, person = told
    log.disclose(release(person))
    verdict = verify(log.accounting(person, rule_of()))
    assert (verdict["disclosures"], verdict["unproven"], verdict["listed"]) == (12, 1, 13)


@pytest.mark.quick
def test_a_window_an_exemption_and_what_is_withheld_are_counted(verify, told):
    log, person = told
    rule = rule_of()
    exemption = rule.exemptions.add(name="payment")
    exemption.purposes.append(PAYMENT)
    links = log.persons[person].links
    verdict = verify(log.accounting(person, rule, links[2]["time"], links[9]["time"],
                                    lambda row: "payment" if row.purpose == PAYMENT else None,
                                    lambda row: "suspended" if row.recipient == "court-county" else None))
    assert (verdict["listed"], verdict["exempt"]) == (4, 1)
    assert verdict["withheld"] == {"window": 5, "suspended": 2}
    assert verdict["verified"].startswith("complete but for 2 withheld")
    assert (verdict["since"], verdict["until"]) == (at(links[2]["time"]), at(links[9]["time"]))


def at(ms):
    """With milliseconds, as the command line prints it."""
    return stamp(ms).removesuffix("Z") + ".000Z"


def test_nobody_promises_more_than_the_anchor_has(verify, told):
    log, person = told
    honest = log.accounting(person, rule_of())
    anchored_ms = log.records[log.carrier][0]
    verify(honest | {"completeUntil": stamp(anchored_ms)})
    assert verify(honest | {"completeUntil": stamp(anchored_ms + 1000)}, 1) == "incomplete"


def without(accounting, place):
    link = accounting["links"].pop(place)
    accounting["entries"] = [line for line in accounting["entries"] if link["sequence"] not in line["sequences"]]


def test_no_disclosure_can_be_left_out(verify, told):
    """Of the whole chain, from the head on, with the count put right or not."""
    log, person = told
    honest = log.accounting(person, rule_of())
    for place in range(12):
        lie = copy.deepcopy(honest)
        without(lie, place)
        assert verify(lie, 1) == "chain"
        lie["anchor"]["count"] -= 1
        assert verify(lie, 1) == "anchor"
    lie = copy.deepcopy(honest)
    del lie["links"][5:]
    lie["anchor"]["count"] = 5
    lie["anchor"]["head"] = b64(log.persons[person].head(5))
    assert verify(lie, 1) == "anchor"


@pytest.mark.quick
def test_the_only_disclosure_about_somebody_is_not_left_out(verify, told):
    """Whatever is told in its place: that there is none yet, nobody, somebody else, or nothing at all."""
    log, _ = told
    only = next(one for one, person in log.persons.items() if len(person.links) == 1)
    honest = log.accounting(only, rule_of())
    assert verify(honest)["disclosures"] == 1
    place = honest["anchor"]
    other = next(one for one in log.persons if one != only)
    somebody = {"otherTag": b64(tag_of(other)), "otherLeaf": b64(log.people.leaves[tag_of(other)])}
    for anchor in [place | {"count": 0}, place | {"count": 0, "head": b64(bytes(32))}, place | {"absent": True},
                   place | {"absent": True} | somebody, place | {"absent": True, "depth": 0, "hashes": []},
                   place | {"absent": True, "depth": place["depth"] + 1, "hashes": [b64(bytes(32)), *place["hashes"]]},
                   place | {"absent": True, "otherTag": b64(tag_of(only)), "otherLeaf": b64(log.people.leaves[tag_of(only)])},
                   log.anchor_proof(other)]:
        assert verify(honest | {"links": [], "entries": [], "anchor": anchor}, 1) in ("anchor", "chain", "format"), anchor


@pytest.mark.quick
def test_what_was_disclosed_under_another_id_of_a_person_proves_nothing_for_this_one(verify, told):
    """Ids that are tied have a chain each: neither can stand in for the other, or lend it a link."""
    log, person = told
    tied = next(one for one, other in log.persons.items() if one != person and len(other.links) > 1)
    honest, theirs = log.accounting(tied, rule_of()), log.accounting(person, rule_of())
    assert verify(honest)["disclosures"] == len(log.persons[tied].links)
    assert verify(theirs | {"subject": tied}, 1) == "anchor"
    assert verify(honest | {"links": theirs["links"], "entries": theirs["entries"]}, 1) == "chain"
    for place in range(len(honest["links"])):
        lie = copy.deepcopy(honest)
        lie["links"][place] = theirs["links"][place]
        assert verify(lie, 1) == "chain"
        lie = copy.deepcopy(honest)
        without(lie, place)
        assert verify(lie, 1) == "chain"


@pytest.mark.quick
def test_nobody_is_made_absent(verify, told):
    log, person = told
    lie = log.accounting(person, rule_of()) | {"links": [], "entries": []}
    lie["anchor"] |= {"absent": True}
    lie["anchor"].pop("head")
    assert verify(lie, 1) == "anchor"
    for stranger in [new_person() for _ in range(50)]:
        lie["anchor"] = log.anchor_proof(stranger)
        if lie["anchor"]["absent"]:
            assert verify(lie, 1) in ("anchor", "format")
    other = next(one for one in log.persons if one != person)
    lie["anchor"] = log.anchor_proof(other)
    assert verify(lie, 1) in ("anchor", "chain")


@pytest.mark.quick
def test_a_disclosure_of_the_window_is_not_called_outside_of_it(verify, told):
    log, person = told
    lie = log.accounting(person, rule_of())
    lie["links"][3] |= {"withheld": "window"}
    lie["links"][3].pop("row")
    assert verify(lie, 1) == "incomplete"
    lie["links"][3]["withheld"] = "a whim"
    assert verify(lie, 1) == "format"
    lie["links"][3].pop("withheld")
    assert verify(lie, 1) == "incomplete"


@pytest.mark.quick
def test_the_list_is_what_the_disclosures_give(verify, told):
    log, person = told
    for rule in [rule_of(), rule_of(grouped=True)]:
        honest = log.accounting(person, rule)
        lies = []
        for change in [{"times": 7}, {"recipient": "nobody"}, {"discloser": "nobody"}, {"firstAt": stamp(FIRST_MS)},
                       {"sequences": [1]}, {"description": "attendance"}, {"purpose": "payment"}, {"basis": "statute"}]:
            lies.append(copy.deepcopy(honest))
            lies[-1]["entries"][1] |= change
        lies.append(copy.deepcopy(honest))
        lies[-1]["entries"].append(honest["entries"][0])
        for lie in lies:
            assert verify(lie, 1) == "list", lie["entries"]
        del honest["entries"][1]
        assert verify(honest, 1) == "incomplete"


@pytest.mark.quick
def test_what_stood_on_law_is_told_so_and_consents_are_exempt(verify, key):
    log, person = DisclosureLog(key, FIRST_MS), new_person()
    log.disclose(release(person, legal_basis="mandatory_report", reference="report 7"))
    log.disclose(release(person))
    log.anchor()
    rule = rule_of()
    rule.exemptions.add(name="authorization").bases.append(1)
    verdict = verify(log.accounting(person, rule, exempt=lambda row: None if row.legal_basis else "authorization"))
    assert (verdict["listed"], verdict["exempt"]) == (1, 1)
    assert log.accounting(person, rule_of())["entries"][0]["basis"] == "mandatory report: report 7"


@pytest.mark.quick
def test_an_exemption_is_the_rules_or_none(verify, told):
    log, person = told
    lie = log.accounting(person, rule_of(), exempt=lambda row: "payment" if row.recipient == "court-county" else None)
    assert verify(lie, 1) == "incomplete"
    rule = rule_of()
    rule.exemptions.add(name="payment").purposes.append(PAYMENT)
    assert verify(log.accounting(person, rule, exempt=lambda row: "payment"), 1) == "incomplete"
    assert verify(log.accounting(person, rule), 1) == "list"
    rule = rule_of(purposes=[TREATMENT])
    assert verify(log.accounting(person, rule, exempt=lambda row: "rule" if row.purpose == PAYMENT else None))["exempt"] == 1
    assert verify(log.accounting(person, rule), 1) == "list"


def test_a_row_that_was_changed_is_found(verify, told):
    log, person = told
    honest = log.accounting(person, rule_of())
    row = log.persons[person].links[4]["seen"]
    other = release(person)
    other.CopyFrom(row)
    other.recipient = "employer"
    honest["links"][4]["row"] = b64(other.SerializeToString())
    assert verify(honest, 1) == "disclosure"
    honest["links"][4]["rowSha256"] = b64(hashlib.sha256(other.SerializeToString()).digest())
    assert verify(honest, 1) == "chain"


def test_any_change_of_the_proof_is_found(verify, told):
    log, person = told
    honest = log.accounting(person, rule_of())

    def changed(path, value):
        lie = copy.deepcopy(honest)
        *way, last = path
        place = lie
        for step in way:
            place = place[step]
        place[last] = value(place[last])
        return lie

    def flipped(text):
        data = bytearray(unbase(text))
        data[len(data) // 2] ^= 4
        return b64(bytes(data))

    for path in [("anchor", "head"), ("anchor", "hashes", 0), ("anchor", "hashes", -1), ("anchor", "record", "opening", "salt"),
                 ("anchor", "record", "opening", "record"), ("anchor", "record", "opening", "commitment"),
                 ("anchor", "record", "hashes", 0), ("anchor", "record", "checkpoint"), ("links", 0, "rowSha256"),
                 ("links", 11, "row")]:
        assert verify(changed(path, flipped), 1), path
    for path in [("anchor", "count"), ("anchor", "depth"), ("anchor", "record", "opening", "index"),
                 ("anchor", "record", "opening", "timeMs"), ("links", 0, "sequence"), ("links", 0, "n"), ("links", 0, "timeMs"),
                 ("links", 11, "timeMs")]:
        assert verify(changed(path, lambda number: number + 1), 1), path
    assert verify(changed(("subject",), lambda _: new_person()), 1) == "anchor"
    assert verify(changed(("links",), lambda links: [links[1], links[0], *links[2:]]), 1) == "chain"
    assert verify(changed(("anchor", "hashes"), lambda hashes: hashes[1:]), 1) == "format"


@pytest.mark.quick
def test_a_record_that_is_no_anchor_binds_nothing(verify, told):
    log, person = told
    submission = log.carrier
    log.carrier = 3
    assert verify(log.accounting(person, rule_of()), 1) == "anchor"
    log.carrier = submission
    without_anchor = log.accounting(person, rule_of())
    del without_anchor["anchor"]
    assert verify(without_anchor, 1) == "format"
    assert verify({"nonsense": 1}, 1) == "format"


def test_the_checkpoint_over_it_must_be_the_logs(verify, told, tmp_path):
    log, person = told
    honest = log.accounting(person, rule_of())
    forged = DisclosureLog(Key(tmp_path, ORIGIN), FIRST_MS)
    forged.records, forged.persons = log.records, log.persons
    forged.anchor()
    assert verify(forged.accounting(person, rule_of()), 1) == "unsigned"
    policy = tmp_path / "policy"
    policy.write_text(f"witness court {Key(tmp_path, 'court.example/w', 4).vkey()}\nquorum court\n")
    assert verify(honest, 1, "--witness-policy", policy) == "unwitnessed"
