"""Generated worlds: a policy, agencies, and what happens to consents there in order, with questions in between.

Hypothesis draws the story; the questions are made from it with a seed that is drawn, too, since they are many.
"""
import random
from datetime import datetime, timezone

from hypothesis import strategies as st

import reference

AGENCIES = {
    "clinic-a": "TREATMENT", "clinic-b": "TREATMENT", "lab": "LAB", "parole": "PAROLE", "court": "COURT", "court-b": "COURT",
    "housing": "HOUSING", "desk": "INTAKE", "victims": "VICTIM_SERVICE"}
NAMES = list(AGENCIES)
PERSONS = ["00000000-0000-7000-9000-00000000000a", "00000000-0000-7000-8000-00000000000b"]
NOBODY = "00000000-0000-7000-9000-00000000000e"  # no consent is ever about this id
CONSENT = "00000000-0000-7000-9000-0000000000c{}"
GRANT = "00000000-0000-7000-9000-000000000{}{}{}"
PROCEEDINGS = ["case-1", "case-2"]
ROLES = ["team-1", "team-2"]
USERS = ["w-1", "w-2"]
DAY = 86400000
BEGIN_MS = 1796000000000
DAYS = 28

CATEGORIES = ["ATTENDANCE", "SUD_TREATMENT", "DRUG_TEST", "IDENTITY", "HOUSING", "CRIMINAL_HISTORY"]
ALONE = ["SUD_COUNSELLING_NOTES", "PSYCHOTHERAPY_NOTES", "COURT_PROCEEDING"]
CONSENTABLE = [f"CATEGORY_{name}" for name in reference.CATEGORIES[1:-2] if name != "VICTIM_INFO"]
ODD = ["VICTIM_INFO", "EXCHANGE", "TEST", "UNSPECIFIED"]
PURPOSES = ["SUPERVISION_MONITORING", "REFERRAL_COORDINATION", "TREATMENT", "PAYMENT"]
ATTACHMENTS = [*reference.STATEMENTS, *reference.EXPLANATIONS]
SUDDENLY = 1  # millisecond

ELEMENTS = [
    "subject_name_as_signed", "signature.signer", "signature.capacity", "signature.method", "signature.signed_at",
    "statements.revocation_right", "statements.how_to_revoke", "grants.disclosers", "grants.recipients",
    "grants.categories", "grants.purposes", "grants.expiry"]
LATER_ELEMENTS = ["grants.revocable_from", "grants.proceeding_id", "grants.imposing_authority", "grants.monitor_role",
                  "grants.duration_reason"]


def day_ms(day, offset=0):
    return BEGIN_MS + day * DAY + offset


def time_text(ms):
    return datetime.fromtimestamp(ms / 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


# ---- policies

def standard_policy(rules, version=1, extra=(), monitors=("PAROLE", "PROBATION", "COURT", "POLICE", "MONITORING")):
    """Everything that is not a rule of release as the field has it."""
    alone = set(ALONE)
    enum = "{}_{}".format
    return {
        "policy_id": "generated", "version": version,
        "categories": [{"category": enum("CATEGORY", name), "stands_alone": name in alone, "restricted": name not in ("IDENTITY",)}
                       for name in reference.CATEGORIES[1:]],
        "agency_kinds": [{"kind": enum("AGENCY_KIND", name), "treating": name in ("TREATMENT", "LAB"),
                          "criminal_justice": name in monitors,
                          "orders": name == "COURT", "consent_desk": name == "INTAKE"} for name in reference.KINDS[1:]],
        "purposes": [{"purpose": enum("PURPOSE", name), "tpo": name in ("TREATMENT", "PAYMENT", "OPERATIONS"),
                      "stands_alone": name == "LEGAL_PROCEEDING"} for name in reference.PURPOSES[1:]],
        "regimes": [
            regime("PART2", ELEMENTS + list(extra), "ALWAYS") | {"notices": ["42cfr2.32-1", "notice-a"], "scope": True},
            regime("PART2_CJ", ELEMENTS + LATER_ELEMENTS, "ALWAYS", True) | {"notices": ["42cfr2.32-2"]},
            regime("HIPAA_AUTH", ELEMENTS, "FOR_CLASSES"), regime("POLICY", ELEMENTS[:1] + ELEMENTS[-5:])],
        "bases": [{"basis": enum("RELEASE_BASIS", name), "needs_reference": name in ("COURT_ORDER", "STATUTE", "MANDATORY_REPORT"),
                   "needs_actor": name == "MEDICAL_EMERGENCY", "lifts_redisclosure": name == "COURT_ORDER",
                   "review_hours": 24 if name == "MEDICAL_EMERGENCY" else 0} for name in reference.BASES[1:]],
        "rules": rules,
        "notices": [{"code": code, "version": "1", "text": f"The text of {code}."} 
                    for code in ("notice-a", "notice-b", "42cfr2.32-1", "42cfr2.32-2")],
        "events": [
            {"event_code": "final_disposition", "type": "HearingResult", "disposition_final": True,
             "from": ["AGENCY_KIND_COURT"]},
            {"event_code": "transferred", "type": "SupervisionEvent", "status": "SUPERVISION_EVENT_TRANSFER",
             "from": ["AGENCY_KIND_PAROLE", "AGENCY_KIND_COURT"]}],
    }


def regime(name, required, intermediary="FOR_CLASSES", later=False):
    return {"regime": f"CONSENT_REGIME_{name}", "required": required, "revocable_later": later,
            "intermediary": f"INTERMEDIARY_RULE_{intermediary}"}


def some(values, **sizes):
    return st.lists(st.sampled_from(values), unique=True, **sizes)


@st.composite
def rules(draw, number):
    def listed(name, prefix, values, most):
        found = draw(some(values, max_size=most)) if draw(st.booleans()) else []
        return {name: [f"{prefix}_{value}" for value in found]} if found else {}
    permits = draw(st.integers(0, 4)) < 4
    notices = draw(some(["notice-a", "notice-b"])) if permits else []
    return {
        "rule_id": f"rule-{number}",
        **listed("categories", "CATEGORY", CATEGORIES + ALONE + ["VICTIM_INFO"], 4),
        **listed("from", "AGENCY_KIND", sorted(set(AGENCIES.values())), 3),
        **listed("to", "AGENCY_KIND", sorted(set(AGENCIES.values())), 3),
        **listed("purposes", "PURPOSE", PURPOSES, 2),
        **listed("bases", "RELEASE_BASIS", ["CONSENT", "CONSENT", *reference.LEGAL_BASES[1:]], 3),
        "effect": "RULE_EFFECT_PERMIT" if permits else "RULE_EFFECT_DENY", "notices": notices}


def lawful(rule):
    """Without what no policy may say: it goes on any other basis."""
    if not reference.Policy({"rules": [rule]}).lawful():
        rule["bases"] = [f"RELEASE_BASIS_{name}" for name in reference.LEGAL_BASES[1:]]
    return rule


@st.composite
def policies(draw, version=1):
    made = [draw(rules(number)) for number in range(draw(st.integers(0, 4)))]
    if version == 1 or draw(st.integers(0, 5)):
        made = [lawful(rule) for rule in made]
    if draw(st.integers(0, 3)):
        made.append({"rule_id": "by-consent", "bases": ["RELEASE_BASIS_CONSENT"], "effect": "RULE_EFFECT_PERMIT",
                     "categories": CONSENTABLE})
    made = made or [{"rule_id": "all", "effect": "RULE_EFFECT_PERMIT", "categories": CONSENTABLE}]
    extra = draw(st.sampled_from([(), (), ("grants.description",), ("document.sha256",)]))
    monitors = draw(st.sampled_from([["PAROLE", "COURT"], ["PAROLE", "COURT"], ["PAROLE"]]))
    return standard_policy(made, version, extra, monitors)


# ---- documents

@st.composite
def parties(draw, sides, classes):
    agency = draw(st.sampled_from(sides))
    kind = draw(st.sampled_from(["AGENCY", "AGENCY", "AGENCY", "ROLE_IN_AGENCY", "PERSON", "CLASS_TREATING"]))
    if kind == "CLASS_TREATING":
        return {"kind": "PARTY_KIND_CLASS_TREATING"} if classes else {"kind": "PARTY_KIND_AGENCY", "agency": agency}
    if kind == "AGENCY" or not classes:
        return {"kind": "PARTY_KIND_COURT" if agency == "court" else "PARTY_KIND_AGENCY", "agency": agency}
    party = {"kind": f"PARTY_KIND_{kind}", "agency": agency}
    if kind == "PERSON":
        party["person"] = draw(st.sampled_from(USERS))
    if kind == "ROLE_IN_AGENCY" or draw(st.booleans()):
        party["role"] = draw(st.sampled_from(ROLES))
    return party


@st.composite
def grants(draw, grant_id, day, later, alone):
    sources = draw(st.sampled_from([["clinic-a", "clinic-b"], ["clinic-a", "clinic-b"], NAMES]))
    monitors = ["parole", "court"]
    targets = monitors if later else draw(st.sampled_from([monitors, NAMES]))
    one = {
        "grant_id": grant_id,
        "disclosers": draw(st.lists(discloser(sources), min_size=1, max_size=2)),
        "recipients": draw(st.lists(parties(targets, not later or draw(st.booleans())), min_size=1, max_size=3)),
        "intermediary_named": True, "description": "as the form says",
        "categories": ["CATEGORY_" + name for name in (
            [alone] if alone in ALONE else draw(some(CATEGORIES, min_size=1, max_size=4)))],
        "purposes": ["PURPOSE_" + name for name in (
            [alone] if alone == "LEGAL_PROCEEDING" else draw(some(PURPOSES, min_size=1, max_size=3)))],
        "direction": "GRANT_DIRECTION_ONE_WAY" if draw(st.integers(0, 15 if later else 1)) else "GRANT_DIRECTION_TWO_WAY",
        "redisclosure": "REDISCLOSURE_RULE_" + draw(st.sampled_from(
            ["NONE", "OFFICIAL_DUTY_CASE"] if later else sorted(reference.REDISCLOSURE)))}
    if draw(st.booleans()):
        one["attach"] = ["ATTACHMENT_" + name for name in draw(some(ATTACHMENTS, max_size=2))]
    if later and any(party["kind"] == "PARTY_KIND_CLASS_TREATING" for party in one["recipients"]):
        one["recipients"] = [{"kind": "PARTY_KIND_AGENCY", "agency": "parole"}]
    if draw(st.booleans()):
        one["valid_from"] = time_text(day_ms(day + draw(st.integers(-1, 3))))
    if later or draw(st.integers(0, 2)) == 0:
        one["proceeding_id"] = draw(st.sampled_from(PROCEEDINGS))
    one["expiry"] = draw(expiries(day, one))
    if later:
        one |= {"imposing_authority": draw(st.sampled_from(["the court", "the court", "court", "court-b", "parole"])), "monitor_role": "officer", "duration_reason": "length of treatment",
                "revocable_from": draw(later_from(day))}
    return one


@st.composite
def discloser(draw, sources):
    if draw(st.integers(0, 5)) == 5:
        return {"kind": "PARTY_KIND_CLASS_TREATING"}
    return {"kind": "PARTY_KIND_AGENCY", "agency": draw(st.sampled_from(sources))}


@st.composite
def expiries(draw, day, grant):
    kind = draw(st.integers(0, 5))
    if kind == 0 and "proceeding_id" in grant:
        return {"event_code": draw(st.sampled_from(["final_disposition", "transferred"]))}
    if kind == 1 and all(name in ("PURPOSE_TREATMENT", "PURPOSE_PAYMENT") for name in grant["purposes"]):
        return {"none_tpo": True}
    return {"at": time_text(day_ms(day + draw(st.integers(4, 12))))}


@st.composite
def later_from(draw, day):
    kind = draw(st.integers(0, 3))
    at, event = {"at": time_text(day_ms(day + draw(st.integers(-1, 6))))}, {"event_code": draw(
        st.sampled_from(["final_disposition", "transferred"]))}
    return at if kind < 2 else event


DEFECTS = [
    ("subject_name_as_signed", None), ("status", "CONSENT_STATUS_DRAFT"), ("status", "CONSENT_STATUS_DECLINED"),
    ("regime", None), ("regime", "CONSENT_REGIME_VA"), ("statements", None), ("statements.revocation_right", False),
    ("statements.how_to_revoke", None), ("statements.redisclosure_warning", False), ("statements.refusal_consequence", None),
    ("signature", None), ("signature.signer", None), ("signature.capacity", None),
    ("signature.capacity", "SIGNER_CAPACITY_GUARDIAN"), ("signature.method", None), ("signature.signed_at", None),
    ("signature.signed_at", time_text(day_ms(DAYS * 4))), ("grants", []), ("document", None)]
GRANT_DEFECTS = [
    ("disclosers", []), ("recipients", []), ("recipients", [{"kind": "PARTY_KIND_CLASS_TREATING", "agency": "parole"}]),
    ("recipients", [{"kind": "PARTY_KIND_ROLE_IN_AGENCY", "agency": "parole"}]),
    ("recipients", [{"kind": "PARTY_KIND_PERSON", "agency": "parole"}]), ("recipients", [{"kind": "PARTY_KIND_AGENCY"}]),
    ("disclosers", [{"agency": "clinic-a"}]), ("categories", []), ("categories", ["CATEGORY_VICTIM_INFO"]),
    ("categories", ["CATEGORY_EXCHANGE"]), ("categories", ["CATEGORY_COURT_PROCEEDING", "CATEGORY_HOUSING"]),
    ("purposes", []), ("purposes", ["PURPOSE_LEGAL_PROCEEDING", "PURPOSE_TREATMENT"]), ("intermediary_named", False),
    ("description", None), ("expiry", None), ("expiry", {}), ("expiry", {"none_tpo": True}),
    ("expiry", {"event_code": "end_of_the_world"}), ("expiry", {"at": time_text(day_ms(-2))}),
    ("proceeding_id", None), ("revocable_from", None), ("revocable_from", {"at": time_text(day_ms(9))}),
    ("revocable_from", {}), ("imposing_authority", None), ("monitor_role", None), ("duration_reason", None),
    ("valid_from", time_text(day_ms(DAYS * 4))), ("redisclosure", "REDISCLOSURE_RULE_HIPAA_TPO")]


def spoil(document, path, value):
    """Sets or removes one element."""
    at, _, name = path.rpartition(".")
    place = document.setdefault(at, {}) if at else document
    if value is None:
        place.pop(name, None)
    else:
        place[name] = value


@st.composite
def documents(draw, slot, version, day, default, sound):
    regimes = ["PART2", "PART2", "PART2_CJ", "HIPAA_AUTH"] + ([] if default else ["POLICY"])
    named = draw(st.sampled_from(regimes))
    alone = draw(st.sampled_from([None] * 7 + ALONE + ["LEGAL_PROCEEDING"]))
    generation = version if draw(st.booleans()) else 0  # a new version may use its grants' ids again
    document = {
        "consent_id": CONSENT.format(slot), "version": version, "subject_name_as_signed": "A. Person",
        "status": "CONSENT_STATUS_ACTIVE", "regime": f"CONSENT_REGIME_{named}", "given_to_agency": "desk",
        "given_to_user": "u-1",
        "document": {"sha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "media_type": "application/pdf",
                     "form_version": "1", "language": "en"},
        "signature": {"signer": "A. Person", "capacity": "SIGNER_CAPACITY_SELF", "method": "SIGNATURE_METHOD_INK",
                      "signed_at": time_text(day_ms(day - 2))},
        "statements": {"revocation_right": True, "how_to_revoke": "in writing", "redisclosure_warning": True,
                       "refusal_consequence": "none"},
        "grants": [draw(grants(GRANT.format(slot, generation, number), day, named == "PART2_CJ", alone))
                   for number in range(draw(st.integers(1, 2)))]}
    if draw(st.integers(0, 7)) == 7:
        document["signature"] |= {"capacity": "SIGNER_CAPACITY_COURT", "authority_ref": "order 7"}
    defect = 0 if sound else draw(st.integers(0, 9))
    if defect == 9:
        spoil(document, *draw(st.sampled_from(DEFECTS)))
    elif defect == 8:
        spoil(document["grants"][-1], *draw(st.sampled_from(GRANT_DEFECTS)))
    return document


# ---- what happens

@st.composite
def steps(draw, kind, day, versions, default):
    """One step; `versions`: of each consent slot so far."""
    slot = draw(st.integers(0, 3))
    if kind == "revoke" or draw(st.integers(0, 2)) == 0:
        slot = draw(st.sampled_from([known for known in range(4) if versions[known]] or [slot]))
    sender = draw(st.sampled_from(["desk", "desk", "desk", "clinic-a", "parole", "housing", "court"]))
    person = PERSONS[1 - slot % 2] if draw(st.integers(0, 15)) == 15 else PERSONS[slot % 2]
    step = {"do": kind, "at_ms": day_ms(day), "sender": sender, "subject": person}
    if kind == "record":
        versions[slot] += draw(st.sampled_from([1, 1, 1, 0]))
        what = draw(st.integers(0, 9))
        document = draw(documents(slot, max(1, versions[slot]), day, default, what == 8))
        if what == 9:
            document["supersedes"] = CONSENT.format((slot + draw(st.sampled_from([2, 2, 1]))) % 4)
        if what == 8 and versions[slot] > 1:
            document["status"] = "CONSENT_STATUS_ENTERED_IN_ERROR"
        return step | {"document": document}
    if kind == "revoke":
        document = {"consent_id": CONSENT.format(slot), "by": "SIGNER_CAPACITY_SELF", "method": "SIGNATURE_METHOD_INK"}
        if draw(st.booleans()):
            document["grant_id"] = GRANT.format(slot, draw(st.sampled_from([0, 0, versions[slot]])), draw(
                st.sampled_from([0, 0, 1])))
        if draw(st.booleans()):
            document["recipient"] = draw(st.sampled_from(["parole", "court", *NAMES]))
        return step | {"document": document}
    told = draw(st.sampled_from([
        {"type": "HearingResult", "disposition_final": True}, {"type": "HearingResult", "disposition_final": True},
        {"type": "HearingResult"}, {"type": "SupervisionEvent", "status": "SUPERVISION_EVENT_TRANSFER"},
        {"type": "SupervisionEvent", "status": "SUPERVISION_EVENT_START"}]))
    return step | told | {"sender": draw(st.sampled_from(["court", "court", "court-b", "parole", "housing"])),
                          "about_id": draw(st.sampled_from(PROCEEDINGS))}


@st.composite
def worlds(draw, default_policy=None, per_step=20, at_end=120):
    default = default_policy is not None and draw(st.booleans())
    first = {"do": "policy", "at_ms": day_ms(0), "policy": default_policy if default else draw(policies())}
    story, day, versions = [first], 0, [0, 0, 0, 0]
    kinds = st.sampled_from(["record"] * 10 + ["revoke"] * 6 + ["event"] * 5 + ["policy"])
    for kind in ["record"] + draw(st.lists(kinds, min_size=2, max_size=9)):
        day += draw(st.sampled_from([0, 1, 1, 2]))
        if kind == "policy":
            version = len([step for step in story if step["do"] == "policy"]) + 100
            default = False
            story.append({"do": "policy", "at_ms": day_ms(day), "policy": draw(policies(version))})
        else:
            story.append(draw(steps(kind, day, versions, default)))
    return {"story": story, "seed": draw(st.integers(0, 999)), "per_step": per_step, "at_end": at_end}


# ---- questions

class Asker:
    """Makes questions that are near to what the consents say, so that many find one."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.named = []  # (subject, document, grant) of every document so far
        self.days = DAYS

    def learn(self, step):
        if step["do"] == "record":
            self.named += [(step["subject"], step["document"], grant) for grant in step["document"].get("grants", ())
                           if grant.get("disclosers") and grant.get("recipients")]

    def chance(self, one_in):
        return self.random.randrange(one_in) == 0

    def ask(self, at_ms):
        pick = self.random.choice
        if self.named and not self.chance(8):
            subject, _, grant = pick(self.named)
            sender, recipient = pick(grant["disclosers"]), pick(grant["recipients"])
            if self.chance(3):
                sender, recipient = recipient, sender
            categories = [self.near(grant.get("categories"), CATEGORIES, "CATEGORY_") for _ in range(pick([1, 1, 2, 3, 4]))]
            purpose = self.near(grant.get("purposes"), PURPOSES + ["LEGAL_PROCEEDING"], "PURPOSE_")
            role, person, proceeding = recipient.get("role", ""), recipient.get("person", ""), grant.get("proceeding_id", "")
            named = grant["grant_id"] if self.chance(3) else None
            sender, recipient = sender.get("agency") or pick(NAMES[:3]), recipient.get("agency") or pick(NAMES[:3])
        else:
            subject, sender, recipient = pick(PERSONS), pick(NAMES), pick(NAMES)
            categories, purpose = [pick(CATEGORIES + ALONE + ODD) for _ in range(pick([1, 2, 3, 4]))], pick(PURPOSES)
            role = person = proceeding = ""
            named = GRANT.format(pick("0123"), 0, 0) if self.chance(4) else None
        asked = reference.Request(
            sender, AGENCIES[sender], recipient, AGENCIES[recipient], subject, reference.PURPOSES.index(purpose),
            [reference.CATEGORIES.index(name) for name in categories], at_ms, role, person, named, 0, "", proceeding)
        self.vary(asked)
        return asked

    def near(self, values, others, prefix):
        if values and not self.chance(5):
            return self.random.choice(values).removeprefix(prefix)
        return self.random.choice(others)

    def vary(self, asked):
        pick = self.random.choice
        if self.chance(12):
            asked.recipient = pick(NAMES)
            asked.recipient_kind = AGENCIES[asked.recipient]
        if self.chance(12):
            asked.proceeding = pick(PROCEEDINGS + [""])
        if self.chance(10):
            asked.role = pick(ROLES + [""])
        if self.chance(10):
            asked.person = pick(USERS + [""])
        if self.chance(10):
            asked.categories[self.random.randrange(len(asked.categories))] = pick([26, 27, 24, 0, 60, 200, 11, 25])
        if self.chance(30):
            asked.purpose = pick([0, 11, 12, 31, 4000])
        if self.chance(3):
            others = [known for known in [*PERSONS, NOBODY] if known != asked.subject]
            asked.also = tuple(self.random.sample(others, self.random.randrange(1, 3)))
        if self.chance(40):
            asked.subject, asked.also = None, ()
        if self.chance(5):
            asked.grant = None
            asked.legal = pick([1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 6, 77])
            asked.reference = pick(["", "order-7"])
        asked.actor = pick(["", "w-9", "w-9"])
        if self.chance(6):
            asked.forbidden = self.random.randrange(1 << len(asked.categories))

    def times(self, now_ms, count, past):
        """Now, and moments on and beside the days on which something may change."""
        today = (now_ms - BEGIN_MS) // DAY
        for _ in range(count):
            day = self.random.randrange(0 if past else today, self.days)
            at_ms = day_ms(day, self.random.choice([0, 0, -SUDDENLY, DAY // 2]))
            yield now_ms if self.chance(3) or (at_ms < now_ms and not past) else at_ms
